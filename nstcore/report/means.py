"""The table of mean scores, as the page shows it: which way is better, and which value is best."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nstcore.judging.findings import Findings, MeanScores
from nstcore.judging.measures import MEASURES
from nstcore.judging.statistics import Interval

_ARROWS = {
    "lower": ("\N{DOWNWARDS ARROW}", "lower is better"),
    "higher": ("\N{UPWARDS ARROW}", "higher is better"),
    "near 1": ("\N{RIGHTWARDS ARROW}1", "nearest to 1 is best"),
}


@dataclass(frozen=True)
class Column:
    """A measure."""

    name: str
    arrow: str
    """Which way is better, as a sign; empty where neither is."""
    better: str
    """The same in words."""


@dataclass(frozen=True)
class Cell:
    """A model's mean of a measure."""

    mean: Interval | None
    """None where no picture has the measure."""
    way: Interval | None
    """On the way from the own content to real paintings, where that is told."""
    best: bool
    """Whether no other model's mean is better."""


@dataclass(frozen=True)
class Row:
    """A model, the floor or the ceiling."""

    scores: MeanScores
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Means:
    """The table of one judge."""

    judge: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def tabulate(findings: Findings) -> list[Means]:
    """Make a table for each judge; that of any but the first has only what needs a network."""
    tables = []
    for judge in findings.judges:
        first = judge is findings.judges[0]
        names = [name for name in findings.measures if first or (MEASURES[name].by_judge)]
        rows = [row for row in findings.rows if row.judge == judge.name]
        best = {name: _find_best(name, rows) for name in names}
        tables.append(
            Means(
                judge.name,
                tuple(
                    Column(name, *_ARROWS.get(MEASURES[name].better, ("", ""))) for name in names
                ),
                tuple(
                    Row(
                        row,
                        tuple(
                            Cell(
                                row.measures.get(name),
                                row.scaled.get(name),
                                bool(row.backbone) and _told(row, name) == best[name],
                            )
                            for name in names
                        ),
                    )
                    for row in rows
                ),
            )
        )
    return tables


def _told(row: MeanScores, name: str) -> float | None:
    found = row.measures.get(name)
    return found.mean if found and math.isfinite(found.mean) else None


def _find_best(name: str, rows: Sequence[MeanScores]) -> float:
    """Return the best mean of all models; not a number where no way is better, or there is none."""
    known = [value for row in rows if row.backbone and (value := _told(row, name)) is not None]
    better = MEASURES[name].better
    if not known or not better:
        return math.nan
    if better == "near 1":
        # As a ratio: half as much is as far as twice as much.
        return min(known, key=lambda value: abs(math.log(max(value, 1e-9))))
    return min(known) if better == "lower" else max(known)
