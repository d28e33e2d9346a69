"""The report as a reader, a browser and a web developer find it."""

import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from small_study import (
    AGGREGATIONS,
    ARTISTS,
    BACKBONES,
    OPTIMIZERS,
    SETTING,
    TESTS,
    digest,
    loss,
    way,
    write_history,
    write_painted,
    write_study,
)

from nstcore.common.errors import DataError, StudyError
from nstcore.common.formatting import format_loss, format_score
from nstcore.judging.findings import read_findings, write_findings
from nstcore.judging.sentences import format_number, format_p
from nstcore.report.render import SCRIPTS, write_report

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "reports"
PROGRAM = ROOT / "workflow_scripts" / "report.py"
VOID = {"br", "img", "input", "link", "meta"}


@dataclass
class Element:
    """An element of a page: its name, its attributes, and all text within it."""

    name: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        parts = (one if isinstance(one, str) else one.text for one in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, name: str, kind: str = "") -> Iterator["Element"]:
        """Find the elements of a name, and of a class if one is given, within this one."""
        for one in self.children:
            if isinstance(one, Element):
                kinds = one.attributes.get("class", "").split()
                if name in {one.name, "*"} and (not kind or kind in kinds):
                    yield one
                yield from one.all(name, kind)

    def at(self, anchor: str) -> "Element":
        """Find the element of an id."""
        return next(one for one in self.all("*") if one.attributes.get("id") == anchor)


class Parser(HTMLParser):
    """Turn a page into a tree; an element that is closed out of order is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "results" / "small")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a finished study, for the tests that only look at it."""
    study = write_study(tmp_path_factory.mktemp("finished") / "results" / "small")
    write_report(study, TEMPLATES, study / "report.html")
    return study / "report.html"


@pytest.fixture(scope="module")
def page(finished: Path) -> Element:
    return Parser(finished.read_text("utf-8")).root


def report(folder: Path) -> Element:
    write_report(folder, TEMPLATES, folder / "report.html")
    return Parser((folder / "report.html").read_text("utf-8")).root


def rows(table: Element) -> list[list[str]]:
    """Return the texts of the cells of a table's body."""
    return [
        [cell.text for cell in row.children if isinstance(cell, Element)]
        for body in table.all("tbody")
        for row in body.all("tr")
    ]


def test_the_table_has_a_row_per_run_and_marks_the_chosen_ones(page: Element) -> None:
    table = rows(next(page.all("table", "runs")))
    assert [(row[0].split()[0], *row[1:]) for row in table] == [
        row
        for backbone in BACKBONES
        for aggregation in AGGREGATIONS
        for row in (
            (backbone, aggregation, "adam", "✓ chosen", "3", "0.9995", "4.000", "3", "plateau"),
            (backbone, aggregation, "sgd", "", "1", "3.000", "4.000", "2", "diverged"),
        )
    ]


def test_a_page_of_part_of_the_contents_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nstcore.report.render.MOST_PICTURES", 1)
    write_report(folder, TEMPLATES, folder / "report.html")
    page = " ".join((folder / "report.html").read_text("utf-8").split())
    assert "test contents the first 1 are shown" in page
    assert "This study is unfinished" not in page


def test_another_choice_moves_the_mark(folder: Path) -> None:
    write_history(folder, "VGG16", "squared", "sgd", [4.0, 0.5, 0.4999])
    path = folder / "choices.csv"
    text = path.read_text()
    path.write_text(text.replace("VGG16,squared,adam,3,0.9995", "VGG16,squared,sgd,2,0.4999"))
    marked = [row for row in rows(next(report(folder).all("table", "runs"))) if row[3]]
    assert [(row[1], row[2]) for row in marked[:2]] == [("simple", "adam"), ("squared", "sgd")]


def test_the_words_for_how_a_run_ended_are_explained(page: Element) -> None:
    words = next(page.all("dl", "words")).text
    for status in ("plateau", "limit", "stalled", "diverged"):
        assert status in words


def test_every_grid_has_a_row_per_content_and_a_picture_per_model(page: Element) -> None:
    grids = list(page.all("table", "grid"))
    assert len(grids) == len(ARTISTS)
    for style, grid in zip(ARTISTS, grids, strict=True):
        assert [row[0] for row in rows(grid)] == list(TESTS)
        for content, row in zip(TESTS, rows(grid), strict=True):
            losses = [loss(b, a, style, content) for b in BACKBONES for a in AGGREGATIONS]
            # The small study tells the way to the paintings by the loss.
            assert [cell.replace(" ★", "") for cell in row[1:]] == [
                f"{format_loss(one)} style {format_score(one / 4)}, "
                f"content {format_score(1 - one / 4)}"
                for one in losses
            ]


def test_the_lowest_loss_of_each_model_is_marked(page: Element) -> None:
    stars = [cell for grid in page.all("table", "grid") for row in rows(grid) for cell in row]
    assert sorted(cell.partition(" style")[0] for cell in stars if "★" in cell) == [
        f"{format_loss(number)} ★" for number in (0.125, 0.225, 1.125, 1.225)
    ]


def test_the_page_opens_with_the_content_and_style_of_the_best_score(page: Element) -> None:
    lead = page.at("lead")
    places = [(model, style, name) for model in BACKBONES for style in ARTISTS for name in TESTS]
    # The small study takes losses for scores.
    _, style, name = max(places, key=lambda place: loss(place[0], "squared", *place[1:]))
    figures = list(lead.all("figure"))
    pictures = [next(one.all("a"), None) for one in figures]
    assert [one and unquote(one.attributes["href"]) for one in pictures] == [
        None,
        None,
        *(f"stylized/{backbone}/squared/{style}/{name}.png" for backbone in BACKBONES),
    ]
    assert len(list(lead.all("svg", "photograph"))) == 1
    captions = [next(one.all("figcaption")).text for one in figures]
    assert captions[0] == f"Content {name}"
    assert captions[1] == f"Style a painting of {ARTISTS[style]}"
    assert captions[2].startswith("VGG16 · squared")
    assert captions[3].startswith("Control · squared untrained")


def test_the_lead_shows_the_aggregation_of_the_best_model(folder: Path) -> None:
    path = folder / "findings.json"
    findings = read_findings(path)
    best = findings.claims[0]
    assert best.id == "best"
    point = replace(best.points[0], subject="Control · simple")
    write_findings(
        replace(findings, claims=(replace(best, points=(point,)), *findings.claims[1:])), path
    )
    links = [unquote(one.attributes["href"]) for one in report(folder).at("lead").all("a")]
    assert [link.split("/")[1:3] for link in links[:2]] == [
        ["VGG16", "simple"],
        ["Control", "simple"],
    ]


def test_a_study_without_scores_still_has_a_lead_and_a_verdict(folder: Path) -> None:
    for name in ("findings.json", "scores.csv"):
        (folder / name).unlink()
    page = report(folder)
    assert len(list(page.at("lead").all("figure"))) == 2 + len(BACKBONES)
    verdict = page.at("verdict").text
    assert "scores are there, so that it cannot be said" in verdict
    assert "adam for 4 of 4 models" in verdict
    assert "2 things are missing" in verdict


def test_the_verdict_has_every_claim_with_value_number_and_certainty(
    folder: Path, page: Element
) -> None:
    claims = read_findings(folder / "findings.json").claims
    shown = list(page.at("verdict").all("div", "claim"))
    assert [one.attributes["data-claim"] for one in shown] == [claim.id for claim in claims]
    ids = {one.attributes.get("id") for one in page.all("*")}
    for claim, one in zip(claims, shown, strict=True):
        assert claim.question in one.text
        points = list(one.all("li", "point"))
        for point, told in zip(claim.points, points, strict=True):
            (said,) = told.all("strong", "said")
            assert said.text.endswith(point.answer)
            assert point.subject in told.text
            assert f"n {point.pairs}" in one.text
            if math.isfinite(point.value):
                assert format_number(point.value) in told.text
            if math.isfinite(point.p):
                assert f"p {format_p(point.p)}" in told.text
        for link in one.all("a"):
            assert unquote(link.attributes["href"][1:]) in ids


def test_cautions_stand_wherever_a_model_does(folder: Path) -> None:
    for aggregation, totals in (("simple", [4.0, 3.9, 5.0]), ("squared", [4.0, 0.5, 0.4999])):
        write_history(folder, "VGG16", aggregation, "adam", totals)
    path = folder / "choices.csv"
    text = path.read_text()
    path.write_text(
        text.replace("VGG16,simple,adam,3,0.9995,plateau", "VGG16,simple,adam,1,3.9,rise")
    )
    page = report(folder)
    for section in ("choices", "curves", "aggregations"):
        texts = [one.text for one in page.at(section).all("span", "caution")]
        assert "⚠ ended on a rise" in texts, section
        assert "⚠ ended far above where squared got" in texts, section


def test_no_status_of_a_run_is_green() -> None:
    style = (TEMPLATES / "report.css").read_text("utf-8")
    green = re.findall(r"([^{}]*)\{[^{}]*color: var\(--good-ink\)", style)
    assert [one.strip() for one in green] == [".tag.clean"]


def test_a_rule_without_a_threshold_does_not_speak_of_0_percent(folder: Path) -> None:
    path = folder / "config.json"
    record = json.loads(path.read_text())
    record["config"]["training"] |= {"min_improvement": 0.0, "watch": 2}
    path.write_text(json.dumps(record))
    for backbone in BACKBONES:
        for aggregation in AGGREGATIONS:
            write_history(folder, backbone, aggregation, "adam", [4.0, 3.0, 3.5, 3.2, 3.1])
    page = report(folder)
    assert "Stopping rule" in page.at("stopping").text
    for section in ("method", "stopping"):
        assert " 0 %" not in page.at(section).text
        assert "lowers the average total loss not at all" in page.at(section).text


def test_one_of_a_thing_is_not_told_in_the_plural(folder: Path) -> None:
    path = folder / "config.json"
    record = json.loads(path.read_text())
    config = record["config"]
    config["styles"]["artists"] = config["styles"]["artists"][:1]
    config["aggregations"] = ["simple"]
    del config["backbones"]["Control"]
    config["training"] |= {"max_epochs": 1, "watch": 1, "patience": 1}
    path.write_text(json.dumps(record))
    for optimizer in OPTIMIZERS:
        write_history(folder, "VGG16", "simple", optimizer, [4.0, 2.0])
    page = report(folder)
    facts = next(page.all("dl", "facts")).text
    assert facts.startswith("style 1 ")
    assert "model 1" in facts
    for section in page.all("section"):
        told = re.findall(
            r"\b1 (?:\w+ )?(?:styles|artists|pairs|pictures|contents|models|epochs|runs|things)\b",
            section.text,
        )
        assert not told, section.attributes["id"]


def test_headings_are_those_of_the_table_of_contents_and_in_its_order(page: Element) -> None:
    (nav,) = page.all("nav")
    links = [(one.attributes["href"][1:], one.text) for one in nav.all("a")]
    assert [name for name, _ in links][:3] == ["verdict", "pictures", "choices"]
    headings = [
        (one.attributes["id"], next(one.all("h2")).text)
        for one in page.all("section")
        if list(one.all("h2"))
    ]
    assert links == headings


def test_what_settles_nothing_is_a_table_and_no_wall_of_sentences(page: Element) -> None:
    section = page.at("findings")
    by_name, kinds = {}, []
    for table in section.all("table", "matrix"):
        heads = [one.text for one in table.all("th") if one.attributes.get("scope") == "col"]
        kinds.append(heads[0])
        assert all(len(row) == len(heads) for row in rows(table))
        by_name |= {row[0]: row[1:] for row in rows(table)}
    assert kinds == ["Models", "Aggregations", "Backbones", "Optimizers"]
    told = by_name["simple against squared"]
    assert all(re.search(r"\d.* to .*p [\d.]+, n \d", cell) for cell in told if cell != "\u2013")
    assert sum(cell != "\u2013" for cell in told) > 5
    # A comparison that two questions ask stands there once.
    assert "squared against simple" not in by_name
    for phrase in ("too few to say whether", "cannot be told apart"):
        assert section.text.count(phrase) <= 1


def test_squared_stands_beside_simple_where_they_differ_most(page: Element) -> None:
    articles = list(page.at("aggregations").all("article"))
    assert [next(one.all("span", "backbone")).text.split()[0] for one in articles] == [*BACKBONES]
    for backbone, article in zip(BACKBONES, articles, strict=True):
        links = [unquote(one.attributes["href"]) for one in article.all("a")]
        simple, squared, both = links
        place = simple.removeprefix(f"stylized/{backbone}/simple/")
        assert squared == f"stylized/{backbone}/squared/{place}"
        assert both == f"#{backbone}/squared/{place.removesuffix('.png')}?against={backbone}/simple"
        most, average = (
            float(re.search(pattern, article.text)[1])  # type: ignore[index]
            for pattern in (r"differ by ([\d.]+)", r"by ([\d.]+) on average")
        )
        assert most >= average > 0


def test_findings_are_told_with_their_comparisons_and_the_judge_s_name(
    folder: Path, page: Element
) -> None:
    section = page.at("findings")
    assert "a judge, <fixed> & neutral" in section.text
    assert "2 held-out paintings of each style" in section.text
    told = read_findings(folder / "findings.json").answers
    for answer in told:
        assert answer.question in page.at(f"answer-{answer.id}").text or answer.certain
    certain = [one.text for answers in section.all("dl", "answers") for one in answers.all("dt")]
    assert certain == [answer.question for answer in told if answer.certain]
    folded = [one.text for one in next(section.all("ul", "open")).all("summary")]
    assert folded == [answer.question for answer in told if not answer.certain]
    assert "Do simple and squared differ, and where?" in folded
    weights = page.at("provenance").text
    assert digest("judge") in weights
    assert "likeness to a backbone at most 0.0625" in weights
    (drawing,) = section.all("svg")
    assert {"VGG16", "Control", "real painting"} <= {one.text for one in drawing.all("text")}


def test_the_table_of_scores_has_a_row_per_model_and_floor_and_ceiling(page: Element) -> None:
    (table,) = page.at("scores").all("table", "scores")
    found = rows(table)
    models = [
        f"{backbone} · {aggregation} (4)" for backbone in BACKBONES for aggregation in AGGREGATIONS
    ]
    assert [row[0] for row in found] == [*models, "untouched content (4)", "held-out painting (4)"]
    heads = [one.text for one in table.all("th")]
    place = next(number for number, head in enumerate(heads) if head.startswith("style distance"))
    assert heads[place].endswith("(lower is better)")
    ways = [way("VGG16", "simple", style, name) for style in ARTISTS for name in TESTS]
    assert found[0][place].startswith(f"{format_score(10 - 9.5 * sum(ways) / 4)} ")
    # The judge does not tell the second artist from others.
    assert found[0][place].endswith(f" way {format_score(sum(ways[:2]) / 2)}")
    assert found[-2][place].startswith("10.0 ")
    assert found[-1][place].startswith("0.500 ")


def test_a_study_with_one_pair_of_weights_and_no_descriptions_has_a_report(folder: Path) -> None:
    path = folder / "config.json"
    record = json.loads(path.read_text())
    for backbone in record["config"]["backbones"].values():
        del backbone["alpha"], backbone["beta"], backbone["description"]
    record["config"]["loss"] = {"scaling": "calibrated", "alpha": 0.125, "beta": 64}
    path.write_text(json.dumps(record))
    page = report(folder)
    assert "it is told of the test pictures alone" in page.at("curves").text
    tables = page.at("method").all("table")
    table = next(one for one in tables if "Content layer" in one.text)
    assert [row[3:] for row in rows(table)] == [["0.125", "64"], ["0.125", "64"]]


def test_a_study_without_a_judge_tells_of_none(folder: Path) -> None:
    path = folder / "config.json"
    record = json.loads(path.read_text())
    del record["config"]["judge"]
    path.write_text(json.dumps(record))
    page = report(folder)
    assert not [
        one for one in page.all("section") if one.attributes["id"] in {"findings", "scores"}
    ]
    assert not list(page.all("small", "score"))


def test_a_study_that_is_not_scored_yet_names_what_is_missing(folder: Path) -> None:
    (folder / "findings.json").unlink()
    page = report(folder)
    assert "findings.json" in next(page.all("aside", "warning")).text
    assert not [one for one in page.all("section") if one.attributes["id"] == "findings"]


def test_links_lead_to_the_study_files_wherever_the_report_lies(folder: Path) -> None:
    output = folder.parent / "elsewhere" / "report.html"
    write_report(folder, TEMPLATES, output)
    page = Parser(output.read_text("utf-8")).root
    # The viewer has some that a script fills.
    links = [one.attributes["href"] for one in page.all("a") if "href" in one.attributes]
    files = [link for link in links if not link.startswith("#")]
    files = [link for link in files if not link.startswith("data:")]
    # The lead, grids, simple and squared, histories, tables of the study
    assert len(files) == 2 + 16 + 4 + 8 + 7
    for link in files:
        assert (output.parent / unquote(urlsplit(link).path)).is_file(), link


def test_in_page_links_have_their_targets(page: Element) -> None:
    ids = Counter(one.attributes["id"] for one in page.all("*") if "id" in one.attributes)
    assert max(ids.values()) == 1
    used = [one.attributes.get("href", "") for name in ("a", "use") for one in page.all(name)]
    # An address of several parts is a picture's, for the scripts.
    anchors = [unquote(link[1:]) for link in used if re.fullmatch("#[^/]+", link)]
    assert anchors
    assert set(anchors) <= set(ids)


def test_nothing_is_loaded_from_a_network_or_another_file(finished: Path, page: Element) -> None:
    for one in page.all("*"):
        loads = {"src", "srcset", "poster", "data", "action"} & one.attributes.keys()
        if one.name != "a":
            loads |= {"href", "xlink:href"} & one.attributes.keys()
        for name in loads:
            assert re.match(r"#|data:image/webp;base64,", one.attributes[name])
        assert "://" not in one.attributes.get("href", "")
        assert not any(name.startswith("on") for name in one.attributes)
    assert not list(page.all("link"))
    text = finished.read_text("utf-8")
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    policy = next(one for one in page.all("meta") if "http-equiv" in one.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'; img-src data:;")


def test_every_picture_has_a_text_and_a_size(page: Element) -> None:
    images = list(page.all("img"))
    # Lead, grids, 2 pairs of aggregations, 2 x 2 paintings
    assert len(images) == 3 + 16 + 4 + 4
    for one in images:
        assert one.attributes["alt"]
        assert int(one.attributes["width"]) > int(one.attributes["height"]) > 0
    for one in page.all("svg", "photograph"):
        assert one.attributes["aria-label"].startswith("Content photograph ")


def test_content_photographs_are_embedded_once(page: Element) -> None:
    assert len(list(page.all("image"))) == len(TESTS)
    # In the lead, beside their rows, beside simple and squared, and as heads of other tables.
    beside = 1 + len(TESTS) * len(ARTISTS) + len(BACKBONES) + len(TESTS)
    assert len(list(page.all("svg", "photograph"))) == beside


def test_names_are_text_and_never_markup(finished: Path, page: Element) -> None:
    assert len(list(page.all("script"))) == 1 + len(SCRIPTS)
    text = finished.read_text("utf-8")
    for name in (*ARTISTS.values(), *TESTS, *(about for _, about in BACKBONES.values())):
        assert name in page.text
        if "<" in name:
            assert name not in text


def test_an_untrained_backbone_is_told_wherever_it_appears(page: Element) -> None:
    found = [one.text for one in page.all("span", "backbone")]
    assert found
    for text in found:
        name = text.split()[0]
        assert BACKBONES[name][1] in text
        assert ("untrained" in text.replace(BACKBONES[name][1], "")) == (name == "Control")
    for section in ("method", "choices", "lead", "curves", "pictures", "provenance"):
        named = {one.text.split()[0] for one in page.at(section).all("span", "backbone")}
        assert named == set(BACKBONES)


def test_the_method_is_told_with_the_numbers_of_the_config(page: Element) -> None:
    method = page.at("method").text
    for part in (
        "not one painting but 2 by one artist",
        "2 aggregations and 2 backbones make 4 models",
        "repaint 1 training content in all 2 styles, 2 pairs in lockstep",
        "adam (learning rate 0.02, beta 1 0.9, beta 2 0.999, epsilon 1e-08) and sgd (learning "
        "rate 10, momentum 0)",
        "less than 0.1 % of what it was, and in any case after 100 epochs",
        "repaints 2 test contents",
    ):
        assert part in method
    assert "Compare losses within a backbone only." in page.at("choices").text


def test_a_curve_is_drawn_for_each_model(page: Element) -> None:
    drawings = list(page.at("curves").all("figure"))
    assert len(drawings) == 4
    for one in drawings:
        assert [panel.text for panel in one.all("h3")] == [
            "total loss",
            "content loss",
            "style loss",
        ]
        assert len(list(one.all("div", "panels"))) == 1
        assert "adam: chosen, stops at epoch 3 (plateau)" in one.text
        assert "sgd: diverged" in one.text


def test_missing_runs_pictures_and_choices_are_named(folder: Path) -> None:
    gone = [
        "training/VGG16/simple/adam.csv",
        "training/VGG16/simple/sgd.csv",
        "stylized/VGG16/simple/Tom_&_Jerry/bay.png",
        "inputs/painting_0a.png",
        "inputs/bay.png",
    ]
    for name in gone:
        (folder / name).unlink()
    shutil.rmtree(folder / "stylized/Control/squared")
    path = folder / "choices.csv"
    path.write_text(path.read_text().replace("VGG16,simple,adam", "VGG11,simple,adam"))
    page = report(folder)
    named = [one.text for one in next(page.all("aside", "warning")).all("li")]
    assert set(gone) < set(named)
    assert "choices.csv: the row of VGG16, simple" in named
    assert len(named) == len(gone) + 4 + 1
    assert "11 of 16" in next(page.all("dl", "facts")).text
    assert [row[3:] for row in rows(next(page.all("table", "runs")))][:2] == [
        ["", *"\u2013" * 4, "run missing"]
    ] * 2
    grid = rows(next(page.all("table", "grid")))
    assert grid[0][0] == "missing bay"
    assert [cell == "missing" for cell in grid[0][1:]] == [True, False, False, True]
    assert [cell == "missing" for cell in grid[1][1:]] == [False, False, False, True]
    assert "painting_0a is missing" in page.at("pictures").text
    assert "no training run is there" in page.at("curves").text


def test_a_finished_study_is_not_called_unfinished(page: Element) -> None:
    assert "unfinished" not in page.text


def test_what_was_skipped_and_what_is_there_twice_is_told(page: Element) -> None:
    skipped, passed_over = page.all("aside", "warning")
    assert "1 picture was skipped" in skipped.text
    assert "contents: photographs/<i>.jpg : empty <file>" in skipped.text
    assert "1 file or folder looks like pictures and is not used" in passed_over.text
    assert "dataset: paintings/<1>.heic : HEIC, a format that is not read" in passed_over.text
    notes = [one.text for one in page.all("aside", "note")]
    (remarks,) = (text for text in notes if "1 picture is used though its file lacks" in text)
    assert "Tom & Jerry: paintings/<2>.jpg : its file lacks its end" in remarks
    provenance = page.at("provenance").text
    assert "painting_0a and painting_0b look alike" in provenance
    assert "Pictures: 1,234, of 2 artists or folders." in provenance


def test_a_study_without_notes_on_its_selection_has_a_report(folder: Path) -> None:
    (folder / "selection.json").unlink()
    (aside,) = report(folder).all("aside", "warning")
    assert [one.text for one in aside.all("li")] == ["selection.json"]


def test_a_study_that_has_only_begun_has_a_report(folder: Path) -> None:
    for name in ("inputs", "backbones", "training", "stylized", "benchmarks"):
        shutil.rmtree(folder / name)
    (folder / "choices.csv").unlink()
    page = report(folder)
    assert not list(page.all("img"))
    assert "no picture names any" in page.at("provenance").text
    assert "no benchmark files" in page.at("provenance").text


def test_losses_that_are_not_numbers_are_shown_as_words(folder: Path) -> None:
    for optimizer in ("adam", "sgd"):
        write_history(folder, "VGG16", "simple", optimizer, [math.nan])
    write_painted(folder, "VGG16", "simple", "Tom_&_Jerry", "bay", total_loss=math.nan)
    page = report(folder)
    table = rows(next(page.all("table", "runs")))
    assert table[0][5:8] == ["not a number", "not a number", "0"]
    assert table[0][8].startswith("diverged")
    assert rows(next(page.all("table", "grid")))[0][1].startswith("not a number")


def test_provenance_tells_versions_weights_selection_times_and_config(folder: Path) -> None:
    write_painted(folder, *("VGG16", "simple", "Tom_&_Jerry", "bay"), versions={"numpy": "1.0"})
    tables = [rows(one) for one in report(folder).at("provenance").all("table")]
    settings, versions, selection, times, weights = tables
    assert settings == [
        [
            SETTING.commit,
            "1 changed nstcore/<changed>.py",
            "A Processor, 2 cores, 8.25 GB, no NVIDIA GPU found",
            "Linux 6.1",
            "3.11.2, 9.27.1",
            SETTING.command,
            SETTING.date,
        ]
    ]
    assert ["numpy", "1.0 (1 picture) , 2.4.0 (15 pictures)"] in versions
    assert ["python", "3.11.2"] in versions
    assert ["paintings", "Tom & Jerry", "2", "5", "7"] in selection
    assert ["test contents", "photographs", "2", "\u2013", "\u2013"] in selection
    assert times == [["train", "2", "1 h 0 min", "1024 MB"]]
    assert weights[1][1:3] == ["random", "1,234,567"]
    assert "max_epochs: 100" in next(report(folder).all("pre")).text


def test_the_command_of_a_picture_names_the_study_s_config_or_says_that_it_is_unknown(
    folder: Path,
) -> None:
    def commands(page: Element) -> list[str]:
        return [one["command"] for one in json.loads(page.at("data").text)["pictures"]]

    known = commands(report(folder))
    assert len(known) == 16
    assert known[0] == (
        "snakemake --cores all --force 'results/small/stylized/VGG16/simple/Tom_&_Jerry/bay.png' "
        "--configfile 'my studies/<small>.yaml'"
    )
    (folder / "runs.json").unlink()
    page = report(folder)
    assert all(command.endswith("--configfile CONFIG.yaml") for command in commands(page))
    assert "whose name is not recorded" in page.at("viewer").text


def test_the_same_files_give_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(folder, TEMPLATES, folder / "report.html")
    first = (folder / "report.html").read_bytes()
    monkeypatch.chdir(folder.parent)
    write_report(Path(folder.name), TEMPLATES, Path(folder.name) / "report.html")
    assert (folder / "report.html").read_bytes() == first


def test_a_failing_report_leaves_the_last_one_alone(folder: Path) -> None:
    output = folder / "report.html"
    output.write_text("the last one")
    (folder / "config.json").unlink()
    with pytest.raises(DataError):
        write_report(folder, TEMPLATES, output)
    assert output.read_text() == "the last one"


def test_missing_templates_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no usable templates \(.*report\.html\.j2"):
        write_report(folder, tmp_path, folder / "report.html")


def test_a_missing_section_is_named(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "reports")
    (tmp_path / "reports" / "sections" / "curves.html.j2").unlink()
    with pytest.raises(StudyError, match=r"no usable templates \(.*curves\.html\.j2"):
        write_report(folder, tmp_path / "reports", folder / "report.html")
    assert not (folder / "report.html").exists()


def test_the_program_writes_the_report_without_tensorflow(folder: Path) -> None:
    # A module that is None in sys.modules cannot be imported.
    blocked = "import runpy, sys; sys.modules['tensorflow'] = sys.modules['keras'] = None; "
    output = folder / "report.html"
    options = ["--study", folder, "--templates", TEMPLATES, "--output", output]
    start = f"{blocked}runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    subprocess.run([sys.executable, "-c", start, *map(str, options)], check=True)
    assert output.read_text("utf-8").startswith("<!doctype html>")


def test_the_program_ends_a_missing_study_in_one_line(tmp_path: Path) -> None:
    options = f"--study {tmp_path} --templates {TEMPLATES} --output {tmp_path}/a.html".split()
    ended = subprocess.run(
        [sys.executable, PROGRAM, *options], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: {tmp_path / 'config.json'}: no such file")
    assert ended.stderr.count("\n") == 1


def test_colour_is_written_in_one_way_on_the_page(page: Element) -> None:
    for section in page.all("section"):
        assert not re.search(r"\bcolors?\b", section.text, re.IGNORECASE)
    told = [
        name
        for picture in json.loads(page.at("data").text)["pictures"]
        for name, *_ in picture["scores"]
    ]
    assert "colour distance" in told
    assert "color distance" not in told
