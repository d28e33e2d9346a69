"""What is measured of pictures, as tables: of stylised ones, and of those that they lie between.

Nothing here needs TensorFlow.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write
from nstcore.judging.measures import MEASURES

STYLIZED, UNTOUCHED, PAINTING = "stylised", "untouched content", "held-out painting"
"""The kinds of rows: a model's picture, the floor, the ceiling."""

KEY = ["backbone", "aggregation", "style", "content_id"]
ROW_COLUMNS = [*KEY, "kind", *MEASURES, "nearest_style", "sha256"]
"""Columns of the tables that single jobs write. For the ceiling, `content_id` is the painting's id
and what concerns the content is averaged over the test contents; `backbone` and `aggregation` are
empty for floor and ceiling. `sha256` is that of the picture's file."""

SCALED = [name for name, measure in MEASURES.items() if measure.has_scale]
SCORE_COLUMNS = [*ROW_COLUMNS, *(f"{name}_scaled" for name in SCALED)]
"""Columns of `score_table.csv`."""

_CACHE_KEY = "judged"


def scale(rows: pd.DataFrame, bounds: pd.DataFrame) -> pd.DataFrame:
    """Give each score on the scale from the untouched content (0) to a real painting (1), too.

    Both ends are the style's own: the mean of the untouched test contents, and the mean of the
    held-out paintings. So a single untouched content may lie beside 0 and a single painting beside
    1, and a picture beyond 1 where it is nearer to the held-out paintings together than one of
    them is to the others. Where a measure tells the two means apart by less than the standard
    deviation of the paintings, there is no scale and the value is missing.

    Args:
        rows: With `ROW_COLUMNS`.
        bounds: Floor and ceiling, with `ROW_COLUMNS`.

    Returns:
        The rows with the `SCORE_COLUMNS`.
    """
    floors = bounds[bounds["kind"] == UNTOUCHED].groupby("style")[SCALED].mean()
    paintings = bounds[bounds["kind"] == PAINTING].groupby("style")[SCALED]
    styles = rows["style"]
    starts = floors.reindex(styles).to_numpy()
    lengths = (paintings.mean() - floors).reindex(styles).to_numpy()
    spreads = paintings.std().reindex(styles).to_numpy()
    values = rows[SCALED].to_numpy(float)
    scaled = np.divide(
        values - starts, lengths, out=np.full_like(values, np.nan), where=np.abs(lengths) > spreads
    )
    named = pd.DataFrame(scaled, rows.index, [f"{name}_scaled" for name in SCALED])
    return pd.concat([rows[ROW_COLUMNS], named], axis=1)


def collect(bounds: pd.DataFrame, tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of floor, ceiling and all models together, with `SCORE_COLUMNS`."""
    rows = pd.concat([*tables, bounds], ignore_index=True)
    return scale(rows, bounds)


class Cache:
    """Scores of an earlier run, to be used again for pictures that are still the same."""

    def __init__(self, path: Path | str, judged: str) -> None:
        """Open a table that `write` wrote, if it is there and can be read.

        Args:
            path: The table.
            judged: A digest of all that the scores depend on beside the picture.
        """
        self._path, self._judged = Path(path), judged
        try:
            table = _read(path, [*ROW_COLUMNS, _CACHE_KEY])
        except DataError:
            table = pd.DataFrame(columns=[*ROW_COLUMNS, _CACHE_KEY])
        known = table[table[_CACHE_KEY] == judged]
        self._rows: dict[tuple[str, str, str], dict[str, Any]] = {
            (row["style"], row["content_id"], row["sha256"]): {str(key): row[key] for key in row}
            for row in known[ROW_COLUMNS].to_dict("records")
        }

    def find(self, style: str, content_id: str, sha256: str) -> dict[str, Any] | None:
        """Return a picture's row, or None if it has to be scored."""
        return self._rows.get((style, content_id, sha256))

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        """Replace the table, whole or not at all."""
        table = pd.DataFrame(rows, columns=ROW_COLUMNS).assign(**{_CACHE_KEY: self._judged})
        write_scores(table, self._path)


def write_scores(table: pd.DataFrame, path: Path | str) -> None:
    """Write a table of scores as CSV, whole or not at all; what is missing is empty."""
    with atomic_write(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n", float_format="%.7g")


def read_job_scores(path: Path | str) -> pd.DataFrame:
    """Read a table of rows that one job wrote, `ROW_COLUMNS`.

    Raises:
        DataError: The file is missing or holds something else.
    """
    table = _read(path, None)
    if list(table.columns)[: len(ROW_COLUMNS)] != ROW_COLUMNS:
        raise DataError(f"{path}: no table of scores; delete it and run again")
    return table[ROW_COLUMNS]


def read_scores(path: Path | str) -> pd.DataFrame:
    """Read `score_table.csv`, `SCORE_COLUMNS`.

    Raises:
        DataError: The file is missing or holds something else.
    """
    return _read(path, SCORE_COLUMNS)


def _read(path: Path | str, columns: list[str] | None) -> pd.DataFrame:
    numbers = [*MEASURES, *(f"{name}_scaled" for name in SCALED)]
    types: defaultdict[str, type] = defaultdict(lambda: str, dict.fromkeys(numbers, float))
    try:
        # A style may be called "None" or "NA", and a content "1": only measures are numbers.
        table = pd.read_csv(
            path,
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
            dtype=types,
        )
    except FileNotFoundError:
        raise DataError(f"{path}: no such table") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a table ({error}); delete it and run again") from None
    if columns is not None and list(table.columns) != columns:
        raise DataError(f"{path}: no table of scores; delete it and run again")
    return table
