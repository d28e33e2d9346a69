"""L-BFGS as a Keras optimizer: every picture of a batch for itself, one gradient per step."""

from typing import Any

import keras
import tensorflow as tf

from nstcore.common.types import Tensor

Variable = Any
"""A Keras or TensorFlow variable: neither ships types."""

# A pair whose cosine of s and y lies under this is float32 rounding or no positive curvature.
_LEAST_COSINE = 1e-6


class LBFGS(keras.optimizers.Optimizer):  # type: ignore[misc]
    """Limited-memory BFGS in a box, without a line search.

    With g_k the gradient at x_k, the last m pairs s_k = x_{k+1} - x_k and y_k = g_{k+1} - g_k stand
    for an approximation H_k of the inverse Hessian (see `two_loop`), and a step is

        x_{k+1} = clip(x_k - c * learning_rate * H_k g_k, low, high)

    with c <= 1 such that no pixel changes by more than `max_change`, which takes the place of the
    line search: each step needs exactly one gradient. A pixel at a bound that its gradient pushes
    outward is held there, in g_k as in the direction: otherwise what the clipping takes away would
    leave a direction that need not descend. A pair without positive curvature (s^T y <= 0) is left
    out. Where no pair is known yet, or the direction does not descend, H_k is the multiple of the
    identity by which the largest change is `max_change`.

    The first axis of a variable is the batch: products, pairs and steps are each picture's own.
    The state takes 2 m + 2 times the memory of the variable.

    Sources: Nocedal and Wright, Numerical Optimization (2nd ed., 2006), algorithms 7.4 and 7.5; for
    the bounds Bertsekas, Projected Newton methods for optimization problems with simple constraints
    (1982).

    Args:
        learning_rate: 1 is the full quasi-Newton step.
        memory: m, the number of pairs.
        max_change: The largest change of one pixel in one step, in the pixels' unit.
        low: Lower bound of x; -inf for none.
        high: Upper bound of x; inf for none.
        name: For Keras.
        **settings: What every Keras optimizer takes, such as `clipnorm`.

    Raises:
        ValueError: `memory` is no whole number above 0, `max_change` not above 0, or `low` not
            under `high`.
    """

    def __init__(
        self,
        learning_rate: float = 1.0,
        memory: float = 10,
        max_change: float = 0.2,
        low: float = 0.0,
        high: float = 1.0,
        name: str | None = None,
        **settings: Any,
    ) -> None:
        """See the class."""
        super().__init__(learning_rate=learning_rate, name=name, **settings)
        if memory < 1 or memory % 1:
            raise ValueError(f"memory {memory}: give a whole number of at least 1")
        if not max_change > 0:
            raise ValueError(f"max_change {max_change}: give a number above 0")
        if not low < high:
            raise ValueError(f"low {low}, high {high}: low must be under high")
        self.memory = int(memory)
        self.max_change = float(max_change)
        self.low = float(low)
        self.high = float(high)

    def build(self, variables: list[Variable]) -> None:
        """Make the state of each variable, (batch, ...)."""
        if self.built:
            return
        super().build(variables)
        self._points, self._gradients = self.add_optimizer_variables(
            variables, ["point", "gradient"]
        )
        self._steps: list[Variable] = []
        self._changes: list[Variable] = []
        self._curvatures: list[Variable] = []
        for number, variable in enumerate(variables):
            shape = (self.memory, *variable.shape)
            scalars = (*shape[:2], *(1 for _ in shape[2:]))
            for kept, kind, size in (
                (self._steps, "steps", shape),
                (self._changes, "changes", shape),
                (self._curvatures, "curvatures", scalars),
            ):
                kept.append(self.add_variable(size, dtype=variable.dtype, name=f"{kind}_{number}"))

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Tensor) -> None:
        """Take one step: Keras calls this within `apply`."""
        index = self._get_variable_index(variable)
        point = tf.convert_to_tensor(variable)
        gradient = tf.cast(gradient, point.dtype)
        self._remember(index, point, gradient)
        outward = ((point <= self.low) & (gradient > 0)) | ((point >= self.high) & (gradient < 0))
        free = tf.where(outward, tf.zeros_like(gradient), gradient)
        history = (self._steps[index], self._changes[index], self._curvatures[index])
        newton = -two_loop(free, *(part.value for part in history))
        newton = tf.where(outward, tf.zeros_like(newton), newton)
        steepest = -free * tf.math.divide_no_nan(self.max_change, _largest(free))
        # Nor does what is not a number descend, so that a NaN in the gradient reaches the picture.
        descends = _dot(newton, free) < 0
        step = tf.cast(learning_rate, point.dtype) * tf.where(descends, newton, steepest)
        step *= tf.minimum(tf.math.divide_no_nan(self.max_change, _largest(step)), 1.0)
        self.assign(variable, tf.clip_by_value(point + step, self.low, self.high))

    def _remember(self, index: int, point: Tensor, gradient: Tensor) -> None:
        """Push the newest pair onto the history of each picture to which it tells something."""
        step = point - self._points[index].value
        change = gradient - self._gradients[index].value
        curvature = _dot(step, change)
        least = _LEAST_COSINE * tf.sqrt(_dot(step, step)) * tf.sqrt(_dot(change, change))
        # Before the first step there is no pair: the state is all zeros.
        useful = (self.iterations > 0) & (curvature > least)
        for stack, newest in (
            (self._steps[index], step),
            (self._changes[index], change),
            (self._curvatures[index], curvature),
        ):
            pushed = tf.concat([stack.value[1:], newest[None]], axis=0)
            self.assign(stack, tf.where(useful, pushed, stack.value))
        self.assign(self._points[index], point)
        self.assign(self._gradients[index], gradient)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, as Keras saves them."""
        own = ("memory", "max_change", "low", "high")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def two_loop(gradient: Tensor, steps: Tensor, changes: Tensor, curvatures: Tensor) -> Tensor:
    """Multiply a gradient by BFGS' inverse Hessian without forming it: H g.

    H starts as gamma I, gamma = s^T y / y^T y of the newest pair, and takes one BFGS update per
    pair, from the oldest to the newest (Nocedal and Wright 2006, algorithm 7.4 and eq. 7.20):

        H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T,   rho = 1 / s^T y

    Args:
        gradient: g, (batch, ...).
        steps: The pairs' s, (m, batch, ...), the newest last.
        changes: The pairs' y, the same shape.
        curvatures: s^T y, (m, batch, 1, ...); a pair of 0 is passed over.

    Returns:
        (batch, ...); 0 for a picture whose newest pair is 0.
    """
    pairs = list(zip(*(tf.unstack(part) for part in (steps, changes, curvatures)), strict=True))
    product = gradient
    weights = []
    for s, y, curvature in reversed(pairs):
        weight = tf.math.divide_no_nan(_dot(s, product), curvature)
        product -= weight * y
        weights.append(weight)
    _, y, curvature = pairs[-1]
    product *= tf.math.divide_no_nan(curvature, _dot(y, y))
    for (s, y, curvature), weight in zip(pairs, reversed(weights), strict=True):
        product += (weight - tf.math.divide_no_nan(_dot(y, product), curvature)) * s
    return product


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Each picture's own scalar product: (batch, ...) twice -> (batch, 1, ...)."""
    return tf.reduce_sum(a * b, axis=range(1, len(a.shape)), keepdims=True)


def _largest(a: Tensor) -> Tensor:
    """Each picture's largest magnitude: (batch, ...) -> (batch, 1, ...)."""
    return tf.reduce_max(tf.abs(a), axis=range(1, len(a.shape)), keepdims=True)
