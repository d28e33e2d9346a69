"""Each kind of canvas against its formula written out in plain NumPy."""

import numpy as np
import pytest

from nstcore.common.errors import ConfigError
from nstcore.painting.canvas import KINDS, Canvas
from nstcore.painting.parametrization import PARAMETRIZATIONS, interpolation, parametrize

SIZES = [(48, 48), (33, 70), (65, 34), (37, 37)]
"""Square, odd, and far from square."""
ROOT = np.array([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]])
COLOURS = ROOT * np.sqrt(3 / np.sum(ROOT**2))


def made(canvas, size, batch=2):
    return parametrize(canvas, (batch, *size, 3))


def picture(kind, parameters):
    return np.asarray(kind.picture(np.asarray(parameters, np.float32)))


def bilinear(image, height, width):
    """Interpolate (h, w, 3) pixel by pixel, pixels being points in the middle of equal parts."""
    rows, columns, _ = image.shape
    out = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            v = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
            u = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = int(v), int(u)
            down, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            a, b = v - top, u - left
            upper = (1 - b) * image[top, left] + b * image[top, right]
            lower = (1 - b) * image[down, left] + b * image[down, right]
            out[y, x] = (1 - a) * upper + a * lower
    return out


@pytest.mark.parametrize("size", SIZES)
def test_a_pyramid_is_the_sum_of_its_levels_each_brought_to_full_size(rng, size):
    canvas = Canvas(kind="pyramid", levels=4, rate=0.5, growth=1.5)
    kind = made(canvas, size, batch=1)
    parameters = rng.standard_normal(kind.shape)
    levels, begin, (height, width) = [], 0, size
    for level in range(4):
        count = 3 * height * width
        part = parameters[0, begin : begin + count].reshape(3, height, width)
        levels.append(np.moveaxis(part, 0, -1) * 0.5 * 1.5**level)
        begin, height, width = begin + count, (height + 1) // 2, (width + 1) // 2
    assert begin == kind.shape[1]
    total = levels[-1]
    for level in reversed(levels[:-1]):
        total = level + bilinear(total, *level.shape[:2])
    np.testing.assert_allclose(picture(kind, parameters)[0], total @ COLOURS.T, atol=2e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("power", [0.0, 1.0, 1.3])
def test_fourier_is_the_inverse_transform_of_scaled_spectra_in_other_colours(rng, size, power):
    height, width = size
    kind = made(Canvas(kind="fourier", power=power, rate=2.0), size, batch=1)
    parameters = rng.standard_normal(kind.shape)
    spectrum = np.zeros((3, height, width // 2 + 1), complex)
    scale = np.zeros((height, width // 2 + 1))
    for row in range(height):
        for column in range(width // 2 + 1):
            f = np.hypot(min(row, height - row) / height, column / width)
            scale[row, column] = 1 / max(f, 1 / max(size)) ** power
            both = parameters[0, :, row, column]
            spectrum[:, row, column] = (both[:, 0] + 1j * both[:, 1]) * scale[row, column]
    plain = np.fft.irfft2(spectrum, s=size)
    colours = np.einsum("dhw,cd->hwc", plain, COLOURS)
    found = picture(kind, parameters)[0]
    # The formula's constant is what gives unit parameters pixels of the rate's size: see below.
    ratio = found.std() / colours.std()
    np.testing.assert_allclose(found, ratio * colours, atol=1e-4 * found.std())


@pytest.mark.parametrize("rate", [0.5, 1.0])
def test_independent_parameters_of_fourier_give_pixels_of_their_own_size(rng, rate):
    kind = made(Canvas(kind="fourier", rate=rate, power=1.0), (64, 48), batch=64)
    found = picture(kind, rng.standard_normal(kind.shape))
    assert np.sqrt(np.mean(found**2)) == pytest.approx(rate, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_every_picture_has_parameters(rng, kind, size):
    images = rng.random((2, *size, 3), np.float32)
    canvas = made(Canvas(kind=kind), size)
    parameters = canvas.parameters(images)
    assert parameters.shape == canvas.shape
    assert parameters.dtype == np.float32
    np.testing.assert_allclose(picture(canvas, parameters), images, atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_change_of_the_picture_is_a_change_of_parameters(rng, kind, size):
    canvas = made(Canvas(kind=kind), size)
    images = rng.random((2, *size, 3), np.float32)
    change = rng.standard_normal(images.shape).astype(np.float32)
    parameters = np.asarray(canvas.changed(canvas.parameters(images), change))
    np.testing.assert_allclose(picture(canvas, parameters), images + change, atol=5e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_the_gradient_by_the_parameters_is_that_of_a_linear_map(rng, kind, size):
    import tensorflow as tf

    canvas = made(Canvas(kind=kind), size)
    start = rng.standard_normal(canvas.shape).astype(np.float32)
    weights = rng.standard_normal((2, *size, 3)).astype(np.float32)
    parameters = tf.Variable(start)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(canvas.picture(tf.identity(parameters)) * weights)
    gradient = tape.gradient(value, parameters).numpy()
    # <S theta, w> = <theta, S^T w>, for any theta.
    for _ in range(3):
        other = rng.standard_normal(canvas.shape).astype(np.float32)
        forward = float(np.sum(picture(canvas, other).astype(float) * weights))
        backward = float(np.sum(gradient.astype(float) * other))
        size = float(np.linalg.norm(gradient) * np.linalg.norm(other))
        assert backward == pytest.approx(forward, abs=1e-4 * size)
    assert np.abs(gradient).max() > 0


@pytest.mark.parametrize(("fine", "coarse"), [(8, 4), (9, 5), (7, 1), (2, 1), (1, 1), (5, 3)])
def test_interpolation_keeps_what_is_the_same_everywhere(fine, coarse):
    matrix = interpolation(fine, coarse)
    assert matrix.shape == (fine, coarse)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    assert (matrix >= 0).all()


def test_every_kind_that_can_be_named_can_be_computed():
    assert list(KINDS) == list(PARAMETRIZATIONS)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"kind": "wavelet"}, "canvas: kind: 'wavelet' is not known; allowed: pixels, pyramid,"),
        ({"levels": 4}, "canvas: levels: an option of pyramid; kind is pixels"),
        ({"rate": 2.0}, "canvas: rate: an option of pyramid and fourier; kind is pixels"),
        ({"kind": "pyramid", "power": 2.0}, "canvas: power: an option of fourier; kind is pyramid"),
        (
            {"shifts": 10, "shift_pixels": 1},
            "canvas: shifts: 10 offsets of at most 1 pixels are not all apart; at most 3",
        ),
        ({"shifts": -1}, "-1 is less than the minimum of 0"),
        ({"padding": 2.5}, "2.5 should be of type integer"),
        ({"shift": 2}, "unknown key 'shift'; allowed: shifts"),
    ],
)
def test_wrong_options_are_one_line(options, line):
    with pytest.raises(ConfigError) as caught:
        Canvas(**options)
    assert len(caught.value.lines) == 1
    assert line in caught.value.lines[0]


@pytest.mark.parametrize(
    ("options", "unpadded", "line"),
    [
        (
            {"kind": "pyramid", "levels": 8},
            False,
            "canvas.levels: 8 levels are more than pictures of 48 pixels have room for; at most 6",
        ),
        (
            {"padding": 48},
            False,
            "canvas.padding: 48 pixels cannot be reflected of pictures of 48; at most 47",
        ),
        (
            {"shifts": 2, "shift_pixels": 48},
            False,
            "canvas.shift_pixels: 48 is too far for pictures of 48 pixels; at most 47",
        ),
        (
            {"shifts": 2, "padding": 7},
            True,
            "canvas.shifts: on a network whose convolutions are not padded, shifts need a padding "
            "of at least shift_pixels, here 8; the padding is 7",
        ),
    ],
)
def test_a_canvas_that_does_not_fit_is_one_line(options, unpadded, line):
    canvas = Canvas(**options)
    with pytest.raises(ConfigError) as caught:
        canvas.check(60, 48, unpadded)
    assert caught.value.lines == (line,) or list(caught.value.lines) == [line]


def test_what_just_fits_is_taken():
    Canvas(kind="pyramid", levels=6, padding=47).check(48, 60, False)
    Canvas(kind="pyramid", levels=6).check(33, 33, True)
    Canvas(shifts=2, shift_pixels=47).check(48, 48, False)
    Canvas(shifts=2, shift_pixels=8, padding=8).check(48, 48, True)
