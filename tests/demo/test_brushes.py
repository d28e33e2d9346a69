import numpy as np

from nstcore.demo.brushes import STEPS, color_table, directions, lay, lit, mix, scatter, trace


def test_a_table_runs_from_dark_to_light_and_from_cool_to_warm():
    table = color_table(["000000 0000ff", "ff0000 ffff00"])
    assert table.shape == (STEPS, STEPS, 3)
    corners = table[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_allclose(corners, [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0]])


def test_tones_beyond_the_palette_take_its_ends():
    table = color_table(["000000 808080 ffffff", "000000 808080 ffffff"])
    np.testing.assert_allclose(mix(table, [-1, 2], [0.5, 0.5]), [[0, 0, 0], [1, 1, 1]])


def test_directions_run_across_the_gradient_and_follow_the_filler_where_it_is_flat():
    y, x = np.indices((80, 80)).astype(np.float32) / 80
    flat = np.full((80, 80), 0.5, np.float32)
    assert np.abs(directions(y, x, reach=4, weight=0.1).x).min() > 0.99
    assert np.abs(directions(x, y, reach=4, weight=0.1).y).min() > 0.99
    half = np.where(x > 0.5, y, flat)
    found = directions(half, x, reach=2, weight=0.1)
    assert np.abs(found.y[:, :20]).min() > 0.99
    assert np.abs(found.x[30:50, 60:]).min() > 0.99


def test_a_walk_follows_a_circle_without_turning_back():
    y, x = np.indices((101, 101)).astype(np.float32)
    round_and_round = np.hypot(y - 50, x - 50)
    along = directions(round_and_round, y, reach=2, weight=0)
    places, headings = trace(along, np.array([[50, 80]], np.float32), steps=60, step=1)
    np.testing.assert_allclose(np.hypot(*(places[0] - 50).T), 30, atol=3)
    assert (headings[0, 1:] * headings[0, :-1]).sum(axis=-1).min() > 0.9


def test_strewn_points_leave_no_corner_empty():
    points = scatter(np.random.default_rng(1), (100, 60), pitch=10)
    for corner in ((0, 0), (0, 60), (100, 0), (100, 60)):
        assert np.hypot(*(points - corner).T).min() < 15


def test_later_paint_covers_earlier_and_what_falls_beside_the_canvas_is_lost():
    canvas = np.zeros((2, 3), np.int32)
    ys = np.array([0, 0, -0.5, 2, 1, 1], np.float32)
    xs = np.array([1.2, 1.9, 0, 0, 3, 0], np.float32)
    touches = np.array([True, True, True, True, True, False])
    lay(canvas, ys, xs, np.arange(1, 7, dtype=np.int32), touches)
    np.testing.assert_array_equal(canvas, [[0, 2, 0], [0, 0, 0]])


def test_light_falls_from_the_upper_left():
    relief = np.zeros((20, 20), np.float32)
    relief[8:12, 8:12] = 1
    grey = np.full((20, 20, 3), 0.5, np.float32)
    shaded = lit(grey, relief, 0.3)
    assert shaded[8, 8].min() > 0.5
    assert shaded[13, 13].max() < 0.5
    np.testing.assert_allclose(shaded[0], 0.5)
