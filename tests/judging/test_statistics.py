import math

import numpy as np
import pytest
from scipy import stats

from nstcore.judging.statistics import compare, estimate, estimate_share, fewest_pairs, level


@pytest.mark.parametrize(("confidence", "pairs"), [(0.95, 6), (level(3), 7), (0.5, 2)])
def test_too_few_pairs_are_those_whose_signs_alone_prove_nothing(confidence, pairs):
    assert fewest_pairs(confidence) == pairs
    p = stats.binomtest(pairs, pairs).pvalue
    assert p <= 1 - confidence + 1e-12 < stats.binomtest(pairs - 1, pairs - 1).pvalue


def test_several_intervals_hold_at_once():
    assert level(1) == 0.95
    assert 1 - level(5) == pytest.approx(0.01)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(8)
    covered = [
        found.low <= 3 <= found.high
        for found in (estimate(rng.gamma(3, size=30).tolist()) for _ in range(200))
    ]
    assert 0.87 <= np.mean(covered) <= 0.99


def test_the_same_sample_gives_the_same_interval():
    values = [0.1, 0.5, 0.2, 0.9, 0.4, 0.3]
    assert estimate(values) == estimate(values)


def test_odd_samples_have_an_answer():
    assert estimate([2.0]) == estimate([2.0])
    assert (estimate([2.0]).low, estimate([2.0]).high) == (-math.inf, math.inf)
    assert estimate([2.0, 2.0, 2.0]).low == 2.0
    # BCa knows no answer here.
    found = estimate([0.0] * 12 + [1e-9])
    assert math.isfinite(found.low)
    assert math.isfinite(found.high)


def test_a_share_keeps_within_0_and_1():
    found = estimate_share(10, 10)
    assert found.mean == 1
    assert 0.6 < found.low < found.high <= 1


def test_differences_are_paired():
    # Contents differ a lot, the two ways of painting by a little, but always the same way.
    base = np.linspace(0, 100, 12)
    noise = np.random.default_rng(1).normal(scale=0.1, size=12)
    found = compare("change", ("a", base + 1 + noise), ("b", base))
    assert found.verdict == "more"
    assert found.difference == pytest.approx(1, abs=0.15)
    assert found.low < found.difference < found.high
    assert found.first_higher == found.pairs == 12
    assert found.effect_size > 5
    turned = compare("change", ("b", base), ("a", base + 1 + noise))
    assert (turned.verdict, turned.first_higher, turned.second_higher) == ("less", 0, 12)


def test_equal_pairs_are_for_none_of_the_two():
    found = compare("change", ("a", [1.0, 2, 3]), ("b", [1.0, 0, 4]))
    assert (found.first_higher, found.second_higher, found.pairs) == (1, 1, 3)


def test_the_effect_size_is_that_of_the_paired_t_test():
    rng = np.random.default_rng(2)
    one, other = rng.normal(0.5, size=20), rng.normal(size=20)
    found = compare("change", ("a", one), ("b", other))
    assert found.effect_size == pytest.approx(stats.ttest_rel(one, other).statistic / 20**0.5)


def test_ratios_are_compared_as_ratios():
    one = np.array([1.0, 10, 100, 1000, 2, 20, 200])
    found = compare("grain", ("a", 2 * one), ("b", one), ratio=True)
    assert found.difference == pytest.approx(2)
    assert found.low == pytest.approx(2)


def test_no_difference_is_no_verdict():
    rng = np.random.default_rng(3)
    found = compare("change", ("a", rng.normal(size=20)), ("b", rng.normal(size=20)))
    assert found.verdict == "undecided"


def test_few_pairs_say_nothing_however_clear():
    assert compare("change", ("a", [1.0] * 5), ("b", [0.0] * 5)).verdict == "too few"
    assert compare("change", ("a", [1.0] * 6), ("b", [0.0] * 6)).verdict == "more"


def test_pairs_with_a_missing_value_are_left_out():
    found = compare("change", ("a", [1.0, math.nan, 3.0]), ("b", [0.0, 0.0, math.nan]))
    assert found.pairs == 1
    assert compare("change", ("a", [math.nan]), ("b", [1.0])).verdict == "too few"
