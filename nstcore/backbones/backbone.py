"""Frozen pretrained networks, cut after the last layer that is used."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import keras
import tensorflow as tf

from nstcore.backbones.architectures import (
    ARCHITECTURES,
    DEFAULT_LAYERS,
    POOLINGS,
    PRECISIONS,
    PREPROCESSINGS,
    Preprocessing,
)
from nstcore.backbones.surgery import adapt, cut, layer_outputs
from nstcore.backbones.weights import load_network, weights_digest
from nstcore.common.errors import WeightsError
from nstcore.common.files import whole
from nstcore.common.hints import nearest
from nstcore.common.types import Model, Tensor

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
    pooling: str = "max"
    """One of `POOLINGS`; `model` pools so already."""
    precision: str = "float32"
    """One of `PRECISIONS`; `model` computes in it already."""

    @property
    def layers(self) -> list[str]:
        """The layers that `features` returns."""
        return list(dict.fromkeys([*self.style_layers, self.content_layer]))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that style targets and losses depend on, as plain values for JSON."""
        return {
            "weights": weights_digest(self.model),
            "preprocessing": json.loads(json.dumps(asdict(self.preprocessing))),
            "style layers": dict(self.style_layers),
            "pooling": self.pooling,
            "precision": self.precision,
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of `identity`."""
        return hashlib.sha256(json.dumps(self.identity).encode()).hexdigest()

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Return the features of pictures by layer.

        Args:
            images: (batch, height, width, 3), RGB, 0..1.

        Returns:
            For each layer, float32 (batch, height', width', channels), in any precision.
        """
        outputs = self.model(self._preprocess(images), training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        values = [tf.cast(output, tf.float32) for output in outputs]
        return dict(zip(self.layers, values, strict=True))

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
            "pooling": self.pooling,
            "precision": self.precision,
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
            WeightsError: The file is missing, no saved backbone, or of an older version.
        """
        try:
            with h5py.File(path) as file:
                about = json.loads(file[_ABOUT][()])
        except FileNotFoundError:
            raise WeightsError(f"{path}: no such backbone file") from None
        except (OSError, KeyError, ValueError):
            raise WeightsError(f"{path}: not a backbone saved by nstcore") from None
        if not {"pooling", "precision"} <= about.keys():
            raise WeightsError(f"{path}: made by an older version; delete it")
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
            pooling=about["pooling"],
            precision=about["precision"],
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
    pooling: str = "max",
    precision: str = "float32",
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
        pooling: One of `POOLINGS`. "max" leaves the network as it is; "average" makes its max
            pooling layers average over the same windows, as Gatys et al. (2015, "A Neural Algorithm
            of Artistic Style", Methods) did. Layer names stay.
        precision: One of `PRECISIONS`. With "bfloat16" every layer computes in bfloat16, but batch
            normalisation in float32. It pays for heavy convolutions where the hardware multiplies
            bfloat16 (VGG16 on a CPU with AVX512-BF16: 1.6 times as fast, features within 1 %), not
            for depthwise ones (MobileNet: slower, features within 6 %) or on older CPUs.
        seed: For "random".

    Raises:
        WeightsError: The weights cannot be downloaded or read, do not fit, or a name is unknown.
    """
    weights = str(weights)
    if architecture is not None and architecture not in ARCHITECTURES:
        raise WeightsError(
            f"architecture {architecture!r}: {nearest(architecture, ARCHITECTURES, most=10)}; "
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
    for option, value, allowed in (
        ("pooling", pooling, POOLINGS),
        ("precision", precision, PRECISIONS),
    ):
        if value not in allowed:
            raise WeightsError(f"{label}: {option} {value!r}: {nearest(value, allowed)}")
    network, digest = load_network(architecture, weights, seed)
    outputs = layer_outputs(network, renumber=not weights.endswith(".keras"))
    model = cut(network, outputs, dict.fromkeys([*style_layers, content_layer]), label)
    model = adapt(model, label, pooling, precision)
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
        pooling=pooling,
        precision=precision,
    )
