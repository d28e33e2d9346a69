"""A study's models, read back from its files: how they were trained, and what they painted.

Nothing here needs TensorFlow.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nstcore.common.files import read_json
from nstcore.images.io import read_leading_text
from nstcore.painting.cautions import Course, find_cautions
from nstcore.painting.checkpoint import complete_epochs
from nstcore.painting.choose import Run, read_choices, summarize
from nstcore.painting.history import LOSSES, average_curve, read_history
from nstcore.painting.schedule import Training
from nstcore.painting.stopping import Hindsight, find_end, look_back
from nstcore.study.config import Study


@dataclass(frozen=True)
class Trial:
    """One optimizer on one model."""

    optimizer: str
    chosen: bool
    run: Run | None
    """What it came to; None where its file is missing."""
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By name of `history.LOSSES`, the average after 0, 1, 2 ... epochs, those too that were only
    watched; empty where its file is missing."""
    under_way: int | None = None
    """The epochs that a run without a file has come to; None where it has saved nothing."""
    ended: int | None = None
    """The epoch at which the run ended, beyond which it was only watched."""
    hindsight: Hindsight | None = None
    """Whether the rule was right to end it; None where the rule did not, or nobody watched."""

    @property
    def totals(self) -> tuple[float, ...]:
        """The average total loss after 0, 1, 2 ... epochs; empty where its file is missing."""
        return self.curves.get("total_loss", ())


@dataclass(frozen=True)
class Painted:
    """A stylised picture that is there."""

    file: str
    """Relative to the study's folder, with forward slashes."""
    style: str
    content_id: str
    about: Mapping[str, Any]
    """Its provenance; empty where the picture carries none."""

    @property
    def total_loss(self) -> float:
        """The picture's own total loss; not a number where it is not known."""
        return float(self.about.get("total_loss", math.nan))


@dataclass(frozen=True)
class Model:
    """One backbone with one aggregation."""

    backbone: str
    aggregation: str
    trials: tuple[Trial, ...]
    painted: Mapping[tuple[str, str], Painted]
    """By style and content id; without those that are missing."""
    floor: float = math.nan
    """What the mean style loss cannot fall below, averaged over the styles; not a number where it
    is not known. Under calibrated scaling each picture has a floor of its own: then it is the
    average over those of the pictures that are there."""
    cautions: tuple[str, ...] = ()
    """What is to be known of its training before its pictures are judged."""

    @property
    def choice(self) -> Run | None:
        """The optimizer and the number of epochs that the model uses."""
        return next((trial.run for trial in self.trials if trial.chosen), None)

    @cached_property
    def lowest(self) -> Painted | None:
        """The picture of the lowest total loss; of equals, the first."""
        known = [painted for painted in self.painted.values() if math.isfinite(painted.total_loss)]
        return min(known, key=lambda painted: painted.total_loss, default=None)


def read_models(
    folder: Path, config: Study, wanted: list[tuple[str, str]], missing: list[str]
) -> tuple[Model, ...]:
    """Read all models of a study.

    Args:
        folder: `results/<study>`.
        config: The study's.
        wanted: Style and content id of the pictures that each model paints.
        missing: Gets a line per file, or row of a file, that they lack.

    Raises:
        StudyError: A file is there but damaged.
    """
    choices = _read_choices(folder / "choices.csv")
    if not choices:
        missing.append("choices.csv")
    models = []
    for backbone in config.backbones:
        for aggregation in config.aggregations_of(backbone):
            choice = choices.get((backbone, aggregation))
            own = folder / "choices" / backbone / f"{aggregation}.csv"
            if choice is None and own.is_file():
                # Chosen, and not yet collected.
                choice = _read_choices(own).get((backbone, aggregation))
            elif choices and choice is None:
                missing.append(f"choices.csv: the row of {backbone}, {aggregation}")
            trials = []
            for optimizer in config.optimizers:
                path = folder / "training" / backbone / aggregation / f"{optimizer}.csv"
                trials.append(_read_trial(path, choice, config.training))
                if not trials[-1].totals:
                    missing.append(relative(path, folder))
            painted = {}
            for style, content_id in wanted:
                path = folder / "stylized" / backbone / aggregation / style / f"{content_id}.png"
                file = relative(path, folder)
                if not path.is_file():
                    missing.append(file)
                    continue
                about = _read_provenance(path)
                if not about:
                    missing.append(f"{file}: its provenance")
                painted[style, content_id] = Painted(file, style, content_id, about)
            floor = _read_floor(folder, config, backbone, painted.values())
            models.append(Model(backbone, aggregation, tuple(trials), painted, floor))
    return _with_cautions(models)


def _with_cautions(models: Sequence[Model]) -> tuple[Model, ...]:
    courses = {
        (model.backbone, model.aggregation): Course(trial.run, trial.totals[0], trial.hindsight)
        for model in models
        for trial in model.trials
        if trial.chosen and trial.run and trial.totals
    }
    cautions = find_cautions(courses)
    return tuple(
        replace(model, cautions=cautions.get((model.backbone, model.aggregation), ()))
        for model in models
    )


def relative(path: Path, folder: Path) -> str:
    """Name a file of a study as the report does: with forward slashes."""
    return path.relative_to(folder).as_posix()


def _read_choices(path: Path) -> dict[tuple[str, str], Run]:
    if not path.is_file():
        return {}
    return {
        (str(row["backbone"]), str(row["aggregation"])): Run(
            str(row["optimizer"]), int(row["epochs"]), float(row["total_loss"]), row["status"]
        )
        for row in read_choices(path).to_dict("records")
    }


def _read_floor(folder: Path, config: Study, backbone: str, painted: Iterable[Painted]) -> float:
    """See `Model.floor`."""
    if config.loss.scaling == "published":
        paths = [
            folder / "targets" / backbone / f"{style.name}.json" for style in config.styles.each()
        ]
        told = [read_json(dict[str, Any], path).get("floor") for path in paths if path.is_file()]
        complete = len(told) == len(paths)
    else:
        told = [entry.about.get("style_floor") for entry in painted]
        complete = bool(told)
    floors = [float(floor) for floor in told if isinstance(floor, int | float)]
    # Some alone would pass for the average of all.
    return sum(floors) / len(floors) if complete and len(floors) == len(told) else math.nan


def _read_trial(path: Path, choice: Run | None, training: Training) -> Trial:
    optimizer = path.stem
    chosen = choice is not None and choice.optimizer == optimizer
    if not path.is_file():
        state = path.with_name(f".{path.name}.state")
        return Trial(
            optimizer, chosen, choice if chosen else None, under_way=complete_epochs(state)
        )
    averages = average_curve(read_history(path))
    curves = {name: tuple(averages[name].tolist()) for name in LOSSES}
    totals = curves["total_loss"]
    run = summarize(optimizer, totals, training, path)
    end = find_end(totals, training)
    ended = end.epoch if end else None
    return Trial(optimizer, chosen, run, curves, ended=ended, hindsight=look_back(totals, training))


def _read_provenance(path: Path) -> Mapping[str, Any]:
    """Return a picture's provenance; nothing where it is not one that `provenance` wrote."""
    try:
        about = json.loads(read_leading_text(path)["nstcore"])
    except (KeyError, ValueError):
        return {}
    known = isinstance(about, dict) and about.keys() >= {"optimizer", "epochs", "versions", *LOSSES}
    return about if known else {}
