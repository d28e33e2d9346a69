import numpy as np
import pytest

from nstcore.common.errors import ImageError
from nstcore.demo.scenes import CREDITS, MODELS, clouds, cut_out, landscape, photograph

SHAPE = (120, 150)


@pytest.mark.parametrize("compose", [landscape, cut_out])
@pytest.mark.parametrize("seed", range(8))
def test_a_scene_fills_its_shape_from_dark_to_light_and_from_cool_to_warm(compose, seed):
    scene = compose(np.random.default_rng(seed), SHAPE)
    for plane in (scene.tone, scene.warmth):
        assert plane.shape == SHAPE
        assert plane.dtype == np.float32
        assert 0 <= plane.min() < 0.3
        assert 0.6 < plane.max() <= 1


@pytest.mark.parametrize("shape", [(90, 130), (130, 90)])
def test_a_horse_or_a_lake_fits_into_either_format(shape):
    for seed in range(20):
        assert landscape(np.random.default_rng(seed), shape).tone.shape == shape


def test_two_cut_outs_do_not_show_the_same():
    rng = np.random.default_rng(1)
    one, other = (cut_out(rng, SHAPE).tone for _ in range(2))
    assert np.abs(one - other).mean() > 0.1


def test_clouds_are_as_large_and_as_wide_as_asked():
    rng = np.random.default_rng(2)
    small, large = clouds(rng, (200, 200), 10), clouds(rng, (200, 200), 80)
    assert np.abs(np.diff(small, axis=0)).mean() > 3 * np.abs(np.diff(large, axis=0)).mean()
    wide = clouds(rng, (200, 200), 20, stretch=5)
    assert np.abs(np.diff(wide, axis=0)).mean() > 3 * np.abs(np.diff(wide, axis=1)).mean()


def test_clouds_do_not_run_flat_into_the_border():
    sky = clouds(np.random.default_rng(3), (400, 400), 100)
    steepness = np.abs(np.diff(sky, axis=0)).mean(axis=1)
    assert steepness[:5].mean() > 0.3 * steepness.mean()


def test_painters_cut_from_free_photographs_alone():
    assert all(CREDITS[name].endswith(("public domain", "CC0")) for name in MODELS)


def test_a_photograph_that_is_not_there_is_named():
    with pytest.raises(ImageError, match=r"mona_lisa\.png: no such picture"):
        photograph("mona_lisa.png")
