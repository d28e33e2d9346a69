"""Which optimizer and number of epochs a model takes from its training runs.

Nothing here needs TensorFlow: curves go in, decisions come out.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from nstcore.common.errors import TrainingError
from nstcore.common.hints import show
from nstcore.losses.aggregation import AGGREGATIONS
from nstcore.painting.history import read_table
from nstcore.painting.schedule import Training
from nstcore.painting.stopping import STATUSES, Hindsight, Status, find_end, lowest

CHOICE_COLUMNS = ["backbone", "aggregation", "optimizer", "epochs", "total_loss", "status"]
"""Columns of `choices.csv`, one row per model."""


@dataclass(frozen=True)
class Choice:
    """What a model paints with."""

    aggregation: str
    optimizer: str
    epochs: int


@dataclass(frozen=True)
class Run:
    """What one optimizer came to on one model."""

    optimizer: str
    epochs: int
    """The epoch of the lowest average total loss by its end; 0 stands for the start."""
    total_loss: float
    """The average total loss over the training pairs at that epoch."""
    status: Status


def summarize(
    optimizer: str, totals: Sequence[float], training: Training, source: Path | str = ""
) -> Run:
    """Sum up a finished curve.

    Args:
        optimizer: Its name.
        totals: The average total loss after 0, 1, 2 ... epochs; what was watched after its end
            plays no part.
        training: What it ran under.
        source: Its file, to be named where it is damaged.

    Raises:
        TrainingError: The curve is empty, or was cut off before any rule ended it.
    """
    name = source or optimizer
    if not totals:
        raise TrainingError(f"{name}: an empty training curve; delete its file and run again")
    end = find_end(totals, training)
    if end is None:
        raise TrainingError(
            f"{name}: its training curve ends at epoch {len(totals) - 1} of "
            f"{training.max_epochs} though it still improves; delete its file and run again"
        )
    # What was watched after the end plays no part.
    epochs = lowest(totals[: end.epoch + 1])
    stalled = epochs == 0 and end.reason in {"plateau", "limit"}
    status: Status = "stalled" if stalled else end.reason
    return Run(optimizer, epochs, totals[epochs], status)


def tell(run: Run, seen: Hindsight | None) -> str:
    """Say in a line how a run ended, and what was seen after that."""
    line = f"{run.optimizer}: {run.status} ({STATUSES[run.status]}); lowest total loss "
    line += f"{run.total_loss:.4g} at epoch {run.epochs}"
    if seen is None:
        return line
    verdict = "stopped too early" if seen.too_early else "not stopped too early"
    return (
        f"{line}, {seen.stop_loss:.4g} at the stop at epoch {seen.stop}, {seen.later_loss:.4g} "
        f"{seen.watched} epochs later: {verdict}"
    )


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
    choices = read_table(path, CHOICE_COLUMNS)
    numbers = is_integer_dtype(choices["epochs"]) and is_numeric_dtype(choices["total_loss"])
    if not numbers or choices["epochs"].min() < 0 or not set(choices["status"]) <= STATUSES.keys():
        raise TrainingError(f"{path}: damaged choices; delete it and run again")
    return choices


def read_choice(path: Path | str, optimizers: Collection[str]) -> Choice:
    """Read the choice of one model.

    Args:
        path: What `choose` wrote of it.
        optimizers: Those that it was chosen from.

    Raises:
        TrainingError: The file is missing, or holds something else.
    """
    row = read_choices(path).iloc[0]
    aggregation, optimizer = str(row["aggregation"]), str(row["optimizer"])
    if aggregation not in AGGREGATIONS or optimizer not in optimizers:
        raise TrainingError(
            f"{path}: no choice of this study ({show(aggregation)}, {show(optimizer)}); delete it "
            "and run again"
        )
    return Choice(aggregation, optimizer, int(row["epochs"]))
