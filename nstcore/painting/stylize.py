"""The optimisation loop: gradient descent on the pixels of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray

from nstcore.backbones.backbone import Backbone
from nstcore.images.io import Pixels
from nstcore.losses.objective import Losses, Objective, Targets
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.checkpoint import State
from nstcore.painting.history import LOSSES
from nstcore.painting.optimizers import Adam, Optimizer
from nstcore.painting.schedule import OnEpoch, Schedule, unseen


class ImageOptimization:
    """A batch of pictures under one optimizer, and the compiled step that improves them.

    The pictures are independent of each other: the total is summed over the batch, so each gets the
    gradient of its own loss, and the optimizers work picture by picture.
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective,
        shape: Sequence[int],
        optimizer: Optimizer | None = None,
    ) -> None:
        """Prepare for batches of `shape` = (batch, height, width, 3)."""
        self._backbone = backbone
        self._objective = objective
        self._images = tf.Variable(tf.zeros(shape), name="images")
        self._optimizer = (optimizer or Adam()).build()
        self._optimizer.build([self._images])
        self._blank = [np.asarray(slot) for slot in self._optimizer.variables]

    @property
    def images(self) -> Pixels:
        """The pictures as they are now."""
        return np.asarray(self._images)

    @property
    def state(self) -> State:
        """All that the next step depends on beside the targets.

        The pictures, (batch, height, width, 3), then the optimizer's own arrays.
        """
        return [self.images, *(np.asarray(slot) for slot in self._optimizer.variables)]

    @state.setter
    def state(self, state: State) -> None:
        self._images.assign(state[0])
        for slot, values in zip(self._optimizer.variables, state[1:], strict=True):
            slot.assign(values)

    def blank_state(self, images: Pixels) -> State:
        """Return the state before the first step on `images`."""
        return [images, *self._blank]

    def step(self, targets: Targets) -> Losses:
        """Improve the pictures once.

        Returns:
            The losses of the pictures as they were *before* this step, as tensors (batch,).
        """
        losses: Losses = self._step(targets)
        return losses

    @tf.function  # type: ignore[untyped-decorator]
    def _step(self, targets: Targets) -> Losses:
        with tf.GradientTape() as tape:
            features = self._backbone.features(self._images)
            at = self._backbone.content_layer
            losses = self._objective.losses(self._images, features, at, targets)
            total = tf.reduce_sum(losses.total)
        self._optimizer.apply([tape.gradient(total, self._images)], [self._images])
        self._images.assign(tf.clip_by_value(self._images, 0.0, 1.0))
        return Losses(*(tf.cast(loss, tf.float32) for loss in losses))


def initial_images(contents: Pixels, noise: float, seed: int) -> Pixels:
    """Return what the optimisation starts from.

    Args:
        contents: (batch, height, width, 3), RGB, 0..1.
        noise: 0 for the contents themselves, 1 for noise alone (uniform in 0..1), between them for
            a blend of both.
        seed: Draws the noise, which is the same for every picture of a size: what a picture
            becomes does not depend on its batch.
    """
    if not noise:
        return contents
    drawn = np.random.default_rng(seed).random(contents.shape[1:], dtype=np.float32)
    return (contents * np.float32(1 - noise) + drawn * np.float32(noise)).astype(np.float32)


@dataclass(frozen=True)
class Stylized:
    """Repainted contents, and the way there."""

    images: Pixels
    """(batch, height, width, 3), RGB, 0..1."""
    history: pd.DataFrame = field(repr=False)
    """epoch, content (its number in the batch), content_loss, style_loss, total_loss."""
    style_floors: NDArray[np.float64] = field(repr=False)
    """The least that each picture's style loss could be under the simple aggregation: (batch,)."""


def stylize(
    contents: Pixels,
    target: StyleTarget,
    backbone: Backbone,
    objective: Objective | None = None,
    optimizer: Optimizer | None = None,
    schedule: Schedule | None = None,
    progress: OnEpoch = unseen,
) -> Stylized:
    """Repaint contents in a style.

    Args:
        contents: (batch, height, width, 3), RGB, 0..1.
        target: The style, made with `backbone`.
        backbone: Where features come from.
        objective: What is minimised; by default the mean of the style losses. Weights that it
            leaves to be measured are measured for each content by itself.
        optimizer: By default Adam with its default settings.
        schedule: For how long, and from what start; by default 100 epochs from the contents.
        progress: Called after each epoch.

    Returns:
        The pictures after the last epoch, and their losses after 0, 1, ... epochs.

    Raises:
        TargetError: The target was made with another backbone.
        WeightsError: The weights of the losses cannot be measured.

    Example:
        >>> stylize(contents, target, backbone).images
        >>> objective = Objective(aggregation="squared")
        >>> stylize(contents, target, backbone, objective, Adam(), Schedule(epochs=50)).images
    """
    target.check(backbone)
    contents = np.asarray(contents, dtype=np.float32)
    objective, schedule = objective or Objective(), schedule or Schedule()
    optimization = ImageOptimization(backbone, objective, contents.shape, optimizer)
    start = initial_images(contents, schedule.initial_noise, schedule.seed)
    optimization.state = optimization.blank_state(start)
    targets = objective.targets(backbone, contents, target)
    history = []
    last = schedule.epochs * schedule.steps_per_epoch
    for update in range(last + 1):
        # The step that tells an epoch's losses is also the first update of the next epoch.
        if update == last:
            images = optimization.images
        losses = optimization.step(targets)
        if update % schedule.steps_per_epoch == 0:
            epoch = update // schedule.steps_per_epoch
            columns = to_columns(losses)
            rows = {"epoch": epoch, "content": range(len(contents))}
            history.append(pd.DataFrame(rows | columns))
            progress(epoch, {name: float(np.mean(values)) for name, values in columns.items()})
    return Stylized(images, pd.concat(history, ignore_index=True), targets.floor().numpy())


def to_columns(losses: Losses) -> dict[str, np.ndarray]:
    """Name the losses as the study's tables do."""
    return {name: loss.numpy() for name, loss in zip(LOSSES, losses, strict=True)}
