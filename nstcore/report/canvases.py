"""What canvases do, as the page shows it: a table, and pictures of one content side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from nstcore.judging.canvas_answers import PLAIN_FRINGES, PLAIN_GRID, PRICES, SYMPTOMS
from nstcore.judging.canvases import PLAIN
from nstcore.judging.findings import CanvasRow, Findings
from nstcore.judging.paired import FRINGES, GRID, agreed
from nstcore.judging.statistics import Comparison, Interval, Verdict

COLUMNS = (*PRICES, *SYMPTOMS)
"""What is told of each canvas, by its label among the `measures.COMPARED`."""

BARS = {GRID: PLAIN_GRID, FRINGES: PLAIN_FRINGES}
"""What a picture without a symptom stays below: see there."""


@dataclass(frozen=True)
class Cell:
    """A measure of a model."""

    level: Interval | None
    """Its mean by the first judge; None where no picture has the measure."""
    change: Comparison | None
    """Against plain pixels, by the first judge; None of plain pixels themselves."""
    verdict: Verdict | None
    """What all judges say of that change; None of plain pixels themselves."""
    bar: str
    """How it lies to its bar beyond chance, "below 1.2"; empty where that is open."""


@dataclass(frozen=True)
class Line:
    """A network on one canvas."""

    row: CanvasRow
    canvas: str
    """What its pictures are held as, in a few words."""
    cells: tuple[Cell, ...]
    """For each of the `COLUMNS`."""


def list_canvases(findings: Findings) -> list[Line]:
    """Return a line for each network and canvas; none where nothing is a cure."""
    return [
        Line(row, row.cures or PLAIN, tuple(_cell(row, label) for label in COLUMNS))
        for row in findings.canvases
    ]


def group_by_network(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Put the lines of one network together."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.row.network, []).append(line)
    return found


def _cell(row: CanvasRow, label: str) -> Cell:
    changes = [one for one in row.changes if one.comparison.measure == label]
    side = {"more": "above", "less": "below"}.get(row.bars.get(label, ""))
    return Cell(
        row.levels.get(label),
        changes[0].comparison if changes else None,
        agreed(changes) if changes else None,
        f"{side} {BARS[label]:g}" if side else "",
    )
