"""A study's files, read back: what it came to, and what is not there (yet).

Nothing here needs TensorFlow, nor anything outside the study's folder.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nstcore import CONFIG_VERSION
from nstcore.choosing import LOSSES, Run, average_curve, read_choices, read_history, summarize
from nstcore.config import check_schema, read_styles
from nstcore.errors import ConfigError, DataError
from nstcore.findings import Findings, read_findings
from nstcore.images import read_leading_text
from nstcore.journal import (
    Failure,
    RuleTime,
    Setting,
    read_failures,
    read_settings,
    read_times,
)
from nstcore.saved import complete_epochs
from nstcore.scores import STYLIZED, collect, read_rows, read_scores
from nstcore.selection import Notes, Picture, read_notes, read_selection


@dataclass(frozen=True)
class Trial:
    """One optimizer on one model."""

    optimizer: str
    chosen: bool
    run: Run | None
    """What it came to; None where its file is missing."""
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By name of `choosing.LOSSES`, the average after 0, 1, 2 ... epochs; empty where its file is
    missing."""
    under_way: int | None = None
    """The epochs that a run without a file has come to; None where it has saved nothing."""

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

    @property
    def choice(self) -> Run | None:
        """The optimizer and the number of epochs that the model uses."""
        return next((trial.run for trial in self.trials if trial.chosen), None)

    @cached_property
    def lowest(self) -> Painted | None:
        """The picture of the lowest total loss; of equals, the first."""
        known = [one for one in self.painted.values() if math.isfinite(one.total_loss)]
        return min(known, key=lambda one: one.total_loss, default=None)


@dataclass(frozen=True)
class Results:
    """All that a study's files tell."""

    folder: Path
    config: Mapping[str, Any]
    styles: Mapping[str, str]
    """What people call each style, by its name, in the config's order."""
    selection: tuple[Picture, ...]
    notes: Notes | None
    """What is to be known of the selection; None where the file is missing."""
    backbones: Mapping[str, Mapping[str, Any]]
    """What `backbones/<backbone>.json` holds; empty where it is missing."""
    models: tuple[Model, ...]
    times: tuple[RuleTime, ...]
    settings: tuple[Setting, ...]
    """What it was run with; empty where that is not recorded."""
    failures: tuple[Failure, ...]
    """What failed when it ran last; empty for a finished study."""
    scores: Mapping[tuple[str, str, str, str], Mapping[str, float]]
    """By backbone, aggregation, style and content id, what the judge and the plain measures say of
    a stylised picture; empty where the study has no judge or no scores yet."""
    findings: Findings | None
    """What the scores say; None likewise."""
    missing: tuple[str, ...] = field(repr=False)
    """One line per file, or row of a file, that a finished study has and this one lacks."""

    @property
    def painted(self) -> Iterator[Painted]:
        """All stylised pictures that are there."""
        for model in self.models:
            yield from model.painted.values()

    def paintings(self, style: str) -> list[Picture]:
        """Return the paintings that a style is, without those that are set aside."""
        return [one for one in self.selection if one.style == style and one.split == "target"]

    def contents(self, split: str) -> list[Picture]:
        """Return the selected contents of a split, "train" or "test"."""
        return [one for one in self.selection if one.role == "content" and one.split == split]

    def versions(self) -> dict[str, list[tuple[str, int]]]:
        """Return, by package, each version that pictures name and how many name it."""
        found: dict[str, Counter[str]] = {}
        for one in self.painted:
            for package, version in one.about.get("versions", {}).items():
                found.setdefault(package, Counter())[str(version)] += 1
        return {package: sorted(counts.items()) for package, counts in found.items()}

    def score(self, model: Model, one: Painted) -> Mapping[str, float]:
        """Return what the judge and the plain measures say of a picture; nothing if not known."""
        return self.scores.get((model.backbone, model.aggregation, one.style, one.content_id), {})

    def ranked(self, model: Model, measure: str) -> list[Painted]:
        """Return a model's pictures that have a score, the highest first; of equals, the first."""
        known = [
            (found[measure], one)
            for one in model.painted.values()
            if math.isfinite((found := self.score(model, one)).get(measure, math.nan))
        ]
        return [one for _, one in sorted(known, key=lambda pair: -pair[0])]

    def weights_digests(self, backbone: str) -> list[str]:
        """Return the digests of a backbone's weights: as loaded, then others that pictures name."""
        about = self.backbones[backbone]
        named = [about["weights_sha256"]] if "weights_sha256" in about else []
        for model in self.models:
            if model.backbone == backbone:
                named += [one.about.get("weights_sha256", "") for one in model.painted.values()]
        return [digest for digest in dict.fromkeys(named) if digest]


def read_results(folder: Path | str) -> Results:
    """Read a study's files.

    Args:
        folder: `results/<study>`.

    Raises:
        DataError: There is no usable `config.json` or `selection.csv`.
        StudyError: Another file is there but damaged.
    """
    folder = Path(folder)
    config = _read_config(folder / "config.json")
    selection = read_selection(folder / "selection.csv")
    notes = folder / "selection.json"
    missing = [] if notes.is_file() else [_relative(notes, folder)]
    missing += [
        f"inputs/{one.id}.png"
        for one in selection
        if not (folder / "inputs" / f"{one.id}.png").is_file()
    ]
    backbones = {}
    for name in config["backbones"]:
        path = folder / "backbones" / f"{name}.json"
        backbones[name] = _read_json(path) if path.is_file() else {}
        if not backbones[name]:
            missing.append(_relative(path, folder))
    styles = {style.name: style.label for style in read_styles(config["styles"])}
    wanted = [(style, one.id) for style in styles for one in selection if one.split == "test"]
    models = _read_models(folder, config, wanted, missing)
    settings, findings = folder / "runs.json", folder / "findings.json"
    judged = "judge" in config
    if judged:
        named = (folder / "scores.csv", findings)
        missing += [_relative(path, folder) for path in named if not path.is_file()]
    return Results(
        folder,
        config,
        styles,
        tuple(selection),
        read_notes(notes) if notes.is_file() else None,
        backbones,
        models,
        read_times(folder / "benchmarks"),
        read_settings(settings) if settings.is_file() else (),
        # Of a finished study they would be jobs that it no longer has.
        read_failures(folder) if missing else (),
        _read_scores(folder, models) if judged else {},
        read_findings(findings) if judged and findings.is_file() else None,
        tuple(missing),
    )


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run again") from None
    if not isinstance(values, dict):
        raise DataError(f"{path}: damaged (no JSON object); delete it and run again")
    return values


def _read_config(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; {path.parent} is no study's folder")
    record = _read_json(path)
    version = record.get("config_version")
    if version != CONFIG_VERSION:
        raise DataError(f"{path}: config version {version}, this is version {CONFIG_VERSION}")
    config: Mapping[str, Any] = record.get("config", {})
    try:
        # Not the whole check of a study: a report can be made where its weights are not.
        check_schema(config)
    except ConfigError as error:
        raise DataError(f"{path}: not a study's config; delete it and run again") from error
    return config


def _read_models(
    folder: Path, config: Mapping[str, Any], wanted: list[tuple[str, str]], missing: list[str]
) -> tuple[Model, ...]:
    """Read all models; name in `missing` what they lack."""
    choices = _read_choices(folder / "choices.csv")
    if not choices:
        missing.append("choices.csv")
    models = []
    for backbone in config["backbones"]:
        for aggregation in config["aggregations"]:
            choice = choices.get((backbone, aggregation))
            own = folder / "choices" / backbone / f"{aggregation}.csv"
            if choice is None and own.is_file():
                # Chosen, and not yet collected.
                choice = _read_choices(own).get((backbone, aggregation))
            elif choices and choice is None:
                missing.append(f"choices.csv: the row of {backbone}, {aggregation}")
            trials = []
            for optimizer in config["optimizers"]:
                path = folder / "training" / backbone / aggregation / f"{optimizer}.csv"
                trials.append(_read_trial(path, choice, config["training"]))
                if not trials[-1].totals:
                    missing.append(_relative(path, folder))
            painted = {}
            for style, content_id in wanted:
                path = folder / "stylized" / backbone / aggregation / style / f"{content_id}.png"
                file = _relative(path, folder)
                if not path.is_file():
                    missing.append(file)
                    continue
                about = _read_provenance(path)
                if not about:
                    missing.append(f"{file}: its provenance")
                painted[style, content_id] = Painted(file, style, content_id, about)
            floor = _read_floor(folder, config, backbone, painted.values())
            models.append(Model(backbone, aggregation, tuple(trials), painted, floor))
    return tuple(models)


def _read_choices(path: Path) -> dict[tuple[str, str], Run]:
    if not path.is_file():
        return {}
    return {
        (str(row["backbone"]), str(row["aggregation"])): Run(
            str(row["optimizer"]), int(row["epochs"]), float(row["total_loss"]), row["status"]
        )
        for row in read_choices(path).to_dict("records")
    }


def _read_floor(
    folder: Path, config: Mapping[str, Any], backbone: str, painted: Iterable[Painted]
) -> float:
    """See `Model.floor`."""
    if config.get("loss", {}).get("scaling", "published") == "published":
        paths = [
            folder / "targets" / backbone / f"{style.name}.json"
            for style in read_styles(config["styles"])
        ]
        found = [_read_json(path).get("floor") for path in paths if path.is_file()]
        complete = len(found) == len(paths)
    else:
        found = [one.about.get("style_floor") for one in painted]
        complete = bool(found)
    floors = [float(floor) for floor in found if isinstance(floor, int | float)]
    # Some alone would pass for the average of all.
    return sum(floors) / len(floors) if complete and len(floors) == len(found) else math.nan


def _read_scores(
    folder: Path, models: Iterable[Model]
) -> dict[tuple[str, str, str, str], Mapping[str, float]]:
    """Read all scores, or those of the models that are scored while others are not."""
    path, bounds = folder / "scores.csv", folder / "judge" / "bounds.csv"
    if path.is_file():
        table = read_scores(path)
    elif bounds.is_file():
        own = (folder / "scores" / one.backbone / f"{one.aggregation}.csv" for one in models)
        table = collect(read_rows(bounds), [read_rows(file) for file in own if file.is_file()])
    else:
        return {}
    rows = table[table["kind"] == STYLIZED].to_dict("records")
    return {
        (row["backbone"], row["aggregation"], row["style"], row["content_id"]): {
            str(name): value for name, value in row.items() if isinstance(value, float)
        }
        for row in rows
    }


def _read_trial(path: Path, choice: Run | None, training: Mapping[str, Any]) -> Trial:
    optimizer = path.stem
    chosen = choice is not None and choice.optimizer == optimizer
    if not path.is_file():
        state = path.with_name(f".{path.name}.state")
        return Trial(
            optimizer, chosen, choice if chosen else None, under_way=complete_epochs(state)
        )
    averages = average_curve(read_history(path))
    curves = {name: tuple(averages[name].tolist()) for name in LOSSES}
    run = summarize(
        optimizer, curves["total_loss"], training["max_epochs"], training["min_improvement"]
    )
    return Trial(optimizer, chosen, run, curves)


def _read_provenance(path: Path) -> Mapping[str, Any]:
    """Return a picture's provenance; nothing where it is not one that `provenance` wrote."""
    try:
        about = json.loads(read_leading_text(path)["nstcore"])
    except (KeyError, ValueError):
        return {}
    known = isinstance(about, dict) and about.keys() >= {"optimizer", "epochs", "versions", *LOSSES}
    return about if known else {}
