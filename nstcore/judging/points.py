"""What a claim says of one subject: whether a mean lies beyond a bound, and why it cannot be said.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from nstcore.common.formatting import format_percent
from nstcore.judging.findings import Answer, Point, Statement
from nstcore.judging.sentences import format_range, pairs_are
from nstcore.judging.statistics import (
    CONFIDENCE,
    Interval,
    Verdict,
    decide,
    estimate,
    fewest_pairs,
    sign_flip_test,
)

WORDS: Mapping[Verdict, str] = {"more": "yes", "less": "no"}
"""What decided verdicts are in a claim."""

# Artists or contents of which an interval for all others is wide in any case.
_FEW = 3


@dataclass(frozen=True)
class Told:
    """A question with both of its answers."""

    answer: Answer
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Against:
    """A mean against a bound."""

    interval: Interval
    pairs: int
    p: float
    """Of the exact test of the differences to the bound."""
    verdict: Verdict
    fewest: int = 0
    """Artists or contents, of whichever there are fewer; 0 where that plays no part."""


def measure_against(values: pd.Series, than: float, confidence: float) -> Against:
    """Hold the mean of values against a bound.

    Args:
        values: By style and content id.
        than: The bound.
        confidence: Of the interval, and 1 minus what p has to be below.
    """
    if not len(values):
        return Against(Interval(math.nan, math.nan, math.nan), 0, math.nan, "too few")
    interval = estimate(values, confidence)
    p = sign_flip_test(values - than)
    verdict = decide(interval, len(values), p, confidence, than)
    return Against(interval, len(values), p, verdict, _count_fewest(values))


def _count_fewest(values: pd.Series) -> int:
    counts = [values.index.get_level_values(level).nunique() for level in ("style", "content_id")]
    return min(counts)


def why_unsettled(seen: Against) -> str:
    """Say what keeps a mean from lying beyond its bound; empty where it does."""
    if seen.verdict == "too few":
        enough = fewest_pairs(CONFIDENCE)
        return f"{seen.pairs} {pairs_are(seen.pairs)} too few, it takes {enough}"
    if seen.verdict in WORDS:
        return ""
    few = (
        f": {seen.fewest} artists or contents are few to tell of others by"
        if 1 < seen.fewest <= _FEW
        else ""
    )
    return f"interval and test do not settle it{few}"


def why_not(verdict: Verdict, statement: Statement) -> str:
    """Say what keeps a comparison from being told; empty where it can be."""
    made = statement.comparison
    if verdict == "too few":
        enough = fewest_pairs(made.confidence)
        return f"{made.pairs} {pairs_are(made.pairs)} too few, it takes {enough}"
    return "" if verdict in WORDS else "interval and test do not tell them apart"


def to_point(subject: str, statement: Statement, label: str, answer: str, why: str = "") -> Point:
    """Put a comparison into a claim."""
    made = statement.comparison
    return Point(
        subject,
        answer,
        label,
        made.difference,
        made.low,
        made.high,
        made.confidence,
        made.pairs,
        made.p,
        why,
    )


def tell_too_few(count: int) -> str:
    """Say that there are too few pairs."""
    enough = fewest_pairs(CONFIDENCE)
    return f"The sample is too small to say: {count} {pairs_are(count)} scored, it takes {enough}."


def tell_interval(interval: Interval, confidence: float = CONFIDENCE) -> str:
    """Write an interval with its level."""
    ends = format_range(interval.low, interval.high)
    return f"{format_percent(confidence)} interval {ends}"


def some(names: Sequence[str], most: int = 3) -> str:
    """List a few names, and how many more there are.

    Example:
        >>> some(["a", "b", "c"], 2)
        'a, b and 1 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def sentence(parts: Sequence[str]) -> str:
    """Make a sentence of parts; nothing of none."""
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def count_pairs(statements: Iterable[Iterable[Statement]]) -> list[int]:
    """Return what each comparison rests on."""
    return [said.comparison.pairs for all_said in statements for said in all_said]
