"""Between several styles."""

import numpy as np
import pytest

from nstcore.common.errors import TargetError
from nstcore.losses.blend import Blend
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.schedule import Schedule
from nstcore.painting.stylize import stylize


@pytest.fixture(scope="module")
def styles(backbone, paintings):
    return [StyleTarget.from_images(backbone, part) for part in (paintings[:2], paintings[2:])]


def losses(backbone, style, contents, **options):
    objective = Objective(**options)
    features = backbone.features(contents)
    targets = objective.targets(backbone, contents, style)
    return objective.losses(contents, features, backbone.content_layer, targets), targets


@pytest.mark.parametrize("scaling", ["published", "calibrated"])
@pytest.mark.parametrize("aggregation", ["simple", "squared", "logged"])
def test_the_style_loss_is_the_shares_of_each(backbone, styles, contents, scaling, aggregation):
    options = {"aggregation": aggregation, "scaling": scaling, "alpha": 0.3, "beta": 2.0}
    blend = Blend.of([(styles[0], 3), (styles[1], 1)])
    both, targets = losses(backbone, blend, contents, **options)
    each = [losses(backbone, one, contents, **options) for one in styles]
    expected = 0.75 * each[0][0].style + 0.25 * each[1][0].style
    np.testing.assert_allclose(both.style, expected, rtol=1e-12)
    np.testing.assert_allclose(both.total, 0.3 * both.content + 2 * expected, rtol=1e-12)
    floors = 0.75 * each[0][1].floor() + 0.25 * each[1][1].floor()
    np.testing.assert_allclose(targets.floor(), floors, rtol=1e-12)


def test_weights_are_measured_of_the_blend(backbone, styles, contents):
    blend = Blend.of([(styles[0], 3), (styles[1], 1)])
    _, targets = losses(backbone, blend, contents)
    betas = [losses(backbone, one, contents)[1].beta for one in styles]
    np.testing.assert_allclose(1 / targets.beta, 0.75 / betas[0] + 0.25 / betas[1], rtol=1e-12)


def test_one_style_is_a_blend_of_itself(backbone, styles, contents):
    alone = stylize(contents[:1], styles[0], backbone, schedule=Schedule(epochs=2))
    blend = Blend.of([(styles[0], 5.0)])
    same = stylize(contents[:1], blend, backbone, schedule=Schedule(epochs=2))
    np.testing.assert_array_equal(alone.images, same.images)
    twice = Blend.of([(styles[0], 1), (styles[0], 1)])
    near = stylize(contents[:1], twice, backbone, schedule=Schedule(epochs=2))
    assert np.abs(near.images - alone.images).mean() < 1e-4


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_style_that_counts_nothing_is_refused(styles, weight):
    with pytest.raises(TargetError, match="give a number above 0"):
        Blend.of([(styles[0], 1), (styles[1], weight)])
    with pytest.raises(TargetError, match="at least one style"):
        Blend.of([])


def test_styles_of_another_backbone_are_refused(backbone, styles, contents):
    other = StyleTarget(styles[1].packed_grams, styles[1].weights, {"weights": "others"})
    with pytest.raises(TargetError, match="made with another backbone"):
        stylize(contents[:1], Blend.of([(styles[0], 1), (other, 1)]), backbone)
