"""How far apart two ways of painting are, and how surely: paired differences with intervals.

Pairs share artists and contents, so they are no independent sample. Intervals therefore take
artists and contents as two crossed random effects, and a claim needs an exact test beside them.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BeforeValidator
from scipy import optimize, special, stats

CONFIDENCE = 0.95
"""That all intervals of one question hold at once; each is wider where there are several."""

_RESAMPLES = 9999
_DRAWS = 4000

Verdict = Literal["more", "less", "undecided", "too few"]
"""What interval and test say of the first against the second."""


Number = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A number that is null in JSON where it is infinite or not a number."""

Array = NDArray[np.float64]


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
    p: Number
    """Of the exact test (see `sign_flip_test`), before any correction."""
    verdict: Verdict
    """"more" or "less" needs both: an interval that leaves 0 out, and p below 1 - `confidence`."""


def fewest_pairs(confidence: float) -> int:
    """Return how many pairs it takes to say anything at a level of confidence.

    With fewer, not even differences that all have one sign are beyond chance by an exact test.

    Example:
        >>> fewest_pairs(0.95)
        6
    """
    return math.ceil(1 - math.log2(1 - confidence) - 1e-9)


def level(comparisons: int) -> float:
    """Return the confidence of each of several intervals that hold at once (Bonferroni)."""
    return 1 - (1 - CONFIDENCE) / max(comparisons, 1)


def estimate(values: pd.Series, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of a sample and its interval.

    Values are taken for mean + artist + content + rest, the latter three random and independent
    (a two-way random-effects model). The interval is that of the generalised pivotal quantity of
    the mean's variance (Weerahandi 1993): each mean square over its expectation follows a
    chi-squared law; what mean squares of artists and contents exceed that of the rest by counts
    once; and the variance is never taken for less than what the smaller of the two says, since a
    difference of chance may even fall below 0. With one artist or one content alone it is
    Student's, over the other grouping.

    Args:
        values: At least one, without missing ones. By style and content id where the index has two
            levels; with any other index, an independent sample.
        confidence: Of the interval. One of a single value, or of a single group, has no end: it is
            infinite.
    """
    sample = values.to_numpy(float)
    mean = float(sample.mean())
    if len(sample) < 2:
        return Interval(mean, -math.inf, math.inf)
    if np.ptp(sample) == 0:
        return Interval(mean, mean, mean)
    half = _half_width(values, confidence)
    return Interval(mean, mean - half, mean + half)


def _half_width(values: pd.Series, confidence: float) -> float:
    sample = values.to_numpy(float)
    count = len(sample)
    groupings = [
        codes
        for number in range(values.index.nlevels if values.index.nlevels == 2 else 0)
        if (codes := pd.factorize(values.index.get_level_values(number))[0]).max() > 0
    ]
    if len(groupings) < 2:
        # A grouping of which there is but one tells nothing of others: the claim is about that one.
        spread = float(sample.std(ddof=1))
        return float(stats.t.ppf((1 + confidence) / 2, count - 1)) * spread / math.sqrt(count)
    squares = [_mean_square(sample, codes) for codes in groupings]
    rest, free = _rest(sample, *groupings)
    groups = [int(codes.max()) for codes in groupings]
    draws = [
        square * over
        for square, over in zip(
            (*squares, rest), _inverse_chi_squares(*groups, max(free, 1)), strict=True
        )
    ]
    variances = np.maximum(draws[0] + draws[1] - draws[2], min(squares)) / count
    deviations = np.sqrt(np.maximum(variances, np.finfo(float).tiny))

    def beyond(log_width: float) -> float:
        tails = special.ndtr(-math.exp(log_width) / deviations)
        return float(2 * tails.mean()) - (1 - confidence)

    ends = np.log(deviations.min()) - 5, np.log(deviations.max()) + 5
    return math.exp(float(optimize.brentq(beyond, *ends, xtol=1e-6)))


def _mean_square(sample: Array, codes: NDArray[np.intp]) -> float:
    """Return the mean square between groups, of the deviations from the mean of all values."""
    sums = np.bincount(codes, sample - sample.mean())
    counts = np.bincount(codes)
    return float((sums**2 / counts).sum() / (len(counts) - 1))


def _rest(
    sample: Array, artists: NDArray[np.intp], contents: NDArray[np.intp]
) -> tuple[float, int]:
    """Return the mean square of what artists and contents leave, and its degrees of freedom."""
    groups = int(artists.max()) + 1, int(contents.max()) + 1
    cells = np.full(groups, np.nan)
    cells[artists, contents] = sample
    if cells.size == len(sample) and not np.isnan(cells).any():
        left = cells - cells.mean(axis=1, keepdims=True) - cells.mean(axis=0) + sample.mean()
        free = (groups[0] - 1) * (groups[1] - 1)
        return float(np.square(left).sum() / free), free
    columns = [np.ones(len(sample))]
    for codes in (artists, contents):
        columns += [(codes == group).astype(float) for group in range(1, codes.max() + 1)]
    design = np.stack(columns, axis=1)
    fitted, _, rank, _ = np.linalg.lstsq(design, sample, rcond=None)
    free = len(sample) - int(rank)
    if free < 1:
        return 0.0, 0
    return float(np.square(sample - design @ fitted).sum() / free), free


@lru_cache(maxsize=256)
def _inverse_chi_squares(artists: int, contents: int, rest: int) -> tuple[Array, Array, Array]:
    """Return draws of freedom / chi-squared: stratified, the same in every call."""
    rng = np.random.default_rng(0)
    strata = (np.arange(_DRAWS) + 0.5) / _DRAWS
    first, second, third = (
        free / stats.chi2.ppf(rng.permutation(strata), free) for free in (artists, contents, rest)
    )
    return first, second, third


def estimate_share(count: int, of: int) -> Interval:
    """Return a share and its interval (Wilson's score)."""
    interval = stats.binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(count / of, float(interval.low), float(interval.high))


def sign_flip_test(differences: pd.Series | Array) -> float:
    """Return the two-sided p of a mean of differences under flips of their signs (Fisher 1935).

    Exact for up to 13 pairs; with more, of 9,999 seeded flips.

    Args:
        differences: Without missing ones. Fewer than two, or zeros alone, have p = 1.
    """
    sample = np.asarray(differences, float)
    if len(sample) < 2 or not sample.any():
        return 1.0
    test = stats.permutation_test(
        (sample,),
        lambda flipped, axis: flipped.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def compare(
    measure: str,
    first: tuple[str, pd.Series],
    second: tuple[str, pd.Series],
    confidence: float = CONFIDENCE,
    *,
    ratio: bool = False,
) -> Comparison:
    """Compare two ways of painting on the same artists and contents.

    Args:
        measure: What the values are.
        first: Name, and a value per pair, by style and content id (see `estimate`); a pair in which
            one is missing is left out.
        second: Name, and the values by the same index.
        confidence: Of the interval, and 1 minus what p has to be below.
        ratio: Compare positive values by their ratio.
    """
    ours, theirs = first[1].astype(float), second[1].astype(float)
    differences = ours.map(np.log) - theirs.map(np.log) if ratio else ours - theirs
    differences = differences[np.isfinite(differences)]
    pairs = len(differences)
    if not pairs:
        nan = math.nan
        return Comparison(
            measure,
            first[0],
            second[0],
            pairs=0,
            difference=nan,
            low=nan,
            high=nan,
            ratio=ratio,
            confidence=confidence,
            effect_size=nan,
            first_higher=0,
            second_higher=0,
            p=nan,
            verdict="too few",
        )
    interval = estimate(differences, confidence)
    spread = float(differences.std(ddof=1)) if pairs > 1 else 0.0
    p = sign_flip_test(differences)
    mean, low, high = (
        exponential(end) if ratio else end for end in (interval.mean, interval.low, interval.high)
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
        p=p,
        verdict=decide(interval, pairs, p, confidence),
    )


def exponential(value: float) -> float:
    """Return e to the power of a value, infinite where that is too large for a number."""
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def decide(interval: Interval, pairs: int, p: float, confidence: float, than: float = 0) -> Verdict:
    """Say whether a mean is above or below a bound, by its interval and by an exact test.

    Args:
        interval: Of the mean.
        pairs: Values that it is the mean of.
        p: Of the `sign_flip_test` of the values' differences to the bound.
        confidence: Of the interval.
        than: The bound.
    """
    if pairs < fewest_pairs(confidence):
        return "too few"
    # Shares of 2 to the power of pairs: 6 of 6 pairs have 2 / 64, and 1 - 0.95 is no exact number.
    if p > 1 - confidence + 1e-9:
        return "undecided"
    if interval.low > than:
        return "more"
    return "less" if interval.high < than else "undecided"


def rank_correlation(first: pd.Series, second: pd.Series) -> float:
    """Return Spearman's rank correlation of what both hold, -1..1; NaN of fewer than three."""
    both = pd.concat([first, second], axis=1).dropna()
    if len(both) < 3 or (both.nunique() < 2).any():
        return math.nan
    return float(stats.spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic)
