"""Whether two networks come from one training: by their kernels, whatever they are called.

Nothing here needs TensorFlow.
"""

from pathlib import Path

import h5py
import numpy as np

from nstcore.backbones.hdf5 import open_weights
from nstcore.common.errors import WeightsError

RELATED = 0.5
"""Largest cosine of two kernels from which on networks are taken for relatives.

Measured on the networks of docs/judge.md: copies reach 1, a fine-tuned network 0.99 of what
it was tuned from, others at most 0.14 (MobileNetV2, trained by Keras and by torchvision).
"""


def kernel_similarity(network: Path | str, other: Path | str) -> float:
    """Return the largest cosine between a kernel of one network and one of the other.

    Kernels of the same shape are compared as they are; networks trained on their own hardly ever
    share one, since nothing orders their filters alike.

    Args:
        network: A saved backbone, or any other HDF5 file of weights.
        other: The same.

    Returns:
        0 (nothing in common, or no kernels of one shape) to 1.

    Raises:
        WeightsError: A file cannot be read.
    """
    kernels = _kernels(other)
    nearest = [
        abs(float(np.vdot(mine, theirs)))
        for mine in _kernels(network)
        for theirs in kernels
        if mine.shape == theirs.shape
    ]
    return min(max(nearest, default=0.0), 1.0)


def _kernels(path: Path | str) -> list[np.ndarray]:
    """Read all convolution kernels of a file, each scaled to length 1."""
    kernels: list[np.ndarray] = []

    def visit(_: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 4:
            values = np.asarray(item, np.float64)
            length = np.linalg.norm(values)
            if length > 0:
                kernels.append(values / length)

    try:
        with open_weights(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error})") from None
    return kernels


def refuse_relative(
    judge: Path | str, backbone: Path | str, judge_name: str, backbone_name: str
) -> float:
    """Return the `kernel_similarity` of a judge to a backbone, unless it is too great.

    Args:
        judge: Its saved network.
        backbone: That of a backbone.
        judge_name: What the message calls the judge.
        backbone_name: What it calls the backbone.

    Raises:
        WeightsError: The two come from one training.
    """
    similarity = kernel_similarity(judge, backbone)
    if similarity >= RELATED:
        raise WeightsError(
            f"judge: {judge_name} and the backbone {backbone_name} come from one training (cosine "
            f"of their nearest kernels {similarity:.2f}), so it would favour the pictures of "
            f"{backbone_name}; name another network in the config's judge"
        )
    return similarity


def refuse_same_opinion(
    judge: Path | str, other: Path | str, judge_name: str, other_name: str
) -> float:
    """Return the `kernel_similarity` of two judges, unless it is too great.

    Args:
        judge: The saved network of one.
        other: That of another.
        judge_name: What the message calls the one.
        other_name: What it calls the other.

    Raises:
        WeightsError: The two come from one training.
    """
    similarity = kernel_similarity(judge, other)
    if similarity >= RELATED:
        raise WeightsError(
            f"judge: {judge_name} and {other_name} come from one training (cosine of their nearest "
            f"kernels {similarity:.2f}), so {other_name} would be no second opinion; name another "
            "network in the config's judge"
        )
    return similarity
