"""What is measured of pictures, as tables: of stylised ones, and of those that they lie between.

Nothing here needs TensorFlow.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nstcore.common.errors import DataError, OutdatedError
from nstcore.common.files import checked_write
from nstcore.common.tables import read_whole
from nstcore.judging.measures import MEASURES

STYLIZED, UNTOUCHED, PAINTING = "stylised", "untouched content", "held-out painting"
"""The kinds of rows: a model's picture, the floor, the ceiling."""

KEY = ["judge", "backbone", "aggregation", "style", "content_id"]
_STYLE_KEY = ["judge", "style"]
ROW_COLUMNS = [*KEY, "kind", *MEASURES, "nearest_style", "sha256"]
"""Columns of the tables that single jobs write. For the ceiling, `content_id` is the painting's id
and what concerns the content is averaged over the test contents; `backbone` and `aggregation` are
empty for floor and ceiling. `sha256` is that of the picture's file. Measures that need no network
are the same with every judge."""

CHANGED = [
    name for name, measure in MEASURES.items() if name != "right_artist" and not measure.of_content
]
"""Measures that are also told as the change from each picture's own content."""
RATIOS = {name for name, one in MEASURES.items() if one.wording and one.wording.ratio}
SCALED = [name for name, one in MEASURES.items() if one.wording and one.wording.scaled]
"""Measures that are also told on the way from untouched contents to real paintings."""
SCORE_COLUMNS = [
    *ROW_COLUMNS,
    *(f"{name}_change" for name in CHANGED),
    *(f"{name}_scaled" for name in SCALED),
]
"""Columns of `scores.csv`."""

# What the tables of all versions have, those too that knew of one judge only.
_ALWAYS = {"backbone", "aggregation", "style", "content_id", "kind", "nearest_style", "sha256"}

_CACHE_KEY = "judged"


def scale(rows: pd.DataFrame, bounds: pd.DataFrame) -> pd.DataFrame:
    """Tell each score as a change from the picture's own content, and on a scale, too.

    A change is the value less that of the picture's own untouched content in the same style; of a
    ratio, the value over it. The scale counts the change by the way from untouched contents to real
    paintings: 0 is a picture that is as near as its own content was, 1 one that has come nearer by
    as much as the mean held-out painting is nearer than the mean untouched content. Floor and
    ceiling have no content of their own: they are told from the mean of the floor, so that its
    spread is seen.

    Where a style's two means lie apart by less than the standard deviation of the contents or that
    of the paintings, or the paintings lie on the far side, there is no scale, and the values are
    missing.

    Args:
        rows: With `ROW_COLUMNS`.
        bounds: Floor and ceiling, with `ROW_COLUMNS`.

    Returns:
        The rows with the `SCORE_COLUMNS`.
    """
    told = list(dict.fromkeys([*CHANGED, *SCALED]))
    untouched = bounds[bounds["kind"] == UNTOUCHED]
    by_style = untouched.groupby(_STYLE_KEY)[told]
    floors, paintings = (
        by_style.mean(),
        bounds[bounds["kind"] == PAINTING].groupby(_STYLE_KEY)[told],
    )
    ways = paintings.mean() - floors
    # Of a single content or painting no spread is known.
    spreads = [one.std().fillna(0).reindex(ways.index) for one in (by_style, paintings)]
    usable = (ways.abs() > spreads[0]) & (ways.abs() > spreads[1])
    for name in told:
        if not MEASURES[name].of_content:
            usable[name] &= ways[name] < 0
    styles = pd.MultiIndex.from_frame(rows[_STYLE_KEY])
    own = untouched.set_index([*_STYLE_KEY, "content_id"])[told]
    starts = own.reindex(pd.MultiIndex.from_frame(rows[[*_STYLE_KEY, "content_id"]]))
    starts = starts.set_axis(rows.index)
    bound = rows["kind"] != STYLIZED
    starts[bound] = floors.reindex(styles).set_axis(rows.index)[bound]
    changes, scaled = {}, {}
    for name in CHANGED:
        values = rows[name].astype(float)
        changes[f"{name}_change"] = (
            values / starts[name].where(starts[name] > 0)
            if name in RATIOS
            else values - starts[name]
        )
    lengths = ways.where(usable).reindex(styles).set_axis(rows.index)
    for name in SCALED:
        scaled[f"{name}_scaled"] = (rows[name].astype(float) - starts[name]) / lengths[name]
    return pd.concat([rows[ROW_COLUMNS], pd.DataFrame(changes | scaled, rows.index)], axis=1)


def collect(bounds: pd.DataFrame, tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of floor, ceiling and all models together.

    Args:
        bounds: Floor and ceiling of every judge, with `ROW_COLUMNS`.
        tables: Those of the models, likewise.

    Returns:
        The rows with `SCORE_COLUMNS`, by judge in the order of the bounds, each on the scale that
        is its judge's own; without rows of a judge that has no bounds.
    """
    rows = pd.concat([*tables, bounds], ignore_index=True)
    by_judge = [
        scale(rows[rows["judge"] == judge], bounds[bounds["judge"] == judge])
        for judge in dict.fromkeys(bounds["judge"])
    ]
    return pd.concat(by_judge, ignore_index=True)


def refuse_incomplete(rows: pd.DataFrame, bounds: pd.DataFrame, path: Path | str) -> None:
    """See that each model has a row for each content: a table cut between two rows is still one.

    Args:
        rows: Those of models' pictures, and any others, with `ROW_COLUMNS`.
        bounds: Those of floor and ceiling, likewise.
        path: Where the rows are from.

    Raises:
        DataError: One lacks some.
    """
    untouched = bounds[bounds["kind"] == UNTOUCHED]
    for (judge, *model), own in rows[rows["kind"] == STYLIZED].groupby(KEY[:3]):
        wanted = untouched[untouched["judge"] == judge]
        missing = {*_pairs(wanted)} - {*_pairs(own)}
        if missing:
            name = "/".join(map(str, model))
            raise DataError(
                f"{path}: {len(missing)} pictures of {name} are missing; delete it and run again"
            )


def _pairs(rows: pd.DataFrame) -> Iterable[tuple[str, str]]:
    return zip(rows["style"], rows["content_id"], strict=True)


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
    with checked_write(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n", float_format="%.7g")


def read_job_scores(path: Path | str) -> pd.DataFrame:
    """Read a table of rows that one job wrote, `ROW_COLUMNS`.

    Raises:
        OutdatedError: It is one of another version.
        DataError: The file is missing or holds something else.
    """
    table = _read(path, None)
    if list(table.columns)[: len(ROW_COLUMNS)] != ROW_COLUMNS:
        raise _refuse(table, path)
    return table[ROW_COLUMNS]


def read_scores(path: Path | str) -> pd.DataFrame:
    """Read `scores.csv`, `SCORE_COLUMNS`.

    Raises:
        OutdatedError: It is one of another version.
        DataError: The file is missing or holds something else.
    """
    scores = _read(path, SCORE_COLUMNS)
    refuse_incomplete(scores, scores, path)
    return scores


def _read(path: Path | str, columns: list[str] | None) -> pd.DataFrame:
    numbers = [
        name for name in SCORE_COLUMNS if name not in {*KEY, "kind", "nearest_style", "sha256"}
    ]
    types: defaultdict[str, type] = defaultdict(lambda: str, dict.fromkeys(numbers, float))
    try:
        # A style may be called "None" or "NA", and a content "1": only measures are numbers.
        table = pd.read_csv(
            io.StringIO(read_whole(path)),
            keep_default_na=False,
            na_values={name: [""] for name in numbers},
            dtype=types,
        )
    except FileNotFoundError:
        raise DataError(f"{path}: no such table") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run again") from None
    if columns is not None and list(table.columns) != columns:
        raise _refuse(table, path)
    return table


def _refuse(table: pd.DataFrame, path: Path | str) -> DataError:
    """Tell scores of a version with other columns from what are none."""
    if set(table.columns) >= _ALWAYS:
        return OutdatedError(f"{path}: scores of another version; run the study to score anew")
    return DataError(f"{path}: no table of scores; delete it and run again")
