import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nstcore.judging.statistics import (
    compare,
    decide,
    estimate,
    estimate_share,
    fewest_pairs,
    level,
    rank_correlation,
    sign_flip_test,
)


def by_pair(values):
    """Values of a table of artists x contents as a series by both."""
    values = np.asarray(values, float)
    index = pd.MultiIndex.from_product([range(side) for side in values.shape])
    return pd.Series(values.ravel(), index)


def plain(values):
    """An independent sample: its index says nothing of groups."""
    return pd.Series(values, dtype=float)


def draw(rng, artists, contents, shared, normal=True):
    """Draw a table whose mean is 0, with effects of artists and of contents of these sizes."""

    def noise(*shape):
        return rng.normal(size=shape) if normal else rng.exponential(size=shape) - 1

    rest = noise(artists, contents)
    return shared[0] * noise(artists, 1) + shared[1] * noise(1, contents) + rest


@pytest.mark.parametrize(("confidence", "pairs"), [(0.95, 6), (level(3), 7), (0.5, 2)])
def test_too_few_pairs_are_those_whose_signs_alone_prove_nothing(confidence, pairs):
    assert fewest_pairs(confidence) == pairs
    p = stats.binomtest(pairs, pairs).pvalue
    assert p <= 1 - confidence + 1e-12 < stats.binomtest(pairs - 1, pairs - 1).pvalue


def test_several_intervals_hold_at_once():
    assert level(1) == 0.95
    assert 1 - level(5) == pytest.approx(0.01)


# What 95 % held was measured with 20,000 draws each: see docs/judge.md.
@pytest.mark.parametrize(
    ("artists", "contents", "draws", "most"),
    [(3, 2, 300, 1.0), (6, 5, 300, 0.99), (50, 20, 120, 0.99)],
)
@pytest.mark.parametrize("shared", [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_95_percent_are_not_less_whatever_pairs_share(artists, contents, draws, most, shared):
    rng = np.random.default_rng(8)
    samples = [by_pair(draw(rng, artists, contents, shared)) for _ in range(draws)]
    held = np.mean([(found := estimate(one)).low <= 0 <= found.high for one in samples])
    assert 0.93 <= held <= most


def test_an_interval_that_knows_no_groups_holds_far_less():
    rng = np.random.default_rng(8)
    samples = [plain(draw(rng, 6, 5, (1, 1)).ravel()) for _ in range(300)]
    held = np.mean([(found := estimate(one)).low <= 0 <= found.high for one in samples])
    assert held < 0.8


def test_an_independent_sample_has_student_s_interval():
    values = np.random.default_rng(1).normal(size=12)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    found = estimate(plain(values), 0.9)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("shape", [(1, 8), (8, 1)])
def test_with_one_artist_or_one_content_the_other_grouping_counts(shape):
    values = np.random.default_rng(1).normal(size=shape)
    found, theirs = estimate(by_pair(values)), estimate(plain(values.ravel()))
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


def test_what_artists_share_widens_the_interval():
    rng = np.random.default_rng(5)
    rest = rng.normal(size=(6, 5))
    widths = []
    for size in (0, 1, 3):
        found = estimate(by_pair(rest + size * rng.normal(size=(6, 1))))
        widths.append(found.high - found.low)
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_many_groups_come_to_the_interval_of_the_analysis_of_variance():
    # With many groups the pivotal quantity is all but certain: the variance of the mean by
    # expected mean squares, (artists + contents - rest) / n, decides.
    table = draw(np.random.default_rng(2), 300, 200, (1, 1))
    artists = 200 * table.mean(axis=1).var(ddof=1)
    contents = 300 * table.mean(axis=0).var(ddof=1)
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    rest = (left**2).sum() / (299 * 199)
    deviation = math.sqrt((artists + contents - rest) / table.size)
    found = estimate(by_pair(table))
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * deviation, rel=0.02)


def test_pairs_that_are_missing_change_an_interval_little():
    table = by_pair(draw(np.random.default_rng(3), 6, 5, (1, 1)))
    whole, holey = estimate(table), estimate(table.drop([(0, 0), (3, 2)]))
    assert holey.high - holey.low == pytest.approx(whole.high - whole.low, rel=0.25)


def test_pairs_of_which_none_share_both_have_an_interval():
    sparse = pd.Series([1.0, 2.0, 4.0], pd.MultiIndex.from_tuples([(0, 0), (1, 1), (2, 2)]))
    found = estimate(sparse)
    assert -math.inf < found.low < 1
    assert 4 < found.high < math.inf


def test_the_same_sample_gives_the_same_interval():
    values = by_pair(np.random.default_rng(1).normal(size=(3, 2)))
    assert estimate(values) == estimate(values.copy())


def test_odd_samples_have_an_answer():
    one = estimate(plain([2.0]))
    assert (one.mean, one.low, one.high) == (2.0, -math.inf, math.inf)
    assert estimate(plain([2.0, 2.0, 2.0])).low == 2.0
    assert estimate(by_pair([[2.0, 2.0], [2.0, 2.0]])).high == 2.0
    # Nothing is left beside what artists share, so that a mean square is 0.
    for found in (
        estimate(by_pair([[0, 0], [1, 1], [3, 3]])),
        estimate(plain([0.0] * 12 + [1e-9])),
    ):
        assert math.isfinite(found.low)
        assert found.low < found.mean < found.high < math.inf


def test_a_share_keeps_within_0_and_1():
    found = estimate_share(10, 10)
    assert found.mean == 1
    assert 0.6 < found.low < found.high <= 1


def test_the_test_is_exact_for_few_pairs():
    values = np.array([0.3, 0.9, -0.2, 0.5, 0.7, 0.4])
    flips = [np.array(signs) @ values for signs in product((-1, 1), repeat=6)]
    expected = np.mean([abs(flip) >= abs(values.sum()) - 1e-12 for flip in flips])
    assert sign_flip_test(values) == pytest.approx(expected)
    assert sign_flip_test(np.ones(6)) == pytest.approx(2 / 64)


def test_the_test_of_many_pairs_is_the_same_each_time():
    values = np.random.default_rng(3).normal(0.3, size=30)
    assert sign_flip_test(values) == sign_flip_test(values)
    assert sign_flip_test(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.02)


def test_no_difference_at_all_is_no_evidence():
    assert sign_flip_test(np.zeros(9)) == sign_flip_test(np.array([])) == 1


def test_four_of_six_pairs_are_no_claim():
    # Seen in a study: an interval beside 0, whose test says that chance will do.
    values = by_pair([[0.30, 0.29], [0.31, 0.30], [-0.01, -0.02]])
    found = compare("change", ("a", values), ("b", 0 * values))
    assert (found.first_higher, found.second_higher) == (4, 2)
    assert found.p > 0.05
    assert found.verdict == "undecided"


def test_a_claim_needs_the_interval_and_the_test():
    sure = estimate(by_pair(1 + np.arange(6).reshape(3, 2) / 1000))
    assert decide(sure, 6, 2 / 64, 0.95) == "more"
    assert decide(sure, 6, 0.06, 0.95) == "undecided"
    assert decide(sure, 6, 2 / 64, 0.95, than=sure.mean) == "undecided"
    assert decide(sure, 6, 2 / 64, 0.95, than=2) == "less"
    # As many pairs as it takes for one comparison are too few for three.
    assert decide(sure, 6, 2 / 64, level(3)) == "too few"


def test_differences_are_paired():
    # Contents differ a lot, the two ways of painting by a little, but always the same way.
    base = by_pair(np.linspace(0, 100, 12).reshape(3, 4))
    noise = np.random.default_rng(1).normal(scale=0.1, size=12)
    found = compare("change", ("a", base + 1 + noise), ("b", base))
    assert found.verdict == "more"
    assert found.difference == pytest.approx(1, abs=0.15)
    assert found.low < found.difference < found.high
    assert found.first_higher == found.pairs == 12
    assert found.effect_size > 5
    assert found.p < 0.001
    turned = compare("change", ("b", base), ("a", base + 1 + noise))
    assert (turned.verdict, turned.first_higher, turned.second_higher) == ("less", 0, 12)


def test_pairs_are_matched_by_what_they_are_not_by_their_order():
    values = by_pair(np.arange(6).reshape(3, 2))
    found = compare("change", ("a", values + 1), ("b", values[::-1]))
    assert (found.difference, found.first_higher) == (1, 6)


def test_equal_pairs_are_for_none_of_the_two():
    found = compare("change", ("a", plain([1, 2, 3])), ("b", plain([1, 0, 4])))
    assert (found.first_higher, found.second_higher, found.pairs) == (1, 1, 3)


def test_the_effect_size_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(2)
    one, other = plain(rng.normal(0.5, size=20)), plain(rng.normal(size=20))
    found = compare("change", ("a", one), ("b", other))
    assert found.effect_size == pytest.approx(stats.ttest_rel(one, other).statistic / 20**0.5)


def test_ratios_are_compared_as_ratios():
    one = plain([1.0, 10, 100, 1000, 2, 20, 200])
    found = compare("grain", ("a", 2 * one), ("b", one), ratio=True)
    assert found.difference == pytest.approx(2)
    assert found.low == pytest.approx(2)
    # A ratio beyond all numbers is told as such.
    wild = compare("grain", ("a", plain([1e-300, 1e300])), ("b", plain([1.0, 1.0])), ratio=True)
    assert wild.high == math.inf


def test_no_difference_is_no_verdict():
    rng = np.random.default_rng(3)
    found = compare("change", ("a", plain(rng.normal(size=20))), ("b", plain(rng.normal(size=20))))
    assert found.verdict == "undecided"


def test_few_pairs_say_nothing_however_clear():
    def verdict(pairs):
        return compare("change", ("a", plain([1.0] * pairs)), ("b", plain([0.0] * pairs))).verdict

    assert [verdict(5), verdict(6)] == ["too few", "more"]


def test_pairs_with_a_missing_value_are_left_out():
    nan = math.nan
    found = compare("change", ("a", plain([1.0, nan, 3.0])), ("b", plain([0.0, 0.0, nan])))
    assert found.pairs == 1
    assert compare("change", ("a", plain([nan])), ("b", plain([1.0]))).verdict == "too few"


def test_a_rank_correlation_is_of_what_both_have():
    ours = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0, "d": math.nan, "e": 9.0})
    theirs = pd.Series({"c": 30.0, "b": 20.0, "a": 10.0, "d": 1.0})
    assert rank_correlation(ours, theirs) == pytest.approx(1)
    assert rank_correlation(ours, -theirs) == pytest.approx(-1)
    assert math.isnan(rank_correlation(ours[:2], theirs))
    assert math.isnan(rank_correlation(ours, 0 * theirs))
