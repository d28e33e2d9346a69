"""The report as a reader, a browser and a web developer find it."""

import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from small_study import (
    AGGREGATIONS,
    ARTISTS,
    BACKBONES,
    SETTING,
    TESTS,
    digest,
    loss,
    write_history,
    write_painted,
    write_study,
)

from nstcore.common.errors import DataError, StudyError
from nstcore.common.formatting import format_loss, format_score
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
            # A style reached is a score of its own, for which the small study takes the loss.
            assert [cell.replace(" ★", "") for cell in row[1:]] == [
                f"{format_loss(one)} style {format_score(one / 10.5)}, "
                f"content {format_score(1 - one / 10.5)}"
                for one in losses
            ]


def test_the_lowest_loss_and_the_best_and_worst_score_of_each_model_are_shown(
    page: Element,
) -> None:
    articles = list(page.at("models").all("article"))
    models = [(backbone, aggregation) for backbone in BACKBONES for aggregation in AGGREGATIONS]
    for model, article in zip(models, articles, strict=True):
        losses = {
            (style, content): loss(*model, style, content) for style in ARTISTS for content in TESTS
        }
        # The small study takes losses for scores.
        low, high = min(losses, key=losses.__getitem__), max(losses, key=losses.__getitem__)
        figures = list(article.all("figure"))
        for figure, place, name in zip(
            figures,
            (low, high, low),
            ("lowest total loss", "best score", "worst score"),
            strict=True,
        ):
            link = unquote(next(figure.all("a")).attributes["href"])
            assert link == f"stylized/{model[0]}/{model[1]}/{place[0]}/{place[1]}.png"
            assert figure.text.startswith(name)
            assert f"Total loss {format_loss(losses[place])} (" in figure.text
            assert f"Style reached {format_score(losses[place] / 10.5)}" in figure.text
    stars = [cell for grid in page.all("table", "grid") for row in rows(grid) for cell in row]
    assert sorted(cell.partition(" style")[0] for cell in stars if "★" in cell) == [
        f"{format_loss(number)} ★" for number in (0.125, 0.225, 1.125, 1.225)
    ]


def test_the_page_opens_with_the_content_and_style_of_the_best_score(page: Element) -> None:
    (figure,) = page.all("figure", "lead")
    places = [(model, style, name) for model in BACKBONES for style in ARTISTS for name in TESTS]
    # The small study takes losses for scores.
    _, style, name = max(places, key=lambda place: loss(place[0], "squared", *place[1:]))
    assert [unquote(one.attributes["href"]) for one in figure.all("a")] == [
        f"stylized/{backbone}/squared/{style}/{name}.png" for backbone in BACKBONES
    ]
    assert len(list(figure.all("svg", "photograph"))) == 1
    assert ARTISTS[style] in figure.text
    assert name in figure.text


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


def test_findings_are_told_with_their_comparisons_and_the_judge_s_name(page: Element) -> None:
    section = page.at("findings")
    assert "a judge, <fixed> & neutral" in section.text
    assert "2 held-out paintings of each style" in section.text
    (answers,) = section.all("dl", "answers")
    questions = [one.text for one in answers.all("dt")]
    assert "Does VGG16 change the image?" in questions
    assert "Do simple and squared differ, and where?" in questions
    assert "4 pairs are too few to say whether Control goes further" in answers.text
    weights = page.at("provenance").text
    assert digest("judge") in weights
    assert "likeness to a backbone at most 0.0625" in weights
    (drawing,) = section.all("svg")
    assert {"VGG16", "Control", "real painting"} <= {one.text for one in drawing.all("text")}


def test_the_table_of_scores_has_a_row_per_model_and_floor_and_ceiling(page: Element) -> None:
    (table,) = page.at("scores").all("table")
    found = rows(table)
    models = [
        f"{backbone} · {aggregation} (4)" for backbone in BACKBONES for aggregation in AGGREGATIONS
    ]
    assert [row[0] for row in found] == [*models, "untouched content (4)", "held-out painting (4)"]
    style = [one.text for one in table.all("th")].index("style distance")
    mean = sum(loss("VGG16", "simple", style, name) for style in ARTISTS for name in TESTS) / 4
    assert found[0][style].startswith(f"{format_score(mean / 10.5)} {format_score(mean)} (")
    assert found[-2][style].startswith("0.000 ")
    assert found[-1][style].startswith("1.00 ")


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
    # The viewer has one that a script fills.
    links = [one.attributes["href"] for one in page.all("a") if one.attributes]
    files = [link for link in links if not link.startswith("#")]
    files = [link for link in files if not link.startswith("data:")]
    # The lead, grids, pictures that stand out, simple and squared, histories, tables of the study
    assert len(files) == 2 + 16 + 12 + 4 + 8 + 7
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
    # Lead, grids, 3 of each of 4 models, 2 pairs of aggregations, 2 x 2 paintings
    assert len(images) == 3 + 16 + 12 + 4 + 4
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
    for section in ("method", "choices", "curves", "pictures", "models", "provenance"):
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
    assert "no picture with a known loss is there" in page.at("models").text


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
    assert table[0][5:] == ["not a number", "not a number", "0", "diverged"]
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
