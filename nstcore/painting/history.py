"""The losses of a training run, epoch by epoch and pair by pair.

Nothing here needs TensorFlow.
"""

import io
from pathlib import Path

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype

from nstcore.common.errors import TrainingError
from nstcore.common.tables import read_whole

LOSSES = ["content_loss", "style_loss", "total_loss"]
HISTORY_COLUMNS = ["epoch", "style", "content_id", *LOSSES]
"""Columns of `training/<backbone>/<aggregation>/<optimizer>.csv`, one row per epoch and pair."""


def average_curve(history: pd.DataFrame) -> pd.DataFrame:
    """Average the losses over the pairs of each epoch.

    Args:
        history: Rows with `HISTORY_COLUMNS`.

    Returns:
        One row per epoch (the index, rising from 0) with the columns of `LOSSES`. A pair whose
        loss is not a number makes its epoch's average not a number.
    """
    return history.groupby("epoch")[LOSSES].mean(skipna=False)


def read_history(path: Path | str) -> pd.DataFrame:
    """Read one run's losses, `HISTORY_COLUMNS`.

    Raises:
        TrainingError: The file is missing, holds something else, or lacks a pair of an epoch.
    """
    history = read_table(path, HISTORY_COLUMNS)
    epochs = history["epoch"]
    whole = is_integer_dtype(epochs) and all(map(is_numeric_dtype, history[LOSSES].dtypes))
    if whole:
        pairs = [
            sorted(zip(rows["style"], rows["content_id"], strict=True))
            for _, rows in history.groupby("epoch")
        ]
        whole = sorted(set(epochs)) == list(range(len(pairs))) and all(
            one == pairs[0] for one in pairs
        )
    if not whole:
        raise TrainingError(f"{path}: damaged losses; delete it and run again")
    return history


def read_table(path: Path | str, columns: list[str]) -> pd.DataFrame:
    """Read a table that has exactly these columns, and at least one row.

    Raises:
        TrainingError: The file is missing or holds something else.
    """
    try:
        # An artist may be called "None" or "NA": only the losses have missing values.
        missing = {name: ["nan", ""] for name in LOSSES}
        table = pd.read_csv(io.StringIO(read_whole(path)), keep_default_na=False, na_values=missing)
    except FileNotFoundError:
        raise TrainingError(f"{path}: no such table") from None
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: damaged ({error}); delete it and run again") from None
    if list(table.columns) != columns or table.empty:
        wanted = ", ".join(columns)
        raise TrainingError(f"{path}: expected rows of {wanted}; delete it and run again")
    return table
