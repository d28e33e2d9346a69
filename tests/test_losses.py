import numpy as np
import tensorflow as tf

from nstcore.losses import Objective, content_loss


def test_the_content_loss_matches_the_plain_formula(rng):
    f, p = rng.normal(size=(2, 2, 3, 4, 5)).astype(np.float32)
    desired = [0.5 * np.sum((f[i].astype(np.float64) - p[i]) ** 2) for i in range(2)]
    np.testing.assert_allclose(content_loss(tf.constant(f), tf.constant(p)), desired, rtol=1e-6)


def test_the_total_weighs_content_by_alpha_and_aggregated_style_by_beta():
    features, content = tf.ones((1, 1, 1, 4)), tf.zeros((1, 1, 1, 4))
    losses = Objective("logged", alpha=3.0, beta=0.5).losses(
        features, content, tf.constant([[2.0, 8.0]])
    )
    assert [float(loss[0]) for loss in losses] == [2.0, 4.0, 3.0 * 2.0 + 0.5 * 4.0]
