"""What the judge sees of pictures, and what is kept of paintings.

Nothing here needs TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nstcore.images.io import Pixels
from nstcore.judging.functional import (
    Array,
    border,
    chroma_reach,
    color_profile,
    describe_places,
    grain,
    grid,
)

PLACES = 4
"""A picture's texture is described in so many places along each side."""


@dataclass(frozen=True)
class PictureFeatures:
    """A picture, and the judge's features of it."""

    pixels: Pixels
    features: tuple[Array, ...]
    """Of each layer from early to late, (height', width', channels)."""
    painted: Pixels | None = None
    """The picture at the size that it was painted in, where that is another: faults of a network
    such as a grid have their size in the pixels that it painted."""

    @cached_property
    def places(self) -> Array:
        """The texture of each of `PLACES` x `PLACES` places, by all `textures` together."""
        return np.concatenate(
            [describe_places(features, PLACES) for features in self.textures], axis=1
        )

    @property
    def textures(self) -> tuple[Array, ...]:
        """The features that tell how a picture is painted.

        The last layer rather tells what it shows; and of a small picture, late ones have fewer
        pixels than there are places.
        """
        layers = self.features[:-1] or self.features
        return tuple(features for features in layers if min(features.shape[:2]) >= PLACES)

    @cached_property
    def colors(self) -> Array:
        """The `color_profile`."""
        return color_profile(self.pixels)

    @cached_property
    def reach(self) -> Array:
        """The `chroma_reach`."""
        return chroma_reach(self.pixels)

    @property
    def _as_painted(self) -> Pixels:
        return self.pixels if self.painted is None else self.painted

    @cached_property
    def grain(self) -> float:
        """The `grain` as it is, not relative to anything."""
        return grain(self._as_painted)

    @cached_property
    def grid(self) -> Array:
        """The `grid` of each period as it is."""
        return grid(self._as_painted)

    @cached_property
    def border(self) -> float:
        """The `border` as it is."""
        return border(self._as_painted)


@dataclass(frozen=True)
class Paintings:
    """What is kept of a style's held-out paintings."""

    places: Array
    """(paintings, places, values), see `PictureFeatures.places`."""
    layers: Array
    """(paintings, layers), how many of the values each layer has; the same for all."""
    colors: Array
    """(paintings, levels, directions), see `PictureFeatures.colors`."""
    reach: Array
    """(paintings, hues), see `PictureFeatures.reach`."""
    grain: Array
    """(paintings,)"""
    grid: Array
    """(paintings, periods)"""
    border: Array
    """(paintings,)"""

    @classmethod
    def from_pictures(cls, pictures: Sequence[PictureFeatures]) -> "Paintings":
        """Keep what matters of paintings that the judge has seen."""
        return cls(
            places=np.stack([picture.places for picture in pictures]),
            layers=np.stack([[one.shape[-1] for one in picture.textures] for picture in pictures]),
            colors=np.stack([picture.colors for picture in pictures]),
            reach=np.stack([picture.reach for picture in pictures]),
            grain=np.array([picture.grain for picture in pictures]),
            grid=np.stack([picture.grid for picture in pictures]),
            border=np.array([picture.border for picture in pictures]),
        )

    def without(self, number: int) -> "Paintings":
        """Leave one painting out, so that it can be judged by the others."""
        return Paintings(*(np.delete(values, number, axis=0) for values in vars(self).values()))
