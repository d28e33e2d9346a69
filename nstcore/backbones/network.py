"""What the config says of a network: of a backbone's, and what a judge's shares with it."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from nstcore.backbones.architectures import (
    ARCHITECTURES,
    PREPROCESSINGS,
    Pooling,
    Precision,
    file_has_unpadded,
    file_layer_names,
    layer_names,
)
from nstcore.common.errors import WeightsError
from nstcore.common.hints import nearest, show
from nstcore.common.mistakes import MistakesError
from nstcore.common.section import OneOf, Section
from nstcore.common.texts import PathText


class Network(Section):
    """A pretrained network: its architecture, and where its weights come from."""

    architecture: (
        Annotated[str, OneOf(ARCHITECTURES, "for any other network give a .keras file as weights")]
        | None
    ) = None
    """Not needed where `weights` is a whole Keras model (.keras)."""
    weights: PathText = "imagenet"
    """imagenet (downloaded by Keras and kept in ~/.keras), random, a file (.h5, .keras), or
    package:DISTRIBUTION/FILE, which an installed Python package ships."""
    preprocessing: Annotated[str, OneOf(PREPROCESSINGS)] | None = None
    """What the network was trained on; by default the architecture's own."""
    description: Annotated[str, Field(max_length=1000)] = ""
    """What readers should know of the weights."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if not self.weights.endswith(".keras"):
            if self.architecture is None:
                raise MistakesError("key 'architecture' is missing")
        elif self.architecture is not None:
            raise MistakesError("a .keras file brings its architecture; remove the key")
        elif self.preprocessing is None:
            raise MistakesError("a .keras file needs the key 'preprocessing'")
        return self

    def check_layers(self, layers: Collection[str]) -> None:
        """Refuse layers that the architecture does not have; those of a file are its own matter.

        Raises:
            MistakesError: A line per layer.
        """
        if self.architecture is not None:
            _check_known(layers, layer_names(self.architecture))

    def check_files(self, layers: Collection[str]) -> None:
        """Look at the files that the weights come from, as far as that takes no time.

        Raises:
            MistakesError: A file is missing or no model, or lacks one of the layers.
        """
        named = self.weights in {"imagenet", "random"} or self.weights.startswith("package:")
        if not named and not Path(self.weights).is_file():
            raise MistakesError(
                f"weights: no file {self.weights!r}; give imagenet, random, the path of a .h5 or "
                ".keras file, or package:DISTRIBUTION/FILE"
            )
        if self.architecture is None:
            try:
                _check_known(layers, file_layer_names(self.weights))
            except WeightsError as error:
                raise MistakesError(f"weights: {error}") from None


class BackboneNetwork(Network):
    """A network to paint with: cut after the last of its layers that is used."""

    pooling: Pooling = "max"
    """average: its max pooling layers average instead, over the same windows, for smoother textures
    (Gatys et al. 2015, "A Neural Algorithm of Artistic Style", Methods)."""
    precision: Precision = "float32"
    """bfloat16: the network computes in it, but batch normalisation in float32; faster for VGG
    where the processor has it, slower for MobileNet. Losses stay exact."""
    style_layers: (
        Annotated[dict[str, Annotated[float, Field(ge=1e-12, le=1e12)]], Field(min_length=1)] | None
    ) = None
    """Weight w_l by layer; by default five layers of the architecture, weighted alike."""
    content_layer: str | None = None
    """By default a later layer of the architecture."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_layers(cls, values: Any) -> Any:
        """Name the usual layers, so that layers given and the same by default are one."""
        if not isinstance(values, Mapping):
            return values
        usual = ARCHITECTURES.get(str(values.get("architecture")))
        if usual is None:
            return values
        weight = 1 / len(usual.style_layers)
        layers: dict[str, Any] = {
            "style_layers": dict.fromkeys(usual.style_layers, weight),
            "content_layer": usual.content_layer,
        }
        return {**values, **{key: layers[key] for key in layers if values.get(key) is None}}

    @model_validator(mode="after")
    def _check_layers(self) -> Self:
        for key in ("style_layers", "content_layer"):
            if getattr(self, key) is None:
                raise MistakesError(f"key {key!r} is missing")
        self.check_layers(self.layers)
        return self

    @property
    def is_unpadded(self) -> bool:
        """Whether it has convolutions without padding; see `architectures.has_unpadded`.

        Raises:
            WeightsError: It is a file that is missing or no Keras model.
        """
        if self.architecture is not None:
            return ARCHITECTURES[self.architecture].unpadded
        return file_has_unpadded(self.weights)

    @property
    def layers(self) -> tuple[str, ...]:
        """All that it paints with: the style layers, then the content layer."""
        return tuple(dict.fromkeys([*(self.style_layers or {}), str(self.content_layer)]))


def _check_known(layers: Collection[str], allowed: Collection[str]) -> None:
    mistakes = [
        f"layer {show(layer)} is not known; {nearest(layer, allowed)}"
        for layer in layers
        if layer not in allowed
    ]
    if mistakes:
        raise MistakesError(*mistakes)
