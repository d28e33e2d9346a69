"""What can be measured of a stylised picture, whatever made it, as functions of arrays.

Pictures are float32 (height, width, 3), RGB, in 0..1; features are (height', width', channels) of
one layer of a network.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from skimage.color import rgb2lab
from skimage.metrics import structural_similarity as skimage_similarity

Array = NDArray[np.floating]

GRID_PERIODS = (2, 4, 8, 16)
"""Strides of the networks that pictures are painted with, in pixels."""

# Lightness (0 to 100) that varies by less is rounding.
_EVEN = 1e-4
_TILES = 250
_DIRECTIONS = 32
_LEVELS = 256
_HUES = 16


def mean_change(output: Array, content: Array) -> float:
    """Return how far a picture is from its content: mean absolute difference, 0..1."""
    return float(np.abs(np.asarray(output, np.float64) - content).mean())


def structural_similarity(output: Array, content: Array) -> float:
    """Return the structural similarity of two pictures of one size, up to 1 (Wang et al. 2004)."""
    return float(skimage_similarity(output, content, channel_axis=-1, data_range=1.0))


def perceptual_distance(features: Sequence[Array], other: Sequence[Array]) -> float:
    """Return how differently a network sees two pictures.

    At each place the features are scaled to length 1; the squared difference is averaged over
    places and layers (Zhang et al. 2018, eq. 1, without learned weights).

    Args:
        features: Features of several layers.
        other: Of the same layers, for a picture of the same size.

    Returns:
        0 (the same) to 4.
    """
    distances = []
    for left, right in zip(features, other, strict=True):
        apart = _unit(left) - _unit(right)
        distances.append(np.square(apart).sum(axis=-1).mean())
    return float(np.mean(distances))


def _unit(features: Array) -> Array:
    values = np.asarray(features, np.float64)
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    unit: Array = np.divide(values, length, out=np.zeros_like(values), where=length > 0)
    return unit


def describe_places(features: Array, side: int = 4) -> Array:
    """Describe the texture in each of side x side places of a picture.

    Args:
        features: (height', width', channels) of one layer, at least `side` high and wide.
        side: Places along each side.

    Returns:
        (side * side, channels): the mean of each channel in each place.
    """
    rows = np.array_split(np.asarray(features, np.float64), side, axis=0)
    places = [place for row in rows for place in np.array_split(row, side, axis=1)]
    return np.stack([place.mean(axis=(0, 1)) for place in places])


def kernel_distance(
    sample: Array,
    other: Array,
    within_other: float | None = None,
    within_sample: float | None = None,
) -> float:
    """Return the unbiased squared MMD of two samples with the kernel (x . y / d + 1)^3.

    The kernel inception distance of Binkowski et al. (2018), on whatever features it is given. As
    an unbiased estimate it may fall below 0 for samples of one distribution.

    Args:
        sample: (n, d), n at least 2.
        other: (m, d), m at least 2.
        within_other: The `kernel_within` of the other sample, if it is known already.
        within_sample: That of the sample.
    """
    if within_other is None:
        within_other = kernel_within(other)
    if within_sample is None:
        within_sample = kernel_within(sample)
    return within_sample + within_other - 2 * float(_kernel(sample, other).mean())


def kernel_within(sample: Array) -> float:
    """Return the mean kernel of all pairs of different values of a sample, (n, d)."""
    values, count = _kernel(sample, sample), len(sample)
    return float((values.sum() - np.trace(values)) / (count * (count - 1)))


def _kernel(left: Array, right: Array) -> Array:
    values: Array = left @ right.T / left.shape[1] + 1
    return values * values * values


def area_under_curve(near: Sequence[float], far: Sequence[float]) -> float:
    """Return the share of pairs in which a value of the first sample is below one of the second.

    The area under the receiver operating characteristic (Hanley and McNeil 1982); a tie counts
    half.

    Returns:
        0 to 1, 0.5 by chance; not a number where a sample is empty.
    """
    if not len(near) or not len(far):
        return float("nan")
    apart = np.subtract.outer(np.asarray(far, np.float64), np.asarray(near, np.float64))
    return float((np.sign(apart) + 1).mean() / 2)


def color_profile(picture: Array) -> Array:
    """Return the colours of a picture, in CIELAB, as seen from several directions.

    Returns:
        (256, 32): the quantiles of the colours along each direction, in units of CIELAB.
    """
    directions = np.random.default_rng(0).normal(size=(3, _DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    # Row by row, and sorted once: many times as fast as np.quantile with so many levels.
    colors = np.sort((rgb2lab(picture).reshape(-1, 3) @ directions).T.astype(np.float32), axis=1)
    count = colors.shape[1]
    places = _levels() * count + 0.5
    return np.stack([np.interp(places, np.arange(1, count + 1), row) for row in colors], axis=1)


def color_distance(picture: Array, paintings: Sequence[Array]) -> float:
    """Return how far a picture's colours are from those of paintings, all of them together.

    The sliced Wasserstein distance (Rabin et al. 2012) in CIELAB, whose unit is about the least
    difference that one can see.

    Args:
        picture: Its `color_profile`.
        paintings: Theirs; each painting counts the same, whatever its size.
    """
    # Hazen's quantiles of a sample of 256 at these levels are the sample: the same picture is at 0.
    together = np.quantile(np.concatenate(paintings), _levels(), axis=0, method="hazen")
    return float(np.abs(picture - together).mean())


def _levels() -> Array:
    return (np.arange(_LEVELS) + 0.5) / _LEVELS


def grain(picture: Array) -> float:
    """Return the share of a picture's variation that is finer than 3/4 of what its pixels can hold.

    High-frequency energy, relative to all of it.

    Measured on lightness, without its mean, under a Hann window: fine patterns of colour alone are
    hardly seen, and JPEG files of paintings have none.

    Returns:
        0 (smooth) to 1; 0 for an even picture.
    """
    lightness = _lightness(picture)
    height, width = lightness.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.rfft2((lightness - lightness.mean()) * window)) ** 2
    # In units of the Nyquist frequency; a real transform holds most frequencies of rows once.
    rows, columns = np.abs(np.fft.fftfreq(height)) * 2, np.fft.rfftfreq(width) * 2
    power[:, 1 : (width + 1) // 2] *= 2
    fine = np.maximum(rows[:, None], columns[None, :]) > 0.75
    return float(power[fine].sum() / power.sum()) if lightness.std() > _EVEN else 0.0


def grid(picture: Array, periods: Sequence[int] = GRID_PERIODS) -> Array:
    """Return how much of a picture's fine variation repeats like a grid.

    The checkerboard artefacts of strided networks (Odena et al. 2016).

    What a moving average leaves of the lightness is cut into tiles of period x period pixels. What
    two tiles have in common, the mean over all pairs that lie in different rows and in different
    columns of tiles, over the variance of all, is the share that repeats. So a straight line, which
    runs along one row or column, is no grid, and chance makes none on average.

    Args:
        picture: RGB.
        periods: In pixels. Those of which a picture holds fewer than 250 tiles are passed over:
            chance alone would make a grid of so few.

    Returns:
        The share of each period, 0 to 1; 0 for an even picture and where a period is passed over.
    """
    lightness = _lightness(picture)
    shares = np.zeros(len(periods))
    for number, period in enumerate(periods):
        rows, columns = (side // period for side in lightness.shape)
        if rows * columns < _TILES:
            continue
        fine = lightness - uniform_filter(lightness, 2 * period, mode="reflect")
        cut = fine[: rows * period, : columns * period].reshape(rows, period, columns, period)
        if cut.std() > _EVEN:
            tiles = cut.transpose(0, 2, 1, 3).reshape(rows, columns, -1)
            shares[number] = max(_common(tiles) / cut.var(), 0.0)
    return shares


def _common(tiles: Array) -> float:
    """Return the mean covariance of two tiles, of another row and column each.

    Args:
        tiles: (rows, columns, pixels).
    """
    rows, columns, pixels = tiles.shape
    centred = tiles - tiles.mean(axis=-1, keepdims=True)
    # All pairs, less those of one row and those of one column; itself was taken off twice.
    total, by_row, by_column = (centred.sum(axis=axis) for axis in ((0, 1), 1, 0))
    products = (np.square(sums).sum() for sums in (total, by_row, by_column, centred))
    everything, in_rows, in_columns, themselves = products
    pairs = rows * columns * (rows - 1) * (columns - 1)
    return float((everything - in_rows - in_columns + themselves) / (pairs * pixels))


def border(picture: Array, width: int = 8) -> float:
    """Return how much steeper a picture is at its edges than inside.

    Padding leaves fringes there that no content and no painting has.

    Args:
        picture: RGB, more than twice `width` high and wide.
        width: Of the frame that counts as edge, in pixels.

    Returns:
        The mean gradient of the lightness in the frame over that inside, by differences of
        neighbouring pixels; 1 for an even picture.
    """
    lightness = _lightness(picture)
    # Of every pixel with a neighbour to the right and below: one rule up to the edge.
    down = lightness[1:, :-1] - lightness[:-1, :-1]
    right = lightness[:-1, 1:] - lightness[:-1, :-1]
    steep = np.hypot(down, right)
    inside = steep[width:-width, width:-width]
    frame = (steep.sum() - inside.sum()) / (steep.size - inside.size)
    return float((frame + _EVEN) / (inside.mean() + _EVEN))


def chroma_reach(picture: Array) -> Array:
    """Return how far a picture's colours reach from grey, hue by hue.

    Returns:
        (16,): of the pixels' (a*, b*) of CIELAB, along 16 directions from grey, what 99 % stay
        below; 0 or more.
    """
    along = rgb2lab(picture)[..., 1:].reshape(-1, 2).astype(np.float32) @ _hues()
    beyond: Array = np.quantile(along, 0.99, axis=0).clip(0)
    return beyond


def chroma_excess(picture: Array, reach: Array) -> float:
    """Return how far a picture's colours lie beyond a reach: the mean over its pixels.

    Args:
        picture: RGB.
        reach: A `chroma_reach`, or the largest of several along each direction.

    Returns:
        In units of CIELAB, of which one can be seen; 0 where no pixel lies beyond.
    """
    along = rgb2lab(picture)[..., 1:].reshape(-1, 2).astype(np.float32) @ _hues()
    return float(np.maximum((along - reach).max(axis=1), 0).mean(dtype=np.float64))


def _hues() -> Array:
    """Return the unit vectors of 16 hues, (2, 16)."""
    angles = np.arange(_HUES) * (2 * np.pi / _HUES)
    return np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def _lightness(picture: Array) -> Array:
    """Return L* of CIELAB."""
    lightness: Array = rgb2lab(np.asarray(picture, np.float64))[..., 0]
    return lightness
