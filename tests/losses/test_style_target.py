import json

import numpy as np
import pytest
import tensorflow as tf
from test_gram import plain_gram

from nstcore.common.errors import TargetError
from nstcore.losses.aggregation import aggregate
from nstcore.losses.gram import packed_gram, packing
from nstcore.losses.style_target import (
    LayerTarget,
    StyleTarget,
    channels_of,
    mean_style_loss,
    style_losses,
)

LAYERS = {"early": (24, 24, 16), "middle": (12, 12, 64), "late": (6, 6, 512)}
WEIGHTS = {"early": 0.5, "middle": 0.3, "late": 0.2}


def grams_of(features):
    """F^T F / (H W C) in float64: (n, C, C)."""
    n, height, width, channels = features.shape
    flat = features.reshape(n, -1, channels).astype(np.float64)
    return flat.transpose(0, 2, 1) @ flat / (height * width * channels)


def plain_losses_and_gradients(features, paintings, weights):
    """L_i of one picture and its gradients by the features, in float64, painting by painting."""
    count = len(next(iter(paintings.values())))
    losses = np.zeros(count)
    gradients = [{} for _ in range(count)]
    for name, weight in weights.items():
        height, width, channels = features[name].shape
        size = height * width * channels
        flat = features[name].reshape(-1, channels).astype(np.float64)
        gram = flat.T @ flat / size
        for i, painting in enumerate(grams_of(paintings[name])):
            losses[i] += weight / 4 * np.sum((gram - painting) ** 2)
            # d/dF of w/4 ||F^T F / s - A||^2
            gradients[i][name] = weight * flat @ (gram - painting) / size
    return losses, gradients


def target_of(paintings):
    """The layers of a style, from features of paintings, by way of float32 Gram matrices."""
    layers = {}
    for name, features in paintings.items():
        channels = features.shape[-1]
        grams = grams_of(features).astype(np.float32).reshape(len(features), -1)
        layers[name] = LayerTarget.from_packed(grams[:, packing(channels).upper], channels)
    return layers


def measured(features, layers, weights, painting):
    """All losses of one picture, and the gradients of its loss against one painting."""
    tensors = {name: tf.constant(values[None]) for name, values in features.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        losses = style_losses(tensors, layers, weights)
        one = losses[0, painting]
    gradients = tape.gradient(one, tensors)
    return losses.numpy()[0], {name: g.numpy()[0] for name, g in gradients.items()}


def draw(rng, count, size=1.0):
    """Features of paintings as after a ReLU, of different strengths: by layer (n, h, w, c)."""
    strength = rng.uniform(0.5, 1.5, (count, 1, 1, 1))
    return {
        name: (np.maximum(rng.normal(size=(count, *shape)), 0) * strength * size).astype(np.float32)
        for name, shape in LAYERS.items()
    }


CASES = {
    "one painting": (1, 1.0, None),
    "five paintings": (5, 1.0, None),
    "thirty paintings": (30, 1.0, None),
    "three hundred paintings": (300, 1.0, None),
    "very large activations": (5, 1e6, None),
    "very small activations": (5, 1e-6, None),
    "near the only painting": (1, 1.0, 3e-2),
    "very near the only painting": (1, 1.0, 3e-3),
    "near one painting of five": (5, 1.0, 3e-2),
    "very near one painting of thirty": (30, 1.0, 3e-3),
}


@pytest.mark.parametrize("case", CASES)
def test_every_loss_and_gradient_matches_the_plain_formula(rng, case):
    count, size, nearness = CASES[case]
    paintings = draw(rng, count, size)
    if nearness is None:
        features = {name: values[0] for name, values in draw(rng, 1, size).items()}
    else:
        features = {
            name: (values[0] * (1 + nearness * rng.normal(size=values[0].shape))).astype(np.float32)
            for name, values in paintings.items()
        }
    desired, gradients = plain_losses_and_gradients(features, paintings, WEIGHTS)
    for painting in {0, count // 2}:
        actual, found = measured(features, target_of(paintings), WEIGHTS, painting)
        np.testing.assert_allclose(actual, desired, rtol=1e-4)
        a = np.concatenate([found[name].ravel() for name in WEIGHTS]).astype(np.float64)
        b = np.concatenate([gradients[painting][name].ravel() for name in WEIGHTS])
        assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.9999
        np.testing.assert_allclose(np.linalg.norm(a), np.linalg.norm(b), rtol=1e-3)


def test_identical_paintings_count_as_one_each(rng):
    one = draw(rng, 1)
    features = {name: values[0] for name, values in draw(rng, 1).items()}
    same = {name: np.repeat(values, 7, axis=0) for name, values in one.items()}
    desired, _ = plain_losses_and_gradients(features, one, WEIGHTS)
    actual, _ = measured(features, target_of(same), WEIGHTS, 3)
    np.testing.assert_allclose(actual, np.repeat(desired, 7), rtol=1e-4)


@pytest.mark.parametrize("aggregation", ["simple", "squared", "logged"])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_picture_that_is_a_painting_has_finite_losses_and_gradients(rng, aggregation, count):
    paintings = draw(rng, count)
    tensors = {name: tf.constant(values[:1]) for name, values in paintings.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        losses = style_losses(tensors, target_of(paintings), WEIGHTS)
        total = aggregate(losses, aggregation)
    assert (losses.numpy() > 0).all()
    assert np.isfinite(losses.numpy()).all()
    assert np.isfinite(total.numpy()).all()
    for gradient in tape.gradient(total, tensors).values():
        assert np.isfinite(gradient.numpy()).all()


def test_without_the_centring_float32_loses_the_loss_of_a_nearly_reached_painting(rng):
    """Why the matrices are centred: the expansion around zero is wrong by far more than 1e-4."""
    painting = (np.abs(rng.normal(size=(8, 8, 64))) * 100).astype(np.float32)
    picture = (painting * (1 + 3e-3 * rng.normal(size=painting.shape))).astype(np.float32)
    desired = np.sum((plain_gram(picture) - plain_gram(painting)) ** 2)
    packed_grams = plain_gram(painting).astype(np.float32).reshape(1, -1)[:, packing(64).upper]
    layer = LayerTarget.from_packed(packed_grams, 64)
    centred = layer.squared_distances(packed_gram(tf.constant(picture[None])))
    g, a = plain_gram(picture).astype(np.float32), plain_gram(painting).astype(np.float32)
    expanded = np.sum(g * g) - 2 * np.sum(g * a) + np.sum(a * a)
    np.testing.assert_allclose(float(centred[0, 0]), desired, rtol=1e-4)
    assert abs(expanded - desired) > 1e-2 * desired


def test_the_difference_of_the_three_terms_needs_float64_near_one_painting_of_many(rng):
    """Why centring alone is not enough: near A_i the terms are the paintings' own spread."""
    paintings = (np.abs(rng.normal(size=(5, 8, 8, 64))) * [[[[1]]]] * 100).astype(np.float32)
    paintings *= np.linspace(0.2, 2, 5, dtype=np.float32)[:, None, None, None]
    picture = (paintings[0] * (1 + 3e-3 * rng.normal(size=(8, 8, 64)))).astype(np.float32)
    gram, others = grams_of(picture[None])[0], grams_of(paintings)
    desired = np.sum((gram - others[0]) ** 2)
    layer = target_of({"a": paintings})["a"]
    exact = layer.squared_distances(packed_gram(tf.constant(picture[None])))
    mean = others.mean(axis=0).astype(np.float32)
    d = gram.astype(np.float32) - mean
    deviation = others[0].astype(np.float32) - mean
    single = np.sum(d * d) - 2 * np.sum(d * deviation) + np.sum(deviation * deviation)
    np.testing.assert_allclose(float(exact[0, 0]), desired, rtol=1e-4)
    assert abs(single - desired) > 1e-3 * desired


def test_the_mean_loss_is_the_mean_of_the_losses(rng):
    paintings = draw(rng, 9)
    tensors = {name: tf.constant(values) for name, values in draw(rng, 3).items()}
    layers = target_of(paintings)
    actual = mean_style_loss(tensors, layers, WEIGHTS)
    desired = tf.reduce_mean(style_losses(tensors, layers, WEIGHTS), axis=1)
    np.testing.assert_allclose(actual, desired, rtol=1e-9)


def test_pictures_of_a_batch_can_have_weights_of_their_own(rng):
    paintings = draw(rng, 3)
    tensors = {name: tf.constant(values) for name, values in draw(rng, 2).items()}
    layers = target_of(paintings)
    doubled = {name: tf.constant([weight, 2 * weight]) for name, weight in WEIGHTS.items()}
    ratio = style_losses(tensors, layers, doubled) / style_losses(tensors, layers, WEIGHTS)
    np.testing.assert_allclose(ratio, [[1.0] * 3, [2.0] * 3], rtol=1e-6)


def test_a_target_judges_pictures_as_the_plain_formula_does(backbone, paintings, contents):
    target = StyleTarget.from_images(backbone, paintings)
    features = {k: v.numpy() for k, v in backbone.features(contents[:1]).items()}
    styles = {k: v.numpy() for k, v in backbone.features(paintings).items()}
    actual = target.losses(backbone.features(contents[:1])).numpy()
    desired, _ = plain_losses_and_gradients(
        {k: features[k][0] for k in target.weights}, styles, target.weights
    )
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual[0], desired, rtol=1e-4)


def test_no_mean_style_loss_is_below_the_floor_and_the_mean_gram_reaches_it(rng):
    channels, (_, _, scale) = 4, packing(4)
    packed_grams = rng.random((6, 10)).astype(np.float32)
    target = StyleTarget({"a": packed_grams}, {"a": 0.5}, backbone={})
    layer = target.layers["a"]
    reached = 0.5 / 4 * layer.squared_distances(layer.mean[None])
    assert channels_of(packed_grams) == channels
    np.testing.assert_allclose(np.mean(reached), target.floor, rtol=1e-9)
    for one in packed_grams * scale:
        assert np.mean(0.5 / 4 * layer.squared_distances(tf.constant(one[None]))) > target.floor


def test_paintings_that_come_one_after_the_other_give_the_target_of_an_array(backbone, paintings):
    at_once = StyleTarget.from_images(backbone, paintings)
    streamed = StyleTarget.from_images(backbone, (painting for painting in paintings))
    assert streamed.pictures_sha256 == at_once.pictures_sha256
    for name, packed_grams in at_once.packed_grams.items():
        np.testing.assert_array_equal(streamed.packed_grams[name], packed_grams)


def test_paintings_may_differ_in_size(backbone, paintings):
    cut = [paintings[0], paintings[1][:40], paintings[2][:, :32]]
    target = StyleTarget.from_images(backbone, cut)
    alone = StyleTarget.from_images(backbone, cut[1][None])
    assert target.count == 3
    for name, packed_grams in alone.packed_grams.items():
        np.testing.assert_allclose(target.packed_grams[name][1], packed_grams[0], rtol=1e-5)


def test_a_saved_target_is_the_same_and_saves_to_the_same_bytes(backbone, paintings, tmp_path):
    target = StyleTarget.from_images(backbone, paintings, names=["a", "b", "c", "d"])
    target.save(tmp_path / "one.npz")
    loaded = StyleTarget.load(tmp_path / "one.npz", backbone)
    loaded.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert loaded.paintings == ("a", "b", "c", "d")
    assert loaded.count == 4
    assert loaded.floor == target.floor
    assert loaded.about() == target.about()


def test_a_target_of_another_backbone_is_refused(backbone, paintings, tmp_path):
    from nstcore.backbones.backbone import load_backbone

    StyleTarget.from_images(backbone, paintings).save(tmp_path / "target.npz")
    others = {
        "weights": load_backbone("VGG16", "random", seed=4),
        "preprocessing": load_backbone("VGG16", "random", seed=3, preprocessing="tf"),
        "style layers": load_backbone(
            "VGG16",
            "random",
            seed=3,
            style_layers={"block1_conv1": 1.0},
            content_layer="block5_conv2",
        ),
        "pooling": load_backbone("VGG16", "random", seed=3, pooling="average"),
        "precision": load_backbone("VGG16", "random", seed=3, precision="bfloat16"),
    }
    for what, other in others.items():
        message = rf"target\.npz: made with another backbone than VGG16 \(other {what}\)"
        with pytest.raises(TargetError, match=message):
            StyleTarget.load(tmp_path / "target.npz", other)


def test_a_target_of_another_format_is_refused(backbone, paintings, tmp_path, monkeypatch):
    monkeypatch.setattr("nstcore.losses.style_target.FORMAT", 1)
    StyleTarget.from_images(backbone, paintings).save(tmp_path / "old.npz")
    monkeypatch.undo()
    with pytest.raises(TargetError, match=r"old\.npz: a style target of format 1, not 2; delete"):
        StyleTarget.load(tmp_path / "old.npz")


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut", b"no archive at all"])
def test_a_damaged_target_is_named(damage, tmp_path):
    (tmp_path / "bad.npz").write_bytes(damage)
    with pytest.raises(TargetError, match=r"bad\.npz: no style target, or a damaged one"):
        StyleTarget.load(tmp_path / "bad.npz")


def _as_saved(tmp_path, about, **arrays):
    path = tmp_path / "bad.npz"
    np.savez(path, about=np.array(json.dumps({**ABOUT, **about})), **arrays)
    return path


ABOUT = {
    "format": 2,
    "backbone": {},
    "weights": {"early": 1.0},
    "paintings": [],
    "pictures_sha256": "",
}
GRAMS = np.ones((2, 6), np.float32)


@pytest.mark.parametrize(
    ("about", "arrays"),
    [
        ({"weights": {"early": float("nan")}}, {"early": GRAMS}),
        ({"weights": {"early": "1"}}, {"early": GRAMS}),
        ({"weights": ["early"]}, {"early": GRAMS}),
        ({"weights": {}}, {}),
        ({"backbone": 3}, {"early": GRAMS}),
        ({"paintings": ["one"]}, {"early": GRAMS}),
        ({"paintings": [1, 2]}, {"early": GRAMS}),
        ({"paintings": 2}, {"early": GRAMS}),
        ({"weights": {"early": 1, "late": 1}}, {"early": GRAMS, "late": GRAMS[:1]}),
        ({}, {"early": GRAMS[:, :5]}),
        ({}, {"early": GRAMS[0]}),
        ({}, {"early": GRAMS[:0]}),
        ({}, {"early": GRAMS.astype(np.float64)}),
        ({}, {"early": GRAMS * np.nan}),
        ({}, {"early": np.array([[None] * 6])}),
        ({}, {"late": GRAMS}),
    ],
)
def test_a_target_that_nobody_saved_is_named(tmp_path, about, arrays):
    path = _as_saved(tmp_path, about, **arrays)
    with pytest.raises(TargetError, match=r"bad\.npz: no style target, or a damaged one") as error:
        StyleTarget.load(path)
    assert len(error.value.lines) == 1


def test_the_smallest_sound_target_is_read(tmp_path):
    assert StyleTarget.load(_as_saved(tmp_path, {}, early=GRAMS)).count == 2


def test_a_style_without_paintings_is_refused(backbone):
    with pytest.raises(TargetError, match="at least one painting"):
        StyleTarget.from_images(backbone, np.zeros((0, 48, 48, 3), np.float32))


def test_names_that_do_not_fit_the_paintings_are_refused(backbone, paintings):
    with pytest.raises(TargetError, match="4 paintings, but 1 names"):
        StyleTarget.from_images(backbone, paintings, names=["a"])
