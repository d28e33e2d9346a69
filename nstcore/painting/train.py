"""Training: all pairs of one backbone, aggregation and optimizer in lockstep."""

import hashlib
import math
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import TrainingError
from nstcore.common.versions import NUMERICS_VERSION
from nstcore.images.io import Pixels
from nstcore.losses.loss_weights import measure
from nstcore.losses.objective import Objective, Targets
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.checkpoint import Checkpoint, LossRows, State
from nstcore.painting.history import HISTORY_COLUMNS, LOSSES
from nstcore.painting.optimization import ImageOptimization
from nstcore.painting.optimizers import Optimizer
from nstcore.painting.provenance import versions
from nstcore.painting.schedule import Execution, TrainingSchedule
from nstcore.painting.stopping import last_epoch
from nstcore.painting.stylize import initial_images


def train(
    contents: Mapping[str, Pixels],
    targets: Mapping[str, StyleTarget],
    backbone: Backbone,
    objective: Objective,
    optimizer: Optimizer,
    schedule: TrainingSchedule | None = None,
    execution: Execution | None = None,
    canvas: Canvas | None = None,
) -> pd.DataFrame:
    """Repaint every content in every style, all of them epoch by epoch, until it pays no more.

    Ends where `stopping.find_end` says so of the total loss, averaged over all pairs, and
    `schedule.watch` epochs after that, by which one sees whether it was right.

    Weights of the losses that the objective leaves to be measured are measured on all pairs.

    Args:
        contents: By id, each (height, width, 3), RGB, 0..1, all of one size.
        targets: By style.
        backbone: Where features come from.
        objective: What is minimised.
        optimizer: Its settings.
        schedule: For how long, and how many pairs at once.
        execution: Where the run is saved and shown; by default nowhere.
        canvas: What the pictures are held as while they are painted; by default their pixels.

    Returns:
        The losses with `history.HISTORY_COLUMNS`: one row per epoch and pair, epoch 0 standing for
        the start.

    Raises:
        ConfigError: The canvas does not fit the contents or the backbone.
        TrainingError: There are no pairs.
        TargetError: A target was made with another backbone.
        WeightsError: The weights of the losses cannot be measured.
    """
    if not contents or not targets:
        raise TrainingError("training needs at least one content and one style")
    for style, target in targets.items():
        target.check(backbone, f"{style}: ")
    schedule, execution = schedule or TrainingSchedule(), execution or Execution()
    canvas = canvas or Canvas()
    pictures = {name: np.asarray(pixels, np.float32) for name, pixels in contents.items()}
    height, width, _ = next(iter(pictures.values())).shape
    canvas.check(height, width, backbone.is_unpadded)
    if objective.measures:
        seen = (canvas.middle(picture[None])[0] for picture in pictures.values())
        weights = measure(backbone, seen, targets.values(), objective.content_share)
        objective = objective.completed(weights)

    @cache
    def optimization(size: int) -> ImageOptimization:
        shape = (size, height, width, 3)
        return ImageOptimization(backbone, objective, shape, optimizer, canvas, schedule.seed)

    parts = list(_batches(pictures, targets, optimization, schedule.batch))
    identity = {
        "backbone": backbone.fingerprint,
        "content_layer": backbone.content_layer,
        "objective": objective.given(),
        "optimizer": [optimizer.name, optimizer.given()],
        "contents": [[name, _sha256(picture)] for name, picture in contents.items()],
        "targets": [[style, target.pictures_sha256] for style, target in targets.items()],
        # How long a run may go on changes nothing of the epochs that it has come to.
        "schedule": schedule.model_dump(
            exclude={"max_epochs", "min_improvement", "patience", "watch"}, exclude_defaults=True
        ),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "machine": platform.machine(),
        "versions": {**versions(), "numerics": NUMERICS_VERSION},
        **({} if canvas.is_plain else {"canvas": canvas.full()}),
    }
    checkpoint = Checkpoint(
        execution.checkpoint,
        identity,
        [len(part.ids) for part in parts],
        in_memory=execution.compute.pairs_in_memory,
        save_every=execution.compute.save_every,
    )
    # What an earlier process had come to passes in no time: it would spoil the rate.
    known = checkpoint.complete
    history: list[LossRows] = []
    totals: list[float] = []
    for epoch in count():
        rows = []
        for number, part in enumerate(parts):
            batch = _BatchOptimization(part, optimization(len(part.ids)), schedule)
            rows.append(checkpoint.advance(number, epoch, batch.start, batch.advance))
        checkpoint.finish(epoch, rows)
        history.append(np.concatenate(rows))
        average = history[-1].mean(axis=0, dtype=np.float64)
        totals.append(float(average[-1]))
        if epoch >= known:
            execution.progress(epoch, dict(zip(LOSSES, average.tolist(), strict=True)))
        if epoch == last_epoch(totals, schedule):
            break
    return _table(history, [(part.style, name) for part in parts for name in part.ids])


@dataclass(frozen=True)
class _Batch:
    """Some contents in one style."""

    style: str
    ids: list[str]
    contents: Pixels
    targets: Targets


def _batches(
    contents: Mapping[str, Pixels],
    targets: Mapping[str, StyleTarget],
    optimization: Callable[[int], ImageOptimization],
    size: int,
) -> Iterator[_Batch]:
    """Group the pairs by style into batches of at most `size` contents, as even as can be."""
    parts = np.array_split(list(contents), math.ceil(len(contents) / size))
    for style, target in targets.items():
        for part in parts:
            ids = part.tolist()
            pixels = np.stack([contents[name] for name in ids])
            yield _Batch(style, ids, pixels, optimization(len(ids)).targets(pixels, target))


@dataclass(frozen=True)
class _BatchOptimization:
    """Brings a batch from one epoch to the next."""

    part: _Batch
    optimization: ImageOptimization
    schedule: TrainingSchedule

    def start(self) -> State:
        schedule = self.schedule
        images = initial_images(self.part.contents, schedule.initial_noise, schedule.seed)
        return self.optimization.blank_state(images)

    def advance(self, epoch: int, state: State) -> tuple[State, LossRows]:
        """Return the state after an epoch, and the losses before its last update.

        The step that tells an epoch's losses is also the first update of the next epoch.
        """
        self.optimization.state = state
        for _ in range(self.schedule.steps_per_epoch if epoch else 1):
            losses = self.optimization.step(self.part.targets)
        rows = np.stack([loss.numpy() for loss in losses], axis=-1)
        return self.optimization.state, rows


def _table(history: Sequence[LossRows], pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Name the losses of all epochs and pairs."""
    epochs, count = len(history), len(pairs)
    columns: dict[str, Any] = {
        "epoch": np.repeat(np.arange(epochs), count),
        "style": [style for style, _ in pairs] * epochs,
        "content_id": [name for _, name in pairs] * epochs,
        **dict(zip(LOSSES, np.concatenate(history).T, strict=True)),
    }
    return pd.DataFrame(columns)[HISTORY_COLUMNS]


def _sha256(picture: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(picture, np.float32).tobytes()).hexdigest()
