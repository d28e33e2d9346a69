"""What a picture carries with it: how it was made, and what makes it again."""

import hashlib
import json
import platform
from collections.abc import Hashable, Mapping
from importlib.metadata import version
from typing import Any

from nstcore.backbones.backbone import Backbone
from nstcore.common.versions import NUMERICS_VERSION
from nstcore.losses.objective import Objective
from nstcore.painting.canvas import Canvas
from nstcore.painting.history import LOSSES
from nstcore.painting.optimizers import Optimizer
from nstcore.painting.schedule import Schedule

_PACKAGES = ("nstcore", "tensorflow", "keras", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that pictures depend on."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def surroundings() -> dict[str, Any]:
    """Return what pictures depend on beside their settings: the machine's kind and all versions."""
    return {
        "machine": platform.machine(),
        "versions": {**versions(), "numerics": NUMERICS_VERSION},
    }


def settings_of(
    objective: Objective, optimizer: Optimizer, schedule: Schedule, canvas: Canvas | None = None
) -> dict[str, Any]:
    """Return what a picture was painted with, as plain values for JSON, by name."""
    # By name and in the order that pictures have always had, and other terms only where they are
    # used: the same config gives the same bytes, whatever options come later.
    always = ("alpha", "beta", "scaling", "total_variation")
    weights = {name: getattr(objective, name) for name in always}
    used = {name: value for name, value in objective.given().items() if name not in always}
    used.pop("aggregation", None)
    return {
        "optimizer": optimizer.name,
        "optimizer_settings": optimizer.full(),
        "epochs": schedule.epochs,
        "steps_per_epoch": schedule.steps_per_epoch,
        **weights,
        **used,
        "initial_noise": schedule.initial_noise,
        **({} if canvas is None or canvas.is_plain else {"canvas": canvas.full()}),
    }


def describe(
    settings: Mapping[str, Any], backbone: Backbone, losses: Mapping[Hashable, float]
) -> dict[str, Any]:
    """Return a picture's provenance as plain values for JSON; same picture, same values.

    Args:
        settings: All that the picture was made with, by name.
        backbone: What made it.
        losses: The picture's own `history.LOSSES`.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    return {
        **settings,
        **{name: float(losses[name]) for name in LOSSES},
        "config_digest": digest,
        "weights": backbone.source,
        "weights_sha256": backbone.weights_sha256,
        "versions": versions(),
    }


def is_described(about: Mapping[str, Any], settings: Mapping[str, Any], backbone: Backbone) -> bool:
    """Tell whether a picture's provenance is what it would be if the picture were made now.

    Args:
        about: What `describe` returned when the picture was made, read back from JSON.
        settings: All that it would be made with.
        backbone: What would make it.
    """
    if not about.keys() >= set(LOSSES):
        return False
    expected = json.loads(json.dumps(describe(settings, backbone, {n: about[n] for n in LOSSES})))
    return {**about, **expected} == about
