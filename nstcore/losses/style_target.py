"""A style made of many paintings.

The style loss of Gatys et al. (2015, eq. 4-5) against painting i, with Gram matrices A_l,i, is

    L_i = sum_l w_l / 4 * ||G_l - A_l,i||^2

where the paper's 1 / (H W C)^2 is drawn into the matrices (see `gram`).
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby, islice
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nstcore.common.arrays import open_arrays
from nstcore.common.errors import TargetError
from nstcore.common.files import atomic_write
from nstcore.common.hints import show
from nstcore.common.lazy import tf
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.losses.aggregation import tiny
from nstcore.losses.gram import gram_matrix, packed_gram, packing

if TYPE_CHECKING:
    from nstcore.backbones.backbone import Backbone

FORMAT = 2
"""Version of the saved file."""

# Features of this many paintings are held at once while their Gram matrices are taken.
_BATCH = 4


class LayerTarget(NamedTuple):
    """The Gram matrices A_i of n paintings at one layer, centred by their mean M.

    ||G - A_i||^2 = ||D||^2 - 2 <D, A_i - M> + ||A_i - M||^2 with D = G - M costs one matrix-vector
    product for all paintings together. The centring keeps the three terms as small as the
    distances between the matrices; float64 keeps their difference exact where the picture comes
    near one painting of many. All matrices are packed and scaled (see `gram.packed_gram`), of
    m = C (C + 1) / 2 numbers.
    """

    mean: Tensor
    """M: float64, (m,)."""
    deviations: Tensor
    """A_i - M: float64, (n, m)."""
    spreads: Tensor
    """||A_i - M||^2: float64, (n,)."""

    @classmethod
    def from_packed(cls, packed_grams: NDArray[np.floating], channels: int) -> "LayerTarget":
        """Centre n Gram matrices, given as their packed form (n, m), not scaled."""
        scaled = packed_grams.astype(np.float64)
        scaled *= packing(channels).scale
        mean = scaled.mean(axis=0)
        scaled -= mean
        spreads = np.einsum("nm,nm->n", scaled, scaled)
        return cls(*(tf.constant(part, tf.float64) for part in (mean, scaled, spreads)))

    def squared_distances(self, grams: Tensor) -> Tensor:
        """||G - A_i||^2 of `grams`, (batch, m), to each painting: (batch, n)."""
        difference = grams - self.mean
        own = tf.reduce_sum(tf.square(difference), axis=-1, keepdims=True)
        along = tf.matmul(difference, self.deviations, transpose_b=True)
        return own - 2 * along + self.spreads

    def mean_squared_distance(self, grams: Tensor) -> Tensor:
        """The mean of `squared_distances`, ||D||^2 + mean ||A_i - M||^2: (batch,).

        The deviations sum to zero, and the cost does not depend on n.
        """
        own = tf.reduce_sum(tf.square(grams - self.mean), axis=-1)
        return own + tf.reduce_mean(self.spreads)


Weights = Mapping[str, Any]
"""w_l by layer: numbers, or tensors (batch,) where pictures have weights of their own."""


Grams = Mapping[str, Tensor]
"""By layer, packed Gram matrices of a batch of pictures: float64, (batch, m)."""


def pack(features: Mapping[str, Tensor], layers: Iterable[str]) -> Grams:
    """Return the packed Gram matrices of layers."""
    return {name: packed_gram(features[name]) for name in layers}


def style_losses(
    features: Mapping[str, Tensor], layers: Mapping[str, LayerTarget], weights: Weights
) -> Tensor:
    """Return L_i, the style loss against each of n paintings, summed over the layers.

    Args:
        features: By layer, of the pictures: float32, (batch, height, width, channels).
        layers: By layer, of the paintings.
        weights: w_l.

    Returns:
        float64, (batch, n), above zero.
    """
    return style_distances(pack(features, weights), layers, weights)


def style_distances(grams: Grams, layers: Mapping[str, LayerTarget], weights: Weights) -> Tensor:
    """Return `style_losses` of pictures whose Gram matrices are given."""
    losses = tf.add_n(
        [
            tf.reshape(tf.cast(weight, tf.float64) / 4, (-1, 1))
            * layers[name].squared_distances(grams[name])
            for name, weight in weights.items()
        ]
    )
    # A picture that equals a painting can come out a rounding error below zero.
    return tf.maximum(losses, tiny(tf.float64))


def mean_style_loss(
    features: Mapping[str, Tensor], layers: Mapping[str, LayerTarget], weights: Weights
) -> Tensor:
    """Return the mean of `style_losses` over the paintings, at a cost that does not grow with n.

    Returns:
        float64, (batch,).
    """
    return mean_style_distance(pack(features, weights), layers, weights)


def mean_style_distance(
    grams: Grams, layers: Mapping[str, LayerTarget], weights: Weights
) -> Tensor:
    """Return `mean_style_loss` of pictures whose Gram matrices are given."""
    return tf.add_n(
        [
            tf.cast(weight, tf.float64) / 4 * layers[name].mean_squared_distance(grams[name])
            for name, weight in weights.items()
        ]
    )


@dataclass(frozen=True)
class StyleTarget:
    """A style made of n paintings, as one backbone sees it.

    Example:
        >>> target = StyleTarget.from_images(backbone, load_batch(paths, size=(224, 224)))
        >>> target.save("monet.npz")
        >>> losses = StyleTarget.load("monet.npz", backbone).losses(backbone.features(images))
    """

    packed_grams: Mapping[str, NDArray[np.float32]]
    """By layer, the packed form of the paintings' Gram matrices: (n, C (C + 1) / 2)."""
    weights: Mapping[str, float]
    """w_l by layer."""
    backbone: Mapping[str, Any]
    """What it was made with: `Backbone.identity`."""
    paintings: tuple[str, ...] = ()
    """What the paintings are called, if they were given names."""
    pictures_sha256: str = ""
    """Digest of the paintings' pixels, in their order."""

    @property
    def count(self) -> int:
        """The number of paintings, n."""
        return len(next(iter(self.packed_grams.values())))

    @cached_property
    def layers(self) -> dict[str, LayerTarget]:
        """The centred form that losses are computed with, by layer."""
        return {
            name: LayerTarget.from_packed(packed_grams, channels_of(packed_grams))
            for name, packed_grams in self.packed_grams.items()
        }

    @property
    def floor(self) -> float:
        """The least that the mean style loss can be for any picture.

        The mean over the paintings is ||D||^2 plus their own spread around M; the spread stays when
        the picture's Gram matrices have become M.
        """
        return sum(self.floors.values())

    @property
    def floors(self) -> dict[str, float]:
        """What each layer contributes to `floor`."""
        return {
            name: weight / 4 * _mean_spread(self.packed_grams[name])
            for name, weight in self.weights.items()
        }

    @classmethod
    def from_images(
        cls, backbone: "Backbone", paintings: Iterable[Pixels], names: Sequence[str] = ()
    ) -> "StyleTarget":
        """Take the Gram matrices of paintings.

        Args:
            backbone: Its style layers and their weights are used.
            paintings: Each (height, width, 3), RGB, 0..1: an array (n, height, width, 3), or
                pictures of any sizes one after the other, of which only a few are held at a time.
            names: What the paintings are called, kept with the target.

        Raises:
            TargetError: There are no paintings, or not one name for each.
        """
        # Bytes grow where they are; a list of arrays would be there twice once it is stacked.
        grown = {name: bytearray() for name in backbone.style_layers}
        count = 0
        digest = hashlib.sha256()
        for batch in _batches(paintings):
            count += len(batch)
            digest.update(batch.tobytes())
            features = backbone.features(batch)
            for name, packed_grams in grown.items():
                grams = gram_matrix(features[name]).numpy()
                upper = packing(grams.shape[-1]).upper
                packed_grams += grams.reshape(len(grams), -1)[:, upper].tobytes()
        if not count:
            raise TargetError("a style needs at least one painting")
        if names and len(names) != count:
            raise TargetError(f"{count} paintings, but {len(names)} names")
        return cls(
            packed_grams={
                name: np.frombuffer(packed_grams, np.float32).reshape(count, -1)
                for name, packed_grams in grown.items()
            },
            weights=dict(backbone.style_layers),
            backbone=backbone.identity,
            paintings=tuple(names),
            pictures_sha256=digest.hexdigest(),
        )

    def losses(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return one style loss per picture and painting: float32, (batch, n).

        See `style_losses`, which computes them in float64.
        """
        return tf.cast(style_losses(features, self.layers, self.weights), tf.float32)

    def about(self) -> dict[str, Any]:
        """Return what it is and was made of, as plain values for JSON."""
        return {
            "format": FORMAT,
            "backbone": self.backbone,
            "weights": dict(self.weights),
            "paintings": list(self.paintings),
            "pictures_sha256": self.pictures_sha256,
        }

    def save(self, path: Path | str) -> None:
        """Write the target as one NumPy archive, whole or not at all; same target, same bytes."""
        with atomic_write(path) as draft:
            arrays: dict[str, Any] = {"about": np.array(json.dumps(self.about()))}
            np.savez(draft, **(arrays | dict(self.packed_grams)))

    @classmethod
    def load(cls, path: Path | str, backbone: "Backbone | None" = None) -> "StyleTarget":
        """Read a saved target.

        Args:
            path: A file that `save` wrote.
            backbone: If given, the target must have been made with it.

        Raises:
            TargetError: The file is missing, damaged, of another format, or was made with another
                backbone, other layers or other preprocessing.
        """
        try:
            with open_arrays(path) as file:
                about = json.loads(str(file["about"]))
                if about["format"] != FORMAT:
                    raise TargetError(
                        f"{path}: a style target of format {show(about['format'])}, not {FORMAT}; "
                        "delete it and build it again"
                    )
                packed_grams = {name: file[name] for name in about["weights"]}
            target = cls(
                packed_grams,
                dict(about["weights"]),
                dict(about["backbone"]),
                tuple(about["paintings"]),
                about["pictures_sha256"],
            )
            target._check_itself()
        except FileNotFoundError:
            raise TargetError(f"{path}: no such style target") from None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            words = " ".join(str(error).split())[:200]
            raise TargetError(f"{path}: no style target, or a damaged one ({words})") from None
        if backbone is not None:
            target.check(backbone, f"{path}: ")
        return target

    def _check_itself(self) -> None:
        """Refuse what cannot have been saved by `save`.

        Raises:
            ValueError: Says what.
        """
        counts = {len(packed_grams) for packed_grams in self.packed_grams.values()}
        if (
            len(counts) != 1
            or counts == {0}
            or (self.paintings and {len(self.paintings)} != counts)
        ):
            raise ValueError("not the same paintings at each layer")
        if not all(isinstance(name, str) for name in self.paintings):
            raise ValueError("names of paintings that are no texts")
        for name, packed_grams in self.packed_grams.items():
            weight = self.weights[name]
            if not isinstance(weight, int | float) or not 0 < weight < math.inf:
                raise ValueError(f"the weight of layer {name!r} is no number above 0")
            channels = channels_of(packed_grams) if packed_grams.ndim == 2 else 0
            if (
                packed_grams.dtype != np.float32
                or not channels
                or packed_grams.shape[1] != channels * (channels + 1) // 2
                or not np.isfinite(packed_grams).all()
            ):
                raise ValueError(f"no Gram matrices of layer {name!r}")

    def computed_in(self, precision: str) -> "StyleTarget":
        """Return it for its backbone computing in another precision.

        Gram matrices are sums over positions, so that of the two differ by a rounding or two.
        """
        return replace(self, backbone={**self.backbone, "precision": precision})

    def check(self, backbone: "Backbone", where: str = "style target: ") -> None:
        """Refuse to be used with another backbone than the one it was made with.

        Raises:
            TargetError: The backbone has other weights, style layers or preprocessing; says which.
        """
        wanted = backbone.identity
        if self.backbone == wanted:
            return
        differing = [key for key in wanted if self.backbone.get(key) != wanted[key]]
        raise TargetError(
            f"{where}made with another backbone than {backbone.name} "
            f"(other {', '.join(differing)}); build it again"
        )


def channels_of(packed_grams: NDArray[np.floating]) -> int:
    """Return C of packed_grams (n, C (C + 1) / 2)."""
    return (isqrt(8 * packed_grams.shape[-1] + 1) - 1) // 2


def _mean_spread(packed_grams: NDArray[np.floating]) -> float:
    """Return mean ||A_i - M||^2, painting by painting: hundreds need no second copy in float64."""
    scale = packing(channels_of(packed_grams)).scale
    mean = packed_grams.mean(axis=0, dtype=np.float64)
    return float(np.mean([np.sum(np.square((packed - mean) * scale)) for packed in packed_grams]))


def _batches(paintings: Iterable[Pixels]) -> Iterator[Pixels]:
    """Put paintings of one size that follow each other into batches, as few as are held at once."""
    for _, alike in groupby(paintings, key=np.shape):
        while batch := list(islice(alike, _BATCH)):
            yield np.stack(batch).astype(np.float32)
