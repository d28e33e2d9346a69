"""Painting at rising sizes."""

import numpy as np
import pytest

from nstcore.common.errors import ConfigError
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.coarse_to_fine import Manner, Scale, enlarge, paint, plan
from nstcore.painting.optimization import ImageOptimization
from nstcore.painting.optimizers import Adam
from nstcore.painting.schedule import Schedule
from nstcore.painting.stylize import stylize
from nstcore.painting.tiles import TiledOptimization


@pytest.fixture(scope="module")
def target(backbone, paintings):
    return StyleTarget.from_images(backbone, paintings)


def test_sizes_double_and_steps_halve_down_to_twenty():
    assert plan(2048, 1365, 150) == [
        Scale(256, 171, 150),
        Scale(512, 341, 75),
        Scale(1024, 682, 38),
        Scale(2048, 1365, 20),
    ]
    assert plan(200, 100, 7) == [Scale(200, 100, 7)]
    assert plan(1000, 1000, 7, coarsest=1000) == [Scale(1000, 1000, 7)]
    assert [one.steps for one in plan(600, 400, 5)] == [5, 5, 5]


@pytest.mark.parametrize("size", [(300, 33), (33, 5000), (257, 64)])
def test_no_size_is_too_small_to_be_seen(size):
    assert all(min(one.width, one.height) >= 32 for one in plan(*size, 10))
    last = plan(*size, 10)[-1]
    assert (last.width, last.height) == size


def test_what_is_too_small_is_one_line():
    with pytest.raises(ConfigError, match=r"^size: 500 x 31 pixels; a picture needs 32"):
        plan(500, 31, 10)


def test_one_size_alone_is_what_stylize_does(backbone, target, contents):
    objective = Objective(scaling="calibrated")
    # On the levels of an 8-bit picture, as photographs are.
    photo = np.rint(contents[0] * 255).astype(np.float32) / np.float32(255)
    *_, last = paint(
        photo, target, Manner(backbone, objective, Adam(learning_rate=0.02)), [Scale(48, 48, 4)]
    )
    alone = stylize(
        photo[None], target, backbone, objective, Adam(learning_rate=0.02), Schedule(epochs=4)
    )
    np.testing.assert_array_equal(last.painting.images, alone.images)
    assert (last.number, last.of) == (3, 4)


def test_each_size_starts_from_what_the_one_before_has_made(backbone, target, rng):
    photo = rng.random((96, 64, 3), np.float32)
    manner = Manner(backbone, Objective(scaling="calibrated"), Adam(learning_rate=0.05))
    scales = [Scale(32, 48, 5), Scale(64, 96, 1)]
    steps = list(paint(photo, target, manner, scales))
    assert [step.scale for step in steps] == [scales[0]] * 5 + [scales[1]]
    small, large = steps[4].painting.images[0], steps[5].painting.images[0]
    assert large.shape == (96, 64, 3)
    # One step of Adam moves a pixel by 0.05 at most.
    assert np.abs(large - enlarge(small, scales[1])).max() < 0.051
    again = list(paint(photo, target, manner, scales))
    np.testing.assert_array_equal(again[-1].painting.images, steps[-1].painting.images)


def test_large_pictures_are_tiled_where_that_can_be(backbone):
    objective = Objective()
    manner = Manner(backbone, objective, whole=96 * 64)
    assert isinstance(manner.hold((1, 128, 64, 3)), TiledOptimization)
    assert type(manner.hold((1, 96, 64, 3))) is ImageOptimization
    shifted = Manner(backbone, objective, canvas=Canvas(shifts=4, padding=8), whole=96 * 64)
    assert type(shifted.hold((1, 128, 64, 3))) is ImageOptimization
