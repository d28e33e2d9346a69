"""The judge: one fixed network and a few plain measures that mean the same for every picture.

No model optimises this network, so no picture can be made to please it, and style is judged against
paintings that were no targets.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from nstcore.backbones.backbone import Backbone
from nstcore.common.arrays import open_arrays
from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write
from nstcore.images.io import Pixels, read_image, resize, to_pixels
from nstcore.images.prepare import give_back, painted_size
from nstcore.judging.features import Paintings, PictureFeatures
from nstcore.judging.functional import Array, kernel_distance, kernel_within
from nstcore.judging.measures import MEASURES, Case

# Added to a spread that others are divided by.
_NOTHING = 1e-6
# A channel that paintings hardly ever rouse would count for that alone: none counts as if its
# spread were less than this share of its layer's mean spread.
_LEAST_SPREAD = 0.25


def extract_features(
    judge: Backbone, picture: Pixels, painted: Pixels | None = None
) -> PictureFeatures:
    """Extract the judge's features of a picture.

    Args:
        judge: Its layers, from early to late, are what it compares by.
        picture: (height, width, 3), RGB, 0..1.
        painted: The picture at the size that it was painted in, if that is another.
    """
    features = judge.features(tf.constant(picture[None]))
    seen = tuple(features[layer][0].numpy() for layer in judge.layers)
    return PictureFeatures(picture, seen, painted)


def see_stylized(
    judge: Backbone, path: Path | str, prepared: Path | str, side: int
) -> PictureFeatures:
    """Let the judge see a stylised picture.

    Args:
        judge: See `extract_features`.
        path: The picture at its content's original size.
        prepared: The content as it was painted.
        side: Of the square that the judge sees, as paintings are, in pixels.

    Raises:
        ImageError: It cannot be read.
    """
    return _see(judge, read_image(path), painted_size(prepared), side)


def see_as_if_stylized(judge: Backbone, prepared: Path | str, side: int) -> PictureFeatures:
    """Let the judge see a prepared picture after the journey of a stylised one.

    To its original size and back, so that nothing that resizing does to a picture counts for or
    against a model.

    Args:
        judge: See `extract_features`.
        prepared: The picture.
        side: See `see_stylized`.

    Raises:
        ImageError: It cannot be read.
    """
    delivered = give_back(read_image(prepared), prepared)
    return _see(judge, delivered, painted_size(prepared), side)


def _see(
    judge: Backbone, image: Image.Image, painted: tuple[int, int], side: int
) -> PictureFeatures:
    square = to_pixels(resize(image, (side, side)))
    if painted == (side, side):
        return extract_features(judge, square)
    return extract_features(judge, square, to_pixels(resize(image, painted)))


class Reference:
    """The held-out paintings of every style, against which pictures are judged."""

    def __init__(self, styles: Mapping[str, Paintings]) -> None:
        """Take at least two held-out paintings of each style."""
        self.styles = dict(styles)
        # Scaled by all paintings together, so that no channel counts for its size alone.
        everything = np.concatenate(
            [np.concatenate(list(paintings.places)) for paintings in styles.values()]
        )
        spread = everything.std(axis=0)
        sizes = next(iter(styles.values())).layers[0]
        parts = np.split(spread, np.cumsum(sizes)[:-1])
        least = [np.maximum(part, _LEAST_SPREAD * part.mean()) for part in parts]
        self._mean, self._spread = everything.mean(axis=0), np.concatenate(least) + _NOTHING
        self._known = {style: self._prepare(paintings) for style, paintings in styles.items()}

    def style_distances(
        self, picture: PictureFeatures, others: Mapping[str, Paintings] | None = None
    ) -> dict[str, float]:
        """Return the kernel distance of a picture's places to each style's held-out paintings.

        Places of one picture are more alike than those of several, so even a painting by the artist
        is at some distance; the ceiling of the scale is at that distance.

        Args:
            picture: What the judge saw.
            others: Takes the place of the style of the same name.
        """
        places = self._scaled(picture.places)
        known = self._known | {
            style: self._prepare(paintings) for style, paintings in (others or {}).items()
        }
        return {style: kernel_distance(places, *theirs) for style, theirs in known.items()}

    def painting_distances(self) -> dict[tuple[str, str], Array]:
        """Return the kernel distance between any two held-out paintings.

        Returns:
            By two styles, (paintings of the first, of the second); of a painting to itself it is
            not a number.
        """
        prepared = {
            style: [(places, kernel_within(places)) for places in map(self._scaled, own.places)]
            for style, own in self.styles.items()
        }
        distances = {}
        for first, ours in prepared.items():
            for second, theirs in prepared.items():
                values = np.full((len(ours), len(theirs)), np.nan)
                for i, (places, within) in enumerate(ours):
                    for j, (others, within_others) in enumerate(theirs):
                        if first != second or i != j:
                            values[i, j] = kernel_distance(places, others, within_others, within)
                distances[first, second] = values
        return distances

    def score(
        self,
        picture: PictureFeatures,
        style: str,
        contents: Sequence[PictureFeatures],
        painting: int | None = None,
    ) -> dict[str, float | str]:
        """Measure a picture that is to be in a style.

        Args:
            picture: What the judge saw.
            style: One of the reference's.
            contents: What the picture is to show, of its size; the mean, if there are several.
            painting: The picture is this one of the style's held-out paintings, and is judged by
                the others.

        Returns:
            A value for each of the `measures.MEASURES`, and `nearest_style`.
        """
        theirs = self.styles[style]
        others = None
        if painting is not None:
            theirs = theirs.without(painting)
            others = {style: theirs}
        distances = self.style_distances(picture, others)
        nearest = min(distances, key=lambda name: distances[name])
        case = Case(picture, contents, theirs, style, distances)
        values = {name: measure.compute(case) for name, measure in MEASURES.items()}
        return {**values, "nearest_style": nearest}

    def save(self, path: Path | str) -> None:
        """Write one NumPy archive, whole or not at all; same reference, same bytes."""
        arrays = {
            f"{number}/{name}": values
            for number, paintings in enumerate(self.styles.values())
            for name, values in vars(paintings).items()
        }
        with atomic_write(path) as draft:
            np.savez(draft, styles=np.array(json.dumps(list(self.styles))), **arrays)

    @classmethod
    def load(cls, path: Path | str) -> "Reference":
        """Read what `save` wrote.

        Raises:
            DataError: The file is missing or damaged.
        """
        try:
            with open_arrays(path) as file:
                names = [field.name for field in fields(Paintings)]
                return cls(
                    {
                        style: Paintings(**{name: file[f"{number}/{name}"] for name in names})
                        for number, style in enumerate(json.loads(str(file["styles"])))
                    }
                )
        except FileNotFoundError:
            raise DataError(f"{path}: no such reference") from None
        except KeyError as error:
            raise DataError(
                f"{path}: made by another version ({error.args[0]}); delete it and run again"
            ) from None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise DataError(f"{path}: damaged ({error}); delete it and run again") from None

    def _prepare(self, paintings: Paintings) -> tuple[Array, float]:
        """Return the places of paintings, scaled, and how alike they are among themselves."""
        places = self._scaled(np.concatenate(list(paintings.places)))
        return places, kernel_within(places)

    def _scaled(self, places: Array) -> Array:
        scaled: Array = (places - self._mean) / self._spread
        return scaled
