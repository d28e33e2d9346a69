"""How far a picture's features lie from the content's (Gatys et al. 2015, eq. 1)."""

from nstcore.common.lazy import tf
from nstcore.common.types import Tensor


def content_loss(features: Tensor, content: Tensor) -> Tensor:
    """Half the squared distance of features: 1/2 sum (F - P)^2 (Gatys et al. 2015, eq. 1).

    Args:
        features: F, (batch, height, width, channels), of the pictures.
        content: P, the same shape, of the contents.

    Returns:
        (batch,).
    """
    return 0.5 * tf.reduce_sum(tf.math.squared_difference(features, content), axis=(1, 2, 3))


def content_reference(content: Tensor) -> Tensor:
    """Return the content loss of a picture of which no place differs from another.

    1/2 sum (P - mean of P over positions)^2: what there is to lose of the content's layout.

    Args:
        content: P, (batch, height, width, channels).

    Returns:
        (batch,).
    """
    return content_loss(content, tf.reduce_mean(content, axis=(1, 2), keepdims=True))


def content_size(content: Tensor) -> Tensor:
    """Return what `content_reference` is held against: 1/2 sum P^2.

    Args:
        content: P, (batch, height, width, channels).

    Returns:
        float64, (batch,).
    """
    return tf.reduce_sum(tf.square(tf.cast(content, tf.float64)), axis=(1, 2, 3)) / 2
