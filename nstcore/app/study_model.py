"""A model of a finished study: its network, one artist's target, its losses and its choice."""

import json
from dataclasses import dataclass
from pathlib import Path

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import ConfigError, DataError
from nstcore.losses.loss_weights import read_loss_weights
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.choose import read_choice
from nstcore.painting.optimizers import Optimizer
from nstcore.study.config import Study


@dataclass(frozen=True)
class StudyModel:
    """All that a study's picture is painted with, but for the photograph."""

    backbone: Backbone
    target: StyleTarget
    objective: Objective
    optimizer: Optimizer
    canvas: Canvas
    epochs: int
    side: int
    """Of the study's test contents, in pixels."""


def load_model(folder: Path, model: str, artist: str) -> StudyModel:
    """Read what a study has found out.

    Args:
        folder: `results/<study>`.
        model: "BACKBONE/AGGREGATION".
        artist: The style, as its target is called.

    Raises:
        ConfigError: The study has no such model or style; says which it has.
        DataError: A file is missing or damaged.
    """
    study = _read_study(folder / "config.json")
    name, _, aggregation = model.partition("/")
    known = [f"{one}/{other}" for one, other in study.models]
    if model not in known:
        raise ConfigError(f"--model {model}: the study has {', '.join(known)}")
    file = study.file_of(name)
    backbone = Backbone.load(folder / "backbones" / f"{file}.weights.h5")
    targets = folder / "targets" / file
    styles = sorted(path.stem for path in targets.glob("*.npz"))
    if artist not in styles:
        raise ConfigError(f"--artist {artist}: the study has {', '.join(styles) or 'no targets'}")
    objective = study.objective(name).model_copy(update={"aggregation": aggregation})
    if objective.measures:
        measured = read_loss_weights(folder / "loss_weights" / f"{name}.json")
        objective = objective.completed(measured)
    choice = read_choice(folder / "choices" / name / f"{aggregation}.csv", study.optimizers)
    return StudyModel(
        backbone,
        StyleTarget.load(targets / f"{artist}.npz", backbone),
        objective,
        study.optimizers[choice.optimizer],
        study.canvas_of(name),
        choice.epochs * study.training.steps_per_epoch,
        study.test_shape.side,
    )


def _read_study(path: Path) -> Study:
    try:
        config = json.loads(path.read_text("utf-8"))["config"]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the folder of a study's results") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged ({error}); run the study again") from None
    # The files that it names are not needed, and may be elsewhere.
    return Study.read(config, "config")
