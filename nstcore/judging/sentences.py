"""Comparisons in words."""

import math

from nstcore.common.formatting import format_percent, format_score
from nstcore.judging.measures import COMPARED
from nstcore.judging.statistics import Comparison, fewest_pairs

LEAST_VISIBLE = 0.02
"""Mean change, 0..1, under which a picture passes for untouched: about 2 units of CIELAB, where the
least difference that one can see is 2.3 (Mahy et al. 1994)."""

# Names of what is compared.
TOTAL_LOSS = "total loss"
"""What optimizers are compared by, which is no measure of pictures."""

_LOSS_RELATIONS = ("ends at a higher loss than", "ends at a lower loss than")


def tell(comparison: Comparison, where: str = "", judge: str = "") -> str:
    """Put a comparison into a sentence.

    Args:
        comparison: It.
        where: The only backbone that it is about, if there is one.
        judge: Whose scores it is about, if there are several.
    """
    more, less = _relations(comparison.measure)
    first, second = comparison.first, comparison.second
    prefix = f"By {judge}: " if judge else ""
    prefix += f"With {where}, " if where else ""
    if comparison.verdict == "too few":
        enough = fewest_pairs(comparison.confidence)
        return (
            f"{prefix}{comparison.pairs} {pairs_are(comparison.pairs)} too few to say whether "
            f"{first} {more} {second}; it takes {enough} at least."
        )
    by = (
        f"{format_number(comparison.difference)} times"
        if comparison.ratio
        else f"by {format_signed(comparison.difference)}"
    )
    ends = format_range(comparison.low, comparison.high)
    interval = (
        f"{format_percent(comparison.confidence)} interval {ends}, p {format_p(comparison.p)}"
    )
    if comparison.verdict == "undecided":
        return (
            f"{prefix}{first} and {second} cannot be told apart by {comparison.measure}: {by} "
            f"({interval}; {comparison.pairs} pairs)."
        )
    relation = more if comparison.verdict == "more" else less
    agreeing = comparison.first_higher if comparison.verdict == "more" else comparison.second_higher
    return (
        f"{prefix}{first} {relation} {second}: {by} ({interval}; so in {agreeing} of "
        f"{comparison.pairs} pairs; d_z {comparison.effect_size:.2g}){_invisible(comparison)}."
    )


def _relations(label: str) -> tuple[str, str]:
    """Say how the first relates to the second where its value is the higher, and the lower one."""
    if label == TOTAL_LOSS:
        return _LOSS_RELATIONS
    _, wording = COMPARED[label]
    return wording.more, wording.less


def _invisible(comparison: Comparison) -> str:
    seen = comparison.measure != "change" or abs(comparison.difference) >= LEAST_VISIBLE
    return "" if seen else ", too little to see"


def pairs_are(count: int) -> str:
    """Say "pair is" of one and "pairs are" of any other number."""
    return "pair is" if count == 1 else "pairs are"


def format_number(value: float) -> str:
    """Write a number with three digits, or two where it is small; there is no -0."""
    if not math.isfinite(value):
        return "infinite"
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    return format_score(value)


def format_p(p: float) -> str:
    """Write the p of a test.

    Example:
        >>> format_p(0.03125), format_p(0.0001)
        ('0.031', 'below 0.001')
    """
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def format_signed(value: float) -> str:
    """Write a difference, which has its sign."""
    return f"{'+' if value > 0 else ''}{format_number(value)}"


def format_range(low: float, high: float) -> str:
    """Write an interval, "0.12 to 0.34"."""
    return f"{format_number(low)} to {format_number(high)}"
