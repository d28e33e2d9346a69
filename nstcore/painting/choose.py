"""When a training run ends, and which optimizer and number of epochs a model takes from it.

Nothing here needs TensorFlow: curves go in, decisions come out.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from nstcore.common.errors import TrainingError
from nstcore.painting.history import read_table
from nstcore.painting.schedule import Training

CHOICE_COLUMNS = ["backbone", "aggregation", "optimizer", "epochs", "total_loss", "status"]
"""Columns of `choices.csv`, one row per model."""

Status = Literal["converged", "limit", "stalled", "diverged"]
STATUSES: dict[Status, str] = {
    "converged": "the improvement fell under the threshold",
    "limit": "the epoch limit came first: more epochs would lower the loss further",
    "stalled": "the loss never fell below that of the start",
    "diverged": "the loss became infinite or not a number",
}
"""How a run ended; in each case its whole curve is kept."""


@dataclass(frozen=True)
class Run:
    """What one optimizer came to on one model."""

    optimizer: str
    epochs: int
    """The epoch of the lowest average total loss; 0 stands for the start."""
    total_loss: float
    """The average total loss over the training pairs at that epoch."""
    status: Status


def has_diverged(totals: Sequence[float]) -> bool:
    """Tell whether the newest average total loss is infinite or not a number."""
    return not math.isfinite(totals[-1])


def has_converged(totals: Sequence[float], min_improvement: float) -> bool:
    """Tell whether the newest epoch improved the average total loss by too little to go on.

    Stops when (previous - current) / previous < `min_improvement`; a loss that rises improves by
    less than nothing and stops too.

    Args:
        totals: The average total loss of each epoch so far, that of the start first.
        min_improvement: A fraction, 0.001 for 0.1 %.
    """
    if len(totals) < 2:
        return False
    previous, current = totals[-2:]
    # Not divided by `previous`, which is 0 where a content is its own style.
    return previous - current < min_improvement * previous or current == previous == 0


def summarize(optimizer: str, totals: Sequence[float], training: Training) -> Run:
    """Sum up a finished curve.

    Args:
        optimizer: Its name.
        totals: The average total loss after 0, 1, 2 ... epochs.
        training: What it ran under.

    Raises:
        TrainingError: The curve is empty, or was cut off before any rule ended it.
    """
    if not totals:
        raise TrainingError(f"{optimizer}: an empty training curve; delete its file and run again")
    finite = [total if math.isfinite(total) else math.inf for total in totals]
    epochs = finite.index(min(finite))
    status: Status
    if has_diverged(totals):
        status = "diverged"
    elif epochs == 0:
        status = "stalled"
    elif has_converged(totals, training.min_improvement):
        status = "converged"
    elif len(totals) > training.max_epochs:
        status = "limit"
    else:
        raise TrainingError(
            f"{optimizer}: its training curve ends at epoch {len(totals) - 1} of "
            f"{training.max_epochs} though it still improves; delete its file and run again"
        )
    return Run(optimizer, epochs, totals[epochs], status)


def choose(runs: Iterable[Run], model: str) -> Run:
    """Choose the run of the lowest average total loss; of equals, the first.

    Args:
        runs: One per optimizer.
        model: What the error message calls the model.

    Raises:
        TrainingError: Every run diverged.
    """
    usable = [run for run in runs if run.status != "diverged"]
    if not usable:
        raise TrainingError(
            f"{model}: no optimizer to choose, all diverged; lower the learning rates or the "
            "backbone's alpha and beta in the config"
        )
    return min(usable, key=lambda run: run.total_loss)


def read_choices(path: Path | str) -> pd.DataFrame:
    """Read the choices of one model or of all, `CHOICE_COLUMNS`.

    Raises:
        TrainingError: The file is missing or holds something else.
    """
    return read_table(path, CHOICE_COLUMNS)
