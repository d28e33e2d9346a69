"""What the judge sees of pictures, and what is kept of paintings.

Nothing here needs TensorFlow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nstcore.images.io import Pixels
from nstcore.judging.functional import Array, color_profile, describe_places, grain, grid

PLACES = 4
"""A picture's texture is described in so many places along each side."""


@dataclass(frozen=True)
class PictureFeatures:
    """A picture, and the judge's features of it."""

    pixels: Pixels
    features: tuple[Array, ...]
    """Of each layer from early to late, (height', width', channels)."""

    @cached_property
    def places(self) -> Array:
        """The texture of each of `PLACES` x `PLACES` places, by the layer in the middle."""
        return describe_places(self.features[len(self.features) // 2], PLACES)

    @cached_property
    def colors(self) -> Array:
        """The `color_profile`."""
        return color_profile(self.pixels)

    @cached_property
    def grain(self) -> float:
        """The `grain` as it is, not relative to anything."""
        return grain(self.pixels)

    @cached_property
    def grid(self) -> float:
        """The `grid` as it is."""
        return grid(self.pixels)


@dataclass(frozen=True)
class Paintings:
    """What is kept of a style's held-out paintings."""

    places: Array
    """(paintings, places, values), see `PictureFeatures.places`."""
    colors: Array
    """(paintings, levels, directions), see `PictureFeatures.colors`."""
    grain: Array
    """(paintings,)"""
    grid: Array
    """(paintings,)"""

    @classmethod
    def from_pictures(cls, pictures: Sequence[PictureFeatures]) -> "Paintings":
        """Keep what matters of paintings that the judge has seen."""
        return cls(
            np.stack([picture.places for picture in pictures]),
            np.stack([picture.colors for picture in pictures]),
            np.array([picture.grain for picture in pictures]),
            np.array([picture.grid for picture in pictures]),
        )

    def without(self, number: int) -> "Paintings":
        """Leave one painting out, so that it can be judged by the others."""
        return Paintings(*(np.delete(values, number, axis=0) for values in vars(self).values()))
