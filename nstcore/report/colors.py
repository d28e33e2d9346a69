"""The colours of drawings; those of the page itself stand in `reports/report.css`."""

from typing import NamedTuple


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


def palette_css() -> str:
    """Return the CSS variables --curve-0, --curve-1 ... that colour a page's drawings."""
    light, dark = (
        " ".join(f"--curve-{number}: {color};" for number, color in enumerate(colors))
        for colors in zip(*((color.light, color.dark) for color in PALETTE), strict=True)
    )
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
