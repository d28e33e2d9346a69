"""A painted picture in the colours of its photograph.

After Gatys et al. (2016), "Preserving Color in Neural Artistic Style Transfer", arXiv:1606.05897.
Both ways recolour the painted picture: a saved style holds Gram matrices, and no paintings that
could be recoloured before.
"""

import numpy as np
from numpy.typing import NDArray

from nstcore.images.io import Pixels

# NTSC's luma and chroma (FCC 1953), of RGB in 0..1.
YIQ: NDArray[np.float64] = np.array(
    [[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]]
)


def keep_luminance(painted: Pixels, photograph: Pixels) -> Pixels:
    """Take the luminance of a painted picture and the colours of its photograph.

    In YIQ, Y is the painted picture's, I and Q are the photograph's (section 4 of the paper).

    Args:
        painted: (height, width, 3), RGB, 0..1.
        photograph: The same.

    Returns:
        The same, clipped to 0..1.
    """
    luma = painted.astype(np.float64) @ YIQ[0]
    chroma = photograph.astype(np.float64) @ YIQ[1:].T
    yiq = np.concatenate([luma[..., None], chroma], axis=-1)
    kept: Pixels = np.clip(yiq @ np.linalg.inv(YIQ).T, 0, 1).astype(np.float32)
    return kept


def match_colors(painted: Pixels, photograph: Pixels) -> Pixels:
    """Give a painted picture the mean colour and the covariance of its photograph's colours.

    x -> A x + b with A = S_c^(1/2) S_p^(-1/2), b = mean_c - A mean_p, the symmetric roots of the
    covariances S ("image analogies" in section 3 of the paper).

    Args:
        painted: (height, width, 3), RGB, 0..1.
        photograph: The same, of any size.

    Returns:
        As `painted`, clipped to 0..1.
    """
    pixels = painted.reshape(-1, 3).astype(np.float64)
    wanted = photograph.reshape(-1, 3).astype(np.float64)
    mix = _root(_covariance(wanted)) @ np.linalg.pinv(_root(_covariance(pixels)))
    matched = (pixels - pixels.mean(axis=0)) @ mix.T + wanted.mean(axis=0)
    kept: Pixels = np.clip(matched, 0, 1).astype(np.float32).reshape(painted.shape)
    return kept


def _covariance(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = pixels - pixels.mean(axis=0)
    covariance: NDArray[np.float64] = centred.T @ centred / len(pixels)
    return covariance


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the symmetric square root of a matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
