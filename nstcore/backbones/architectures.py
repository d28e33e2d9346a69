"""What is known of the backbones without starting TensorFlow: layers and preprocessing by name."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile, ZipFile

import numpy as np

from nstcore.common.errors import WeightsError

# Keras' description of its largest network takes 2 MB; a few packed kilobytes may hold gigabytes.
_LARGEST_DESCRIPTION = 1 << 26


@dataclass(frozen=True)
class Preprocessing:
    """From RGB in 0..1 to what a network was trained on: (x * scale - mean) / std per channel."""

    channels: Literal["RGB", "BGR"]
    """The order of the channels; `mean` and `std` are in this order."""
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


PREPROCESSINGS: dict[str, Preprocessing] = {
    # The modes of keras.applications.imagenet_utils.preprocess_input.
    "caffe": Preprocessing("BGR", 255.0, (103.939, 116.779, 123.68)),
    "tf": Preprocessing("RGB", 2.0, (1.0, 1.0, 1.0)),
    "torch": Preprocessing("RGB", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "unit": Preprocessing("RGB", 1.0, (0.0, 0.0, 0.0)),
    "bytes": Preprocessing("RGB", 255.0, (0.0, 0.0, 0.0)),
    # Caffe models converted with rounded means.
    "caffe-rounded": Preprocessing("BGR", 255.0, (104.0, 117.0, 123.0)),
    # Xie and Tu, Holistically-Nested Edge Detection (2015): the means of its training set.
    "hed": Preprocessing("BGR", 255.0, (104.007, 116.669, 122.679)),
}


@dataclass(frozen=True)
class Architecture:
    """A network of keras.applications that can be named."""

    description: str
    """Who published it."""
    preprocessing: str
    """What its ImageNet weights were trained on: one of `PREPROCESSINGS`."""
    imagenet_file: str
    """What Keras calls its ImageNet weights in its cache (`~/.keras/models`)."""
    style_layers: tuple[str, ...]
    """Five early and middle layers."""
    content_layer: str
    """A later one."""
    unpadded: bool = False
    """See `has_unpadded`."""

    @property
    def layers(self) -> tuple[str, ...]:
        """All that it paints with by default, from early to late."""
        return (*self.style_layers, self.content_layer)


_VGG_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")

ARCHITECTURES: dict[str, Architecture] = {
    "VGG16": Architecture(
        "VGG-16, Simonyan and Zisserman (2015)",
        preprocessing="caffe",
        imagenet_file="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        style_layers=_VGG_LAYERS,
        content_layer="block5_conv2",
    ),
    "VGG19": Architecture(
        "VGG-19, Simonyan and Zisserman (2015)",
        preprocessing="caffe",
        imagenet_file="vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        style_layers=_VGG_LAYERS,
        content_layer="block5_conv2",
    ),
    "ResNet50": Architecture(
        "ResNet-50, He et al. (2016)",
        preprocessing="caffe",
        imagenet_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        style_layers=(
            "conv1_relu",
            "conv2_block1_out",
            "conv2_block3_out",
            "conv3_block2_out",
            "conv3_block4_out",
        ),
        content_layer="conv4_block6_out",
    ),
    "InceptionV3": Architecture(
        "Inception v3, Szegedy et al. (2016)",
        preprocessing="tf",
        imagenet_file="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        style_layers=(
            "activation_2",
            "mixed0",
            "mixed1",
            "mixed2",
            "mixed4",
        ),
        content_layer="mixed5",
        unpadded=True,
    ),
    "MobileNet": Architecture(
        "MobileNet, Howard et al. (2017)",
        preprocessing="tf",
        imagenet_file="mobilenet_1_0_224_tf_no_top.h5",
        style_layers=(
            "conv_pw_1_relu",
            "conv_pw_3_relu",
            "conv_pw_5_relu",
            "conv_pw_7_relu",
            "conv_pw_9_relu",
        ),
        content_layer="conv_pw_11_relu",
    ),
    "MobileNetV2": Architecture(
        "MobileNetV2, Sandler et al. (2018)",
        preprocessing="tf",
        imagenet_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        style_layers=(
            "Conv1_relu",
            "block_1_expand_relu",
            "block_3_expand_relu",
            "block_6_expand_relu",
            "block_10_expand_relu",
        ),
        content_layer="block_13_expand_relu",
    ),
    "EfficientNetB0": Architecture(
        "EfficientNet-B0, Tan and Le (2019)",
        # Its first layers scale and shift by themselves.
        preprocessing="bytes",
        imagenet_file="efficientnetb0_notop.h5",
        style_layers=(
            "stem_activation",
            "block2a_expand_activation",
            "block3a_expand_activation",
            "block4a_expand_activation",
            "block5a_expand_activation",
        ),
        content_layer="block6a_expand_activation",
    ),
}
"""By the name that Keras gives it. To add one: an entry here, and its layers in layers.json."""

Pooling = Literal["max", "average"]
"""How a network pools: with its own layers, or with averages where it has maxima."""

Precision = Literal["float32", "bfloat16"]
"""What a network computes in; pictures, weights on disk and features are float32 in any case."""


def layer_names(architecture: str) -> list[str]:
    """Return the layers of an architecture whose output can be used, first to last.

    Keras numbers unnamed layers by all that the session has built before (`conv2d_94`); here they
    are numbered from the model's own first one, so that a name always means the same layer.
    """
    table = json.loads(
        resources.files("nstcore.backbones").joinpath("layers.json").read_text("utf-8")
    )
    names: list[str] = table[architecture]
    return names


def file_layer_names(path: Path | str) -> list[str]:
    """Return the layer names of a Keras model file (`.keras`) without loading it.

    Raises:
        WeightsError: The file is missing or no Keras model.
    """
    layers = _layers(path, read_description(path))
    return [layer["config"]["name"] for layer in layers if layer["class_name"] != "InputLayer"]


def file_has_unpadded(path: Path | str) -> bool:
    """Tell of a Keras model file (`.keras`) what `has_unpadded` does, without loading it.

    Raises:
        WeightsError: The file is missing or no Keras model.
    """
    description = read_description(path)
    _layers(path, description)
    return has_unpadded(description)


def has_unpadded(model: Mapping[str, Any]) -> bool:
    """Tell whether a network has convolutions wider than a pixel over what was not padded.

    There the border of a picture has fewer places that see it, and so less of a gradient.

    Args:
        model: Keras' description of it, as its JSON holds it.
    """
    layers = model["config"]["layers"]
    padded = {
        layer["config"]["name"] for layer in layers if layer["class_name"].startswith("ZeroPadding")
    }
    for before, layer in pairwise([{}, *layers]):
        config = layer["config"]
        if "layers" in config and has_unpadded(layer):
            return True
        wide = max(np.atleast_1d(config.get("kernel_size", 1))) > 1
        if wide and config.get("padding") == "valid":
            # In a plain sequence no inputs are named: it is the layer before.
            named = layer.get("inbound_nodes") or before.get("config", {}).get("name")
            if not any(f'"{name}"' in json.dumps(named) for name in padded):
                return True
    return False


def read_description(path: Path | str) -> Any:
    """Return Keras' description of a model file (`.keras`), as its JSON holds it.

    Raises:
        WeightsError: The file is missing or no Keras model.
    """
    try:
        with ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > _LARGEST_DESCRIPTION:
                raise WeightsError(_no_model(path))
            return json.loads(archive.read("config.json"))
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such model file") from None
    # What the zip module raises on damage, and JSON that is nested too deeply.
    except (OSError, BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, ValueError):
        raise WeightsError(_no_model(path)) from None


def _layers(path: Path | str, description: Any) -> list[Mapping[str, Any]]:
    try:
        layers: list[Mapping[str, Any]] = description["config"]["layers"]
        for layer in layers:
            layer["class_name"], layer["config"]["name"]
    except (KeyError, TypeError):
        raise WeightsError(_no_model(path)) from None
    return layers


def _no_model(path: Path | str) -> str:
    return f"{path}: not a Keras model file (.keras)"
