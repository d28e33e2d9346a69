"""Findings at a glance."""

import math
from typing import Any

import pytest

from nstcore.judging.findings import UNKNOWN, Answer, Claim, Findings, Point, Statement
from nstcore.judging.statistics import Comparison
from nstcore.report.verdict import find_matrices, shorten, tell_claims


def point(subject: str, answer: str, why: str = "", **other: Any) -> Point:
    values: dict[str, Any] = {"label": "grid", "pairs": 12, "confidence": 0.95, "p": 0.5} | other
    return Point(subject, answer, value=1.0, low=0.5, high=2.0, why=why, **values)


def comparison(first: str, second: str, **other: Any) -> Comparison:
    values: dict[str, Any] = {
        "measure": "grain",
        "pairs": 12,
        "difference": 2.0,
        "low": 0.5,
        "high": 8.0,
        "ratio": True,
        "confidence": 0.95,
        "effect_size": 0.3,
        "first_higher": 7,
        "second_higher": 5,
        "p": 0.25,
        "verdict": "undecided",
    }
    return Comparison(first=first, second=second, **values | other)


def asked(name: str, *made: Comparison, certain: bool = False, **other: Any) -> Answer:
    return Answer(name, f"{name}?", "", tuple(Statement("", one, **other) for one in made), certain)


@pytest.mark.parametrize(
    ("cautions", "told"),
    [
        ((), []),
        (("ended on a rise",), ["ended on a rise"]),
        (("stalled: never below its start",), ["stalled"]),
        (("simple ended on a rise", "squared ended on a rise"), ["all ended on a rise"]),
        (
            ("simple stalled: never", "squared ended on a rise", "simple ended far above"),
            ["simple stalled", "squared ended on a rise", "simple ended far above"],
        ),
    ],
)
def test_cautions_are_told_once_and_in_few_words(
    cautions: tuple[str, ...], told: list[str]
) -> None:
    assert shorten(cautions, ("simple", "squared")) == told


def test_what_all_points_of_a_claim_share_is_told_once() -> None:
    points = (point("A", "yes"), point("B", UNKNOWN, "few"), point("C", UNKNOWN, "few"))
    claim = Claim("pixelated", "?", points, "pixelated-A")
    (line,) = tell_claims(Findings((), (), (claim,), (asked("pixelated-B"),)), ("simple",))
    assert (line.label, line.pairs, line.confidence, line.why) == ("grid", 12, 0.95, "few")
    assert [one.kind for one in line.points] == ["yes", "unknown", "unknown"]
    # Each leads to the answer about itself where there is one.
    assert [one.evidence for one in line.points] == ["pixelated-A", "pixelated-B", "pixelated-A"]


def test_what_differs_between_points_is_told_of_each() -> None:
    points = (
        point("A", "adam", "first", pairs=3),
        point("B", UNKNOWN, "few", label="grain", confidence=0.9),
        point("C", UNKNOWN, "many"),
    )
    (line,) = tell_claims(Findings((), (), (Claim("x", "?", points, "x"),), ()), ())
    assert (line.label, line.pairs, line.confidence, line.why) == ("", None, None, "")
    assert line.points[0].kind == "wins"


def test_a_comparison_that_several_questions_ask_stands_there_once_with_its_widest_interval() -> (
    None
):
    narrow = comparison("simple", "squared")
    wide = comparison("squared", "simple", low=0.25, high=16.0, confidence=0.99, verdict="more")
    findings = Findings((), (), (), (asked("a", narrow), asked("b", wide)))
    (matrix,) = find_matrices(findings, {"squared": "aggregations", "simple": "aggregations"})
    assert matrix.kind == "aggregations"
    ((made,),) = (row.cells for row in matrix.rows)
    assert made
    assert (made.first, made.second) == ("simple", "squared")
    assert (made.difference, made.low, made.high) == (0.5, 1 / 16, 4.0)
    assert (made.first_higher, made.second_higher, made.verdict) == (5, 7, "less")


def test_differences_that_are_turned_change_their_sign() -> None:
    first = comparison("a", "b", measure="change", ratio=False, difference=-1, low=-2, high=0.5)
    again = comparison(
        "b", "a", measure="change", ratio=False, difference=1, low=-0.75, high=2, confidence=0.99
    )
    (matrix,) = find_matrices(Findings((), (), (), (asked("x", first, again),)), {})
    ((made,),) = (row.cells for row in matrix.rows)
    assert made
    assert (made.difference, made.low, made.high) == (-1, -2, 0.75)
    assert matrix.kind == "models"


def test_a_ratio_without_a_lower_end_has_no_upper_one_when_turned() -> None:
    first = comparison("a", "b")
    again = comparison("b", "a", low=0.0, confidence=0.99)
    (matrix,) = find_matrices(Findings((), (), (), (asked("x", first, again),)), {})
    ((made,),) = (row.cells for row in matrix.rows)
    assert made
    assert made.high == math.inf


def test_what_an_answer_rests_on_is_not_among_what_is_open() -> None:
    sure = comparison("A", "untouched content", verdict="more")
    unsure = comparison("A", "untouched content", measure="change")
    findings = Findings((), (), (), (asked("x", sure, unsure, certain=True, where="A"),))
    (matrix,) = find_matrices(findings, {"untouched content": "untouched contents"})
    assert matrix.columns == (("change", ""),)
    # The backbone is the first of the two already.
    assert [row.where for row in matrix.rows] == [""]


def test_each_judge_has_a_column_beside_the_other_s() -> None:
    by_style = asked("x", comparison("a", "b", measure="style reached"), judge="One")
    other = asked("x", comparison("a", "b", measure="style reached"), judge="Two")
    loss = asked("y", comparison("c", "d", measure="total loss"))
    (matrix,) = find_matrices(Findings((), (), (), (loss, by_style, other)), {})
    assert matrix.columns == (
        ("style reached", "One"),
        ("style reached", "Two"),
        ("total loss", ""),
    )
    assert [[bool(cell) for cell in row.cells] for row in matrix.rows] == [
        [False, False, True],
        [True, True, False],
    ]
