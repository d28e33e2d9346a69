"""A big square matrix product: the most that this machine gives through TensorFlow."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.cases import Case


def make(case: Case) -> Callable[[], list[Any]]:
    """Return a function that multiplies once and returns one number of the product."""
    shape = (case.size, case.size)
    left, right = (
        tf.cast(tf.random.stateless_uniform(shape, (1, seed)), case.precision) for seed in (1, 2)
    )
    return lambda: [tf.matmul(left, right)[0, 0].numpy()]


def operations(case: Case) -> int:
    """Count the floating-point operations of a product."""
    return 2 * case.size**3
