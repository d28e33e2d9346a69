"""Content kept against style reached, one mark per model, as SVG."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nstcore.judging.findings import Findings, MeanScores
from nstcore.judging.score_table import STYLIZED
from nstcore.judging.statistics import Interval
from nstcore.report.colors import COLORS, INK, LINE
from nstcore.report.svg import drawing, to_svg

_CONTENT, _STYLE = "content_distance", "style_distance"

_MARKERS = ("o", "s", "^", "D")
"""One per aggregation."""


def front(points: list[tuple[float, float]]) -> list[int]:
    """Return the places of the points that no other one beats in both values, by the first value.

    Example:
        >>> front([(0.2, 0.9), (0.5, 0.5), (0.4, 0.4)])
        [0, 1]
    """
    return sorted(
        (
            number
            for number, (x, y) in enumerate(points)
            if not any(a >= x and b >= y and (a, b) != (x, y) for a, b in points)
        ),
        key=lambda number: points[number],
    )


def draw_pareto(findings: Findings, prefix: str) -> str:
    """Draw the content that each model keeps against the style that it reaches.

    Both are on the scale between the untouched content (keeps 1, reaches 0) and a real painting of
    the artist (keeps 0, reaches 1), which are drawn too. A cross of lines is the 95 % interval of a
    model's two means; a dashed line joins the models that no other one beats in both.

    Args:
        findings: Rows without a scale are left out.
        prefix: See `drawing.to_svg`.

    Returns:
        See `drawing.to_svg`.
    """
    rows = [
        row
        for row in findings.rows
        if row.kind == STYLIZED and {_CONTENT, _STYLE} <= row.scaled.keys()
    ]
    backbones = list(dict.fromkeys(row.backbone for row in rows))
    aggregations = list(dict.fromkeys(row.aggregation for row in rows))
    with drawing():
        # Inches; fixed margins, since fitted ones would depend on measured texts.
        legend = 0.22 * math.ceil((len(backbones) + len(aggregations)) / 2)
        height = 4.4 + legend
        figure = Figure(figsize=(6.4, height))
        axes = figure.subplots()
        figure.subplots_adjust(
            left=0.1, right=0.98, top=1 - 0.1 / height, bottom=(0.6 + legend) / height
        )
        axes.axhline(0, color=LINE, linewidth=0.8, zorder=0)
        axes.axhline(1, color=LINE, linewidth=0.8, zorder=0)
        for place, name, align in (
            ((1, 0), "untouched content", "right"),
            ((0, 1), "real painting", "left"),
        ):
            axes.plot(*place, "*", color=INK, markersize=12, zorder=4)
            axes.annotate(
                name,
                place,
                xytext=(-9 if align == "right" else 9, -3.5),
                textcoords="offset points",
                ha=align,
            )
        marks = [_mark(row) for row in rows]
        joined = [marks[number] for number in front(marks)]
        if len(joined) > 1:
            axes.plot(
                *zip(*joined, strict=True), color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1
            )
        for row in rows:
            _draw(
                axes,
                row,
                COLORS[backbones.index(row.backbone) % len(COLORS)],
                _MARKERS[aggregations.index(row.aggregation) % len(_MARKERS)],
            )
        axes.set_xlabel("content kept (1: untouched)")
        axes.set_ylabel("style reached (1: a real painting)")
        axes.grid()
        handles = [
            Line2D([], [], color=COLORS[number % len(COLORS)], linewidth=4, label=name)
            for number, name in enumerate(backbones)
        ] + [
            Line2D([], [], color=INK, marker=_MARKERS[number], linestyle="", label=name)
            for number, name in enumerate(aggregations)
        ]
        if handles:
            figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.08, 0), ncols=2)
        return to_svg(figure, prefix)


def _mark(row: MeanScores) -> tuple[float, float]:
    return 1 - row.scaled[_CONTENT].mean, row.scaled[_STYLE].mean


def _draw(axes: Axes, row: MeanScores, colour: str, marker: str) -> None:
    x, y = _mark(row)
    content, style = row.scaled[_CONTENT], row.scaled[_STYLE]
    kept = Interval(x, 1 - content.high, 1 - content.low)
    for interval, place in ((kept, "x"), (style, "y")):
        if math.isfinite(interval.low) and math.isfinite(interval.high):
            ends = [interval.low, interval.high]
            line = (ends, [y, y]) if place == "x" else ([x, x], ends)
            axes.plot(*line, color=colour, linewidth=1.2, alpha=0.75, zorder=2)
    axes.plot(x, y, marker, color=colour, markersize=8, zorder=3)
