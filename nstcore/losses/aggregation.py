"""From one style loss per painting to one per picture: the power-mean family.

    M_p(L) = (1/n sum_i L_i^p)^(1/p)

*simple* is p = 1 (the mean), *squared* p = 2 (the root mean square: far paintings pull harder),
*logged* p -> 0 (the geometric mean, exp(1/n sum_i log L_i): near paintings pull harder). All three
have the unit of the losses, so they share one style weight. Their derivatives are

    dM_p / dL_i = 1/n (L_i / M_p)^(p - 1)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nstcore.common.errors import ConfigError
from nstcore.common.hints import nearest
from nstcore.common.lazy import tf
from nstcore.common.types import Tensor

_SUM = "<munder><mo>\u2211</mo><mi>i</mi></munder>"
_LOSS = "<msub><mi>L</mi><mi>i</mi></msub>"


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


def tiny(dtype: Tensor) -> float:
    """Return what losses of a TensorFlow type are held above before logarithms and roots."""
    return 1e-100 if dtype == tf.float64 else 1e-30


@dataclass(frozen=True)
class Aggregation:
    """A way to make one style loss of those against n paintings."""

    description: str
    """What it is: "the mean"."""
    pull: str
    """Which paintings count for how much."""
    formula: str
    """In plain text: `L_i` is the loss against painting i of n."""
    function: Callable[[Tensor], Tensor]
    """From losses (..., n), not negative, to (...), in their unit."""
    is_mean: bool = False
    """Whether it is the arithmetic mean, which costs no more for many paintings and cannot fall
    below their own spread (`StyleTarget.floor`)."""
    mathml: str = ""
    """The formula as MathML, within `<math>`; by default it is shown as plain text."""


AGGREGATIONS: dict[str, Aggregation] = {
    "simple": Aggregation(
        "the mean",
        "every painting counts the same",
        "1/n sum_i L_i",
        partial(power_mean, p=1),
        is_mean=True,
        mathml=f"<mfrac><mn>1</mn><mi>n</mi></mfrac>{_SUM}{_LOSS}",
    ),
    "squared": Aggregation(
        "the root mean square",
        "paintings that are far off pull harder",
        "sqrt(1/n sum_i L_i^2)",
        partial(power_mean, p=2),
        mathml=f"<msqrt><mfrac><mn>1</mn><mi>n</mi></mfrac>{_SUM}"
        "<msubsup><mi>L</mi><mi>i</mi><mn>2</mn></msubsup></msqrt>",
    ),
    "logged": Aggregation(
        "the geometric mean",
        "paintings that are near pull harder",
        "exp(1/n sum_i log L_i)",
        partial(power_mean, p=0),
        mathml="<mi>exp</mi><mo>(</mo><mfrac><mn>1</mn><mi>n</mi></mfrac>"
        f'{_SUM}<mi>log</mi><mspace width="0.2em"/>{_LOSS}<mo>)</mo>',
    ),
}
"""By name. To add one: an entry here."""


def aggregate(losses: Tensor, aggregation: str) -> Tensor:
    """Aggregate the style losses of n paintings, each already summed over the layers.

    Args:
        losses: (batch, n), not negative.
        aggregation: One of `AGGREGATIONS`.

    Returns:
        (batch,), in the unit of `losses`.

    Raises:
        ConfigError: No such aggregation.
    """
    if aggregation not in AGGREGATIONS:
        raise ConfigError(f"aggregation {aggregation!r}: {nearest(aggregation, AGGREGATIONS)}")
    return AGGREGATIONS[aggregation].function(tf.convert_to_tensor(losses))
