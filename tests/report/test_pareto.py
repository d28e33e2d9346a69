import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from nstcore.judging.findings import Findings, JudgeReport, MeanScores
from nstcore.judging.score_table import PAINTING, STYLIZED, UNTOUCHED
from nstcore.judging.statistics import Interval
from nstcore.report import pareto
from nstcore.report.colors import COLORS
from nstcore.report.pareto import draw_pareto, front

JUDGES = (JudgeReport("first", {}), JudgeReport("second", {}))


def row(backbone, aggregation, content, style, kind=STYLIZED, width=0.1, judge="first"):
    found = {
        "content_distance": Interval(1 - content, 1 - width - content, 1 + width - content),
        "style_distance": Interval(style, style - width, style + width),
    }
    return MeanScores(judge, backbone, aggregation, kind, 3, {}, {}, found)


ROWS = (
    row("VGG & <b>", "simple", 0.5, 0.8),
    row("Net", "simple", 0.7, 0.3),
    row("Net", "logged", 0.4, 0.2),
    row("", "", 1.0, 0.0, UNTOUCHED),
    row("", "", 0.0, 1.0, PAINTING),
)


@pytest.fixture
def findings():
    return Findings(JUDGES, ROWS, (), ())


def texts(svg):
    root = ET.fromstring(svg)  # noqa: S314
    assert root.tag.endswith("svg")
    return ["".join(one.itertext()).strip() for one in root.iter() if one.tag.endswith("text")]


def test_the_front_is_what_no_other_point_beats_in_both():
    assert front([(0.5, 0.8), (0.7, 0.3), (0.4, 0.2)]) == [0, 1]
    assert front([(0.1, 0.1), (0.1, 0.1)]) == [0, 1]
    assert front([]) == []


def test_the_picture_names_each_mark_in_its_place_and_both_ends(findings):
    svg = draw_pareto(findings, "pareto")
    told = texts(svg)
    assert {"VGG & <b>", "Net", "untouched content", "real painting"} <= set(told)
    assert (told.count("simple"), told.count("logged")) == (2, 1)
    for number in range(2):
        assert f"var(--curve-{number}, {COLORS[number]})" in svg
    assert COLORS[2] not in svg
    assert all(name.startswith("pareto-") for name in re.findall(r'\bid="([^"]*)"', svg))


def uses(svg):
    """How often each shape is drawn."""
    shapes = re.findall(r'<use xlink:href="#(pareto-m\w+)"', svg)
    return {shape: shapes.count(shape) for shape in shapes}


def test_backbones_differ_by_shape_not_by_colour_alone(findings):
    one = replace(findings, rows=tuple(replace(each, backbone="Net") for each in ROWS[:3]))
    assert len(uses(draw_pareto(findings, "pareto"))) > len(uses(draw_pareto(one, "pareto")))


def test_a_model_whose_training_is_to_be_looked_at_is_hollow(findings):
    marked = (replace(ROWS[0], cautions=("ended on a rise",)), *ROWS[1:])
    plain, hollow = (draw_pareto(replace(findings, rows=rows), "pareto") for rows in (ROWS, marked))
    filled = f"fill: var(--curve-0, {COLORS[0]})"
    assert hollow.count(filled) < plain.count(filled)


def test_the_floor_and_the_ceiling_have_their_intervals(findings):
    without = replace(findings, rows=ROWS[:3])
    lines = [draw_pareto(one, "pareto").count("<path") for one in (findings, without)]
    assert lines[0] == lines[1] + 4


def test_an_interval_that_leads_out_of_the_picture_has_an_arrow(findings):
    wide = (row("VGG & <b>", "simple", 0.5, 0.8, width=14), *ROWS[1:])
    svg = draw_pareto(replace(findings, rows=wide), "pareto")
    assert sum(uses(svg).values()) == sum(uses(draw_pareto(findings, "pareto")).values()) + 4


def test_names_cover_no_other_names(monkeypatch):
    rows = tuple(
        row(f"Network-{number}", name, 0.4 + 0.02 * number + 0.06 * place, 0.5 + 0.02 * number)
        for number in range(4)
        for place, name in enumerate(("simple", "squared", "logged"))
    )
    taken = []
    written = pareto._write

    def write(axes, text, at, size, boxes, color, weight="normal"):
        written(axes, text, at, size, boxes, color, weight)
        taken.append((text, boxes[-1]))

    monkeypatch.setattr(pareto, "_write", write)
    draw_pareto(Findings(JUDGES, rows, (), ()), "pareto")
    boxes = [box for _, box in taken]
    assert len(boxes) == 12 + 4 + 2
    shared = [
        pareto._shared(one, other) for number, one in enumerate(boxes) for other in boxes[:number]
    ]
    assert max(shared) == 0


def test_marks_that_cover_each_other_share_a_name():
    near = [
        row("Net", name, 0.5 + shift, 0.5)
        for name, shift in zip("abc", (0, 0.01, 0.3), strict=True)
    ]
    assert {"a, b", "c"} <= set(texts(draw_pareto(Findings(JUDGES, tuple(near), (), ()), "p")))
    told = texts(draw_pareto(Findings(JUDGES, tuple(near[:2]), (), ()), "p"))
    assert "Net" in told
    assert not {"a", "b", "a, b"} & set(told)


def test_only_the_first_judge_s_rows_are_drawn(findings):
    other = (*ROWS, row("Net", "squared", 0.1, 0.1, judge="second"))
    assert "squared" not in texts(draw_pareto(replace(findings, rows=other), "pareto"))


def test_same_findings_same_bytes(findings):
    assert draw_pareto(findings, "pareto") == draw_pareto(findings, "pareto")


def test_a_study_without_a_scale_says_so(findings):
    nothing = tuple(replace(each, scaled={}) for each in ROWS)
    for rows in ((), nothing):
        (told, *_) = texts(draw_pareto(replace(findings, rows=rows), "pareto"))
        assert told.startswith("no scale")
