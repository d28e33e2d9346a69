"""Gram matrices of features.

With F of shape (H W, C), the features of one layer over all positions,

    G = F^T F / (H W C)

which is Gatys et al. (2015, eq. 3) with the sizes of the loss (eq. 4) drawn into the matrix, so
that paintings and pictures may differ in size.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nstcore.common.lazy import tf
from nstcore.common.types import Tensor


def gram_matrix(features: Tensor) -> Tensor:
    """Correlate the channels over all positions.

    Args:
        features: (batch, height, width, channels).

    Returns:
        (batch, channels, channels), symmetric.
    """
    flat, size = _flatten(features)
    # A matrix product of reshaped features: an einsum over four axes takes 6-8 % longer.
    return tf.matmul(flat, flat, transpose_a=True) / size


def _flatten(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return F as (batch, H W, C), and H W C."""
    _, height, width, channels = tf.unstack(tf.shape(features))
    flat = tf.reshape(features, (-1, height * width, features.shape[-1]))
    return flat, tf.cast(height * width * channels, features.dtype)


class Packing(NamedTuple):
    """How a symmetric (C, C) matrix and its packed form, C (C + 1) / 2 numbers, correspond.

    The packed form is the upper triangle row by row: vech of the matrix (Magnus and Neudecker,
    "Matrix Differential Calculus", 1988) and BLAS' packed storage.
    """

    upper: NDArray[np.int32]
    """Of each packed number: its place in the flattened matrix."""
    back: NDArray[np.int32]
    """Of each entry of the flattened matrix: its place among the packed numbers."""
    scale: NDArray[np.float64]
    """1 on the diagonal, sqrt(2) above it: so scaled, the packed form has the matrix's norm."""


@lru_cache
def packing(channels: int) -> Packing:
    """Return the correspondence for matrices of `channels` x `channels`."""
    row, column = np.triu_indices(channels)
    back = np.zeros((channels, channels), np.int32)
    back[row, column] = back[column, row] = np.arange(len(row), dtype=np.int32)
    upper = (row * channels + column).astype(np.int32)
    return Packing(upper, back.ravel(), np.where(row == column, 1.0, np.sqrt(2.0)))


def packed_gram(features: Tensor) -> Tensor:
    """Return the Gram matrices packed and scaled: half the numbers, the same norm.

    The product is taken in float32 and what follows in float64: style losses are small differences
    of large numbers. The gradient is one product, 2 F S / (H W C) with S the gradient by G made
    symmetric, where differentiating G = F^T F takes two.

    Args:
        features: float32, (batch, height, width, channels).

    Returns:
        float64, (batch, channels (channels + 1) / 2), each number times its `Packing.scale`.
    """
    # Decorated here and not above: to import this module must not start TensorFlow.
    return tf.custom_gradient(_packed_gram)(features)


def _packed_gram(features: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    flat, size = _flatten(features)
    channels = features.shape[-1]
    upper, back, scale = packing(channels)
    gram = tf.reshape(tf.matmul(flat, flat, transpose_a=True) / size, (-1, channels * channels))
    packed = tf.cast(tf.gather(gram, upper, axis=1), tf.float64) * scale

    def gradient(upstream: Tensor) -> Tensor:
        symmetric = tf.gather(tf.cast(upstream / scale, features.dtype), back, axis=1)
        symmetric = tf.reshape(symmetric, (-1, channels, channels))
        return tf.reshape(tf.matmul(flat, symmetric) * (2 / size), tf.shape(features))

    return packed, gradient
