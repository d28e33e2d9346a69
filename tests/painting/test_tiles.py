"""A step tile by tile is the step of the whole picture."""

import numpy as np
import pytest
import tensorflow as tf

from nstcore.backbones.backbone import load_backbone
from nstcore.common.errors import ConfigError
from nstcore.losses.blend import Blend
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimization import ImageOptimization
from nstcore.painting.optimizers import SGD, Adam
from nstcore.painting.tiles import TiledOptimization, can_be_tiled, find_reach, spans


@pytest.fixture(scope="module")
def target(backbone, paintings):
    return StyleTarget.from_images(backbone, paintings)


@pytest.fixture(scope="module")
def photo():
    rng = np.random.default_rng(4)
    coarse = rng.random((1, 9, 7, 3), np.float32)
    return np.asarray(tf.image.resize(coarse, (139, 107)), np.float32)


def steps(kind, backbone, photo, style, objective, count=3, canvas=None, **options):
    rate = 1.0 if canvas else 100.0
    painting = kind(backbone, objective, photo.shape, SGD(learning_rate=rate), canvas, **options)
    painting.state = painting.blank_state(photo)
    targets = painting.targets(photo, style)
    losses = [[float(loss[0]) for loss in painting.step(targets)] for _ in range(count)]
    return painting, np.array(losses)


@pytest.mark.parametrize("aggregation", ["simple", "logged"])
@pytest.mark.parametrize(
    "canvas", [None, Canvas(kind="pyramid", padding=8)], ids=["pixels", "pyramid"]
)
def test_tiles_take_the_same_steps_as_the_whole_picture(
    backbone, target, photo, aggregation, canvas
):
    objective = Objective(aggregation=aggregation, scaling="calibrated", total_variation=0.1)
    whole, expected = steps(ImageOptimization, backbone, photo, target, objective, canvas=canvas)
    tiled, losses = steps(
        TiledOptimization, backbone, photo, target, objective, canvas=canvas, tile=64
    )
    assert tiled.tiles == 6
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-8)
    # Of rounding, a few pixels take another side of a rectifier or of a pooling window.
    moved = np.abs(whole.images - photo).mean()
    assert moved > 1e-3
    assert np.abs(tiled.images - whole.images).mean() < 1e-2 * moved


def test_the_gradient_is_the_whole_picture_s_at_every_pixel(backbone, target, photo):
    """By one step of plain gradient descent, which moves each pixel by its gradient."""
    objective = Objective(scaling="calibrated", content_share=1.0)
    start = np.clip(photo * 0.8 + 0.1, 0.05, 0.95)
    moves = []
    for kind, options in ((ImageOptimization, {}), (TiledOptimization, {"tile": 48})):
        painting = kind(backbone, objective, photo.shape, SGD(learning_rate=1e-3), **options)
        painting.state = painting.blank_state(start)
        painting.step(painting.targets(photo, target))
        moves.append(painting.images.astype(np.float64) - start)
    assert np.abs(moves[0]).max() > 0
    scale = np.abs(moves[0]).max()
    assert np.abs(moves[1] - moves[0]).max() < 1e-3 * scale + 2e-7


def test_a_blend_is_tiled_too(backbone, target, paintings, photo):
    other = StyleTarget.from_images(backbone, paintings[:1] * 0.5)
    style = Blend.of([(target, 3), (other, 1)])
    objective = Objective(scaling="published")
    _, expected = steps(ImageOptimization, backbone, photo, style, objective)
    _, losses = steps(TiledOptimization, backbone, photo, style, objective, tile=96)
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("length", [1, 15, 16, 17, 100, 511, 512, 513, 1365, 2048])
@pytest.mark.parametrize("tile", [16, 40, 512])
def test_tiles_cover_an_axis_once(length, tile):
    found = spans(length, tile, 70, 16)
    assert [one.begin for one in found] == [0, *(one.end for one in found[:-1])]
    assert found[-1].end == length
    for one in found:
        assert one.begin % 16 == 0
        assert one.first == max(0, one.begin - 80)
        assert one.last == min(length, one.end + 80)
        assert one.end - one.begin <= max(tile, 16) + 16


def test_features_depend_on_no_more_than_their_reach(backbone):
    """Changes beyond it leave a feature as it is."""
    rng = np.random.default_rng(2)
    image = rng.random((1, 224, 224, 3), np.float32)
    before = backbone.features(image)
    for name in backbone.layers:
        stride, left, right = find_reach(backbone.model)[name]
        at = 7 * 16 // stride
        changed = rng.random(image.shape, np.float32)
        rows = slice(at * stride - left, at * stride + right + 1)
        changed[:, rows, rows] = image[:, rows, rows]
        after = backbone.features(changed)[name]
        np.testing.assert_allclose(after[:, at, at], before[name][:, at, at], rtol=1e-4, atol=1e-4)
        # And on all of it: one pixel less, and it is another.
        inner = slice(at * stride - left + 1, at * stride + right + 1)
        changed = rng.random(image.shape, np.float32)
        changed[:, inner, inner] = image[:, inner, inner]
        assert (
            np.abs(backbone.features(changed)[name][:, at, at] - before[name][:, at, at]).max() > 0
        )


def test_what_cannot_be_seen_in_tiles_is_one_line(backbone, photo):
    mobile = load_backbone("MobileNetV2", "random")
    assert can_be_tiled(backbone.model)
    assert not can_be_tiled(mobile.model)
    with pytest.raises(ConfigError, match=r"tiles: layer .* plain chain"):
        TiledOptimization(mobile, Objective(), photo.shape)
    with pytest.raises(ConfigError, match="tiles are not shifted"):
        TiledOptimization(backbone, Objective(), photo.shape, Adam(), Canvas(shifts=4, padding=8))
    with pytest.raises(ConfigError, match="2 pictures at once"):
        TiledOptimization(backbone, Objective(), (2, *photo.shape[1:]))
