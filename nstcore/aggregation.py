"""From one style loss per painting to one per picture: the power-mean family.

    M_p(L) = (1/n sum_i L_i^p)^(1/p)

*simple* is p = 1 (the mean), *squared* p = 2 (the root mean square: far paintings pull harder),
*logged* p -> 0 (the geometric mean: near paintings pull harder). All three have the unit of the
losses, so they share one style weight.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from nstcore.errors import ConfigError

Tensor = Any
"""A TensorFlow tensor: TensorFlow ships no types."""

TINY = 1e-30
"""Losses are held above this, so that log and sqrt stay finite at a loss of zero."""


def simple(losses: Tensor) -> Tensor:
    """The mean, 1/n sum_i L_i: (batch, n) -> (batch,)."""
    return tf.reduce_mean(losses, axis=-1)


def squared(losses: Tensor) -> Tensor:
    """The root mean square, sqrt(1/n sum_i L_i^2): (batch, n) -> (batch,)."""
    losses = tf.maximum(losses, TINY)
    # Squares of published losses leave the range of float32; relative to the largest they do not.
    largest = tf.stop_gradient(tf.reduce_max(losses, axis=-1, keepdims=True))
    mean = tf.reduce_mean(tf.square(losses / largest), axis=-1)
    return largest[..., 0] * tf.sqrt(mean)


def logged(losses: Tensor) -> Tensor:
    """The geometric mean, exp(1/n sum_i log L_i): (batch, n) -> (batch,)."""
    return tf.exp(tf.reduce_mean(tf.math.log(tf.maximum(losses, TINY)), axis=-1))


AGGREGATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "simple": simple,
    "squared": squared,
    "logged": logged,
}


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
    if aggregation not in AGGREGATIONS:
        raise ConfigError(f"aggregation {aggregation!r}: choose one of {', '.join(AGGREGATIONS)}")
    return AGGREGATIONS[aggregation](tf.convert_to_tensor(losses))
