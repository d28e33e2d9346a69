"""Tables that read well on a terminal and can be pasted as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.timing import Quartiles, Timing, ratios

TIME = ("what", "ms", "[25 %, 75 %]", "ratio", "[25 %, 75 %]")


@dataclass(frozen=True)
class Table:
    """What a section found."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    raw: Any = field(default=None, repr=False)
    """All numbers behind it, for JSON."""

    def __str__(self) -> str:
        """Return it as Markdown, its columns aligned."""
        lines = [self.title]
        if self.rows:
            cells = [list(self.columns), *(list(row) for row in self.rows)]
            widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
            head, *body = [_line(row, widths) for row in cells]
            rule = "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|"
            lines += ["", head, rule.replace("-:", "--", 1), *body]
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [
        text.rjust(width) if place else text.ljust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join([first, *others])} |"


def time_row(timing: Timing, reference: Timing, more: Sequence[str] = ()) -> list[str]:
    """Return a row for `TIME`: milliseconds per picture, ratio within the round."""
    spent = timing.per_picture
    return [
        timing.what,
        *Quartiles.of([1000 * seconds for seconds in spent]).columns(1),
        *ratios(spent, reference.per_picture).columns(3),
        *more,
    ]
