"""What can be timed, and the numbers it is fed.

Workers of every framework import this, so it needs NumPy alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
CONTENT_LAYER = "block5_conv2"
CHANNELS = (64, 128, 256, 512, 512)
"""Of the style layers of VGG19."""

CANVASES: dict[str, dict[str, Any]] = {
    "pixels": {},
    "pixels, shifts": {"shifts": 6, "padding": 8},
    "pyramid": {"kind": "pyramid"},
    "pyramid, shifts": {"kind": "pyramid", "shifts": 6, "padding": 8},
    "fourier": {"kind": "fourier"},
    "fourier, shifts": {"kind": "fourier", "shifts": 6, "padding": 8},
    "pyramid, shifts, padding 16": {"kind": "pyramid", "shifts": 6, "padding": 16},
}
"""Options of each. Shifts are of up to 8 pixels: within a padding of 8 the network sees as many
pixels as plainly."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """One optimisation step, or one matrix product, as a worker can build and time it."""

    kind: str
    """The module that makes it, see `worker.MODULES`."""
    paintings: int = 30
    aggregation: str = "squared"
    architecture: str = "VGG19"
    precision: str = "float32"
    size: int = 224
    """Of a square picture, in pixels; of a square matrix, in rows."""
    batch: int = 1
    canvas: str = "pixels"
    """One of `CANVASES`."""


def pictures(case: Case) -> tuple[Array, Array]:
    """Return the contents and what the optimisation starts from: (batch, size, size, 3), 0..1."""
    rng = np.random.default_rng(1)
    shape = (case.batch, case.size, case.size, 3)
    return rng.random(shape, dtype=np.float32), rng.random(shape, dtype=np.float32)


def packed_grams(paintings: int, channels: int) -> Array:
    """Return random Gram matrices packed: (paintings, C (C + 1) / 2).

    What the numbers are does not change how long a step takes.
    """
    size = channels * (channels + 1) // 2
    return np.random.default_rng(channels).random((paintings, size), dtype=np.float32)


def gram_matrices(paintings: int, channels: int) -> Array:
    """Return the same matrices whole: (paintings, C, C)."""
    matrices = np.empty((paintings, channels, channels), np.float32)
    row, column = np.triu_indices(channels)
    matrices[:, row, column] = matrices[:, column, row] = packed_grams(paintings, channels)
    return matrices
