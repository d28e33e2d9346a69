"""The judge: one fixed network and a few plain measures that mean the same for every picture.

No model optimises this network, so no picture can be made to please it, and style is judged against
paintings that were no targets.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tensorflow as tf

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import DataError
from nstcore.common.files import whole
from nstcore.images.io import Pixels, original_size, read_image, resize, to_pixels
from nstcore.judging.measures import (
    Array,
    color_distance,
    color_profile,
    describe_places,
    grain,
    grid,
    kernel_distance,
    kernel_within,
    mean_change,
    perceptual_distance,
    structural_similarity,
)

PLACES = 4
"""A picture's texture is described in so many places along each side."""

_NOTHING = 1e-6
# Added to both sides of a ratio of grids, since many paintings have none: what chance can make.
_NO_GRID = 0.001


@dataclass(frozen=True)
class View:
    """A picture as the judge sees it."""

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


def look(judge: Backbone, picture: Pixels) -> View:
    """Show a picture to the judge.

    Args:
        judge: Its layers, from early to late, are what it compares by.
        picture: (height, width, 3), RGB, 0..1.
    """
    features = judge.features(tf.constant(picture[None]))
    return View(picture, tuple(features[layer][0].numpy() for layer in judge.layers))


def read_stylized(path: Path | str, side: int) -> Pixels:
    """Read a stylised picture at the size it was painted in.

    Faults of a network such as a grid have their size in the pixels that it painted.

    Args:
        path: The picture at its content's original size.
        side: Of the square that it was painted as, in pixels.

    Raises:
        ImageError: It cannot be read.
    """
    return to_pixels(resize(read_image(path), (side, side)))


def read_as_if_stylized(prepared: Path | str) -> Pixels:
    """Read a prepared picture after the journey of a stylised one: to its original size and back.

    So nothing that resizing does to a picture counts for or against a model.

    Raises:
        ImageError: It cannot be read.
    """
    image = read_image(prepared)
    delivered = resize(image, original_size(prepared))
    return to_pixels(resize(delivered, image.size))


@dataclass(frozen=True)
class Paintings:
    """What is kept of a style's held-out paintings."""

    places: Array
    """(paintings, places, values), see `View.places`."""
    colors: Array
    """(paintings, levels, directions), see `View.colors`."""
    grain: Array
    """(paintings,)"""
    grid: Array
    """(paintings,)"""

    @classmethod
    def from_views(cls, views: Sequence[View]) -> "Paintings":
        """Keep what matters of paintings that the judge has seen."""
        return cls(
            np.stack([one.places for one in views]),
            np.stack([one.colors for one in views]),
            np.array([one.grain for one in views]),
            np.array([one.grid for one in views]),
        )

    def without(self, number: int) -> "Paintings":
        """Leave one painting out, so that it can be judged by the others."""
        return Paintings(*(np.delete(values, number, axis=0) for values in vars(self).values()))


class Reference:
    """The held-out paintings of every style, against which pictures are judged."""

    def __init__(self, styles: Mapping[str, Paintings]) -> None:
        """Take at least two held-out paintings of each style."""
        self.styles = dict(styles)
        # Scaled by all paintings together, so that no channel counts for its size alone.
        everything = np.concatenate([np.concatenate(list(one.places)) for one in styles.values()])
        self._mean, self._spread = everything.mean(axis=0), everything.std(axis=0) + _NOTHING
        self._known = {style: self._prepare(one) for style, one in styles.items()}

    def style_distances(
        self, picture: View, others: Mapping[str, Paintings] | None = None
    ) -> dict[str, float]:
        """Return the kernel distance of a picture's places to each style's held-out paintings.

        Places of one picture are more alike than those of several, so even a painting by the artist
        is at some distance; the ceiling of the scale is at that distance.

        Args:
            picture: What the judge saw.
            others: Takes the place of the style of the same name.
        """
        places = self._scaled(picture.places)
        known = self._known | {style: self._prepare(one) for style, one in (others or {}).items()}
        return {style: kernel_distance(places, *theirs) for style, theirs in known.items()}

    def score(
        self, picture: View, style: str, contents: Sequence[View], painting: int | None = None
    ) -> dict[str, float | str]:
        """Measure a picture that is to be in a style.

        Args:
            picture: What the judge saw.
            style: One of the reference's.
            contents: What the picture is to show, of its size; the mean, if there are several.
            painting: The picture is this one of the style's held-out paintings, and is judged by
                the others.

        Returns:
            The `scores.MEASURES`, and `nearest_style`.
        """
        theirs = self.styles[style]
        others = None
        if painting is not None:
            theirs = theirs.without(painting)
            others = {style: theirs}
        distances = self.style_distances(picture, others)
        nearest = min(distances, key=lambda name: distances[name])
        kept = [
            (
                perceptual_distance(picture.features, content.features),
                structural_similarity(picture.pixels, content.pixels),
                mean_change(picture.pixels, content.pixels),
            )
            for content in contents
        ]
        distance, similarity, change = np.mean(kept, axis=0).tolist()
        return {
            "content_distance": distance,
            "similarity": similarity,
            "change": change,
            "style_distance": distances[style],
            "right_artist": float(nearest == style) if len(distances) > 1 else float("nan"),
            "color_distance": color_distance(picture.colors, list(theirs.colors)),
            "grain": picture.grain / max(float(np.median(theirs.grain)), _NOTHING),
            "grid": (picture.grid + _NO_GRID) / (float(np.median(theirs.grid)) + _NO_GRID),
            "nearest_style": nearest,
        }

    def save(self, path: Path | str) -> None:
        """Write one NumPy archive, whole or not at all; same reference, same bytes."""
        arrays = {
            f"{number}/{name}": values
            for number, one in enumerate(self.styles.values())
            for name, values in vars(one).items()
        }
        with whole(path) as draft:
            np.savez(draft, styles=np.array(json.dumps(list(self.styles))), **arrays)

    @classmethod
    def load(cls, path: Path | str) -> "Reference":
        """Read what `save` wrote.

        Raises:
            DataError: The file is missing or damaged.
        """
        try:
            with np.load(path) as file:
                names = ("places", "colors", "grain", "grid")
                return cls(
                    {
                        style: Paintings(*(file[f"{number}/{name}"] for name in names))
                        for number, style in enumerate(json.loads(str(file["styles"])))
                    }
                )
        except FileNotFoundError:
            raise DataError(f"{path}: no such reference") from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: damaged ({error}); delete it and run again") from None

    def _prepare(self, paintings: Paintings) -> tuple[Array, float]:
        """Return the places of paintings, scaled, and how alike they are among themselves."""
        places = self._scaled(np.concatenate(list(paintings.places)))
        return places, kernel_within(places)

    def _scaled(self, places: Array) -> Array:
        scaled: Array = (places - self._mean) / self._spread
        return scaled
