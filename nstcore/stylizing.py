"""The optimisation loop: gradient descent on the pixels of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from nstcore.aggregation import Tensor
from nstcore.backbones import Backbone
from nstcore.choosing import LOSSES
from nstcore.errors import ConfigError
from nstcore.images import Pixels
from nstcore.losses import Losses, Objective
from nstcore.style import LayerTarget, StyleTarget, style_losses

OPTIMIZERS: dict[str, Any] = {
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}

# Keras' epsilons (1e-7) are of the size of the gradients that a backbone with small activations
# gives; then the step shrinks with the gradient, and the picture stands still.
_SETTINGS: dict[str, dict[str, float]] = {
    "adam": {"learning_rate": 0.02, "epsilon": 1e-8},
    "sgd": {"learning_rate": 1.0},
    "rmsprop": {"learning_rate": 0.02, "epsilon": 1e-8},
}


def make_optimizer(name: str, settings: Mapping[str, float] | None = None) -> Any:
    """Make a Keras optimizer.

    Args:
        name: "adam", "sgd" or "rmsprop".
        settings: Its arguments, such as `learning_rate` (in units of the pixels' 0..1 per step).

    Raises:
        ConfigError: No such optimizer, or one that does not know these arguments.
    """
    if name not in OPTIMIZERS:
        raise ConfigError(f"optimizer {name!r}: choose one of {', '.join(OPTIMIZERS)}")
    try:
        given = {**_SETTINGS[name], **(settings or {})}
        return OPTIMIZERS[name](**{key: float(value) for key, value in given.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer {name}: {error}") from None


State = list[np.ndarray]
"""The pictures of a batch, (batch, height, width, 3), then the optimizer's own arrays."""


class Canvas:
    """A batch of pictures under one optimizer, and the compiled step that improves them.

    The pictures are independent of each other: the total is summed over the batch, so each gets the
    gradient of its own loss, and the optimizers work element by element.
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective,
        shape: Sequence[int],
        optimizer: str = "adam",
        settings: Mapping[str, float] | None = None,
    ) -> None:
        """Prepare a canvas for batches of `shape` = (batch, height, width, 3)."""
        self._backbone = backbone
        self._objective = objective
        self._images = tf.Variable(tf.zeros(shape), name="images")
        self._optimizer = make_optimizer(optimizer, settings)
        self._optimizer.build([self._images])
        self._blank = [np.asarray(slot) for slot in self._optimizer.variables]

    @property
    def images(self) -> Pixels:
        """The pictures as they are now."""
        return np.asarray(self._images)

    @property
    def state(self) -> State:
        """All that the next step depends on beside the contents and the style."""
        return [self.images, *(np.asarray(slot) for slot in self._optimizer.variables)]

    @state.setter
    def state(self, state: State) -> None:
        self._images.assign(state[0])
        for slot, values in zip(self._optimizer.variables, state[1:], strict=True):
            slot.assign(values)

    def blank_state(self, images: Pixels) -> State:
        """Return the state before the first step on `images`."""
        return [images, *self._blank]

    def step(self, content: Tensor, target: StyleTarget) -> Losses:
        """Improve the pictures once.

        Args:
            content: The contents' features at the content layer.
            target: The style.

        Returns:
            The losses of the pictures as they were *before* this step, as NumPy arrays (batch,).
        """
        # The target goes in as tensors, so that all styles share one compiled graph.
        losses = self._step(content, dict(target.layers))
        return Losses(*(loss.numpy() for loss in losses))

    @tf.function  # type: ignore[untyped-decorator]
    def _step(self, content: Tensor, layers: Mapping[str, LayerTarget]) -> Losses:
        with tf.GradientTape() as tape:
            features = self._backbone.features(self._images)
            style = style_losses(features, layers, self._backbone.style_layers)
            losses = self._objective.losses(features[self._backbone.content_layer], content, style)
            total = tf.reduce_sum(losses.total)
        self._optimizer.apply([tape.gradient(total, self._images)], [self._images])
        self._images.assign(tf.clip_by_value(self._images, 0.0, 1.0))
        return losses


def content_features(backbone: Backbone, contents: Pixels) -> Tensor:
    """Return the features of contents, (batch, height, width, 3), at the content layer."""
    return backbone.features(contents)[backbone.content_layer]


@dataclass(frozen=True)
class Stylized:
    """Repainted contents, and the way there."""

    images: Pixels
    """(batch, height, width, 3), RGB, 0..1."""
    history: pd.DataFrame = field(repr=False)
    """epoch, content (its number in the batch), content_loss, style_loss, total_loss."""


def stylize(
    contents: Pixels,
    target: StyleTarget,
    backbone: Backbone,
    aggregation: str = "simple",
    optimizer: str = "adam",
    epochs: int = 100,
    *,
    settings: Mapping[str, float] | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    steps_per_epoch: int = 1,
) -> Stylized:
    """Repaint contents in a style, starting from the contents themselves.

    Args:
        contents: (batch, height, width, 3), RGB, 0..1.
        target: The style, made with `backbone`.
        backbone: Where features come from.
        aggregation: "simple", "squared" or "logged".
        optimizer: "adam", "sgd" or "rmsprop".
        epochs: Passes of `steps_per_epoch` optimizer updates; 0 gives the contents back.
        settings: The optimizer's arguments.
        alpha: Weight of the content loss.
        beta: Weight of the aggregated style loss.
        steps_per_epoch: Updates per epoch.

    Returns:
        The pictures after the last epoch, and their losses after 0, 1, ... epochs.

    Raises:
        ConfigError: No such aggregation or optimizer.
        TargetError: The target was made with another backbone.
    """
    target.check(backbone)
    contents = np.asarray(contents, dtype=np.float32)
    objective = Objective(aggregation, alpha, beta)
    canvas = Canvas(backbone, objective, contents.shape, optimizer, settings)
    canvas.state = canvas.blank_state(contents)
    wanted = content_features(backbone, contents)
    history = []
    for epoch in range(epochs + 1):
        # The step that tells an epoch's losses is also the first update of the next epoch.
        for _ in range(steps_per_epoch if epoch else 1):
            images = canvas.images
            losses = canvas.step(wanted, target)
        rows = {"epoch": epoch, "content": range(len(contents))}
        history.append(pd.DataFrame(rows | to_columns(losses)))
    return Stylized(images, pd.concat(history, ignore_index=True))


def to_columns(losses: Losses) -> dict[str, np.ndarray]:
    """Name the losses as the study's tables do."""
    return dict(zip(LOSSES, losses, strict=True))
