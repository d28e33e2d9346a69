"""Training: all pairs of one backbone, aggregation and optimizer in lockstep."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nstcore.aggregation import Tensor
from nstcore.backbones import Backbone
from nstcore.choosing import HISTORY_COLUMNS, has_converged, has_diverged
from nstcore.errors import TrainingError
from nstcore.images import Pixels
from nstcore.losses import Objective
from nstcore.style import StyleTarget
from nstcore.stylizing import Canvas, State, content_features, to_columns


def _nothing(epoch: int, total: float) -> None:
    pass


def train(
    contents: Mapping[str, Pixels],
    targets: Mapping[str, StyleTarget],
    backbone: Backbone,
    aggregation: str,
    optimizer: str,
    *,
    settings: Mapping[str, float] | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    max_epochs: int = 100,
    min_improvement: float = 0.001,
    steps_per_epoch: int = 1,
    batch: int = 1,
    progress: Callable[[int, float], None] = _nothing,
) -> pd.DataFrame:
    """Repaint every content in every style, all of them epoch by epoch, until it pays no more.

    Stops when the total loss, averaged over all pairs, improved by less than `min_improvement` from
    one epoch to the next, after `max_epochs`, or when it is no longer a finite number.

    Args:
        contents: By id, each (height, width, 3), RGB, 0..1, all of one size.
        targets: By style.
        backbone: Where features come from.
        aggregation: "simple", "squared" or "logged".
        optimizer: "adam", "sgd" or "rmsprop".
        settings: The optimizer's arguments.
        alpha: Weight of the content loss.
        beta: Weight of the aggregated style loss.
        max_epochs: The limit.
        min_improvement: As a fraction of the previous epoch's average.
        steps_per_epoch: Optimizer updates of every pair in an epoch.
        batch: The number of pairs that are repainted at once; memory grows with it.
        progress: Called after each epoch with its number and its average total loss.

    Returns:
        The losses with `choosing.HISTORY_COLUMNS`: one row per epoch and pair, epoch 0 standing for
        the untouched contents.

    Raises:
        TrainingError: There are no pairs.
    """
    if not contents or not targets:
        raise TrainingError("training needs at least one content and one style")
    objective = Objective(aggregation, alpha, beta)
    canvases: dict[int, Canvas] = {}
    batches = list(_batches(contents, targets, backbone, batch))
    for part in batches:
        size = len(part.contents)
        if size not in canvases:
            shape = part.contents.shape
            canvases[size] = Canvas(backbone, objective, shape, optimizer, settings)
        part.state = canvases[size].blank_state(part.contents)
    history: list[pd.DataFrame] = []
    totals: list[float] = []
    for epoch in range(max_epochs + 1):
        # The step that tells an epoch's losses is also the first update of the next epoch.
        updates = steps_per_epoch if epoch else 1
        rows = [_advance(part, canvases[len(part.contents)], updates) for part in batches]
        history.append(pd.concat(rows).assign(epoch=epoch))
        totals.append(float(history[-1]["total_loss"].mean(skipna=False)))
        progress(epoch, totals[-1])
        if has_diverged(totals) or has_converged(totals, min_improvement):
            break
    return pd.concat(history, ignore_index=True)[HISTORY_COLUMNS]


@dataclass
class _Batch:
    """Some contents in one style, and how far they have come."""

    style: str
    target: StyleTarget
    ids: list[str]
    contents: Pixels
    wanted: Tensor
    """Features of the contents at the content layer."""
    state: State = field(default_factory=list)


def _batches(
    contents: Mapping[str, Pixels],
    targets: Mapping[str, StyleTarget],
    backbone: Backbone,
    size: int,
) -> Iterator[_Batch]:
    """Group the pairs by style into batches of at most `size` contents, as even as can be."""
    parts = []
    for numbers in np.array_split(range(len(contents)), math.ceil(len(contents) / size)):
        ids = [list(contents)[number] for number in numbers]
        pixels = np.stack([contents[name] for name in ids])
        parts.append((ids, pixels, content_features(backbone, pixels)))
    for style, target in targets.items():
        for ids, pixels, wanted in parts:
            yield _Batch(style, target, ids, pixels, wanted)


def _advance(part: _Batch, canvas: Canvas, updates: int) -> pd.DataFrame:
    """Update a batch; return the losses that its pictures had before the last update."""
    canvas.state = part.state
    for _ in range(updates):
        losses = canvas.step(part.wanted, part.target)
    part.state = canvas.state
    return pd.DataFrame({"style": part.style, "content_id": part.ids} | to_columns(losses))
