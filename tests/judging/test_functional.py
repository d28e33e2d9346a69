import numpy as np
import pytest
from skimage import data
from skimage.transform import resize

from nstcore.judging.functional import (
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
    assert grid(noisy(photo, 0.2)) < grid(gridded(photo, 8))


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_a_grid_of_any_stride_stands_out(period, photo):
    assert grid(gridded(photo, period)) > 2 * grid(photo)
    assert grid(gridded(photo, period, 0.16)) > grid(gridded(photo, period, 0.04))


def test_an_even_picture_has_neither_grain_nor_grid():
    even = np.full((64, 64, 3), 0.4, np.float32)
    assert grain(even) == grid(even) == 0


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


def test_places_are_described_by_mean_and_spread():
    features = np.zeros((8, 8, 2))
    features[:4, :4, 0] = 3
    features[::2, :, 1] = 1
    places = describe_places(features, side=2)
    assert places.shape == (4, 4)
    np.testing.assert_allclose(places[0], [3, 0.5, 0, 0.5])
    np.testing.assert_allclose(places[3], [0, 0.5, 0, 0.5])
