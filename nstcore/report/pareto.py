"""Content kept against style reached, one mark per model, as SVG."""

import math
from collections.abc import Iterable, Sequence
from itertools import product

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nstcore.judging.findings import Findings, MeanScores
from nstcore.judging.score_table import PAINTING, STYLIZED, UNTOUCHED
from nstcore.judging.statistics import Interval
from nstcore.report.colors import COLORS, INK, LINE
from nstcore.report.svg import drawing, to_svg

_CONTENT, _STYLE = "content_distance", "style_distance"

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
"""One per backbone: shapes that are told apart without their colours."""

# Points; a phone shows the figure at about its own size.
_SIDE = 4.7 * 72
_LARGE, _SMALL = 10.0, 9.0
# Points between marks that cover each other.
_TOGETHER = 9.0
# Of a font's size: the mean width of DejaVu Sans' letters, and the height of a line.
_LETTER, _LINE = 0.62, 1.15
# How far an interval may lead beyond the marks, of what they span; the rest is told by an arrow.
_BEYOND = 0.12

Place = tuple[float, float]
Limits = tuple[Place, Place]
"""What the axes show: from where to where, across and up."""
Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""


def front(points: list[Place]) -> list[int]:
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


def scaled_rows(findings: Findings, kind: str = STYLIZED) -> list[MeanScores]:
    """Return the rows of the first judge that have a place in the picture."""
    return [
        row
        for row in findings.rows
        if row.kind == kind
        and row.judge == findings.judges[0].name
        and {_CONTENT, _STYLE} <= row.scaled.keys()
    ]


def draw_pareto(findings: Findings, prefix: str) -> str:
    """Draw the content that each model keeps against the style that it reaches.

    Both are the change from the own untouched content (keeps 1, reaches 0) on the way to real
    paintings (keep 0, reach 1), which are drawn too, with the spread of each. A backbone is a shape
    and a colour, named beside its marks; each mark is named by its aggregation, unless all of a
    backbone's lie in one place. A cross of lines is
    the 95 % interval of a model's two means, an arrow its end where it leads out of the picture. A
    hollow mark is a model whose training is to be looked at first; a dashed line joins the models
    that no other one beats in both.

    Args:
        findings: Rows without a scale are left out; without any, the picture says so.
        prefix: See `drawing.to_svg`.

    Returns:
        See `drawing.to_svg`.
    """
    rows = scaled_rows(findings)
    with drawing():
        figure = Figure(figsize=(_SIDE / 72, _SIDE / 72))
        axes = figure.subplots()
        # Fixed margins, since fitted ones would depend on measured texts.
        figure.subplots_adjust(left=0.13, right=0.98, top=0.98, bottom=0.12)
        if rows:
            _fill(axes, findings, rows)
        else:
            axes.axis("off")
            text = "no scale: the judge does not tell\nuntouched contents from paintings here"
            axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
        return to_svg(figure, prefix)


def _fill(axes: Axes, findings: Findings, rows: Sequence[MeanScores]) -> None:
    marks = [_mark(row) for row in rows]
    limits = _limits([*marks, (1.0, 0.0), (0.0, 1.0)])
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    for value in (0, 1):
        axes.axhline(value, color=LINE, linewidth=0.8, zorder=0)
        axes.axvline(value, color=LINE, linewidth=0.8, zorder=0)
    taken: list[Box] = []
    for kind, end, name in (
        (UNTOUCHED, (1.0, 0.0), "untouched content"),
        (PAINTING, (0.0, 1.0), "real painting"),
    ):
        for row in scaled_rows(findings, kind):
            _cross(axes, end, row, INK, limits)
        axes.plot(*end, "*", color=INK, markersize=11, zorder=4)
        at = _to_points(end, limits)
        taken.append(_around(at, 14, 14))
        _write(axes, name, at, _SMALL, taken, color=INK)
    joined = [marks[number] for number in front(marks)]
    if len(joined) > 1:
        axes.plot(
            *zip(*joined, strict=True), color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1
        )
    backbones = list(dict.fromkeys(row.backbone for row in rows))
    for row, place in zip(rows, marks, strict=True):
        number = backbones.index(row.backbone)
        color = COLORS[number % len(COLORS)]
        _cross(axes, place, row, color, limits)
        face = "none" if row.cautions else color
        marker = _MARKERS[number % len(_MARKERS)]
        axes.plot(
            *place, marker, color=color, markerfacecolor=face, markersize=8, zorder=3, mew=1.6
        )
        taken.append(_around(_to_points(place, limits), 9, 9))
    for number, backbone in enumerate(backbones):
        own = [place for row, place in zip(rows, marks, strict=True) if row.backbone == backbone]
        # Beside the highest of its marks.
        at = _to_points(max(own, key=lambda place: (place[1], place[0])), limits)
        _write(axes, backbone, at, _LARGE, taken, COLORS[number % len(COLORS)], weight="bold")
        named = [row.aggregation for row in rows if row.backbone == backbone]
        for at, names in _gather([_to_points(place, limits) for place in own], named):
            # Where all of a backbone's marks lie in one place, its name says enough.
            if len(names) < len(named) or len(named) == 1:
                text = ", ".join(names)
                _write(axes, text, at, _SMALL, taken, COLORS[number % len(COLORS)])
    axes.set_xlabel("content kept (1: untouched)")
    axes.set_ylabel("style reached (0: own content, 1: real paintings)")


def _mark(row: MeanScores) -> Place:
    return 1 - row.scaled[_CONTENT].mean, row.scaled[_STYLE].mean


def _limits(
    places: Sequence[Place],
) -> Limits:
    """Return what the axes show: every mark, and room for names."""
    ends = []
    for values in zip(*places, strict=True):
        low, high = min(values), max(values)
        room = _BEYOND * (high - low)
        ends.append((low - room, high + room))
    return ends[0], ends[1]


def _cross(
    axes: Axes,
    place: Place,
    row: MeanScores,
    color: str,
    limits: Limits,
) -> None:
    """Draw a model's two intervals; an end beyond the axes becomes an arrow."""
    content, style = row.scaled[_CONTENT], row.scaled[_STYLE]
    intervals = Interval(0, 1 - content.high, 1 - content.low), style
    for number, (interval, (least, most)) in enumerate(zip(intervals, limits, strict=True)):
        if math.isnan(interval.low) or math.isnan(interval.high) or interval.low == interval.high:
            continue
        ends = [max(interval.low, least), min(interval.high, most)]
        other = [place[1 - number]] * 2
        line = (ends, other) if number == 0 else (other, ends)
        axes.plot(*line, color=color, linewidth=1.1, alpha=0.7, zorder=2)
        arrows = (("<", ">"), ("v", "^"))[number]
        for end, beyond, arrow in (
            (ends[0], interval.low < least, arrows[0]),
            (ends[1], interval.high > most, arrows[1]),
        ):
            if beyond:
                at = (end, other[0]) if number == 0 else (other[0], end)
                axes.plot(*at, arrow, color=color, markersize=5, zorder=2, clip_on=False)


def _to_points(place: Place, limits: Limits) -> Place:
    """Return where a mark lies within the axes, in points from their lower left corner."""
    width, height = 0.85 * _SIDE, 0.86 * _SIDE
    x, y = ((value - low) / (high - low) for value, (low, high) in zip(place, limits, strict=True))
    return x * width, y * height


def _gather(places: Sequence[Place], names: Sequence[str]) -> list[tuple[Place, list[str]]]:
    """Put the names of marks together that cover each other, at the first one's place."""
    gathered: list[tuple[Place, list[str]]] = []
    for place, name in zip(places, names, strict=True):
        near = next((one for one in gathered if math.dist(one[0], place) < _TOGETHER), None)
        if near:
            near[1].append(name)
        else:
            gathered.append((place, [name]))
    return gathered


def _around(at: Place, width: float, height: float) -> Box:
    return at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2


def _write(
    axes: Axes,
    text: str,
    at: Place,
    size: float,
    taken: list[Box],
    color: str,
    weight: str = "normal",
) -> None:
    """Write a name beside a mark where it covers nothing, as near as there is room."""
    width, height = len(text) * size * _LETTER, size * _LINE
    boxes = list(_candidates(at, width, height))
    box = min(boxes, key=lambda one: (_covers(one, taken), boxes.index(one)))
    taken.append(box)
    center = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    away = math.hypot(center[0] - at[0], center[1] - at[1])
    axes.annotate(
        text,
        (at[0] / (0.85 * _SIDE), at[1] / (0.86 * _SIDE)),
        xycoords="axes fraction",
        xytext=(center[0] - at[0], center[1] - at[1]),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=size,
        color=color,
        fontweight=weight,
        zorder=5,
        # A name that is not beside its mark is led to it.
        arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "alpha": 0.7}
        if away > width / 2 + 16
        else None,
    )


def _candidates(at: Place, width: float, height: float) -> Iterable[Box]:
    """Yield boxes around a mark, nearer ones first."""
    for distance, (right, up) in product(
        (8.0, 18.0, 30.0, 44.0, 60.0, 80.0),
        ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)),
    ):
        center = (
            at[0] + right * (distance + width / 2),
            at[1] + up * (distance + height / 2),
        )
        yield _around(center, width, height)


def _covers(box: Box, taken: Iterable[Box]) -> float:
    """Return by how much a box covers others, or leads out of the axes; 0 where it is free."""
    inside = _shared(box, (2, 2, 0.85 * _SIDE - 2, 0.86 * _SIDE - 2))
    outside = (box[2] - box[0]) * (box[3] - box[1]) - inside
    return round(4 * outside + sum(_shared(box, other) for other in taken), 3)


def _shared(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)
