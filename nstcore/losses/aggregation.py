"""From one style loss per painting to one per picture: the power-mean family.

    M_p(L) = (1/n sum_i L_i^p)^(1/p)

*simple* is p = 1 (the mean), *squared* p = 2 (the root mean square: far paintings pull harder),
*logged* p -> 0 (the geometric mean, exp(1/n sum_i log L_i): near paintings pull harder). All three
have the unit of the losses, so they share one style weight. Their derivatives are

    dM_p / dL_i = 1/n (L_i / M_p)^(p - 1)
"""

import tensorflow as tf

from nstcore.common.errors import ConfigError
from nstcore.common.types import Tensor

POWERS: dict[str, int] = {"simple": 1, "squared": 2, "logged": 0}
"""p by aggregation."""


def power_mean(losses: Tensor, p: int) -> Tensor:
    """Return M_p over the last axis; 0 stands for p -> 0.

    Args:
        losses: (..., n), not negative. Held above a tiny floor, so that values and derivatives
            stay finite where a picture equals a painting.
        p: 0, 1, 2 ...

    Returns:
        (...), in the unit of `losses`.
    """
    if p == 1:
        return tf.reduce_mean(losses, axis=-1)
    losses = tf.maximum(losses, tiny(losses.dtype))
    if p == 0:
        return tf.exp(tf.reduce_mean(tf.math.log(losses), axis=-1))
    # Powers of published losses leave the range of float32; relative to the largest they do not.
    # M_p is homogeneous, so that the derivative does not depend on what it is relative to.
    largest = tf.stop_gradient(tf.reduce_max(losses, axis=-1, keepdims=True))
    mean = tf.reduce_mean(tf.pow(losses / largest, p), axis=-1)
    return largest[..., 0] * tf.pow(mean, 1 / p)


def tiny(dtype: tf.DType) -> float:
    """Return what losses are held above before logarithms and roots."""
    return 1e-100 if dtype == tf.float64 else 1e-30


def aggregate(losses: Tensor, aggregation: str) -> Tensor:
    """Aggregate the style losses of n paintings, each already summed over the layers.

    Args:
        losses: (batch, n), not negative.
        aggregation: "simple", "squared" or "logged".

    Returns:
        (batch,), in the unit of `losses`.

    Raises:
        ConfigError: No such aggregation.
    """
    if aggregation not in POWERS:
        raise ConfigError(f"aggregation {aggregation!r}: choose one of {', '.join(POWERS)}")
    return power_mean(tf.convert_to_tensor(losses), POWERS[aggregation])
