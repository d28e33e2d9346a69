"""How far apart two ways of painting are, and how surely: paired differences with intervals."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator
from scipy import stats

CONFIDENCE = 0.95
"""That all intervals of one question hold at once; each is wider where there are several."""

_RESAMPLES = 9999

Verdict = Literal["more", "less", "undecided", "too few"]
"""What the interval says of the first against the second."""


Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A number that is null in JSON where it is infinite or not a number."""


@dataclass(frozen=True)
class Interval:
    """A mean and where it may lie."""

    mean: Number
    low: Number
    high: Number


@dataclass(frozen=True)
class Comparison:
    """One way of painting against another, paired by artist and content."""

    measure: str
    """What is compared."""
    first: str
    second: str
    pairs: int
    """Artists x contents that both were measured on."""
    difference: Number
    """The mean of first minus second; where `ratio`, the geometric mean of first over second."""
    low: Number
    """Of the interval of that mean, at the level `confidence`."""
    high: Number
    ratio: bool
    confidence: float
    effect_size: Number
    """Cohen's d_z: the mean difference over the standard deviation of the differences."""
    first_higher: int
    """Pairs in which the first is the higher one."""
    second_higher: int
    """Pairs in which the second is; the others are equal."""
    verdict: Verdict


def fewest_pairs(confidence: float) -> int:
    """Return how many pairs it takes to say anything at a level of confidence.

    With fewer, not even differences that all have one sign are beyond chance by a sign test.

    Example:
        >>> fewest_pairs(0.95)
        6
    """
    return math.ceil(1 - math.log2(1 - confidence) - 1e-9)


def level(comparisons: int) -> float:
    """Return the confidence of each of several intervals that hold at once (Bonferroni)."""
    return 1 - (1 - CONFIDENCE) / max(comparisons, 1)


def estimate(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of a sample and its bootstrap interval (bias-corrected and accelerated).

    Args:
        values: At least one.
        confidence: Of the interval. One of a single value has no end: it is infinite.
    """
    sample = np.asarray(values, float)
    mean = float(sample.mean())
    if len(sample) < 2:
        return Interval(mean, -math.inf, math.inf)
    if np.ptp(sample) == 0:
        return Interval(mean, mean, mean)
    for method in ("BCa", "percentile"):
        with warnings.catch_warnings():
            # BCa has no answer for a few very uneven values; it says so by NaN, too.
            warnings.simplefilter("ignore", stats.DegenerateDataWarning)
            interval = stats.bootstrap(
                (sample,),
                np.mean,
                confidence_level=confidence,
                n_resamples=_RESAMPLES,
                method=method,
                rng=np.random.default_rng(0),
            ).confidence_interval
        if np.isfinite([interval.low, interval.high]).all():
            break
    return Interval(mean, float(interval.low), float(interval.high))


def estimate_share(count: int, of: int) -> Interval:
    """Return a share and its interval (Wilson's score)."""
    interval = stats.binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(count / of, float(interval.low), float(interval.high))


def compare(
    measure: str,
    first: tuple[str, Sequence[float]],
    second: tuple[str, Sequence[float]],
    confidence: float = CONFIDENCE,
    *,
    ratio: bool = False,
) -> Comparison:
    """Compare two ways of painting on the same artists and contents.

    Args:
        measure: What the values are.
        first: Name, and a value per pair; a pair in which one is missing is left out.
        second: Name, and the values in the same order.
        confidence: Of the interval.
        ratio: Compare positive values by their ratio.
    """
    ours, theirs = np.asarray(first[1], float), np.asarray(second[1], float)
    if ratio:
        ours, theirs = np.log(ours), np.log(theirs)
    differences = (ours - theirs)[np.isfinite(ours - theirs)]
    pairs = len(differences)
    if not pairs:
        nan = math.nan
        return Comparison(
            measure, first[0], second[0], 0, nan, nan, nan, ratio, confidence, nan, 0, 0, "too few"
        )
    interval = estimate(differences.tolist(), confidence)
    spread = float(differences.std(ddof=1)) if pairs > 1 else 0.0
    mean, low, high = (
        math.exp(end) if ratio else end for end in (interval.mean, interval.low, interval.high)
    )
    return Comparison(
        measure=measure,
        first=first[0],
        second=second[0],
        pairs=pairs,
        difference=mean,
        low=low,
        high=high,
        ratio=ratio,
        confidence=confidence,
        effect_size=interval.mean / spread if spread else math.nan,
        first_higher=int((differences > 0).sum()),
        second_higher=int((differences < 0).sum()),
        verdict=_judge(interval, pairs, confidence),
    )


def _judge(interval: Interval, pairs: int, confidence: float) -> Verdict:
    if pairs < fewest_pairs(confidence):
        return "too few"
    if interval.low > 0:
        return "more"
    return "less" if interval.high < 0 else "undecided"
