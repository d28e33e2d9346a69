"""Drawings as SVG to be put inline into an HTML page."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from nstcore.report.colors import COLORS, INK, LINE

_STYLE: dict[Any, Any] = {
    # Texts stay texts, and the same curves give the same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "nstcore",
    # Matplotlib brings this font along, so that nothing depends on the machine's.
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the project's style, whatever the user's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def to_svg(figure: Figure, prefix: str) -> str:
    """Turn a figure into an element of a page that may hold several.

    Args:
        figure: Made within `drawing`, and still in it.
        prefix: Stands before every id of the drawing: unique within a page, letters and digits.

    Returns:
        An `<svg>` element without size, to fill its container; colours are CSS variables with the
        printed ones as their defaults, texts take the `color` of the page.
    """
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    for part in (r"<metadata>.*?</metadata>", r"<style .*?</style>"):
        svg = re.sub(rf"\s*{part}", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg [^>]*?) width="\S+" height="\S+"', r"\1", svg, count=1)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    for number, colour in enumerate(COLORS):
        svg = svg.replace(colour, f"var(--curve-{number}, {colour})")
    return svg.replace(LINE, f"var(--line, {LINE})").replace(INK, "currentColor").strip()
