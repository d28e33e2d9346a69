"""Comparisons in words."""

import math

from nstcore.common.formatting import format_percent
from nstcore.judging.statistics import Comparison, fewest_pairs

LEAST_VISIBLE = 0.02
"""Mean change, 0..1, under which a picture passes for untouched: about 2 units of CIELAB, where the
least difference that one can see is 2.3 (Mahy et al. 1994)."""

# Names of what is compared.
STYLE, CONTENT, COLORS = "style reached", "content lost", "colours reached"
# How the first relates to the second where its value is the higher, and the lower one.
_RELATIONS = {
    STYLE: (
        "goes further towards the held-out paintings than",
        "goes less far towards the held-out paintings than",
    ),
    CONTENT: ("keeps less of the content than", "keeps more of the content than"),
    COLORS: (
        "comes nearer to the artists' colours than",
        "stays farther from the artists' colours than",
    ),
    "change": ("changes the pixels more than", "changes the pixels less than"),
    "grain": ("is grainier than", "is less grainy than"),
    "grid": ("shows more of a grid than", "shows less of a grid than"),
    "total loss": ("ends at a higher loss than", "ends at a lower loss than"),
}


def tell(found: Comparison, where: str = "") -> str:
    """Put a comparison into a sentence."""
    more, less = _RELATIONS[found.measure]
    prefix = f"With {where}, " if where else ""
    if found.verdict == "too few":
        enough = fewest_pairs(found.confidence)
        return (
            f"{prefix}{found.pairs} {pairs_are(found.pairs)} too few to say whether {found.first} "
            f"{more} {found.second}; it takes {enough} at least."
        )
    by = (
        f"{format_number(found.difference)} times"
        if found.ratio
        else f"by {_signed(found.difference)}"
    )
    interval = f"{format_percent(found.confidence)} interval {format_range(found.low, found.high)}"
    if found.verdict == "undecided":
        return (
            f"{prefix}{found.first} and {found.second} cannot be told apart by {found.measure}: "
            f"{by} ({interval}; {found.pairs} pairs)."
        )
    relation = more if found.verdict == "more" else less
    agreeing = found.first_higher if found.verdict == "more" else found.second_higher
    return (
        f"{prefix}{found.first} {relation} {found.second}: {by} ({interval}; so in {agreeing} of "
        f"{found.pairs} pairs; d_z {found.effect_size:.2g}){_invisible(found)}."
    )


def _invisible(found: Comparison) -> str:
    seen = found.measure != "change" or abs(found.difference) >= LEAST_VISIBLE
    return "" if seen else ", too little to see"


def pairs_are(count: int) -> str:
    """Say "pair is" of one and "pairs are" of any other number."""
    return "pair is" if count == 1 else "pairs are"


def format_number(value: float) -> str:
    """Write a number with three digits, or two where it is small."""
    if not math.isfinite(value):
        return "infinite"
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 1 else f"{value:#.3g}".rstrip(".")


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{format_number(value)}"


def format_range(low: float, high: float) -> str:
    """Write an interval, "0.12 to 0.34"."""
    return f"{format_number(low)} to {format_number(high)}"
