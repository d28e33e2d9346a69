import numpy as np
import pytest

from nstcore.demo.brushes import color_table
from nstcore.demo.painters import paint_carvings, paint_dots, paint_shards, paint_strokes
from nstcore.demo.scenes import Scene, landscape

HANDS = [paint_strokes, paint_dots, paint_shards, paint_carvings]
GREYS = color_table(["000000 ffffff", "000000 ffffff"])
SHAPE = (150, 190)


def paint(hand, scene, seed=1, table=GREYS):
    return hand(np.random.default_rng(seed), scene, table)


def fine_detail(plane):
    """How much neighbouring pixels differ, along y and along x."""
    return np.abs(np.diff(plane, axis=0)).mean(), np.abs(np.diff(plane, axis=1)).mean()


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_fills_its_canvas_with_valid_colours(hand):
    painted = paint(hand, landscape(np.random.default_rng(4), SHAPE))
    assert painted.shape == (*SHAPE, 3)
    assert painted.dtype == np.float32
    assert painted.min() >= 0
    assert painted.max() <= 1


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_repeats_itself_only_with_the_same_seed(hand):
    scene = landscape(np.random.default_rng(4), SHAPE)
    np.testing.assert_array_equal(paint(hand, scene), paint(hand, scene))
    assert np.abs(paint(hand, scene, seed=1) - paint(hand, scene, seed=2)).mean() > 0.02


@pytest.mark.parametrize("hand", HANDS)
def test_the_scene_shows_through_the_paint(hand):
    scene = landscape(np.random.default_rng(4), SHAPE)
    painted = paint(hand, scene).mean(axis=-1)
    blocks = [
        plane[:150, :180].reshape(5, 30, 6, 30).mean(axis=(1, 3)).ravel()
        for plane in (scene.tone, painted)
    ]
    assert np.corrcoef(blocks)[0, 1] > 0.8


@pytest.mark.parametrize("hand", HANDS)
def test_warm_and_cool_places_get_warm_and_cool_colours(hand):
    warmth = np.zeros(SHAPE, np.float32)
    warmth[:, SHAPE[1] // 2 :] = 1
    table = color_table(["000040 8080ff", "400000 ff8080"])
    painted = paint(hand, Scene(np.full(SHAPE, 0.7, np.float32), warmth), table=table)
    left, right = painted[:, :60].mean(axis=(0, 1)), painted[:, -60:].mean(axis=(0, 1))
    assert left[2] > left[0] + 0.1
    assert right[0] > right[2] + 0.1


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_leaves_traces_where_there_is_nothing_to_paint(hand):
    plain = np.full(SHAPE, 0.5, np.float32)
    along_y, along_x = fine_detail(paint(hand, Scene(plain, plain)).mean(axis=-1))
    assert along_y + along_x > 0.02


@pytest.mark.parametrize("hand", [paint_strokes, paint_carvings])
def test_strokes_and_gouges_follow_the_forms(hand):
    y, x = np.indices(SHAPE).astype(np.float32)
    for falling, (steep, gentle) in ((y, (0, 1)), (x, (1, 0))):
        # Two waves: the forms then run along their crests.
        tone = (0.5 + 0.3 * np.sin(4 * np.pi * falling / falling.max())).astype(np.float32)
        dark = paint(hand, Scene(tone, tone)).mean(axis=-1) < 0.15
        detail = fine_detail(dark.astype(np.float32))
        assert detail[steep] > 1.3 * detail[gentle]


def test_shards_and_carvings_are_outlined_in_black_and_the_others_are_not():
    light = landscape(np.random.default_rng(4), SHAPE)
    light = Scene(0.4 + 0.6 * light.tone, light.warmth)
    black = {hand: (paint(hand, light).max(axis=-1) < 0.12).mean() for hand in HANDS}
    assert min(black[paint_shards], black[paint_carvings]) > 0.01
    assert max(black[paint_strokes], black[paint_dots]) < 0.001


def test_a_canvas_too_small_for_many_shards_is_painted_all_the_same():
    plain = np.full((12, 16), 0.5, np.float32)
    assert np.isfinite(paint(paint_shards, Scene(plain, plain))).all()
