"""Pictures computed from parameters, by which gradient descent on them takes other ways.

Each kind is linear and invertible: a picture p is S theta, and any picture has parameters. Steps of
one size in theta are then of different sizes in what the picture is made of, which is what a canvas
changes: the losses, and where their minimum lies, stay what they are.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nstcore.common.lazy import tf
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.painting.canvas import Canvas

Parameters = NDArray[np.float32]


class Parametrization(ABC):
    """A batch of pictures of one size, and the parameters that they are computed from."""

    shape: tuple[int, ...]
    """Of the parameters; the first axis is the batch."""
    are_pixels: bool = False
    """Whether parameters are the pixels themselves, so that bounds of these are bounds of those."""

    def __init__(self, canvas: Canvas, shape: Sequence[int]) -> None:
        """Prepare for pictures of `shape` = (batch, height, width, 3)."""
        self._batch, self._height, self._width, _ = shape
        self._scale = canvas.scale

    @abstractmethod
    def parameters(self, images: Pixels) -> Parameters:
        """Return the parameters of pictures, exact to float32's rounding."""

    @abstractmethod
    def picture(self, parameters: Tensor) -> Tensor:
        """Compute the pictures, (batch, height, width, 3); they may leave 0..1."""

    @abstractmethod
    def changed(self, parameters: Tensor, change: Tensor) -> Tensor:
        """Return parameters of the pictures to which `change`, of their shape, is added."""


class PixelParametrization(Parametrization):
    """p = theta: each pixel for itself (Gatys et al. 2015)."""

    are_pixels = True

    def __init__(self, canvas: Canvas, shape: Sequence[int]) -> None:
        """See the class."""
        super().__init__(canvas, shape)
        self.shape = tuple(shape)

    def parameters(self, images: Pixels) -> Parameters:
        """See the class."""
        return images

    def picture(self, parameters: Tensor) -> Tensor:
        """See the class."""
        return parameters

    def changed(self, parameters: Tensor, change: Tensor) -> Tensor:
        """See the class."""
        return parameters + change


# A square root of the covariance of the colours of ImageNet's photographs, rows R, G, B (Olah et
# al. 2017, "Feature Visualization", in its code); here of rows whose mean square length is 1.
_COLORS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
_COLORS /= np.sqrt(np.mean(np.sum(_COLORS**2, axis=1)))


def _decorrelate(images: NDArray[Any]) -> NDArray[np.float64]:
    """Return (batch, 3, height, width) of colours that vary independently, given RGB last."""
    return np.moveaxis(np.asarray(images, np.float64) @ np.linalg.inv(_COLORS).T, -1, 1)


def _to_rgb(colors: Tensor) -> Tensor:
    """Return (batch, height, width, 3), RGB, of decorrelated colours, channels first."""
    return tf.tensordot(tf.transpose(colors, (0, 2, 3, 1)), tf.constant(_COLORS.T, tf.float32), 1)


def _from_rgb(images: Tensor) -> Tensor:
    """Undo `_to_rgb`."""
    inverse = tf.constant(np.linalg.inv(_COLORS).T, tf.float32)
    return tf.transpose(tf.tensordot(images, inverse, 1), (0, 3, 1, 2))


class PyramidParametrization(Parametrization):
    """The levels of a Laplacian pyramid (Burt and Adelson 1983) of decorrelated colours.

        p = C (r_0 theta_0 + U (r_1 theta_1 + U (r_2 theta_2 + ...))),   r_l = rate growth^l

    where level l has half the size of level l - 1, rounded up, U is bilinear interpolation, and C a
    square root of the covariance of natural colours (Mordvintsev et al. 2018, "Differentiable Image
    Parameterizations"). A step changes all sizes of structure at once, so that what is coarse need
    not be made of single pixels, and lightness more than hue, as colours vary in nature: without C,
    broad areas drift to cyan and magenta. Parameters are the levels one after the other, channels
    first: (batch, n).
    """

    def __init__(self, canvas: Canvas, shape: Sequence[int]) -> None:
        """See the class."""
        super().__init__(canvas, shape)
        sizes = [(self._height, self._width)]
        for _ in range(canvas.levels - 1):
            height, width = sizes[-1]
            sizes.append((-(-height // 2), -(-width // 2)))
        self._sizes = sizes
        self._rates = [self._scale * canvas.growth**level for level in range(canvas.levels)]
        self._counts = [3 * height * width for height, width in sizes]
        self.shape = (self._batch, sum(self._counts))
        # From each level to the next finer one, down the columns and along the rows.
        self._up = [
            tuple(interpolation(*pair) for pair in zip(fine, coarse, strict=True))
            for fine, coarse in pairwise(sizes)
        ]

    def parameters(self, images: Pixels) -> Parameters:
        """Return each level's difference from what the coarser ones give, divided by its rate."""
        level = _decorrelate(images)
        found: list[NDArray[np.float64]] = []
        for (down, along), rate in zip(self._up, self._rates, strict=False):
            coarse = _averaging(down) @ level @ _averaging(along).T
            found.append((level - down @ coarse @ along.T) / rate)
            level = coarse
        found.append(level / self._rates[-1])
        flat = [level.reshape(len(images), -1) for level in found]
        return np.concatenate(flat, axis=1).astype(np.float32)

    def picture(self, parameters: Tensor) -> Tensor:
        """See the class."""
        levels = [
            tf.reshape(part, (self._batch, 3, *size)) * rate
            for part, size, rate in zip(
                tf.split(parameters, self._counts, axis=1), self._sizes, self._rates, strict=True
            )
        ]
        image = levels[-1]
        for level, (down, along) in reversed(list(zip(levels, self._up, strict=False))):
            # Products with thin matrices: exact, and their gradients are products, too.
            wide = tf.matmul(image, tf.constant(along.T, tf.float32))
            image = level + tf.matmul(tf.constant(down, tf.float32), wide)
        return _to_rgb(image)

    def changed(self, parameters: Tensor, change: Tensor) -> Tensor:
        """Change the finest level alone."""
        finest = tf.reshape(_from_rgb(change), (self._batch, -1))
        rest = tf.zeros((self._batch, self.shape[1] - self._counts[0]), change.dtype)
        return parameters + tf.concat([finest / self._rates[0], rest], axis=1)


def interpolation(fine: int, coarse: int) -> NDArray[np.float64]:
    """Return the matrix (fine, coarse) of bilinear interpolation along an axis.

    Pixels are points in the middle of equal parts of the axis; beyond the outermost ones the
    values stay.
    """
    at = np.clip((np.arange(fine) + 0.5) * coarse / fine - 0.5, 0, coarse - 1)
    below = np.minimum(at.astype(int), max(coarse - 2, 0))
    matrix = np.zeros((fine, coarse))
    matrix[np.arange(fine), below] = 1 - (at - below)
    matrix[np.arange(fine), np.minimum(below + 1, coarse - 1)] += at - below
    return matrix


def _averaging(up: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix of area means (coarse, fine) along an axis, given that of the way up."""
    fine, coarse = up.shape
    edges = np.arange(coarse + 1) * fine / coarse
    begins, ends = np.arange(fine), np.arange(fine) + 1
    overlap = np.minimum(edges[1:, None], ends) - np.maximum(edges[:-1, None], begins)
    shares: NDArray[np.float64] = np.maximum(overlap, 0) * coarse / fine
    return shares


class FourierParametrization(Parametrization):
    """Spectra of decorrelated colours, scaled by 1/f^power.

        p = C F^-1 (s theta),   s(f) = c / max(f, 1 / longest side)^power

    F is the discrete Fourier transform of each colour, f the frequency in cycles per pixel, and C
    a square root of the covariance of natural colours, so that its colours vary independently
    (Mordvintsev et al. 2018, "Differentiable Image Parameterizations"; there with a sigmoid at the
    end, here linear). C and c are such that independent parameters of variance r^2 give pixels of
    variance r^2 on average, with r the canvas' rate. Parameters are the real and the imaginary
    parts: (batch, 3, height, width // 2 + 1, 2).
    """

    def __init__(self, canvas: Canvas, shape: Sequence[int]) -> None:
        """See the class."""
        super().__init__(canvas, shape)
        size = (self._height, self._width)
        along = np.fft.rfftfreq(self._width)
        frequency = np.hypot(np.fft.fftfreq(self._height)[:, None], along)
        spectrum = np.maximum(frequency, 1 / max(size)) ** -canvas.power
        # Columns between the first and the middle stand for their mirror images as well.
        twice = np.where((along == 0) | (along == 0.5), 1, 2)
        variance = np.sum((twice * spectrum) ** 2) / (self._height * self._width)
        self._spectrum = spectrum * self._scale / np.sqrt(variance)
        self._unit = np.sqrt(self._height * self._width)
        self.shape = (self._batch, 3, *spectrum.shape, 2)

    def parameters(self, images: Pixels) -> Parameters:
        """See the class."""
        spectrum = np.fft.rfft2(_decorrelate(images)) / self._unit / self._spectrum
        return np.stack([spectrum.real, spectrum.imag], axis=-1).astype(np.float32)

    def picture(self, parameters: Tensor) -> Tensor:
        """See the class."""
        scaled = parameters * tf.constant(self._spectrum[..., None] * self._unit, tf.float32)
        spectrum = tf.complex(scaled[..., 0], scaled[..., 1])
        return _to_rgb(tf.signal.irfft2d(spectrum, (self._height, self._width)))

    def changed(self, parameters: Tensor, change: Tensor) -> Tensor:
        """See the class."""
        spectrum = tf.signal.rfft2d(_from_rgb(change))
        scale = tf.constant(1 / (self._spectrum * self._unit), tf.float32)
        parts = [tf.math.real(spectrum) * scale, tf.math.imag(spectrum) * scale]
        return parameters + tf.stack(parts, axis=-1)


PARAMETRIZATIONS: dict[str, type[Parametrization]] = {
    "pixels": PixelParametrization,
    "pyramid": PyramidParametrization,
    "fourier": FourierParametrization,
}
"""By the name of `Canvas.kind`."""


def parametrize(canvas: Canvas, shape: Sequence[int]) -> Parametrization:
    """Return what pictures of `shape` = (batch, height, width, 3) are computed from."""
    kind: Any = PARAMETRIZATIONS[canvas.kind]
    made: Parametrization = kind(canvas, shape)
    return made
