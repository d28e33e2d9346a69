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

if TYPE_CHECKING:
    from nstcore.backbones.backbone import Backbone, load_backbone
    from nstcore.losses.aggregation import aggregate
    from nstcore.losses.gram import gram_matrix
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.stylize import Stylized, stylize
    from nstcore.painting.train import train

# TensorFlow takes seconds to start, and half of the workflow's programs have no use for it: a name
# is imported when it is first asked for (PEP 562).
_PUBLIC = {
    "Backbone": "nstcore.backbones.backbone",
    "StyleTarget": "nstcore.losses.style_target",
    "Stylized": "nstcore.painting.stylize",
    "aggregate": "nstcore.losses.aggregation",
    "gram_matrix": "nstcore.losses.gram",
    "load_backbone": "nstcore.backbones.backbone",
    "stylize": "nstcore.painting.stylize",
    "train": "nstcore.painting.train",
}

__all__ = [
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
