"""What a picture carries with it: how it was made, and what makes it again."""

import hashlib
import json
import platform
from collections.abc import Hashable, Mapping
from importlib.metadata import version
from typing import Any

from nstcore.backbones.backbone import Backbone
from nstcore.painting.history import LOSSES

_PACKAGES = ("nstcore", "tensorflow", "keras", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that pictures depend on."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def describe(
    settings: Mapping[str, Any], backbone: Backbone, losses: Mapping[Hashable, float]
) -> dict[str, Any]:
    """Return a picture's provenance as plain values for JSON; same picture, same values.

    Args:
        settings: All that the picture was made with, by name.
        backbone: What made it.
        losses: The picture's own `choosing.LOSSES`.
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
