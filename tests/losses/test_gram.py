import numpy as np
import pytest
import tensorflow as tf

from nstcore.losses.gram import gram_matrix, packed_gram, packing


def plain_gram(features):
    """F^T F / (H W C) in float64, position by position."""
    height, width, channels = features.shape
    gram = np.zeros((channels, channels))
    for y in range(height):
        for x in range(width):
            gram += np.outer(features[y, x].astype(np.float64), features[y, x])
    return gram / (height * width * channels)


def test_the_gram_matrix_matches_the_plain_formula(rng):
    features = rng.normal(size=(2, 5, 7, 6)).astype(np.float32)
    actual = gram_matrix(tf.constant(features)).numpy()
    desired = np.stack([plain_gram(one) for one in features])
    np.testing.assert_allclose(actual, desired, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("channels", [1, 2, 7, 64])
def test_the_half_of_a_gram_matrix_has_the_norm_of_the_whole(rng, channels):
    features = rng.normal(size=(2, 5, 4, channels)).astype(np.float32)
    half = packed_gram(tf.constant(features)).numpy()
    whole = gram_matrix(tf.constant(features)).numpy().astype(np.float64)
    assert half.dtype == np.float64
    assert half.shape == (2, channels * (channels + 1) // 2)
    np.testing.assert_allclose(np.sum(half**2, axis=1), np.sum(whole**2, axis=(1, 2)), rtol=1e-6)


def test_a_triangle_leads_back_to_the_matrix_it_was_taken_from(rng):
    matrix = rng.random((5, 5))
    matrix += matrix.T
    upper, back, _ = packing(5)
    np.testing.assert_array_equal(matrix.ravel()[upper][back].reshape(5, 5), matrix)


def test_the_gradient_of_the_half_is_that_of_the_whole(rng):
    features = tf.constant(rng.normal(size=(2, 4, 6, 9)).astype(np.float32))
    target = rng.random((9, 9)).astype(np.float32)
    target += target.T
    upper, _, scale = packing(9)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(features)
        whole = tf.reduce_sum(tf.square(gram_matrix(features) - target))
        half = tf.reduce_sum(tf.square(packed_gram(features) - target.ravel()[upper] * scale))
    actual = tape.gradient(half, features).numpy()
    np.testing.assert_allclose(actual, tape.gradient(whole, features).numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(half, whole, rtol=1e-5)
