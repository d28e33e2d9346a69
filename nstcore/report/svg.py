"""Drawings as SVG to be put inline into an HTML page."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib
from matplotlib.figure import Figure


class Color(NamedTuple):
    """A curve's colour."""

    plain: str
    """Where a drawing stands by itself."""
    light: str
    """On a light page, dark enough to be told from it."""
    dark: str
    """On a dark page."""


PALETTE = (
    Color("#0072b2", "#0072b2", "#56b4e9"),
    Color("#d55e00", "#d55e00", "#ff9a4d"),
    Color("#009e73", "#009e73", "#2fcf9f"),
    Color("#cc79a7", "#b5508a", "#e39ac6"),
    Color("#e69f00", "#b87500", "#f0b93a"),
    Color("#56b4e9", "#3a8fc4", "#d5e3ee"),
)
"""Blue, vermilion, bluish green, reddish purple, orange and sky blue of Okabe and Ito's "Color
Universal Design" (2008)."""

COLORS = tuple(color.plain for color in PALETTE)
INK = "#1a1a1b"
LINE = "#c9c9ca"

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


def palette_css() -> str:
    """Return the CSS variables --curve-0, --curve-1 ... that colour a page's drawings."""
    light, dark = (
        " ".join(f"--curve-{number}: {color};" for number, color in enumerate(colors))
        for colors in zip(*((color.light, color.dark) for color in PALETTE), strict=True)
    )
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


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
