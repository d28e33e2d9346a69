import re
import xml.etree.ElementTree as ET

import pytest

from nstcore.judging.findings import Findings, MeanScores
from nstcore.judging.score_table import STYLIZED
from nstcore.judging.statistics import Interval
from nstcore.report.colors import COLORS
from nstcore.report.pareto import draw_pareto, front


def row(backbone, aggregation, content, style):
    found = {
        "content_distance": Interval(1 - content, 0.9 - content, 1.1 - content),
        "style_distance": Interval(style, style - 0.1, style + 0.1),
    }
    return MeanScores(backbone, aggregation, STYLIZED, 3, {}, found)


@pytest.fixture
def findings():
    rows = (
        row("VGG & <b>", "simple", 0.5, 0.8),
        row("Net", "simple", 0.7, 0.3),
        row("Net", "logged", 0.4, 0.2),
    )
    return Findings({}, rows, ())


def test_the_front_is_what_no_other_point_beats_in_both():
    assert front([(0.5, 0.8), (0.7, 0.3), (0.4, 0.2)]) == [0, 1]
    assert front([(0.1, 0.1), (0.1, 0.1)]) == [0, 1]
    assert front([]) == []


def test_the_picture_is_one_element_that_names_each_model_and_both_ends(findings):
    svg = draw_pareto(findings, "pareto")
    root = ET.fromstring(svg)  # noqa: S314
    assert root.tag.endswith("svg")
    texts = {"".join(one.itertext()).strip() for one in root.iter() if one.tag.endswith("text")}
    assert {"VGG & <b>", "Net", "simple", "logged", "untouched content", "real painting"} <= texts
    for number in range(2):
        assert f"var(--curve-{number}, {COLORS[number]})" in svg
    assert COLORS[2] not in svg
    assert all(name.startswith("pareto-") for name in re.findall(r'\bid="([^"]*)"', svg))


def test_same_findings_same_bytes(findings):
    assert draw_pareto(findings, "pareto") == draw_pareto(findings, "pareto")


def test_a_study_without_a_scale_has_an_empty_picture():
    assert "untouched content" in draw_pareto(Findings({}, (), ()), "pareto")
