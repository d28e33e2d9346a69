"""A study of canvases on the page: its table, its pictures, and grids that are not complete."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small_study
from axe_playwright_python.sync_playwright import Axe
from chromium import contexts, shoot
from playwright.sync_api import expect
from test_render import Element, Parser, rows
from visits import Open, visits

from nstcore.judging.findings import read_findings
from nstcore.report.canvases import COLUMNS, list_canvases
from nstcore.report.exports import write_canvases
from nstcore.report.render import write_report

ROOT = Path(__file__).parents[2]
TIMES = "\N{MULTIPLICATION SIGN}"
PYRAMID = {"like": "VGG16", "canvas": {"kind": "pyramid"}, "aggregations": ["squared"]}
CURED = {"like": "VGG16", "canvas": {"kind": "pyramid", "shifts": 8, "padding": 8}}
OWN: dict[str, dict[str, Any]] = {
    "Control": {"aggregations": ["simple"]},
    "VGG16-pyramid": PYRAMID,
    "VGG16-fourier": {**PYRAMID, "canvas": {"kind": "fourier"}},
    "VGG16-all": CURED,
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        for name, own in OWN.items():
            patch.setitem(small_study.OWN, name, own)
            if name not in small_study.BACKBONES:
                patch.setitem(small_study.BACKBONES, name, ("imagenet", f"VGG16, {name}"))
        study = small_study.write_study(tmp_path_factory.mktemp("a") / "results" / "small")
    write_report(study, ROOT / "reports", study / "report.html")
    return study / "report.html"


@pytest.fixture(scope="module")
def page(report: Path) -> Element:
    return Parser(report.read_text("utf-8")).root


@pytest.fixture(scope="module")
def new_context() -> Iterator[Any]:
    with contexts() as open_context:
        yield open_context


@pytest.fixture
def visit(new_context: Any, report: Path) -> Iterator[Open]:
    with visits(new_context, report) as open_report:
        yield open_report


def test_a_table_has_each_network_on_plain_pixels_and_with_each_cure(page: Element) -> None:
    table = rows(next(page.at("canvases").all("table")))
    assert [row[:2] for row in table] == [
        ["VGG16", "plain pixels"],
        ["VGG16", "pyramid"],
        ["VGG16", "Fourier"],
        ["VGG16", "pyramid + shifts + padding"],
    ]
    heads = [one.text for one in next(page.at("canvases").all("thead")).all("th")]
    assert heads[2:] == [label.capitalize() for label in COLUMNS]
    # What is cured is told against plain pixels; those against nothing.
    assert TIMES not in table[0][4]
    assert TIMES in table[1][4]


def test_pictures_of_one_content_stand_side_by_side(page: Element) -> None:
    (article,) = page.at("canvases").all("article")
    assert [one.text for one in article.all("figcaption")][1:] == [
        "plain pixels",
        "pyramid",
        "Fourier",
        "pyramid + shifts + padding",
    ]
    places = [link.attributes["href"].split("/") for link in article.all("a", "painted")]
    assert [place[1:3] for place in places] == [
        ["VGG16", "squared"],
        ["VGG16-pyramid", "squared"],
        ["VGG16-fourier", "squared"],
        ["VGG16-all", "squared"],
    ]
    assert len({tuple(place[3:]) for place in places}) == 1


def test_a_study_on_plain_pixels_has_no_such_section(tmp_path: Path) -> None:
    study = small_study.write_study(tmp_path / "results" / "small")
    write_report(study, ROOT / "reports", study / "report.html")
    text = (study / "report.html").read_text("utf-8")
    assert 'id="canvases"' not in text
    assert 'href="#canvases"' not in text


def test_the_table_is_a_file_too_with_every_measure(report: Path) -> None:
    findings = read_findings(report.parent / "findings.json")
    table = list(csv.DictReader(io.StringIO(write_canvases(findings))))
    assert [(row["backbone"], row["measure"]) for row in table] == [
        (name, label) for name in ("VGG16", *list(OWN)[1:]) for label in COLUMNS
    ]
    assert {row["change"] for row in table if not row["cures"]} == {""}
    grid = next(row for row in table if row["backbone"] == "VGG16-all" and row["measure"] == "grid")
    made = next(
        one.comparison for one in findings.canvases[3].changes if one.comparison.measure == "grid"
    )
    assert float(grid["change"]) == made.difference
    assert (grid["is_ratio"], int(grid["pairs"])) == ("True", made.pairs)


def test_a_mark_takes_all_judges(report: Path) -> None:
    """And the numbers are those of the first."""
    findings = read_findings(report.parent / "findings.json")
    row = findings.canvases[1]
    style = row.changes[0]
    changes = tuple(
        replace(style, judge=judge, comparison=replace(style.comparison, verdict=verdict))
        for judge, verdict in (("one", "more"), ("two", "undecided"))
    )
    (line,) = list_canvases(replace(findings, canvases=(replace(row, changes=changes),)))
    assert line.cells[0].verdict == "undecided"
    assert line.cells[0].change == changes[0].comparison
    table = list(
        csv.DictReader(
            io.StringIO(
                write_canvases(replace(findings, canvases=(replace(row, changes=changes),)))
            )
        )
    )
    assert [one["judge"] for one in table if one["measure"] == "style reached"] == ["one", "two"]


def test_a_grid_has_a_column_per_model_that_there_is(page: Element) -> None:
    for grid in page.all("table", "grid"):
        first, second = next(grid.all("thead")).all("tr")
        spans = [int(one.attributes.get("colspan", 0)) for one in first.all("th")][1:]
        assert spans == [2, 1, 1, 1, 2]
        assert len(list(second.all("th"))) == sum(spans)
        assert all(len(row) == 1 + sum(spans) for row in rows(grid))
    assert "missing" not in page.at("grids").text


def test_every_backbone_is_described_once_among_the_runs(page: Element) -> None:
    table = next(page.all("table", "runs"))
    described = [one.text for one in table.all("span", "description")]
    assert len(described) == 5


def test_the_lead_has_every_backbone_with_an_aggregation_that_it_has(page: Element) -> None:
    links = [one.attributes["href"].split("/") for one in page.at("lead").all("a", "painted")]
    assert [link[1] for link in links] == ["VGG16", *OWN]
    assert {link[2] for link in links if link[1] == "Control"} == {"simple"}
    assert {link[2] for link in links if link[1] == "VGG16-pyramid"} == {"squared"}


def test_grids_with_other_axes_have_no_place_for_models_that_there_are_not(visit: Open) -> None:
    page = visit("#pictures?rows=model&columns=content")
    first = page.locator("#grids table").first
    assert first.locator("tbody tr").count() == 7
    assert page.locator("#grids .absent, #grids .none").count() == 0
    page = visit("#pictures?rows=backbone&columns=aggregation")
    expect(page.locator("#grids table").first.locator(".none")).to_have_count(3)
    assert page.locator("#grids .absent").count() == 0
    # A table for each backbone, with the aggregation that most of them have.
    page = visit("#pictures?rows=content&columns=style")
    assert page.locator("#axes [name=aggregation]").input_value() == "squared"
    assert page.locator("#grids table").count() == 4
    page = visit("#pictures?only-backbone=Control")
    assert page.locator("#grids thead tr:nth-child(2) th").all_inner_texts() == ["simple"] * 2
    page = visit("#pictures?only-backbone=Control&only-aggregation=squared")
    expect(page.locator("#axes-status")).to_contain_text("No pictures match")
    assert page.locator("#grids table").count() == 0


def test_the_filter_narrows_the_canvases(visit: Open) -> None:
    page = visit("#canvases?only-backbone=VGG16-pyramid")
    section = page.locator("#canvases")
    assert section.locator("tbody tr:visible").count() == 1
    assert section.locator("figure:visible").count() == 2
    section.locator("a.painted:visible").click()
    expect(page.locator("#viewer h2")).to_contain_text("VGG16-pyramid · squared")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_section_fits_its_window_and_is_accessible(visit: Open, width: int) -> None:
    page = visit("#canvases", width=width)
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0
    shoot(page, f"canvases-{width}")
    assert Axe().run(page).response["violations"] == []
