"""By how much the pictures of the aggregations simple and squared differ.

Nothing here needs TensorFlow.
"""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from nstcore.common.errors import DataError
from nstcore.common.tables import read_whole, write_table
from nstcore.images.io import read_image, to_pixels
from nstcore.judging.functional import mean_change

PAIR = ("simple", "squared")
"""The aggregations whose pictures are compared."""

COLUMNS = ["backbone", "style", "content_id", "difference"]
"""Columns of `pairs/<backbone>.csv`; the difference is the mean absolute one of all pixels of the
originals, 0..1."""


def measure_differences(
    backbone: str, pictures: Sequence[tuple[str, str, Path, Path]]
) -> pd.DataFrame:
    """Compare what two aggregations made of the same contents.

    Args:
        backbone: Its name.
        pictures: Style, content id and both files of each; the two are of one size.

    Returns:
        With `COLUMNS`, in the order of the pictures.

    Raises:
        ImageError: A file is missing or damaged.
        DataError: Two pictures are not of one size.
    """
    rows = []
    for style, content_id, first, second in pictures:
        ours, theirs = (to_pixels(read_image(path)) for path in (first, second))
        if ours.shape != theirs.shape:
            raise DataError(f"{first} and {second} are not of one size; delete both and run again")
        rows.append((backbone, style, content_id, mean_change(ours, theirs)))
    return pd.DataFrame(rows, columns=COLUMNS)


def write_differences(table: pd.DataFrame, path: Path | str) -> None:
    """Write `pairs/<backbone>.csv`, whole or not at all."""
    write_table(table, path)


def read_differences(paths: Iterable[Path]) -> pd.DataFrame:
    """Read the tables of several backbones as one.

    Raises:
        DataError: A file is missing or holds something else.
    """
    tables = [pd.DataFrame(columns=COLUMNS)]
    for path in paths:
        try:
            table = pd.read_csv(
                io.StringIO(read_whole(path)),
                keep_default_na=False,
                dtype=dict.fromkeys(COLUMNS[:3], str),
            )
        except FileNotFoundError:
            raise DataError(f"{path}: no such table") from None
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: damaged ({error}); delete it and run again") from None
        if list(table.columns) != COLUMNS or table["difference"].dtype != float:
            raise DataError(f"{path}: no table of differences; delete it and run again")
        tables.append(table)
    return pd.concat(tables[1:] or tables, ignore_index=True)
