"""Artist Aggregation Technique: neural style transfer in the style of many paintings.

Gatys et al. (2015) repaint a content image by gradient descent on its pixels so that the features
of a convolutional network stay near the content's and their Gram matrices come near those of a
style image. Here the style is many paintings of one artist, and their style losses are aggregated.

    backbone = nstcore.load_backbone("VGG16", weights="imagenet")
    target = nstcore.StyleTarget.from_images(backbone, paintings)
    result = nstcore.stylize(contents, target, backbone, aggregation="squared")

Pictures are float32 of shape (batch, height, width, 3), RGB, in 0..1.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

# Read when Keras is first imported, which every module here does late.
os.environ["KERAS_BACKEND"] = "tensorflow"

NUMERICS_VERSION = "2"
"""Raised by hand when the same config would give other numbers: results are then made anew."""

CONFIG_VERSION = 1
"""Raised by hand when the config's format or the files of a study change their meaning."""

if TYPE_CHECKING:
    from nstcore.aggregation import aggregate
    from nstcore.backbones import Backbone, load_backbone
    from nstcore.gram import gram_matrix
    from nstcore.style import StyleTarget
    from nstcore.stylizing import Stylized, stylize
    from nstcore.training import train

# TensorFlow takes seconds to start, and half of the workflow's programs have no use for it: a name
# is imported when it is first asked for (PEP 562).
_PUBLIC = {
    "Backbone": "nstcore.backbones",
    "StyleTarget": "nstcore.style",
    "Stylized": "nstcore.stylizing",
    "aggregate": "nstcore.aggregation",
    "gram_matrix": "nstcore.gram",
    "load_backbone": "nstcore.backbones",
    "stylize": "nstcore.stylizing",
    "train": "nstcore.training",
}

__all__ = [
    "CONFIG_VERSION",
    "NUMERICS_VERSION",
    "Backbone",
    "StyleTarget",
    "Stylized",
    "aggregate",
    "gram_matrix",
    "load_backbone",
    "stylize",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'nstcore' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
