"""The compiled step that improves pictures, held as what their canvas says."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from nstcore.backbones.backbone import Backbone
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.losses.blend import Blend
from nstcore.losses.objective import Losses, Objective, Targets
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.checkpoint import State
from nstcore.painting.history import LOSSES
from nstcore.painting.optimizers import Adam, Optimizer
from nstcore.painting.parametrization import parametrize


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
        canvas: Canvas | None = None,
        seed: int = 0,
    ) -> None:
        """Prepare for batches of `shape` = (batch, height, width, 3).

        Args:
            backbone: Where features come from.
            objective: What is minimised.
            shape: Of the pictures.
            optimizer: By default Adam.
            canvas: What the pictures are held as; by default their pixels.
            seed: Draws the offsets of the canvas.

        Raises:
            ConfigError: The canvas does not fit the pictures or the backbone.
        """
        self._backbone = backbone
        self._objective = objective
        self._canvas, self._seed = canvas or Canvas(), seed
        batch, height, width, channels = shape
        self._canvas.check(height, width, backbone.is_unpadded)
        around = 2 * self._canvas.padding
        self._pictures = parametrize(
            self._canvas, (batch, height + around, width + around, channels)
        )
        around = 2 * self._canvas.around
        self._seen = (batch, height + around, width + around, channels)
        self._offsets = self._canvas.offsets(seed)
        self._parameters = tf.Variable(tf.zeros(self._pictures.shape), name="images")
        self._optimizer = (optimizer or Adam()).build(bounded=self._pictures.are_pixels)
        self._optimizer.build([self._parameters])
        self._blank = [np.asarray(slot) for slot in self._optimizer.variables]

    @property
    def images(self) -> Pixels:
        """The pictures as they are now."""
        if self._pictures.are_pixels:
            return self._canvas.cut(np.asarray(self._parameters))
        images: Pixels = np.asarray(self._clipped())
        return self._canvas.cut(images)

    @tf.function  # type: ignore[untyped-decorator]
    def _clipped(self) -> Tensor:
        return tf.clip_by_value(self._pictures.picture(self._parameters), 0.0, 1.0)

    @property
    def state(self) -> State:
        """All that the next step depends on beside the targets.

        The pictures' parameters (of plain pixels, the pictures themselves), then the optimizer's
        own arrays.
        """
        slots = [np.asarray(slot) for slot in self._optimizer.variables]
        return [np.asarray(self._parameters), *slots]

    @state.setter
    def state(self, state: State) -> None:
        self._parameters.assign(state[0])
        for slot, values in zip(self._optimizer.variables, state[1:], strict=True):
            slot.assign(values)

    def blank_state(self, images: Pixels) -> State:
        """Return the state before the first step on `images`."""
        return [self._pictures.parameters(self._canvas.padded(images)), *self._blank]

    def targets(self, contents: Pixels, style: StyleTarget | Blend) -> Targets:
        """Return what contents are to become in a style, wherever the canvas lets them be seen.

        Raises:
            WeightsError: Weights of the losses cannot be measured.
        """
        middle = self._canvas.middle(contents)
        targets = self._objective.targets(self._backbone, middle, style)
        if not self._canvas.shifts:
            return targets
        # Once for all steps, so that shifts cost next to nothing.
        padded = tf.constant(self._canvas.padded(contents))
        shifted = [self._content_seen(padded, offset) for offset in tf.constant(self._offsets)]
        return targets._replace(content=tf.stack(shifted))

    @tf.function  # type: ignore[untyped-decorator]
    def _content_seen(self, padded: Tensor, offset: Tensor) -> Tensor:
        return self._backbone.features(self._view(padded, offset))[self._backbone.content_layer]

    def step(self, targets: Targets) -> Losses:
        """Improve the pictures once.

        Args:
            targets: What `targets` returned.

        Returns:
            The losses of the pictures as they were *before* this step, as tensors (batch,).
        """
        done = int(self._optimizer.iterations)
        which = self._canvas.offset_at(self._seed, done) if self._canvas.shifts else 0
        losses: Losses = self._step(targets, tf.constant(which))
        return losses

    @tf.function  # type: ignore[untyped-decorator]
    def _step(self, targets: Targets, which: Tensor) -> Losses:
        offset = which
        if self._canvas.shifts:
            offset = tf.gather(tf.constant(self._offsets), which)
            targets = targets._replace(content=targets.content[which])
        with tf.GradientTape() as tape:
            images, outside = self._shown()
            features = self._backbone.features(self._view(images, offset))
            at = self._backbone.content_layer
            losses = self._objective.losses(images, features, at, targets)
            total = tf.reduce_sum(losses.total)
        gradient = tape.gradient(total, self._parameters)
        return self._improve(gradient, images, outside, losses)

    def _shown(self) -> tuple[Tensor, Tensor]:
        """Return the pictures, and what clipping has taken from what the parameters make."""
        free = self._pictures.picture(self._parameters)
        if self._pictures.are_pixels:
            return free, tf.zeros_like(free)
        # As if they had been clipped after the step before, which is made true in `_improve`.
        outside = tf.stop_gradient(tf.clip_by_value(free, 0.0, 1.0) - free)
        return free + outside, outside

    def _improve(self, gradient: Tensor, images: Tensor, outside: Tensor, losses: Losses) -> Losses:
        """Take a step along a gradient, and return the losses, told as not a number if they are."""
        if not self._pictures.are_pixels:
            self._parameters.assign(self._pictures.changed(self._parameters, outside))
        self._optimizer.apply([gradient], [self._parameters])
        if self._pictures.are_pixels:
            self._parameters.assign(tf.clip_by_value(self._parameters, 0.0, 1.0))
        # A rectifier may make a zero of what is not a number.
        sound = tf.math.is_finite(tf.reduce_sum(images, axis=(1, 2, 3)))
        return Losses(*(tf.where(sound, tf.cast(loss, tf.float32), np.nan) for loss in losses))

    def _view(self, images: Tensor, offset: Tensor) -> Tensor:
        """Return what the network sees of padded pictures."""
        if not self._canvas.shifts:
            return images
        if reach := self._canvas.reflected:
            around = ((0, 0), (reach, reach), (reach, reach), (0, 0))
            images = tf.pad(images, around, "REFLECT")
        begin = tf.concat([[0], offset, [0]], axis=0)
        return tf.ensure_shape(tf.slice(images, begin, self._seen), self._seen)


def to_columns(losses: Losses) -> dict[str, np.ndarray]:
    """Name the losses as the study's tables do."""
    return {name: loss.numpy() for name, loss in zip(LOSSES, losses, strict=True)}
