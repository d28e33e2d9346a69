"""Content loss, and the total that is minimised."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from nstcore.aggregation import Tensor, aggregate


def content_loss(features: Tensor, content: Tensor) -> Tensor:
    """Half the squared distance of features: 1/2 sum (F - P)^2 (Gatys et al. 2015, eq. 1).

    Args:
        features: F, (batch, height, width, channels), of the pictures.
        content: P, the same shape, of the contents.

    Returns:
        (batch,).
    """
    return 0.5 * tf.reduce_sum(tf.math.squared_difference(features, content), axis=(1, 2, 3))


class Losses(NamedTuple):
    """The losses of a batch of pictures, (batch,) each."""

    content: Tensor
    """Unweighted."""
    style: Tensor
    """Aggregated over the paintings, unweighted."""
    total: Tensor
    """alpha * content + beta * style (Gatys et al. 2015, eq. 7)."""


@dataclass(frozen=True)
class Objective:
    """What is minimised over the pixels of a picture."""

    aggregation: str
    """"simple", "squared" or "logged"."""
    alpha: float = 1.0
    """Weight of the content loss."""
    beta: float = 1.0
    """Weight of the aggregated style loss."""

    def losses(self, features: Tensor, content: Tensor, style: Tensor) -> Losses:
        """Combine content and style.

        Args:
            features: (batch, height, width, channels), of the pictures at the content layer.
            content: The same of the contents.
            style: (batch, n), the style losses of the pictures against n paintings.
        """
        kept = content_loss(features, content)
        reached = aggregate(style, self.aggregation)
        return Losses(kept, reached, self.alpha * kept + self.beta * reached)
