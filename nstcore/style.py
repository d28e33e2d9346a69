"""Gram matrices, and a style made of many paintings.

With F of shape (H W, C), the features of one layer, and the Gram matrix G = F^T F / (H W C), the
style loss of Gatys et al. (2015, eq. 3-5) against painting i with Gram matrices A_l,i is

    L_i = sum_l w_l / 4 * ||G_l - A_l,i||^2

which is the paper's 1 / (2 H W C)^2 with the sizes drawn into the matrices, so that paintings and
pictures may differ in size.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nstcore.aggregation import TINY, Tensor
from nstcore.backbones import Backbone
from nstcore.errors import TargetError
from nstcore.files import whole
from nstcore.images import Pixels

FORMAT = 1
"""Version of the saved file."""

# Features of this many paintings are held at once while their Gram matrices are taken.
_BATCH = 4


def gram_matrix(features: Tensor) -> Tensor:
    """Correlate the channels over all positions: G = F^T F / (H W C) (Gatys et al. 2015, eq. 3).

    Args:
        features: (batch, height, width, channels).

    Returns:
        (batch, channels, channels), symmetric.
    """
    _, height, width, channels = tf.unstack(tf.shape(features))
    flat = tf.reshape(features, (-1, height * width, channels))
    # A matrix product of reshaped features: an einsum over four axes takes 6-8 % longer.
    return tf.matmul(flat, flat, transpose_a=True) / tf.cast(
        height * width * channels, features.dtype
    )


class LayerTarget(NamedTuple):
    """The Gram matrices A_i of n paintings at one layer, centred by their mean M.

    ||G - A_i||^2 = ||D||^2 - 2 <D, A_i - M> + ||A_i - M||^2 with D = G - M costs one matrix-vector
    product for all paintings together, and stays exact in float32 where the expansion around zero
    cancels.
    """

    mean: Tensor
    """M, flattened: (channels^2,)."""
    deviations: Tensor
    """A_i - M: (n, channels^2)."""
    spreads: Tensor
    """||A_i - M||^2: (n,)."""

    @classmethod
    def from_grams(cls, grams: np.ndarray) -> "LayerTarget":
        """Centre n Gram matrices, (n, channels, channels), in float64."""
        flat = grams.reshape(len(grams), -1).astype(np.float64)
        mean = flat.mean(axis=0)
        deviations = flat - mean
        spreads = np.square(deviations).sum(axis=1)
        return cls(*(tf.constant(x, tf.float32) for x in (mean, deviations, spreads)))

    def squared_distances(self, grams: Tensor) -> Tensor:
        """||G - A_i||^2 of `grams`, (batch, channels, channels), to each painting: (batch, n)."""
        difference = tf.reshape(grams, (tf.shape(grams)[0], -1)) - self.mean
        own = tf.reduce_sum(tf.square(difference), axis=-1, keepdims=True)
        along = tf.matmul(difference, self.deviations, transpose_b=True)
        return own - 2 * along + self.spreads


def style_losses(
    features: Mapping[str, Tensor], layers: Mapping[str, LayerTarget], weights: Mapping[str, float]
) -> Tensor:
    """Return L_i, the style loss against each of n paintings, summed over the layers.

    Args:
        features: By layer, of the pictures: (batch, height, width, channels).
        layers: By layer, of the paintings.
        weights: w_l by layer.

    Returns:
        (batch, n), above zero.
    """
    losses = tf.add_n(
        [
            weight / 4 * layers[name].squared_distances(gram_matrix(features[name]))
            for name, weight in weights.items()
        ]
    )
    # A picture that equals a painting can come out a rounding error below zero.
    return tf.maximum(losses, TINY)


@dataclass(frozen=True)
class StyleTarget:
    """A style made of n paintings, as one backbone sees it.

    Example:
        >>> target = StyleTarget.from_images(backbone, load_batch(paths, size=(224, 224)))
        >>> target.save("monet.npz")
        >>> losses = StyleTarget.load("monet.npz", backbone).losses(backbone.features(images))
    """

    layers: Mapping[str, LayerTarget]
    weights: Mapping[str, float]
    """w_l by layer."""
    backbone: str
    """Fingerprint of the backbone it was made with."""
    paintings: tuple[str, ...] = ()
    """What the paintings are called, if they were given names."""

    @property
    def count(self) -> int:
        """The number of paintings, n."""
        return int(next(iter(self.layers.values())).spreads.shape[0])

    @property
    def floor(self) -> float:
        """The least that the mean style loss can be for any picture.

        The mean over the paintings is ||D||^2 plus their own spread around M; the spread stays when
        the picture's Gram matrices have become M.
        """
        return float(
            sum(
                weight / 4 * np.mean(self.layers[name].spreads, dtype=np.float64)
                for name, weight in self.weights.items()
            )
        )

    @classmethod
    def from_images(
        cls, backbone: Backbone, paintings: Pixels, names: Sequence[str] = ()
    ) -> "StyleTarget":
        """Take the Gram matrices of paintings.

        Args:
            backbone: Its style layers and their weights are used.
            paintings: (n, height, width, 3), RGB, 0..1.
            names: What the paintings are called, kept with the target.

        Raises:
            TargetError: There are no paintings, or not one name for each.
        """
        if len(paintings) == 0:
            raise TargetError("a style needs at least one painting")
        if names and len(names) != len(paintings):
            raise TargetError(f"{len(paintings)} paintings, but {len(names)} names")
        grams: dict[str, list[np.ndarray]] = {name: [] for name in backbone.style_layers}
        for start in range(0, len(paintings), _BATCH):
            features = backbone.features(paintings[start : start + _BATCH])
            for name, matrices in grams.items():
                matrices.append(gram_matrix(features[name]).numpy())
        return cls(
            layers={name: LayerTarget.from_grams(np.concatenate(m)) for name, m in grams.items()},
            weights=dict(backbone.style_layers),
            backbone=backbone.fingerprint,
            paintings=tuple(names),
        )

    def losses(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return one style loss per picture and painting, (batch, n); see `style_losses`."""
        return style_losses(features, self.layers, self.weights)

    def save(self, path: Path | str) -> None:
        """Write the target as one NumPy archive, whole or not at all; same target, same bytes."""
        about = {
            "format": FORMAT,
            "backbone": self.backbone,
            "weights": self.weights,
            "paintings": self.paintings,
        }
        arrays = {
            f"{name}/{part}": tensor.numpy()
            for name, layer in self.layers.items()
            for part, tensor in layer._asdict().items()
        }
        with whole(path) as draft:
            np.savez(draft, about=np.array(json.dumps(about)), **arrays)

    @classmethod
    def load(cls, path: Path | str, backbone: Backbone | None = None) -> "StyleTarget":
        """Read a saved target.

        Args:
            path: A file that `save` wrote.
            backbone: If given, the target must have been made with it.

        Raises:
            TargetError: The file is missing, damaged, of another format, or was made with another
                backbone, other layers or other preprocessing.
        """
        try:
            with np.load(path) as file:
                about = json.loads(str(file["about"]))
                if about["format"] != FORMAT:
                    raise TargetError(
                        f"{path}: a style target of format {about['format']}, not {FORMAT}; "
                        "delete it and build it again"
                    )
                layers = {
                    name: LayerTarget(
                        *(tf.constant(file[f"{name}/{part}"]) for part in LayerTarget._fields)
                    )
                    for name in about["weights"]
                }
        except FileNotFoundError:
            raise TargetError(f"{path}: no such style target") from None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise TargetError(f"{path}: no style target, or a damaged one ({error})") from None
        target = cls(layers, about["weights"], about["backbone"], tuple(about["paintings"]))
        if backbone is not None:
            target.check(backbone, f"{path}: ")
        return target

    def check(self, backbone: Backbone, where: str = "style target: ") -> None:
        """Refuse to be used with another backbone than the one it was made with.

        Raises:
            TargetError: The backbone has other weights, style layers or preprocessing.
        """
        if self.backbone != backbone.fingerprint:
            raise TargetError(
                f"{where}made with another backbone than {backbone.name} (other weights, layers "
                "or preprocessing); build it again"
            )
