import numpy as np
import pytest
import tensorflow as tf

from nstcore.common.errors import ConfigError
from nstcore.losses.objective import (
    Objective,
    Targets,
    content_loss,
    content_reference,
    total_variation,
)
from nstcore.losses.style_target import LayerTarget, StyleTarget


def test_the_content_loss_matches_the_plain_formula(rng):
    f, p = rng.normal(size=(2, 2, 3, 4, 5)).astype(np.float32)
    desired = [0.5 * np.sum((f[i].astype(np.float64) - p[i]) ** 2) for i in range(2)]
    np.testing.assert_allclose(content_loss(tf.constant(f), tf.constant(p)), desired, rtol=1e-6)


def test_the_content_reference_is_the_loss_of_features_without_a_place(rng):
    p = rng.normal(size=(2, 3, 4, 5))
    flat = np.broadcast_to(p.mean(axis=(1, 2), keepdims=True), p.shape)
    desired = [0.5 * np.sum((flat[i] - p[i]) ** 2) for i in range(2)]
    np.testing.assert_allclose(content_reference(tf.constant(p)), desired, rtol=1e-6)


def test_the_total_variation_is_the_mean_difference_of_neighbours():
    stripes = np.zeros((1, 4, 6, 3), np.float32)
    stripes[:, :, ::2] = 1.0
    np.testing.assert_allclose(total_variation(tf.constant(stripes)), [1.0])
    np.testing.assert_allclose(total_variation(tf.ones((2, 4, 6, 3))), [0.0, 0.0])
    step = np.zeros((1, 4, 6, 3), np.float32)
    step[:, 2:] = 0.6
    np.testing.assert_allclose(total_variation(tf.constant(step)), [0.6 / 3], rtol=1e-6)


@pytest.mark.parametrize(("weight", "desired"), [(0.0, 8.0), (10.0, 8.0 + 10.0 * 0.5)])
def test_the_total_weighs_content_aggregated_style_and_variation(weight, desired):
    # One channel: the Gram matrix of ones is 1, and (1 - A)^2 / 4 is 2 and 8 at these A.
    grams = np.array([[1 + np.sqrt(8)], [1 + np.sqrt(32)]])
    layers = {"a": LayerTarget.from_packed(grams, 1)}
    one = tf.ones(1, tf.float64)
    targets = Targets(tf.zeros((1, 2, 2, 1)), one, layers, {"a": one})
    features = {"a": tf.ones((1, 2, 2, 1))}
    image = np.zeros((1, 3, 2, 3), np.float32)
    image[:, 1] = 0.5
    objective = Objective(aggregation="logged", alpha=3.0, beta=0.5, total_variation=weight)
    losses = objective.losses(tf.constant(image), features, "a", targets)
    np.testing.assert_allclose([float(loss[0]) for loss in losses], [2.0, 4.0, desired], rtol=1e-6)


def test_calibrated_losses_start_at_one_whatever_the_backbone(backbone, paintings, contents):
    target = StyleTarget.from_images(backbone, paintings)
    objective = Objective(scaling="calibrated")
    targets = objective.targets(backbone, contents, target)
    features = backbone.features(contents)
    losses = objective.losses(contents, features, backbone.content_layer, targets)
    np.testing.assert_allclose(losses.style, np.ones(3), rtol=1e-5)
    np.testing.assert_allclose(losses.content, np.zeros(3))
    # The content is measured in what a picture would lose of which no place differs.
    content = features[backbone.content_layer]
    flat = {**features, backbone.content_layer: content * 0 + tf.reduce_mean(content, (1, 2), True)}
    losses = objective.losses(contents, flat, backbone.content_layer, targets)
    np.testing.assert_allclose(losses.content, np.ones(3), rtol=1e-5)


@pytest.mark.parametrize("scaling", ["published", "calibrated"])
def test_no_mean_style_loss_is_below_the_floor_of_its_targets(
    backbone, paintings, contents, scaling
):
    target = StyleTarget.from_images(backbone, paintings)
    objective = Objective(scaling=scaling)
    targets = objective.targets(backbone, contents, target)
    assert targets.floor().shape == (3,)
    losses = objective.losses(
        contents, backbone.features(contents), backbone.content_layer, targets
    )
    assert (losses.style.numpy() > targets.floor().numpy()).all()
    if scaling == "published":
        np.testing.assert_allclose(targets.floor(), [target.floor] * 3)


@pytest.mark.parametrize("content", [0.0, 0.5])
def test_calibration_survives_contents_and_styles_without_anything_on_them(backbone, content):
    flat = np.full((1, 48, 48, 3), content, np.float32)
    target = StyleTarget.from_images(backbone, flat)
    objective = Objective(aggregation="logged", scaling="calibrated")
    targets = objective.targets(backbone, flat, target)
    losses = objective.losses(flat, backbone.features(flat), backbone.content_layer, targets)
    assert np.isfinite([float(loss[0]) for loss in losses]).all()


def test_an_unknown_aggregation_or_scaling_is_named():
    with pytest.raises(ConfigError) as caught:
        Objective(aggregation="cubed", scaling="free", alpha=-1)
    assert caught.value.lines == [
        "objective: aggregation: 'cubed' is not known; allowed: simple, squared, logged",
        "objective: alpha: -1 is less than the minimum of 0",
        "objective: scaling: 'free' is not known; allowed: published, calibrated",
    ]
