"""Training: all pairs of one backbone, aggregation and optimizer in lockstep."""

import hashlib
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import TrainingError
from nstcore.common.versions import NUMERICS_VERSION
from nstcore.images.io import Pixels
from nstcore.losses.objective import Goal, Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.checkpoint import Rows, SavedRun, State
from nstcore.painting.choose import has_converged, has_diverged
from nstcore.painting.history import HISTORY_COLUMNS, LOSSES
from nstcore.painting.provenance import versions
from nstcore.painting.stylize import Canvas, OnEpoch, initial_images, unseen


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
    scaling: str = "published",
    total_variation: float = 0.0,
    max_epochs: int = 100,
    min_improvement: float = 0.001,
    steps_per_epoch: int = 1,
    batch: int = 1,
    initial_noise: float = 0.0,
    seed: int = 0,
    state: Path | None = None,
    pairs_in_memory: int = 60,
    save_every: int = 5,
    progress: OnEpoch = unseen,
) -> pd.DataFrame:
    """Repaint every content in every style, all of them epoch by epoch, until it pays no more.

    Stops when the total loss, averaged over all pairs, improved by less than `min_improvement` from
    one epoch to the next, after `max_epochs`, or when it is no longer a finite number.

    Args:
        contents: By id, each (height, width, 3), RGB, 0..1, all of one size.
        targets: By style.
        backbone: Where features come from.
        aggregation: "simple", "squared" or "logged".
        optimizer: "adam", "sgd", "rmsprop" or "lbfgs".
        settings: The optimizer's arguments.
        alpha: Weight of the content loss.
        beta: Weight of the aggregated style loss.
        scaling: "published" or "calibrated", see `losses.SCALINGS`.
        total_variation: Weight of the total variation.
        max_epochs: The limit.
        min_improvement: As a fraction of the previous epoch's average.
        steps_per_epoch: Optimizer updates of every pair in an epoch.
        batch: The number of pairs that are repainted at once; memory grows with it.
        initial_noise: 0 to start from the contents, 1 from noise, between them from a blend.
        seed: Draws that noise.
        state: A folder in which the run is saved, so that it goes on there if it is killed; to be
            removed once the result is safe. None saves nothing.
        pairs_in_memory: The pairs whose pictures and optimizer state are held in memory beside
            those that are repainted; the others wait in `state`.
        save_every: Epochs after which the run is saved.
        progress: Called after each epoch that an earlier process had not come to.

    Returns:
        The losses with `choosing.HISTORY_COLUMNS`: one row per epoch and pair, epoch 0 standing for
        the start.

    Raises:
        TrainingError: There are no pairs.
        TargetError: A target was made with another backbone.
    """
    if not contents or not targets:
        raise TrainingError("training needs at least one content and one style")
    for style, target in targets.items():
        target.check(backbone, f"{style}: ")
    objective = Objective(aggregation, alpha, beta, scaling, total_variation)
    parts = list(_batches(contents, targets, backbone, objective, batch))
    identity = {
        "backbone": backbone.fingerprint,
        "content_layer": backbone.content_layer,
        "objective": asdict(objective),
        "optimizer": [optimizer, dict(settings or {})],
        "contents": [[name, _sha256(picture)] for name, picture in contents.items()],
        "targets": [[style, target.pictures_sha256] for style, target in targets.items()],
        "schedule": [steps_per_epoch, batch, initial_noise, seed],
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "machine": platform.machine(),
        "versions": {**versions(), "numerics": NUMERICS_VERSION},
    }
    run = SavedRun(
        state,
        identity,
        [len(part.ids) for part in parts],
        in_memory=pairs_in_memory,
        save_every=save_every,
    )
    # What an earlier process had come to passes in no time: it would spoil the rate.
    known = run.complete
    canvases: dict[int, Canvas] = {}
    history: list[Rows] = []
    totals: list[float] = []
    for epoch in range(max_epochs + 1):
        rows = []
        for number, part in enumerate(parts):
            size = len(part.ids)
            if size not in canvases:
                shape = part.contents.shape
                canvases[size] = Canvas(backbone, objective, shape, optimizer, settings)
            painter = _Painter(part, canvases[size], steps_per_epoch, initial_noise, seed)
            rows.append(run.advance(number, epoch, painter.start, painter.advance))
        run.finish(epoch, rows)
        history.append(np.concatenate(rows))
        average = history[-1].mean(axis=0, dtype=np.float64)
        totals.append(float(average[-1]))
        if epoch >= known:
            progress(epoch, dict(zip(LOSSES, average.tolist(), strict=True)))
        if has_diverged(totals) or has_converged(totals, min_improvement):
            break
    return _table(history, [(part.style, name) for part in parts for name in part.ids])


@dataclass(frozen=True)
class _Batch:
    """Some contents in one style."""

    style: str
    ids: list[str]
    contents: Pixels
    goal: Goal


def _batches(
    contents: Mapping[str, Pixels],
    targets: Mapping[str, StyleTarget],
    backbone: Backbone,
    objective: Objective,
    size: int,
) -> Iterator[_Batch]:
    """Group the pairs by style into batches of at most `size` contents, as even as can be."""
    parts = np.array_split(list(contents), math.ceil(len(contents) / size))
    for style, target in targets.items():
        for part in parts:
            ids = part.tolist()
            pixels = np.stack([contents[name] for name in ids]).astype(np.float32)
            yield _Batch(style, ids, pixels, objective.goal(backbone, pixels, target))


@dataclass(frozen=True)
class _Painter:
    """Brings a batch from one epoch to the next."""

    part: _Batch
    canvas: Canvas
    steps_per_epoch: int
    noise: float
    seed: int

    def start(self) -> State:
        return self.canvas.blank_state(initial_images(self.part.contents, self.noise, self.seed))

    def advance(self, epoch: int, state: State) -> tuple[State, Rows]:
        """Return the state after an epoch, and the losses before its last update.

        The step that tells an epoch's losses is also the first update of the next epoch.
        """
        self.canvas.state = state
        for _ in range(self.steps_per_epoch if epoch else 1):
            losses = self.canvas.step(self.part.goal)
        rows = np.stack([loss.numpy() for loss in losses], axis=-1)
        return self.canvas.state, rows


def _table(history: Sequence[Rows], pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
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
