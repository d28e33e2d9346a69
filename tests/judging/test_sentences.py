"""Numbers in sentences."""

import pytest

from nstcore.judging.sentences import format_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.61803, "0.618"),
        (-0.0, "0.000"),
        (-12.3456, "-12.3"),
        (0.0042, "0.0042"),
        (999.7, "1000"),
        (-23242.04, "-23242"),
    ],
)
def test_numbers_have_three_digits_and_are_never_written_as_powers(value: float, text: str) -> None:
    assert format_number(value) == text
