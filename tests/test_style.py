import numpy as np
import pytest
import tensorflow as tf

from nstcore.errors import TargetError
from nstcore.style import LayerTarget, StyleTarget, gram_matrix, style_losses


def plain_gram(features):
    """F^T F / (H W C) in float64, position by position."""
    height, width, channels = features.shape
    gram = np.zeros((channels, channels))
    for y in range(height):
        for x in range(width):
            gram += np.outer(features[y, x].astype(np.float64), features[y, x])
    return gram / (height * width * channels)


def plain_style_losses(features, paintings, weights):
    """sum_l w_l / (2 H W C)^2 ||G - A||^2 with unscaled Gram matrices, painting by painting."""
    losses = np.zeros(len(next(iter(paintings.values()))))
    for name, weight in weights.items():
        height, width, channels = features[name].shape
        size = height * width * channels
        gram = plain_gram(features[name]) * size
        for i, painting in enumerate(paintings[name]):
            difference = gram - plain_gram(painting) * size
            losses[i] += weight / (2 * size) ** 2 * np.sum(difference**2)
    return losses


def test_the_gram_matrix_matches_the_plain_formula(rng):
    features = rng.normal(size=(2, 5, 7, 6)).astype(np.float32)
    actual = gram_matrix(tf.constant(features)).numpy()
    desired = np.stack([plain_gram(one) for one in features])
    np.testing.assert_allclose(actual, desired, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("count", [1, 2, 9])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_style_losses_match_the_plain_formula(rng, count, size):
    weights = {"a": 0.25, "b": 0.75}
    shapes = {"a": (6, 6, 16), "b": (3, 3, 32)}
    features = {k: (rng.random(s) * size).astype(np.float32) for k, s in shapes.items()}
    paintings = {k: (rng.random((count, *s)) * size).astype(np.float32) for k, s in shapes.items()}
    layers = {
        k: LayerTarget.from_grams(np.stack([plain_gram(one) for one in paintings[k]]))
        for k in weights
    }
    batch = {k: tf.constant(value[None]) for k, value in features.items()}
    actual = style_losses(batch, layers, weights).numpy()[0]
    desired = plain_style_losses(features, paintings, weights)
    np.testing.assert_allclose(actual, desired, rtol=1e-4)


def test_a_nearly_reached_painting_needs_the_centring(rng):
    painting = rng.random((8, 8, 64)).astype(np.float32) * 100
    picture = painting + rng.normal(size=painting.shape).astype(np.float32) * 1e-2
    gram, target = plain_gram(picture), plain_gram(painting)
    desired = np.sum((gram - target) ** 2)
    g, a = gram.astype(np.float32), target.astype(np.float32)
    centred = LayerTarget.from_grams(target[None]).squared_distances(tf.constant(g[None]))
    expanded = np.sum(g * g) - 2 * np.sum(g * a) + np.sum(a * a)
    np.testing.assert_allclose(float(centred[0, 0]), desired, rtol=1e-2)
    assert abs(expanded - desired) > 0.5 * desired


def test_a_target_judges_pictures_as_the_plain_formula_does(backbone, paintings, contents):
    target = StyleTarget.from_images(backbone, paintings)
    features = {k: v.numpy() for k, v in backbone.features(contents[:1]).items()}
    styles = {k: v.numpy() for k, v in backbone.features(paintings).items()}
    actual = target.losses(backbone.features(contents[:1])).numpy()[0]
    desired = plain_style_losses({k: v[0] for k, v in features.items()}, styles, target.weights)
    np.testing.assert_allclose(actual, desired, rtol=1e-4)


def test_no_mean_style_loss_is_below_the_floor_and_the_mean_gram_reaches_it(rng):
    grams = rng.random((6, 4, 4))
    layer = LayerTarget.from_grams(grams)
    target = StyleTarget({"a": layer}, {"a": 0.5}, backbone="")
    reached = 0.5 / 4 * layer.squared_distances(tf.constant(grams.mean(axis=0)[None], tf.float32))
    np.testing.assert_allclose(np.mean(reached), target.floor, rtol=1e-5)
    for gram in grams:
        away = 0.5 / 4 * layer.squared_distances(tf.constant(gram[None], tf.float32))
        assert np.mean(away) > target.floor


def test_a_saved_target_is_the_same_and_saves_to_the_same_bytes(backbone, paintings, tmp_path):
    target = StyleTarget.from_images(backbone, paintings, names=["a", "b", "c", "d"])
    target.save(tmp_path / "one.npz")
    loaded = StyleTarget.load(tmp_path / "one.npz", backbone)
    loaded.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert loaded.paintings == ("a", "b", "c", "d")
    assert loaded.count == 4
    assert loaded.floor == target.floor


def test_a_target_of_another_backbone_is_refused(backbone, paintings, tmp_path):
    from nstcore.backbones import load_backbone

    StyleTarget.from_images(backbone, paintings).save(tmp_path / "target.npz")
    other = load_backbone("VGG16", "random", seed=4)
    with pytest.raises(TargetError, match=r"target\.npz: made with another backbone than VGG16"):
        StyleTarget.load(tmp_path / "target.npz", other)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut", b"no archive at all"])
def test_a_damaged_target_is_named(damage, tmp_path):
    (tmp_path / "bad.npz").write_bytes(damage)
    with pytest.raises(TargetError, match=r"bad\.npz: no style target, or a damaged one"):
        StyleTarget.load(tmp_path / "bad.npz")


def test_a_style_without_paintings_is_refused(backbone):
    with pytest.raises(TargetError, match="at least one painting"):
        StyleTarget.from_images(backbone, np.zeros((0, 48, 48, 3), np.float32))
