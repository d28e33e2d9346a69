import numpy as np
import pytest
import tensorflow as tf

from nstcore.painting.lbfgs import LBFGS, two_loop


def spd(rng, size, condition):
    """A symmetric matrix whose eigenvalues run from 1 to `condition`."""
    turned, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return (turned * np.geomspace(1, condition, size)) @ turned.T


class Quadratics:
    """1/2 (x - z)^T A (x - z) for a batch of A and z, each x laid out as (height, width, 3)."""

    SHAPE = (2, 3, 3)
    SIZE = 18

    def __init__(self, rng, count, condition, centre=0.5, spread=0.3):
        self.matrices = np.stack([spd(rng, self.SIZE, condition) for _ in range(count)])
        self.minima = centre + spread * (rng.random((count, self.SIZE)) - 0.5)

    def gradient(self, x):
        away = np.reshape(x, self.minima.shape) - self.minima
        return self.pictures(np.einsum("bij,bj->bi", self.matrices, away))

    def pictures(self, flat):
        return flat.reshape(-1, *self.SHAPE).astype(np.float32)

    def only(self, number):
        other = object.__new__(Quadratics)
        other.matrices = self.matrices[number : number + 1]
        other.minima = self.minima[number : number + 1]
        return other


EVERYWHERE = {"low": -np.inf, "high": np.inf}


def built(start, **settings):
    x = tf.Variable(start)
    optimizer = LBFGS(**settings)
    optimizer.build([x])
    return optimizer, x


def descend(optimizer, x, gradient, steps):
    """Take steps; return the pictures after each, the start first."""
    way = [x.numpy()]
    for _ in range(steps):
        optimizer.apply([tf.constant(gradient(x.numpy()))], [x])
        way.append(x.numpy())
    return np.stack(way)


def state(optimizer, kind):
    return next(np.asarray(slot) for slot in optimizer.variables if kind in slot.name)


def dense_product(gradient, pairs):
    """H g with the BFGS matrix H formed from pairs of s and y, the newest last."""
    s, y = pairs[-1]
    eye = np.eye(len(gradient))
    H = s @ y / (y @ y) * eye
    for s, y in pairs:
        rho = 1 / (s @ y)
        left = eye - rho * np.outer(s, y)
        H = left @ H @ left.T + rho * np.outer(s, s)
    return H @ gradient


def test_ill_conditioned_quadratics_are_solved_where_gradient_descent_has_hardly_begun(rng):
    problem = Quadratics(rng, count=3, condition=1e3, spread=0.8)
    start = problem.pictures(np.full((3, Quadratics.SIZE), 0.5))
    x = descend(*built(start), problem.gradient, 80)[-1]
    np.testing.assert_allclose(x, problem.pictures(problem.minima), atol=1e-3)
    slow = start
    for _ in range(80):
        slow = slow - 1e-3 * problem.gradient(slow)  # the best step: 1 / the largest eigenvalue
    assert np.max(np.abs(slow - problem.pictures(problem.minima))) > 0.1


def test_the_direction_is_that_of_dense_bfgs(rng):
    problem = Quadratics(rng, count=2, condition=50)
    start = problem.pictures(rng.random((2, Quadratics.SIZE)))
    settings = {"memory": Quadratics.SIZE, "learning_rate": 0.5, "max_change": 10.0, **EVERYWHERE}
    optimizer, x = built(start, **settings)
    way = descend(optimizer, x, problem.gradient, 9)
    gradients = np.stack([problem.gradient(point) for point in way])
    for number in range(2):
        points = way[:, number].reshape(len(way), -1).astype(np.float64)
        g = gradients[:, number].reshape(len(way), -1).astype(np.float64)
        for k in range(1, 9):
            pairs = [(points[i + 1] - points[i], g[i + 1] - g[i]) for i in range(k)]
            expected = -0.5 * dense_product(g[k], pairs)
            np.testing.assert_allclose(
                points[k + 1] - points[k], expected, atol=2e-3 * np.abs(expected).max()
            )


def test_two_loops_equal_the_dense_product(rng):
    matrix = spd(rng, 12, 10)
    s = rng.normal(size=(5, 12))
    y = s @ matrix
    g = rng.normal(size=12)
    curvature = np.sum(s * y, axis=1)
    # Two places that no pair has taken yet, as in the first steps.
    empty = np.zeros((2, 12))
    steps, changes = np.concatenate([empty, s]), np.concatenate([empty, y])
    product = two_loop(
        tf.constant(g[None]),
        tf.constant(steps[:, None]),
        tf.constant(changes[:, None]),
        tf.constant(np.concatenate([[0, 0], curvature])[:, None, None]),
    )
    expected = dense_product(g, list(zip(s, y, strict=True)))
    np.testing.assert_allclose(product[0], expected, rtol=1e-10)


def test_the_first_step_follows_the_gradient_and_leaves_no_pair(rng):
    start = rng.uniform(0.3, 0.7, (2, 2, 2, 3)).astype(np.float32)
    optimizer, x = built(start, max_change=0.2)
    # Gradients that the state's zeros would take for positive curvature.
    scales = np.array([1.0, 1e-6], np.float32)[:, None, None, None]
    way = descend(optimizer, x, lambda x: scales * x, 1)
    expected = start - 0.2 * start / start.max(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(way[-1], expected, rtol=1e-5)
    assert not state(optimizer, "curvatures").any()


def test_the_oldest_pair_is_forgotten(rng):
    problem = Quadratics(rng, count=1, condition=20)
    start = problem.pictures(rng.random((1, Quadratics.SIZE)))
    optimizer, x = built(start, memory=3, max_change=0.05)
    way = descend(optimizer, x, problem.gradient, 6)
    np.testing.assert_allclose(state(optimizer, "steps"), np.diff(way, axis=0)[2:5], atol=1e-7)


def test_a_picture_goes_the_same_way_alone_and_in_a_batch(rng):
    problem = Quadratics(rng, count=3, condition=100)
    # Of very different size, so that anything shared between pictures would show.
    problem.matrices *= np.array([1.0, 1e-4, 1e3])[:, None, None]
    start = problem.pictures(rng.random((3, Quadratics.SIZE)))
    together = descend(*built(start), problem.gradient, 12)
    for number in range(3):
        own = problem.only(number)
        alone = descend(*built(start[number : number + 1]), own.gradient, 12)
        np.testing.assert_allclose(together[:, number], alone[:, 0], atol=1e-4)


def test_the_step_does_not_depend_on_the_scale_of_the_loss(rng):
    problem = Quadratics(rng, count=1, condition=100)
    start = problem.pictures(rng.random((1, Quadratics.SIZE)))
    way = descend(*built(start), problem.gradient, 12)
    tiny = descend(*built(start), lambda x: problem.gradient(x) * np.float32(2**-40), 12)
    np.testing.assert_allclose(tiny, way, atol=1e-4)


def test_saved_state_continues_with_the_same_bytes(rng):
    problem = Quadratics(rng, count=2, condition=100)
    start = problem.pictures(rng.random((2, Quadratics.SIZE)))
    optimizer, x = built(start, memory=4)
    descend(optimizer, x, problem.gradient, 7)
    saved = [np.asarray(slot) for slot in optimizer.variables]
    resumed, again = built(x.numpy(), memory=4)
    for slot, values in zip(resumed.variables, saved, strict=True):
        slot.assign(values)
    there = descend(optimizer, x, problem.gradient, 7)
    here = descend(resumed, again, problem.gradient, 7)
    np.testing.assert_array_equal(here, there)
    for slot, other in zip(optimizer.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(slot), np.asarray(other))


def test_a_pair_of_negative_curvature_is_left_out_of_its_own_picture_only():
    start = np.full((2, 1, 1, 3), 0.5, np.float32)
    signs = np.array([1.0, -1.0], np.float32)[:, None, None, None]
    optimizer, x = built(start, max_change=0.05)
    # A bowl, and a dome that falls away from its top.
    way = descend(optimizer, x, lambda x: signs * (x - np.float32(0.3)), 4)
    curvatures = state(optimizer, "curvatures")
    assert curvatures[-1, 0] > 0
    assert not curvatures[:, 1].any()
    # The bowl is solved as soon as its curvature is known; the dome goes on by the gradient alone.
    np.testing.assert_allclose(way[-1, 0], 0.3, atol=1e-6)
    np.testing.assert_allclose(np.diff(way[:, 1], axis=0), 0.05, atol=1e-6)


def test_no_pixel_changes_by_more_than_the_cap(rng):
    problem = Quadratics(rng, count=2, condition=100, spread=20)
    start = problem.pictures(rng.random((2, Quadratics.SIZE)))
    way = descend(*built(start, max_change=0.3, **EVERYWHERE), problem.gradient, 6)
    largest = np.abs(np.diff(way, axis=0)).max(axis=(2, 3, 4))
    np.testing.assert_allclose(largest, 0.3, rtol=1e-4)


def test_the_minimum_of_the_box_is_reached_and_the_box_never_left(rng):
    problem = Quadratics(rng, count=3, condition=20, spread=1.6)
    start = problem.pictures(np.full((3, Quadratics.SIZE), 0.5))
    way = descend(*built(start), problem.gradient, 40)
    assert way.min() >= 0
    assert way.max() <= 1
    # Projected gradient descent, far beyond what it needs.
    expected = start
    for _ in range(1000):
        expected = np.clip(expected - 0.05 * problem.gradient(expected), 0, 1).astype(np.float32)
    assert ((expected == 0) | (expected == 1)).mean() > 0.2
    np.testing.assert_allclose(way[-1], expected, atol=1e-5)


def test_pairs_hold_what_became_of_the_picture_between_the_steps(rng):
    problem = Quadratics(rng, count=1, condition=10)
    start = problem.pictures(rng.random((1, Quadratics.SIZE)))
    optimizer, x = built(start)
    descend(optimizer, x, problem.gradient, 1)
    moved = np.clip(x.numpy(), 0.3, 0.6)
    x.assign(moved)
    descend(optimizer, x, problem.gradient, 1)
    steps, changes = (state(optimizer, kind)[-1] for kind in ("steps", "changes"))
    np.testing.assert_allclose(steps, moved - start, atol=1e-7)
    expected = problem.gradient(moved) - problem.gradient(start)
    np.testing.assert_allclose(changes, expected, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("steps", [0, 3])
def test_a_gradient_that_is_not_finite_reaches_its_picture_and_no_other(rng, bad, steps):
    problem = Quadratics(rng, count=2, condition=10)
    start = problem.pictures(rng.random((2, Quadratics.SIZE)))
    optimizer, x = built(start)
    descend(optimizer, x, problem.gradient, steps)
    gradient = problem.gradient(x.numpy())
    gradient[1, 0, 1, 2] = bad
    optimizer.apply([tf.constant(gradient)], [x])
    assert np.isfinite(x[0]).all()
    assert np.isnan(x[1, 0, 1, 2])


def test_a_picture_without_a_gradient_stays(rng):
    start = rng.random((2, 2, 2, 3)).astype(np.float32)
    way = descend(*built(start), np.zeros_like, 3)
    np.testing.assert_array_equal(way[-1], start)


def test_a_compiled_step_is_traced_once_and_equals_the_plain_one(rng):
    problem = Quadratics(rng, count=2, condition=10)
    start = problem.pictures(rng.random((2, Quadratics.SIZE)))
    optimizer, x = built(start, memory=3)
    traces = []

    @tf.function
    def step(gradient):
        traces.append(1)
        optimizer.apply([gradient], [x])

    plain = descend(*built(start, memory=3), problem.gradient, 8)[-1]
    for _ in range(8):
        step(tf.constant(problem.gradient(x.numpy())))
    assert len(traces) == 1
    np.testing.assert_allclose(x, plain, atol=1e-5)


def test_a_batch_of_variables_can_be_optimised_together():
    a, b = tf.Variable(np.full((1, 2), 0.9, np.float32)), tf.Variable(np.ones((3, 1), np.float32))
    optimizer = LBFGS()
    optimizer.build([a, b])
    for _ in range(12):
        optimizer.apply([2 * (a - 0.5), 3 * b], [a, b])
    np.testing.assert_allclose(a, 0.5, atol=1e-5)
    np.testing.assert_allclose(b, 0.0, atol=1e-5)


def test_its_config_makes_the_same_optimizer():
    settings = {"learning_rate": 0.5, "memory": 4.0, "max_change": 0.3, "low": -1.0, "high": 2.0}
    config = LBFGS.from_config(LBFGS(**settings).get_config()).get_config()
    assert {name: config[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"memory": 0}, "memory 0: give a whole number"),
        ({"memory": float("inf")}, "memory inf: give a whole number"),
        ({"memory": 2.5}, r"memory 2\.5: give a whole number"),
        ({"max_change": 0.0}, r"max_change 0\.0: give a number above 0"),
        ({"low": 1.0}, r"low 1\.0, high 1\.0: low must be under high"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LBFGS(**settings)
