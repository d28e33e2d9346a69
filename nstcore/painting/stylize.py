"""The optimisation loop: gradient descent on pictures, held as what their canvas says."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nstcore.backbones.backbone import Backbone
from nstcore.images.io import Pixels
from nstcore.losses.blend import Blend
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimization import ImageOptimization, to_columns
from nstcore.painting.optimizers import Adam, Optimizer
from nstcore.painting.schedule import OnEpoch, Schedule, unseen
from nstcore.painting.tiles import hold


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


class Stylizer:
    """Repaints contents one after the other with one model: the step is compiled once per size.

    One that is large is repainted tile by tile where the model can be, see `tiles.hold`.

    Example:
        >>> paint = Stylizer(backbone, Objective(), Adam(), Schedule(epochs=50))
        >>> pictures = [paint(content, target).images for content in contents]
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective | None = None,
        optimizer: Optimizer | None = None,
        schedule: Schedule | None = None,
        canvas: Canvas | None = None,
    ) -> None:
        """See `stylize`."""
        self._backbone = backbone
        self._objective = objective or Objective()
        self._optimizer = optimizer or Adam()
        self._schedule = schedule or Schedule()
        self._canvas = canvas or Canvas()
        self._optimizations: dict[tuple[int, ...], ImageOptimization] = {}

    def __call__(
        self, contents: Pixels, target: StyleTarget | Blend, progress: OnEpoch = unseen
    ) -> Stylized:
        """See `stylize`."""
        target.check(self._backbone)
        contents, schedule = np.asarray(contents, dtype=np.float32), self._schedule
        optimization = self._optimization(contents.shape)
        start = initial_images(contents, schedule.initial_noise, schedule.seed)
        optimization.state = optimization.blank_state(start)
        targets = optimization.targets(contents, target)
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

    def _optimization(self, shape: tuple[int, ...]) -> ImageOptimization:
        if shape not in self._optimizations:
            self._optimizations[shape] = hold(
                self._backbone,
                self._objective,
                shape,
                self._optimizer,
                self._canvas,
                self._schedule.seed,
            )
        return self._optimizations[shape]


def stylize(
    contents: Pixels,
    target: StyleTarget | Blend,
    backbone: Backbone,
    objective: Objective | None = None,
    optimizer: Optimizer | None = None,
    schedule: Schedule | None = None,
    progress: OnEpoch = unseen,
    canvas: Canvas | None = None,
) -> Stylized:
    """Repaint contents in a style.

    Args:
        contents: (batch, height, width, 3), RGB, 0..1.
        target: The style, or several and their shares, made with `backbone`.
        backbone: Where features come from.
        objective: What is minimised; by default the mean of the style losses. Weights that it
            leaves to be measured are measured for each content by itself.
        optimizer: By default Adam with its default settings.
        schedule: For how long, and from what start; by default 100 epochs from the contents.
        progress: Called after each epoch.
        canvas: What the pictures are held as while they are painted; by default their pixels.
            Losses are those of what the network sees: of the padding, too.

    Returns:
        The pictures after the last epoch, and their losses after 0, 1, ... epochs.

    Raises:
        ConfigError: The canvas does not fit the contents or the backbone.
        TargetError: The target was made with another backbone.
        WeightsError: The weights of the losses cannot be measured.

    Example:
        >>> stylize(contents, target, backbone).images
        >>> objective = Objective(aggregation="squared")
        >>> stylize(contents, target, backbone, objective, Adam(), Schedule(epochs=50)).images
        >>> stylize(contents, target, backbone, canvas=Canvas(kind="pyramid", padding=16)).images
    """
    paint = Stylizer(backbone, objective, optimizer, schedule, canvas)
    return paint(contents, target, progress)
