"""The table of means: which way is better, and what is best."""

import math

import pytest

from nstcore.judging.findings import Findings, JudgeReport, MeanScores
from nstcore.judging.measures import MEASURES
from nstcore.judging.score_table import PAINTING, STYLIZED, UNTOUCHED
from nstcore.judging.statistics import Interval
from nstcore.report.means import tabulate


def row(judge, backbone, kind=STYLIZED, **means):
    measures = {name: Interval(value, value - 1, value + 1) for name, value in means.items()}
    return MeanScores(judge, backbone, "simple" if backbone else "", kind, 6, measures, {}, {})


@pytest.fixture
def tables():
    near = {"content_distance": 0.4, "similarity": 0.2, "change": 0.1, "grain": 0.5}
    far = {"content_distance": 0.6, "similarity": 0.3, "change": 0.2, "grain": 2.1}
    rows = (
        row("first", "Near", **near),
        row("first", "Far", **far),
        row("first", "", UNTOUCHED, content_distance=0.0, similarity=1.0, grain=1.0),
        row("first", "", PAINTING, content_distance=1.0),
        row("second", "Near", content_distance=0.9),
        row("second", "Far", content_distance=0.8),
    )
    return tabulate(Findings((JudgeReport("first", {}), JudgeReport("second", {})), rows, (), ()))


def best(table, name):
    place = [column.name for column in table.columns].index(name)
    return [row.scores.backbone for row in table.rows if row.cells[place].best]


def test_every_measure_is_a_column_with_the_way_that_is_better(tables):
    assert [column.name for column in tables[0].columns] == list(MEASURES)
    told = {column.name: (column.arrow, column.better) for column in tables[0].columns}
    assert told["content_distance"] == ("↓", "lower is better")
    assert told["similarity"] == ("↑", "higher is better")
    assert told["grain"] == ("→1", "nearest to 1 is best")
    assert told["change"] == ("", "")


def test_the_best_model_of_a_column_is_marked_and_no_floor_or_ceiling_is(tables):
    assert best(tables[0], "content_distance") == ["Near"]
    assert best(tables[0], "similarity") == ["Far"]
    # Half as much is nearer to as much than 2.1 times.
    assert best(tables[0], "grain") == ["Near"]
    assert best(tables[0], "change") == best(tables[0], "saturation") == []


def test_equals_are_both_the_best():
    rows = (row("first", "A", similarity=0.5), row("first", "B", similarity=0.5))
    (table,) = tabulate(Findings((JudgeReport("first", {}),), rows, (), ()))
    assert best(table, "similarity") == ["A", "B"]


def test_what_no_number_is_is_never_the_best():
    rows = (row("first", "A", similarity=math.nan), row("first", "B", similarity=0.1))
    (table,) = tabulate(Findings((JudgeReport("first", {}),), rows, (), ()))
    assert best(table, "similarity") == ["B"]


def test_another_judge_has_only_what_needs_its_eyes(tables):
    assert [table.judge for table in tables] == ["first", "second"]
    named = [column.name for column in tables[1].columns]
    assert named == [name for name, measure in MEASURES.items() if measure.by_judge]
    assert best(tables[1], "content_distance") == ["Far"]
