"""Numbers as the report writes them."""

import math

import pytest

from nstcore.common.formatting import format_duration, format_loss, format_scale, format_score


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.31744145, "2.317"),
        (2.0, "2.000"),
        (1234.5, "1234"),
        (1.3e-8, "1.300e-08"),
        (math.nan, "not a number"),
        (math.inf, "infinite"),
    ],
)
def test_losses_have_four_digits(value: float, text: str) -> None:
    assert format_loss(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5.11, "5.1 s"), (59.99, "60.0 s"), (62, "1 min 2 s"), (3725, "1 h 2 min")],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.61803, "0.618"),
        (-0.00004, "0.000"),
        (-0.0, "0.000"),
        (-0.0006, "-0.001"),
        (-12.3456, "-12.3"),
        (999.7, "1000"),
        (23242.0, "23242"),
        (math.nan, "unknown"),
    ],
)
def test_scores_have_three_digits_and_no_minus_nothing(value: float, text: str) -> None:
    assert format_score(value) == text


def test_a_place_on_no_scale_is_told() -> None:
    assert [format_scale(value) for value in (math.nan, math.inf, -0.0001)] == [
        "no scale",
        "no scale",
        "0.000",
    ]
