import io
from itertools import product

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import uniform_filter
from skimage import data
from skimage.color import rgb2lab
from skimage.transform import resize

from nstcore.images.io import to_image, to_pixels
from nstcore.judging.functional import (
    area_under_curve,
    border,
    chroma_excess,
    chroma_reach,
    color_distance,
    color_profile,
    describe_places,
    grain,
    grid,
    kernel_distance,
    mean_change,
    perceptual_distance,
    structural_similarity,
)

SIDE = 128


@pytest.fixture(scope="module")
def photo():
    return resize(data.astronaut(), (SIDE, SIDE), anti_aliasing=True).astype(np.float32)


@pytest.fixture(scope="module")
def painting():
    return resize(data.coffee(), (SIDE, SIDE), anti_aliasing=True).astype(np.float32)


def noisy(picture, scale, seed=0):
    noise = np.random.default_rng(seed).normal(scale=scale, size=picture.shape)
    return np.clip(picture + noise, 0, 1).astype(np.float32)


def gridded(picture, period, strength=0.08):
    lattice = np.zeros((SIDE, SIDE, 1), np.float32)
    lattice[::period] += strength
    lattice[:, ::period] += strength
    return np.clip(picture + lattice, 0, 1)


def colors_apart(one, other):
    return color_distance(color_profile(one), [color_profile(other)])


def blend(picture, other, share):
    return (1 - share) * picture + share * other


def test_a_picture_is_no_distance_from_itself(photo):
    features = [photo, photo[::2, ::2]]
    assert mean_change(photo, photo) == 0
    assert structural_similarity(photo, photo) == pytest.approx(1)
    assert perceptual_distance(features, features) == 0
    assert colors_apart(photo, photo) == pytest.approx(0, abs=1e-9)


def test_what_is_kept_falls_with_every_step_away_from_the_content(photo, painting):
    steps = [blend(photo, painting, share) for share in np.linspace(0, 1, 6)]
    changes = [mean_change(step, photo) for step in steps]
    similarities = [structural_similarity(step, photo) for step in steps]
    distances = [perceptual_distance([step], [photo]) for step in steps]
    assert changes == sorted(changes)
    assert similarities == sorted(similarities, reverse=True)
    assert distances == sorted(distances)


def test_colours_come_nearer_with_every_step_to_the_painting(photo, painting):
    steps = [blend(photo, painting, share) for share in np.linspace(0, 1, 6)]
    distances = [colors_apart(step, painting) for step in steps]
    assert distances == sorted(distances, reverse=True)


def test_paintings_count_alike_and_together(photo, painting):
    profiles = [color_profile(one) for one in (photo, painting, painting[::2, ::2])]
    together = color_distance(profiles[0], profiles)
    assert 0 < together < color_distance(profiles[0], profiles[1:])


def test_the_unit_of_colour_is_that_of_cielab():
    black, white = (np.full((9, 9, 3), value, np.float32) for value in (0.0, 1.0))
    # From black to white L* goes by 100; a random direction sees half of it on average.
    assert colors_apart(black, white) == pytest.approx(50, rel=0.2)


def test_noise_is_grain_and_a_grid_is_none(photo):
    assert grain(photo) < grain(noisy(photo, 0.05)) < grain(noisy(photo, 0.2))
    assert grid(noisy(photo, 0.2)).max() < grid(gridded(photo, 8)).max()


@pytest.mark.parametrize("period", [2, 4, 8])
def test_a_grid_of_any_stride_stands_out(period, photo):
    strong, weak, none = (grid(gridded(photo, period, by), [period])[0] for by in (0.16, 0.04, 0))
    assert strong > weak > 2 * none + 0.001


def test_a_grid_is_told_by_its_period_where_the_picture_holds_enough_tiles(photo):
    shares = grid(gridded(photo, 8))
    assert shares.shape == (4,)
    assert shares.argmax() == 2
    # 64 tiles of 16 pixels are too few.
    assert shares[3] == 0
    assert grid(gridded(photo, 16).repeat(2, 0).repeat(2, 1), [32]).tolist() == [0]


@pytest.mark.parametrize("shape", [(64, 96), (70, 51)])
def test_the_grid_is_what_tiles_of_other_rows_and_columns_have_in_common(shape, rng):
    picture = rng.random((*shape, 3)).astype(np.float32)
    picture[::3] *= 0.9
    lightness = rgb2lab(picture.astype(np.float64))[..., 0]
    fine = lightness - uniform_filter(lightness, 6, mode="reflect")
    rows, columns = (side // 3 for side in shape)
    tiles = {
        (row, column): fine[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
        for row, column in product(range(rows), range(columns))
    }
    alike = [
        np.mean((one - one.mean()) * (other - other.mean()))
        for (row, column), one in tiles.items()
        for (other_row, other_column), other in tiles.items()
        if row != other_row and column != other_column
    ]
    desired = np.mean(alike) / fine[: 3 * rows, : 3 * columns].var()
    assert desired > 0.01
    assert grid(picture, [3])[0] == pytest.approx(desired)


def test_a_straight_line_is_no_grid():
    """Frames, horizons and masts made a third of the photographs and paintings look pixelated."""
    rng = np.random.default_rng(0)
    lined = rng.normal(0.5, 0.02, size=(224, 224, 1)).repeat(3, axis=2)
    lined[40] = lined[:, 101] = 0
    # Taken for independent, tiles made it 0.025.
    assert grid(lined).max() < 0.001
    assert grid(gridded(lined[:SIDE, :SIDE], 8, 0.04))[2] > 0.015


@pytest.mark.parametrize("quality", [30, 60])
def test_the_blocks_of_a_jpeg_file_are_far_from_the_grid_of_a_network(quality):
    picture = resize(data.coffee(), (224, 224), anti_aliasing=True).astype(np.float32)
    file = io.BytesIO()
    to_image(picture).save(file, "JPEG", quality=quality)
    blocks = grid(to_pixels(Image.open(file)))
    lattice = np.zeros((224, 224, 1), np.float32)
    lattice[::8] = lattice[:, ::8] = 0.03
    assert blocks.max() < 0.003
    assert grid((picture + lattice).clip(0, 1)).max() > 10 * blocks.max()


def fringed(picture, strength):
    """Padding's fault: stripes along the outer 8 pixels."""
    stripes = np.zeros((*picture.shape[:2], 1), np.float32)
    for line in range(8):
        at = strength if line % 2 else -strength
        stripes[line] = stripes[-1 - line] = stripes[:, line] = stripes[:, -1 - line] = at
    return np.clip(picture + stripes, 0, 1)


def test_fringes_at_the_edges_grow_with_their_strength(photo):
    values = [border(fringed(photo, strength)) for strength in (0, 0.05, 0.1, 0.2)]
    assert values == sorted(values)
    assert values[2] > 1.5 * values[0]


def test_a_texture_that_is_everywhere_has_no_border(rng):
    values = [border(rng.random((96, 128, 3))) for _ in range(20)]
    assert np.mean(values) == pytest.approx(1, abs=0.01)
    assert border(np.full((64, 64, 3), 0.4)) == 1


def test_the_border_is_that_of_a_plain_sum(rng):
    picture = rng.random((24, 30, 3))
    lightness = rgb2lab(picture)[..., 0]
    frame, inside = [], []
    for y, x in product(range(23), range(29)):
        here = lightness[y, x]
        steep = np.hypot(lightness[y + 1, x] - here, lightness[y, x + 1] - here)
        (inside if 8 <= y < 15 and 8 <= x < 21 else frame).append(steep)
    assert border(picture) == pytest.approx(np.mean(frame) / np.mean(inside), rel=1e-4)


def test_no_colour_of_a_picture_lies_far_beyond_its_own_reach(photo):
    assert chroma_excess(photo, chroma_reach(photo)) < 0.3
    grey = photo.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    # Grey is never garish, whatever the others' colours.
    assert chroma_excess(grey, chroma_reach(grey)) == pytest.approx(0, abs=0.01)
    assert chroma_excess(grey, chroma_reach(photo)) == pytest.approx(0, abs=0.01)


def test_colours_beyond_a_reach_count_by_hue_and_strength(photo):
    reach = chroma_reach(photo)
    violet = np.array([0.55, 0.1, 0.9], np.float32)
    skies = []
    for share in (0, 0.3, 0.6, 0.9):
        sky = photo.copy()
        sky[: SIDE // 3] += share * (violet - sky[: SIDE // 3])
        skies.append(chroma_excess(sky, reach))
    assert skies == sorted(skies)
    assert skies[-1] > skies[0] + 5


def test_the_excess_of_an_even_colour_is_its_distance_from_the_reach():
    red = np.zeros((9, 9, 3), np.float32)
    red[..., 0] = 0.8
    _, a, b = rgb2lab(red)[0, 0]
    angles = np.arange(16) * np.pi / 8
    along = a * np.cos(angles) + b * np.sin(angles)
    np.testing.assert_allclose(chroma_reach(red), along.clip(0), rtol=1e-4, atol=1e-4)
    reach = np.full(16, 20, np.float32)
    assert chroma_excess(red, reach) == pytest.approx(along.max() - 20, rel=1e-4)
    half = np.concatenate([red, np.full_like(red, 0.5)])
    assert chroma_excess(half, reach) == pytest.approx((along.max() - 20) / 2, rel=1e-4)


def test_an_even_picture_has_neither_grain_nor_grid():
    even = np.full((64, 64, 3), 0.4, np.float32)
    assert grain(even) == 0
    assert (grid(even) == 0).all()


@pytest.mark.parametrize(
    ("near", "far", "area"),
    [((1, 2), (3, 4), 1), ((3, 4), (1, 2), 0), ((1, 3), (2, 2, 3), 3.5 / 6), ((1,), (1,), 0.5)],
)
def test_the_area_under_the_curve_is_the_share_of_pairs_in_their_order(near, far, area):
    assert area_under_curve(near, far) == pytest.approx(area)
    assert np.isnan(area_under_curve(near, ()))
    assert np.isnan(area_under_curve((), far))


def test_the_kernel_distance_is_unbiased_and_grows_with_the_difference():
    rng = np.random.default_rng(3)
    same = [kernel_distance(rng.normal(size=(16, 8)), rng.normal(size=(24, 8))) for _ in range(400)]
    assert abs(np.mean(same)) < 3 * np.std(same) / 20
    away = [
        np.mean(
            [
                kernel_distance(rng.normal(shift, size=(16, 8)), rng.normal(size=(24, 8)))
                for _ in range(50)
            ]
        )
        for shift in (0, 0.5, 1)
    ]
    assert away == sorted(away)


def test_the_kernel_distance_is_that_of_a_plain_sum():
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=(4, 3)), rng.normal(size=(5, 3))

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    within = [
        np.mean(
            [kernel(x, y) for i, x in enumerate(sample) for j, y in enumerate(sample) if i != j]
        )
        for sample in (one, other)
    ]
    between = np.mean([kernel(x, y) for x in one for y in other])
    assert kernel_distance(one, other) == pytest.approx(sum(within) - 2 * between)


def test_places_are_described_by_the_mean_of_each_channel():
    features = np.zeros((8, 8, 2))
    features[:4, :4, 0] = 3
    features[::2, :, 1] = 1
    places = describe_places(features, side=2)
    np.testing.assert_allclose(places, [[3, 0.5], [0, 0.5], [0, 0.5], [0, 0.5]])
