import math

import numpy as np
import pytest
import tensorflow as tf

from nstcore.common.errors import ConfigError
from nstcore.losses.aggregation import AGGREGATIONS, aggregate, power_mean


@pytest.mark.parametrize(
    ("aggregation", "desired"),
    # Of 1, 4 and 16: the mean is 7, the mean square (1 + 16 + 256) / 3 = 91, the product 64 = 4^3.
    [("simple", 7.0), ("squared", math.sqrt(91.0)), ("logged", 4.0)],
)
def test_aggregations_match_numbers_computed_by_hand(aggregation, desired):
    actual = aggregate([[1.0, 4.0, 16.0]], aggregation).numpy()
    np.testing.assert_allclose(actual, [desired], rtol=1e-6)


@pytest.mark.parametrize(
    ("aggregation", "desired"),
    # d/dL_i: of the mean, 1/n; of the root mean square M, L_i / (n M); of the geometric mean M,
    # M / (n L_i).
    [
        ("simple", [1 / 3, 1 / 3, 1 / 3]),
        ("squared", [1 / 3 / math.sqrt(91), 4 / 3 / math.sqrt(91), 16 / 3 / math.sqrt(91)]),
        ("logged", [4 / 3, 1 / 3, 1 / 12]),
    ],
)
def test_gradients_match_the_derivatives(aggregation, desired):
    losses = tf.constant([[1.0, 4.0, 16.0]])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        total = aggregate(losses, aggregation)
    np.testing.assert_allclose(tape.gradient(total, losses).numpy(), [desired], rtol=1e-5)


@pytest.mark.parametrize("aggregation", ["simple", "squared", "logged"])
@pytest.mark.parametrize("size", [1e-20, 1.0, 1e30])
def test_all_have_the_unit_of_the_losses_at_any_size(aggregation, size):
    small = aggregate(np.float32([[1.0, 2.0, 3.0]]), aggregation).numpy()
    large = aggregate(np.float32([[1.0, 2.0, 3.0]]) * np.float32(size), aggregation).numpy()
    np.testing.assert_allclose(large / np.float32(size), small, rtol=1e-4)


@pytest.mark.parametrize("aggregation", ["simple", "squared", "logged"])
def test_a_loss_of_zero_gives_finite_values_and_gradients(aggregation):
    losses = tf.constant([[0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(losses)
        total = aggregate(losses, aggregation)
    assert 0 <= float(total[0]) <= 1.01e-30
    assert np.isfinite(tape.gradient(total, losses).numpy()).all()


def test_pictures_of_a_batch_are_aggregated_apart():
    np.testing.assert_allclose(aggregate([[1.0, 3.0], [10.0, 30.0]], "simple"), [2.0, 20.0])


def test_an_unknown_aggregation_is_named_with_those_allowed():
    with pytest.raises(ConfigError, match="'cubed': allowed: simple, squared, logged"):
        aggregate([[1.0]], "cubed")


def test_the_aggregations_are_one_family_of_power_means():
    losses = np.array([[1.0, 4.0, 16.0], [5.0, 5.0, 5.0]])
    for aggregation, p in {"simple": 1, "squared": 2, "logged": 0}.items():
        near = np.mean(losses ** (p or 1e-6), axis=1) ** (1 / (p or 1e-6))
        np.testing.assert_allclose(aggregate(losses, aggregation), near, rtol=1e-5)
    between = power_mean(tf.constant(losses), 3).numpy()
    np.testing.assert_allclose(between, np.cbrt(np.mean(losses**3, axis=1)), rtol=1e-12)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_gradients_match_differences_at_any_size(aggregation, rng):
    for size in (1e-12, 1.0, 1e12):
        losses = tf.constant(rng.uniform(0.1, 10, (1, 30)) * size)
        with tf.GradientTape() as tape:
            tape.watch(losses)
            total = aggregate(losses, aggregation)
        direction = rng.normal(size=(1, 30)) * size * 1e-6
        change = aggregate(losses + direction, aggregation) - aggregate(
            losses - direction, aggregation
        )
        slope = np.sum(tape.gradient(total, losses).numpy() * direction) * 2
        np.testing.assert_allclose(slope, change.numpy()[0], rtol=1e-5)
