"""A picture painted at rising sizes: large strokes first, each size from what the one before made.

A network sees structure of up to some hundred pixels. What of a style is larger than that, at the
final size, is laid down while the picture is small, where a step costs a fraction.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import ConfigError
from nstcore.images.io import RESAMPLING, Pixels, resize, to_image, to_pixels
from nstcore.losses.blend import Blend
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import WHOLE, Canvas
from nstcore.painting.optimization import ImageOptimization, to_columns
from nstcore.painting.optimizers import Adam, Optimizer
from nstcore.painting.tiles import hold

SMALLEST = 32
"""Pixels that the shorter side of a picture must have: a pyramid of five levels takes as many."""

_COARSEST, _FEWEST = 256, 20


@dataclass(frozen=True)
class Scale:
    """A size at which a picture is painted."""

    width: int
    """In pixels."""
    height: int
    """In pixels."""
    steps: int
    """Updates at this size."""


@dataclass(frozen=True)
class Step:
    """An update, and the picture before it."""

    number: int
    """From 0, over all scales."""
    of: int
    """How many there are in all."""
    scale: Scale
    """Where it was."""
    losses: dict[str, float]
    """Of the picture before the update."""
    painting: ImageOptimization
    """Its `images` are the picture after the update, (1, height, width, 3)."""


def plan(width: int, height: int, steps: int, coarsest: int = _COARSEST) -> list[Scale]:
    """Return the sizes at which a picture is painted, the last of which is its own.

    Each has twice the sides of the one before and half of its steps, 20 at least where the first
    has as many.

    Args:
        width: Of the final picture, in pixels.
        height: Likewise.
        steps: At the first size.
        coarsest: Longest side of the first size; the first lies between it and half of it, but for
            a picture of no more.

    Raises:
        ConfigError: The picture is too small.

    Example:
        >>> [(one.width, one.steps) for one in plan(1024, 683, 200)]
        [(256, 200), (512, 100), (1024, 50)]
    """
    if min(width, height) < SMALLEST:
        raise ConfigError(
            f"size: {width} x {height} pixels; a picture needs {SMALLEST} on its shorter side"
        )
    halvings = max(0, math.ceil(math.log2(max(width, height) / coarsest)))
    # A long and narrow picture is not made smaller than a network can see.
    halvings = min(halvings, int(math.log2(min(width, height) / SMALLEST)))
    scales = []
    for number, factor in enumerate(2**power for power in range(halvings, -1, -1)):
        scales.append(
            Scale(
                round(width / factor),
                round(height / factor),
                max(math.ceil(steps / 2**number), min(steps, _FEWEST)),
            )
        )
    return scales


@dataclass(frozen=True)
class Manner:
    """How pictures are painted."""

    backbone: Backbone
    """Where features come from."""
    objective: Objective
    """What is minimised."""
    optimizer: Optimizer = field(default_factory=Adam)
    """Begins anew at every size: its moments tell of a picture of another size."""
    canvas: Canvas = field(default_factory=Canvas)
    """What a picture is held as."""
    seed: int = 0
    """Draws the offsets of the canvas."""
    whole: int = WHOLE
    """See `tiles.hold`."""

    def hold(self, shape: tuple[int, ...]) -> ImageOptimization:
        """Prepare to paint a picture of `shape` = (1, height, width, 3); see `tiles.hold`."""
        how = (self.backbone, self.objective, shape, self.optimizer, self.canvas, self.seed)
        return hold(*how, whole=self.whole)


def paint(
    photograph: Pixels, style: StyleTarget | Blend, manner: Manner, scales: Sequence[Scale]
) -> Iterator[Step]:
    """Paint a photograph at one size after the other, and yield every step.

    What is done with the picture in between, or whether it goes on, is the caller's: the last that
    was yielded holds the picture.

    Args:
        photograph: (height, width, 3), RGB, 0..1, of the last scale's size or larger.
        style: Made with the manner's backbone.
        manner: How it is painted.
        scales: See `plan`.

    Raises:
        ConfigError: The canvas does not fit a size or the backbone.
        TargetError: A style was made with another backbone.
        WeightsError: The weights of the losses cannot be measured.
    """
    style.check(manner.backbone)
    image = to_image(photograph)
    before: Pixels | None = None
    number, total = 0, sum(scale.steps for scale in scales)
    for scale in scales:
        content = to_pixels(resize(image, (scale.width, scale.height)))[None]
        painting = manner.hold(content.shape)
        start = content if before is None else enlarge(before, scale)[None]
        painting.state = painting.blank_state(start)
        targets = painting.targets(content, style)
        for _ in range(scale.steps):
            losses = to_columns(painting.step(targets))
            means = {name: float(np.mean(values)) for name, values in losses.items()}
            yield Step(number, total, scale, means, painting)
            number += 1
        before = painting.images[0]


def enlarge(pixels: Pixels, scale: Scale) -> Pixels:
    """Resize a painted picture to a scale, in float32: (height, width, 3)."""
    size = scale.width, scale.height
    channels = (Image.fromarray(pixels[..., channel]) for channel in range(3))
    larger = np.stack([np.asarray(one.resize(size, RESAMPLING)) for one in channels], axis=-1)
    enlarged: Pixels = np.clip(larger, 0, 1)
    return enlarged
