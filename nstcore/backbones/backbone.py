"""Frozen pretrained networks, cut after the last layer that is used."""

import hashlib
import json
import os
import warnings
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
    PREPROCESSINGS,
    Preprocessing,
    has_unpadded,
)
from nstcore.backbones.hdf5 import open_weights
from nstcore.backbones.network import BackboneNetwork
from nstcore.backbones.surgery import adapt, cut, layer_outputs
from nstcore.backbones.weights import find_foreign, load_network, weights_digest
from nstcore.common.errors import ConfigError, WeightsError
from nstcore.common.files import atomic_write
from nstcore.common.surroundings import check_keras, tell
from nstcore.common.types import KerasModel, Tensor

# Where the description of a saved backbone stands beside its weights in the HDF5 file.
_ABOUT = "nstcore_backbone"
_DIGEST = "nstcore_digest"


@dataclass(frozen=True)
class Backbone:
    """A frozen network that gives the features of a few layers."""

    name: str
    model: KerasModel
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
    """See `BackboneNetwork`; `model` pools so already."""
    precision: str = "float32"
    """Likewise; `model` computes in it already."""

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

    @cached_property
    def is_unpadded(self) -> bool:
        """Whether it has convolutions without padding; see `architectures.has_unpadded`."""
        return has_unpadded(json.loads(self.model.to_json()))

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
        about = json.dumps({**self.about(), "architecture": self.model.to_json()})
        with atomic_write(path) as draft:
            self.model.save_weights(draft)
            with h5py.File(draft, "a") as file:
                file[_ABOUT] = about
                file[_DIGEST] = _digest(about, self.identity["weights"])

    @classmethod
    def load(cls, path: Path | str) -> "Backbone":
        """Read a backbone that `save` wrote; needs no network and no other file.

        Raises:
            WeightsError: The file is missing, no saved backbone, of an older version, or damaged.
            StudyError: Keras is set to compute otherwise; see `surroundings.check_keras`.
        """
        check_keras()
        try:
            with open_weights(path) as file:
                text = file[_ABOUT][()].decode()
                # Files of earlier versions have none.
                digest = file[_DIGEST][()].decode() if _DIGEST in file else None
            about = json.loads(text)
        except FileNotFoundError:
            raise WeightsError(f"{path}: no such backbone file") from None
        except (OSError, KeyError, ValueError, AttributeError, RuntimeError):
            raise WeightsError(
                f"{path}: a damaged backbone, or none that nstcore has saved; if it is a study's, "
                "delete it and run again"
            ) from None
        if not {"pooling", "precision"} <= set(about):
            raise WeightsError(f"{path}: made by an older version; delete it")
        try:
            # Keras' safe mode does so too, but for some layers that read files.
            if foreign := find_foreign(json.loads(about["architecture"])):
                raise ValueError(f"it {foreign}")
            model = keras.models.model_from_json(about["architecture"])
            model.load_weights(path)
            model.trainable = False
            sound = digest in {None, _digest(text, weights_digest(model))}
        # Nothing is wrong with the file, which is not to be deleted.
        except (MemoryError, tf.errors.ResourceExhaustedError):
            raise
        # Keras and h5py meet changed bytes with whatever exception these happen to cause.
        except Exception as error:
            words = " ".join(str(error).split())[:200]
            raise WeightsError(
                f"{path}: a damaged backbone ({words}); delete it and run again"
            ) from None
        if not sound:
            raise WeightsError(
                f"{path}: a damaged backbone (it is not what was saved); delete it and run again"
            )
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


def _digest(about: str, weights: str) -> str:
    return hashlib.sha256(f"{weights} {about}".encode()).hexdigest()


def load_backbone(
    network: BackboneNetwork | str | None = None,
    weights: Path | str = "imagenet",
    *,
    name: str | None = None,
    seed: int = 0,
    **options: Any,
) -> Backbone:
    """Load a network, freeze it, and cut it after the last layer that is used.

    Args:
        network: One of `ARCHITECTURES`, or all that says which network it is; not needed where
            `weights` is a `.keras` file.
        weights: See `Network.weights`; for a network that is named.
        name: What the study calls the backbone; by default its architecture.
        seed: Draws "random" weights.
        **options: Further fields of `BackboneNetwork`, for a network that is named.

    Raises:
        ConfigError: A name or an option is unknown.
        WeightsError: The weights cannot be downloaded or read, or do not fit.
        StudyError: Keras is set to compute otherwise; see `surroundings.check_keras`.

    Example:
        >>> load_backbone("VGG16", pooling="average", content_layer="block4_conv2")
    """
    if found := tell(os.environ):
        warnings.warn(found, stacklevel=2)
    if not isinstance(network, BackboneNetwork):
        network = BackboneNetwork(architecture=network, weights=str(weights), **options)
    elif options or weights != "imagenet":
        raise ConfigError("backbone: give a network or its name, weights and options, not both")
    label = name or network.architecture or Path(network.weights).stem
    usual = ARCHITECTURES.get(network.architecture or "")
    preprocessing = network.preprocessing or (usual.preprocessing if usual else "")
    whole, digest = load_network(network.architecture, network.weights, seed)
    outputs = layer_outputs(whole, renumber=not network.weights.endswith(".keras"))
    model = cut(whole, outputs, network.layers, label)
    model = adapt(model, label, network.pooling, network.precision)
    model.trainable = False
    return Backbone(
        name=label,
        model=model,
        preprocessing=PREPROCESSINGS[preprocessing],
        style_layers=dict(network.style_layers or {}),
        content_layer=str(network.content_layer),
        source=network.weights,
        weights_sha256=digest,
        description=network.description,
        pooling=network.pooling,
        precision=network.precision,
    )
