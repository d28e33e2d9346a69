"""The report in a real browser, opened from disk with the network refused."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pandas as pd
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from chromium import SCREENSHOTS, Watched, contexts, shoot
from playwright.sync_api import Locator, Page, expect
from small_study import AGGREGATIONS, ARTISTS, BACKBONES, TESTS, write_history, write_study
from visits import Open, visits

from nstcore.report.remake import remake_config
from nstcore.report.render import SCRIPTS, write_report
from nstcore.study.config import Study
from nstcore.study.results import read_results

ROOT = Path(__file__).parents[2]
STYLES = tuple(ARTISTS)
FIRST = ("VGG16", "squared", STYLES[1], TESTS[1])
"""A picture whose names are as bad as names can be."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = write_study(tmp_path_factory.mktemp("a") / "50 % <b> #1" / "results" / "small")
    write_report(study, ROOT / "reports", study / "report.html")
    return study / "report.html"


@pytest.fixture(scope="module")
def new_context() -> Iterator[Any]:
    with contexts() as open_context:
        yield open_context


@pytest.fixture
def visit(new_context: Any, report: Path) -> Iterator[Open]:
    with visits(new_context, report) as opening:
        yield partial(opening, height=900)


def address(*names: str) -> str:
    return "#" + "/".join(quote(name, safe="") for name in names)


def viewer(page: Page) -> Locator:
    return page.locator("#viewer")


def texts(cells: Locator) -> list[str]:
    return [text.strip() for text in cells.all_inner_texts()]


def shown_place(page: Page) -> tuple[str, ...]:
    """Return which picture the viewer shows, by the file that it links to."""
    link = page.locator("#viewer .original a").get_attribute("href") or ""
    parts = unquote(urlsplit(link).path).removesuffix(".png").split("/")
    return tuple(parts[1:])


def place_of(link: Locator) -> tuple[str, ...]:
    """Return which picture a cell of the grid shows."""
    path = urlsplit(link.get_attribute("href") or "").path
    return tuple(unquote(path).removesuffix(".png").split("/")[1:])


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


def test_the_page_opens_from_disk_and_asks_for_nothing_else(visit: Open) -> None:
    page = visit()
    expect(page.locator("h1")).to_contain_text("Study small")
    broken = page.evaluate("[...document.images].filter(one => !one.naturalWidth).length")
    assert broken == 0
    shoot(page, "top")
    shoot(page, "whole", full_page=True)


def test_names_are_shown_as_they_are(visit: Open) -> None:
    page = visit()
    label = ARTISTS[STYLES[1]]
    expect(page.locator("#grids h3").nth(1)).to_have_text(label)
    row = page.locator("#grids tbody th .id").nth(1)
    assert row.inner_text() == TESTS[1]
    page.goto(page.url.partition("#")[0] + address(*FIRST))
    expect(viewer(page).locator("h2")).to_have_text(
        f"{TESTS[1]} in the style of {label}, VGG16 · squared"
    )
    assert page.locator("script").count() == 1 + len(SCRIPTS)


def test_a_click_on_a_head_sorts_upwards_downwards_and_back(visit: Open) -> None:
    page = visit()
    table = page.locator("table.runs")
    losses = table.locator("tbody tr td:nth-child(6)")
    before = texts(losses)
    head = table.locator("thead th").nth(5)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert texts(losses) == sorted(before, key=float)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert texts(losses) == sorted(before, key=float, reverse=True)
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert texts(losses) == before


def test_the_table_of_runs_can_be_narrowed_and_widened(visit: Open) -> None:
    page = visit()
    section = page.locator("#choices")
    rows = section.locator("table.runs tbody tr:visible")
    assert rows.count() == 8
    section.get_by_label("Optimizer").select_option("sgd")
    section.get_by_label("Ended").select_option("diverged")
    assert rows.count() == 4
    assert all("sgd" in text and "diverged" in text for text in rows.all_inner_texts())
    expect(section.get_by_role("status")).to_have_text("4 of 8 training runs")
    section.get_by_label("Optimizer").select_option("all")
    section.get_by_label("Ended").select_option("all")
    section.get_by_label("Chosen").select_option("chosen")
    assert rows.count() == 4
    shoot(page, "choices-filtered", clip=None)
    section.get_by_role("button", name="All").click()
    assert rows.count() == 8
    expect(section.get_by_role("status")).to_have_text("")


AXES = {
    "content": TESTS,
    "style": STYLES,
    "backbone": tuple(BACKBONES),
    "aggregation": AGGREGATIONS,
}


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(row, column) for row in AXES for column in AXES if row != column],
)
def test_any_two_axes_make_rows_and_columns(visit: Open, rows: str, columns: str) -> None:
    page = visit(f"#pictures?rows={rows}&columns={columns}")
    tables = page.locator("table.grid")
    order = ("backbone", "aggregation", "style", "content")
    seen = set()
    for table in tables.all():
        lines = table.locator("tbody tr").all()
        assert len(lines) == len(AXES[rows])
        for row, line in zip(AXES[rows], lines, strict=True):
            links = line.locator("a.painted").all()
            assert len(links) == len(AXES[columns])
            for column, link in zip(AXES[columns], links, strict=True):
                place = dict(zip(order, place_of(link), strict=True))
                assert (place[rows], place[columns]) == (row, column)
                seen.add(tuple(place.values()))
    # A table for each value of one other axis; the last one is fixed, and offered.
    assert tables.count() == 2
    assert len(seen) == 2 * len(AXES[rows]) * len(AXES[columns])
    assert page.locator("#axes .fixed select").count() == 2


def test_axes_are_chosen_swapped_and_reset(visit: Open) -> None:
    page = visit("#pictures")
    form, tables = page.locator("#axes"), page.locator("table.grid")
    assert tables.count() == len(ARTISTS)
    form.get_by_label("Columns").select_option("backbone")
    assert form.get_by_label("Rows").input_value() == "content"
    assert texts(tables.first.locator("thead th"))[1].startswith("VGG16")
    form.get_by_role("button", name="Swap").click()
    assert form.get_by_label("Rows").input_value() == "backbone"
    assert form.get_by_label("Columns").input_value() == "content"
    assert "rows=backbone&columns=content" in page.url
    form.locator("[name=style]").select_option(STYLES[1])
    assert tables.count() == 1
    assert place_of(tables.locator("a.painted").first)[2] == STYLES[1]
    assert page.locator(".paintings").count() == 1
    expect(page.locator("#axes-status")).to_have_text("4 pictures in 1 table")
    shoot(page, "axes-swapped")
    # The address is the state: whoever opens it sees the same.
    again = visit("#" + page.url.partition("#")[2])
    assert again.locator("#grids").inner_text() == page.locator("#grids").inner_text()
    form.get_by_role("button", name="Reset").click()
    assert tables.count() == len(ARTISTS)
    assert page.locator("#grids a.painted").count() == 16


def test_axes_that_collide_make_way_for_each_other(visit: Open) -> None:
    page = visit("#pictures")
    form = page.locator("#axes")
    form.get_by_label("Rows").select_option("backbone")
    assert form.get_by_label("Columns").input_value() == "content"
    form.get_by_label("Columns").select_option("model")
    assert form.get_by_label("Rows").input_value() in {"content", "style"}


def test_aggregations_stand_side_by_side_on_a_click(visit: Open) -> None:
    page = visit("#pictures")
    page.get_by_role("button", name="Aggregations side by side").click()
    first = page.locator("table.grid").first
    assert texts(first.locator("thead th"))[1:] == [*AGGREGATIONS]
    places = [place_of(link) for link in first.locator("tbody tr").first.locator("a").all()]
    assert [place[1] for place in places] == [*AGGREGATIONS]
    assert len({(place[0], *place[2:]) for place in places}) == 1


def test_heads_stay_in_sight_and_no_picture_is_cut_off_within_the_page(visit: Open) -> None:
    page = visit("#pictures", width=360, height=400)
    box = page.locator("#grids .scroll").first
    corners = """box => Object.fromEntries([["head", "thead"], ["side", "tbody th"]].map(
        ([name, found]) => [name, box.querySelector(found).getBoundingClientRect()])
        .map(([name, one]) => [name, [one.x, one.y]]))"""
    top = "document.querySelector('#grids thead').getBoundingClientRect().y"
    page.evaluate(f"scrollTo(0, scrollY + {top} + 60)")
    edge = page.evaluate("document.querySelector('nav').getBoundingClientRect().bottom")
    page.wait_for_function(
        "y => Math.abs(document.querySelector('#grids thead').getBoundingClientRect().y - y) < 2",
        arg=edge,
    )
    before = box.evaluate(corners)
    assert box.evaluate("box => (box.scrollBy(99, 0), box.scrollLeft)") == 99
    after = box.evaluate(corners)
    assert after["side"][0] == pytest.approx(before["side"][0], abs=1)
    assert after["head"][0] == pytest.approx(before["head"][0] - 99, abs=1)
    # They leave with their table.
    page.locator("#provenance").scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    bottom = box.evaluate("box => box.getBoundingClientRect().bottom")
    assert box.evaluate(corners)["head"][1] <= bottom
    # Only sideways do tables of pictures scroll.
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        cut = page.evaluate(
            "[...document.querySelectorAll('#grids .scroll')]"
            ".filter(one => one.scrollHeight > one.clientHeight + 1).length"
        )
        assert cut == 0


def test_a_click_opens_the_viewer_and_escape_leads_back(visit: Open) -> None:
    page = visit("#pictures")
    link = page.locator("#grids a.painted").nth(3)
    place = place_of(link)
    link.click()
    expect(viewer(page)).to_be_visible()
    assert shown_place(page) == place
    assert unquote(page.url).endswith(unquote(address(*place)))
    page.keyboard.press("Escape")
    expect(viewer(page)).to_be_hidden()
    expect(link).to_be_focused()
    expect(page).to_have_url(re.compile("#pictures$"))


@pytest.mark.parametrize(
    ("section", "selector"),
    [("lead", "a.painted"), ("aggregations", "a.painted"), ("aggregations", "a[href^='#']")],
)
def test_a_picture_opened_elsewhere_leads_back_to_where_one_was(
    visit: Open, section: str, selector: str
) -> None:
    page = visit(f"#{section}")
    link = page.locator(f"#{section} {selector}").last
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    link.click()
    expect(viewer(page)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(viewer(page)).to_be_hidden()
    expect(link).to_be_focused()
    expect(page).to_have_url(re.compile(f"#{section}$"))
    assert page.evaluate("scrollY") == pytest.approx(before, abs=2)


def test_the_browser_s_own_way_back_closes_the_viewer(visit: Open) -> None:
    page = visit("#pictures")
    page.locator("#grids a.painted").first.click()
    expect(viewer(page)).to_be_visible()
    page.go_back()
    expect(viewer(page)).to_be_hidden()
    expect(page).to_have_url(re.compile("#pictures$"))
    page.go_forward()
    expect(viewer(page)).to_be_visible()


def test_arrow_keys_go_through_the_grid(visit: Open) -> None:
    page = visit("#pictures")
    places = [place_of(link) for link in page.locator("#grids a.painted").all()]
    page.locator("#grids a.painted").first.click()
    expect(viewer(page)).to_be_visible()
    page.keyboard.press("ArrowRight")
    assert shown_place(page) == places[1]
    assert unquote(page.url).endswith(unquote(address(*places[1])))
    # Four models in a row: down is the next content, and the next artist after the last.
    page.keyboard.press("ArrowDown")
    assert shown_place(page) == places[1 + 4]
    page.keyboard.press("ArrowDown")
    assert shown_place(page) == places[1 + 8]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert shown_place(page) == places[4]
    expect(viewer(page).locator(".place")).to_have_text("5 of 16")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert shown_place(page) == places[-1]
    expect(viewer(page).get_by_role("button", name="Next picture")).to_be_disabled()
    # What was entered through the address is one step of the history, however far one went.
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("#pictures$"))
    expect(page.locator("#grids a.painted").last).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#grids a.painted").nth(11)).to_be_focused()


def test_the_slider_lays_the_content_over_the_picture(visit: Open) -> None:
    page = visit(address(*FIRST))
    slider, before = viewer(page).get_by_role("slider"), viewer(page).locator(".before")

    def clipped() -> str:
        return str(before.evaluate("one => getComputedStyle(one).clipPath"))

    expect(before.locator("svg[role=img]")).to_be_visible()
    at_half = clipped()
    slider.focus()
    page.keyboard.press("Home")
    assert re.match(r"inset\(0px (100%|calc\(100% - 0%\)) 0px 0px\)", clipped())
    assert shown_place(page) == FIRST
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "1"
    assert shown_place(page) == FIRST
    stage = viewer(page).locator(".stage").bounding_box()
    assert stage
    page.mouse.move(stage["x"] + stage["width"] * 0.5, stage["y"] + stage["height"] / 2)
    page.mouse.down()
    assert slider.input_value() == "50"
    assert clipped() == at_half
    page.mouse.move(stage["x"] + stage["width"] * 0.8, stage["y"] + 5)
    page.mouse.up()
    assert slider.input_value() == "80"
    page.mouse.move(stage["x"] + 5, stage["y"] + 5)
    assert slider.input_value() == "80"
    shoot(page, "viewer")


def test_a_picture_is_compared_with_what_another_model_made(visit: Open) -> None:
    page = visit(address(*FIRST))
    others = viewer(page).get_by_label("Compare with")
    models = [f"{b} · {a}" for b in BACKBONES for a in AGGREGATIONS]
    models.remove("VGG16 · squared")
    assert texts(others.locator("option")) == ["the untouched content", *models]
    others.select_option("VGG16/simple")
    image = viewer(page).locator(".before img")
    source = page.locator(
        f'#grids a[href$="{quote("/".join(("VGG16", "simple", *FIRST[2:])))}.png"] img'
    )
    assert image.get_attribute("src") == source.get_attribute("src")
    expect(viewer(page).locator(".slide .left")).to_have_text("VGG16 · simple")
    assert unquote(page.url).endswith(unquote(address(*FIRST)) + "?against=VGG16/simple")
    # The wish stays from picture to picture, and is part of the address.
    again = visit("#" + page.url.partition("#")[2])
    assert viewer(again).get_by_label("Compare with").input_value() == "VGG16/simple"
    viewer(again).get_by_role("button", name="Next picture").focus()
    again.keyboard.press("ArrowRight")
    assert viewer(again).get_by_label("Compare with").input_value() == "VGG16/simple"


def test_the_section_on_squared_leads_to_the_comparison(visit: Open) -> None:
    page = visit("#aggregations")
    page.get_by_role("link", name="Lay one over the other").first.click()
    expect(viewer(page)).to_be_visible()
    assert shown_place(page)[:2] == ("VGG16", "squared")
    assert viewer(page).get_by_label("Compare with").input_value() == "VGG16/simple"


def test_the_viewer_tells_losses_scores_and_how_the_picture_was_made(
    visit: Open, report: Path
) -> None:
    page = visit(address(*FIRST))
    assert texts(viewer(page).locator(".losses th"))[:3] == [
        "total loss",
        "content loss",
        "style loss",
    ]
    assert "style distance" in texts(viewer(page).locator(".scores th"))
    made = viewer(page).locator(".made").inner_text()
    for part in ("adam", "0" * 64, "numpy 2.4.0"):
        assert part in made
    link = viewer(page).get_by_role("link", name="Open the original (48 \u00d7 32 pixels)")
    assert (report.parent / unquote(link.get_attribute("href") or "")).is_file()


def test_the_command_is_copied(visit: Open) -> None:
    page = visit(address(*FIRST), permissions=["clipboard-read", "clipboard-write"])
    command = viewer(page).locator(".command").inner_text()
    assert command.startswith("snakemake --cores all --force '")
    assert command.endswith("--configfile 'my studies/<small>.yaml'")
    viewer(page).get_by_role("button", name="Copy the command").click()
    expect(viewer(page).locator(".copied")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == command


def test_the_command_is_copied_where_scripts_have_no_clipboard(visit: Open) -> None:
    page = visit(address(*FIRST))
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    viewer(page).get_by_role("button", name="Copy the command").click()
    expect(viewer(page).locator(".copied")).to_have_text("Copied")
    assert (
        page.evaluate("getSelection().toString()") == viewer(page).locator(".command").inner_text()
    )


@pytest.mark.parametrize(
    "fragment",
    [
        address(*FIRST),
        address("vgg16", "SQUARED", *FIRST[2:]),
        address("vgg", "sq", *FIRST[2:]),
    ],
)
def test_an_address_leads_to_its_picture(visit: Open, fragment: str) -> None:
    page = visit(fragment)
    expect(viewer(page)).to_be_visible()
    assert shown_place(page) == FIRST
    viewer(page).get_by_role("button", name="Close").click()
    expect(viewer(page)).to_be_hidden()
    expect(page).to_have_url(re.compile("#pictures$"))


def test_a_shorter_address_leads_to_a_part_of_the_tables(visit: Open) -> None:
    page = visit(address("VGG16", "squared"))
    places = [place_of(link) for link in page.locator("#grids a.painted").all()]
    assert {place[:2] for place in places} == {("VGG16", "squared")}
    assert len(places) == 4
    other = visit(address("Control"))
    places = [place_of(link) for link in other.locator("#grids a.painted").all()]
    assert {place[0] for place in places} == {"Control"}
    assert len(places) == 8


@pytest.mark.parametrize("fragment", ["#VGG16/squared/nobody/bay", "#%E0%A4%A/<b>", "#a/b/c/d/e"])
def test_an_unknown_address_is_told(visit: Open, fragment: str) -> None:
    page = visit(fragment)
    expect(page.locator("#axes-status")).to_contain_text("No picture is at this address")
    assert page.locator("#grids a.painted").count() == 16


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(visit: Open, scheme: str) -> None:
    page = visit(width=360, height=740, color_scheme=scheme)
    assert overflow(page) == 0
    shoot(page, f"phone-{scheme}", full_page=True)
    page.goto(page.url + address(*FIRST))
    expect(viewer(page)).to_be_visible()
    assert viewer(page).evaluate("one => one.scrollWidth - one.clientWidth") == 0
    shoot(page, f"phone-viewer-{scheme}")


def test_the_page_fits_a_large_screen(visit: Open) -> None:
    page = visit("#pictures", width=3840, height=2160)
    assert overflow(page) == 0
    width = page.locator("main").bounding_box()
    assert width
    assert width["width"] > 0.8 * 3840
    shoot(page, "large")
    # Lines of text stay short enough to be read.
    longest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.prose')].map(one =>"
        " one.clientWidth / parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert longest < 46


def test_the_page_prints(visit: Open) -> None:
    page = visit()
    page.emulate_media(media="print")
    for hidden in ("nav", "#axes", "#choices .controls", ".skip"):
        assert page.locator(hidden).first.evaluate("one => getComputedStyle(one).display") == "none"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    printed = page.pdf(path=SCREENSHOTS / "print.pdf", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 5 <= sheets <= 30
    page.evaluate("document.querySelector('footer').style.display = 'none'")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == sheets
    # Paper cannot scroll: nothing is cut off.
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(one => one.scrollHeight > one.clientHeight + 1).length"
    )
    assert cut == 0
    folded = page.evaluate(
        "dispatchEvent(new Event('beforeprint')),"
        "[...document.querySelectorAll('details')].filter(one => !one.open).length"
    )
    assert folded == 0


def test_the_keyboard_alone_reaches_everything(visit: Open) -> None:
    page = visit()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the study")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box
    assert box["x"] >= 0
    outline = skip.evaluate("one => getComputedStyle(one).outlineStyle")
    assert outline == "solid"
    unreachable = page.evaluate(
        "[...document.querySelectorAll('main .scroll, main .strip')]"
        ".filter(one => one.tabIndex !== 0 || !one.getAttribute('aria-label')).length"
    )
    assert unreachable == 0
    # The viewer keeps the focus.
    page.locator("#grids a.painted").first.focus()
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_visible()
    for _ in range(15):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement === document.body ||"
            " document.getElementById('viewer').contains(document.activeElement)"
        )
        assert inside


def test_without_scripts_every_picture_is_there(visit: Open) -> None:
    page = visit(java_script_enabled=False)
    assert page.locator("#grids a.painted img").count() == 16
    expect(page.locator("#axes")).to_be_hidden()
    expect(page.locator("table.runs tbody tr").first).to_be_visible()
    expect(viewer(page)).to_be_hidden()


def filter_of(page: Page) -> Locator:
    """Open the filter of the page."""
    box = page.get_by_role("search", name="Filter of the whole page")
    box.get_by_role("button", name="Filter").click()
    return box


def shown_models(page: Page) -> dict[str, set[str]]:
    """Return, by part of the page, what models it shows."""
    return {
        part: set(
            page.locator(f"{selector}:visible").evaluate_all(
                "ones => ones.map(one => `${one.dataset.backbone}/${one.dataset.aggregation}`)"
            )
        )
        for part, selector in {
            "runs": "table.runs tbody tr",
            "curves": ".curves figure",
            "scores": "table.scores tr[data-backbone]",
        }.items()
    } | {"pictures": {"/".join(place_of(one)[:2]) for one in page.locator("#grids a").all()}}


EVERY = {f"{backbone}/{aggregation}" for backbone in BACKBONES for aggregation in AGGREGATIONS}


def test_one_filter_narrows_tables_curves_and_pictures(visit: Open) -> None:
    page = visit("#curves")
    parts = shown_models(page)
    assert all(models == EVERY for models in parts.values())
    box = filter_of(page)
    box.get_by_label("Backbone").select_option("Control")
    box.get_by_label("Aggregation").select_option("squared")
    assert shown_models(page) == {part: {"Control/squared"} for part in parts}
    expect(box.get_by_role("status")).to_have_text("Only Control · squared")
    box.get_by_label("Artist").select_option(STYLES[1])
    box.get_by_label("Content").select_option(TESTS[1])
    (link,) = page.locator("#grids a.painted").all()
    assert place_of(link) == ("Control", "squared", STYLES[1], TESTS[1])
    shoot(page, "filtered")
    # Whoever gets the address sees the same, and so does who loads it anew.
    assert page.url.partition("#")[2].startswith("curves?")
    again = visit("#" + page.url.partition("#")[2])
    assert shown_models(again) == {part: {"Control/squared"} for part in parts}
    assert again.locator("#grids a.painted").count() == 1
    page.reload()
    assert page.locator("#grids a.painted").count() == 1
    # Each choice is one step back.
    for count in (2, 4, 8, 16):
        page.go_back()
        expect(page.locator("#grids a.painted")).to_have_count(count)
    assert shown_models(page) == parts
    page.go_forward()
    expect(page.locator("#grids a.painted")).to_have_count(8)
    page.get_by_role("button", name="Show all").click()
    assert shown_models(page) == parts
    page.go_back()
    expect(page.locator("#grids a.painted")).to_have_count(8)


def test_the_filter_stays_while_one_goes_through_the_page(visit: Open) -> None:
    page = visit("#pictures?only-backbone=Control")
    page.locator("nav a[href='#curves']").click()
    expect(page).to_have_url(re.compile(r"#curves\?only-backbone=Control$"))
    assert shown_models(page)["curves"] == {"Control/simple", "Control/squared"}
    page.locator("#grids a.painted").first.click()
    expect(viewer(page)).to_be_visible()
    expect(viewer(page).locator(".place")).to_have_text("1 of 8")
    page.reload()
    expect(viewer(page).locator(".place")).to_have_text("1 of 8")
    page.keyboard.press("Escape")
    expect(viewer(page)).to_be_hidden()
    assert page.locator("#grids a.painted").count() == 8


def test_the_filter_is_within_reach_everywhere_and_opens_by_keyboard(visit: Open) -> None:
    page = visit(width=360, height=740)
    box = page.locator("#filter")
    for where in ("0", "document.body.scrollHeight / 2", "document.body.scrollHeight"):
        page.evaluate(f"scrollTo(0, {where})")
        expect(box.get_by_role("button", name="Filter")).to_be_in_viewport(ratio=1)
    closed = box.bounding_box()
    assert closed
    assert closed["width"] * closed["height"] < 0.05 * 360 * 740
    box.get_by_role("button", name="Filter").focus()
    page.keyboard.press("Enter")
    expect(box.get_by_label("Backbone")).to_be_focused()
    expect(box.get_by_label("Content")).to_be_in_viewport(ratio=1)
    assert overflow(page) == 0
    shoot(page, "phone-filter")
    page.keyboard.press("Escape")
    expect(box.get_by_label("Backbone")).to_be_hidden()
    expect(box.get_by_role("button", name="Filter")).to_be_focused()


def test_a_filter_without_rows_says_so_and_offers_the_way_out(visit: Open) -> None:
    page = visit("#choices?only-backbone=Control&narrow=training-runs:chosen:chosen")
    section = page.locator("#choices")
    rows = section.locator("table.runs tbody tr:visible")
    assert rows.count() == 2
    section.get_by_label("Ended").select_option("diverged")
    assert rows.count() == 0
    expect(section.get_by_role("status")).to_contain_text(
        "No training runs match: Backbone Control, Chosen chosen, Ended diverged"
    )
    shoot(page, "no-rows")
    section.get_by_role("button", name="Show all").click()
    assert rows.count() == 8
    expect(section.get_by_role("status")).to_have_text("")
    page.go_back()
    expect(rows).to_have_count(0)


def test_a_filter_that_leaves_nothing_of_a_section_says_so(
    new_context: Any, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "results" / "small")
    for path in (study / "stylized" / "Control").rglob("*.png"):
        path.unlink()
    write_report(study, ROOT / "reports", study / "report.html")
    page = Watched(new_context(offline=True)).page
    page.goto((study / "report.html").as_uri() + "#pictures?only-backbone=Control")
    for place in ("#axes-status", "#aggregations [role=status]"):
        expect(page.locator(place)).to_contain_text("match")
        expect(page.locator(place)).to_contain_text("Backbone Control")
    page.locator("#axes-status").get_by_role("button", name="Show all").click()
    expect(page.locator("#axes-status")).to_have_text("8 pictures in 2 tables")


def test_the_order_of_a_table_is_in_the_address(visit: Open) -> None:
    page = visit("#choices")
    losses = page.locator("table.runs tbody tr td:nth-child(6)")
    before = texts(losses)
    button = page.locator("table.runs thead button").nth(5)
    button.click()
    button.click()
    assert "sort=training-runs%3Aloss%3Adown" in page.url
    again = visit("#" + page.url.partition("#")[2])
    assert texts(again.locator("table.runs tbody tr td:nth-child(6)")) == texts(losses)
    page.go_back()
    expect(page.locator("table.runs thead th").nth(5)).to_have_attribute("aria-sort", "ascending")
    assert texts(losses) == sorted(before, key=float)
    page.go_back()
    assert texts(losses) == before


def test_rows_that_are_equal_keep_their_order(visit: Open) -> None:
    page = visit("#choices")
    rows = page.locator("table.runs tbody tr")
    names = """rows => rows.map(row => [row.dataset.backbone, row.dataset.aggregation,
        row.cells[2].textContent, row.cells[8].textContent.trim()].join())"""
    before = rows.evaluate_all(names)
    button = page.locator("table.runs thead button").last
    for ways in (1, -1):
        button.click()
        wanted = sorted(before, key=lambda row: row.rpartition(",")[2], reverse=ways < 0)
        assert rows.evaluate_all(names) == wanted


def test_a_head_shows_that_it_sorts_before_the_first_click(visit: Open) -> None:
    page = visit("#choices")
    button = page.locator("table.runs thead button").first
    sign = "one => getComputedStyle(one, '::after').content"
    assert button.evaluate(sign) == '"↕"'
    button.click()
    assert button.evaluate(sign) == '"↑"'


def test_axes_are_undone_one_by_one(visit: Open) -> None:
    page = visit("#pictures")
    form = page.locator("#axes")
    form.get_by_role("button", name="Swap").click()
    form.get_by_label("Rows").select_option("style")
    assert form.get_by_label("Rows").input_value() == "style"
    page.go_back()
    expect(form.get_by_label("Rows")).to_have_value("model")
    expect(form.get_by_label("Columns")).to_have_value("content")
    page.go_back()
    expect(form.get_by_label("Rows")).to_have_value("content")
    expect(form.get_by_label("Columns")).to_have_value("model")
    expect(page).to_have_url(re.compile("#pictures$"))
    assert page.locator("#grids a.painted").count() == 16


def lengthened(report: Path, rows: int) -> Path:
    """Write a report beside another one whose table of training runs has more rows."""
    page = report.read_text("utf-8")
    table = re.search(r"<table class=\"runs.*?</table>", page, re.DOTALL)
    assert table
    row = re.search(r"<tbody>.*?</tbody>", table[0], re.DOTALL)
    assert row
    longer = table[0].replace(row[0], row[0] * rows, 1)
    path = report.with_name("long.html")
    path.write_text(page.replace(table[0], longer), "utf-8")
    return path


def test_grids_tell_of_cautions_and_of_artists_without_a_scale(
    new_context: Any, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "results" / "small")
    write_history(study, "VGG16", "simple", "adam", [4.0, 2.0, 3.0])
    scores = (study / "scores.csv").read_text("utf-8").splitlines()
    columns = scores[0].split(",")
    table = pd.read_csv(study / "scores.csv", dtype=str, keep_default_na=False)
    table.loc[table["style"] == STYLES[0], "style_distance_scaled"] = ""
    table.loc[table["style"] == STYLES[1], "style_distance_scaled"] = "-0.0001"
    table[columns].to_csv(study / "scores.csv", index=False)
    write_report(study, ROOT / "reports", study / "report.html")
    page = Watched(new_context(offline=True)).page
    page.goto((study / "report.html").as_uri() + "#pictures")
    lines = page.locator("#grids .score").all_inner_texts()
    assert [line.startswith("style no scale, content ") for line in lines] == [True] * 8 + [
        False
    ] * 8
    assert all(line.startswith("style 0.000, content ") for line in lines[8:])
    # At the head of its model, or at each picture where no head is of a model.
    heads = page.locator("#grids thead tr:last-child").first.locator("th")
    assert "ended on a rise" in heads.nth(0).inner_text()
    assert "ended on a rise" not in heads.nth(1).inner_text()
    tags = page.locator("#grids td .cautions:visible")
    assert tags.count() == 0
    page.locator("#axes").get_by_role("button", name="Swap").click()
    assert page.locator("#grids tbody th .cautions:visible").count() == 2
    page.get_by_role("button", name="Aggregations side by side").click()
    tagged = tags.evaluate_all("ones => ones.map(one => one.closest('td').querySelector('a').href)")
    assert len(tagged) == 4
    assert all("/VGG16/simple/" in link for link in tagged)
    page.goto((study / "report.html").as_uri() + address("VGG16", "simple", STYLES[0], "bay"))
    row = viewer(page).locator(".scores tr", has_text="style distance")
    assert texts(row.locator("td"))[1] == "no scale"


def test_a_long_table_is_a_region_with_its_head_in_sight(new_context: Any, report: Path) -> None:
    path = lengthened(report, 540)
    page = Watched(new_context(viewport={"width": 1280, "height": 800}, offline=True)).page
    page.goto(path.as_uri() + "#choices")
    region = page.locator(".scroll:has(> table.runs)")
    assert page.locator("table.runs tbody tr").count() > 1080
    box = region.bounding_box()
    assert box
    assert box["height"] < 800
    region.evaluate("one => one.scrollTop = 5000")
    head = page.locator("table.runs thead")
    assert head.bounding_box()["y"] == pytest.approx(box["y"], abs=1)
    # Everything is there where nothing scrolls: on paper, and without scripts.
    page.emulate_media(media="print")
    assert region.evaluate("one => one.scrollHeight - one.clientHeight") <= 1
    bare = new_context(java_script_enabled=False, offline=True).new_page()
    bare.goto(path.as_uri())
    region = bare.locator(".scroll:has(> table.runs)")
    assert region.bounding_box()["height"] > 20_000


def test_a_comparison_with_an_unknown_model_is_told(visit: Open) -> None:
    page = visit(address(*FIRST) + "?against=VGG99/simple")
    notice = viewer(page).locator(".notice")
    expect(notice).to_contain_text("no picture by “VGG99 · simple”")
    assert viewer(page).get_by_label("Compare with").input_value() == ""
    viewer(page).get_by_label("Compare with").select_option("Control/simple")
    expect(notice).to_have_text("")
    other = visit(address(*FIRST) + "?against=control/SIMPLE")
    assert viewer(other).get_by_label("Compare with").input_value() == "Control/simple"
    expect(viewer(other).locator(".notice")).to_have_text("")


def test_the_paintings_of_the_style_stand_beside_the_picture(visit: Open) -> None:
    page = visit(address(*FIRST))
    images = viewer(page).locator(".style-paintings img")
    expect(images.first).to_be_visible()
    source = "ones => ones.map(one => one.src)"
    own = page.locator(".paintings").nth(1).locator("img")
    assert images.evaluate_all(source) == own.evaluate_all(source)
    expect(viewer(page).locator(".style-name")).to_have_text(ARTISTS[STYLES[1]])


def saved(page: Page, link: Locator, folder: Path) -> tuple[str, str]:
    """Click a link; return the name of the file that is saved, and its text."""
    with page.expect_download() as download:
        link.click()
    path = folder / "saved"
    download.value.save_as(path)
    return download.value.suggested_filename, path.read_text("utf-8")


def test_a_picture_can_be_made_again_with_one_change(
    visit: Open, report: Path, tmp_path: Path
) -> None:
    page = visit(address(*FIRST), accept_downloads=True)
    name, text = saved(page, viewer(page).get_by_role("link", name="Save the config"), tmp_path)
    assert name == "small-remake.yaml"
    results = read_results(report.parent)
    content = results.contents("test")[1]
    model = next(one for one in results.models if (one.backbone, one.aggregation) == FIRST[:2])
    assert text == remake_config(results, model, STYLES[1], content)
    study = Study.from_config(yaml.safe_load(text))
    assert (list(study.backbones), study.aggregations) == (["VGG16"], ("squared",))
    assert study.styles.artists == (ARTISTS[STYLES[1]],)
    line = viewer(page).locator(".edit").inner_text().strip()
    assert line.startswith("alpha: 1.0 # <- the line to edit")
    assert line in text
    command = viewer(page).locator(".remake").inner_text()
    assert command.endswith("--configfile small-remake.yaml")
    name, text = saved(page, viewer(page).get_by_role("link", name="Save the call"), tmp_path)
    assert name == "small-remake.py"
    compile(text, name, "exec")
    assert text.startswith("content = ")
    assert f"inputs/{TESTS[1]}.png" in text.partition("\n")[0].replace("\\", "")


def test_files_are_saved_from_the_page_itself(visit: Open, report: Path, tmp_path: Path) -> None:
    page = visit("#downloads", accept_downloads=True)
    for name in ("scores.csv", "choices.csv", "selection.csv"):
        link = page.locator(f".downloads a[download='small-{name}']")
        assert saved(page, link, tmp_path)[1] == (report.parent / name).read_text("utf-8")


def test_a_link_to_a_file_that_is_not_there_leaves_the_report_open(
    new_context: Any, report: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "mailed.html"
    alone.write_bytes(report.read_bytes())
    page = new_context(offline=True).new_page()
    page.goto(alone.as_uri() + address(*FIRST))
    with page.context.expect_page():
        viewer(page).get_by_role("link", name="Open the original").click()
    assert page.url.startswith(alone.as_uri())
    expect(viewer(page)).to_be_visible()
    told = viewer(page).locator(".original")
    expect(told).to_contain_text(f"results/small/stylized/{'/'.join(FIRST)}.png")
    # So do all others, also where no script helps.
    replacing = page.evaluate(
        "[...document.querySelectorAll('a[href]')].filter(one => !one.hasAttribute('download')"
        " && !one.getAttribute('href').startsWith('#') && (one.target !== '_blank' ||"
        " !one.rel.includes('noopener'))).map(one => one.outerHTML)"
    )
    assert replacing == []
    unmarked = page.evaluate(
        "[...document.querySelectorAll('a[target]:not(.painted)')].filter(one =>"
        " !getComputedStyle(one, '::after').content.includes('folder')).length"
    )
    assert unmarked == 0


def test_what_print_unfolds_is_folded_again(visit: Open) -> None:
    page = visit()
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('details'), {id: 'own'}))"
    )
    state = "[...document.querySelectorAll('details')].map(one => one.open)"
    page.locator("details").first.evaluate("one => one.open = true")
    before = page.evaluate(state)
    assert False in before
    assert True in before
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(page.evaluate(state))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(state) == before


def test_focus_is_seen_around_pictures_and_controls(visit: Open) -> None:
    page = visit("#pictures")
    link = page.locator("#grids a.painted").first
    page.locator("#axes [name=reset]").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#grids a.painted')"):
            break
    expect(link).to_be_focused()
    width = "one => getComputedStyle(one).outlineStyle + getComputedStyle(one).outlineWidth"
    assert link.evaluate(width) == "solid3px"
    # The ring goes around the picture, not along a line of text.
    outer, inner = link.bounding_box(), link.locator("img").bounding_box()
    assert outer
    assert inner
    assert outer["height"] >= inner["height"] - 1
    assert outer["width"] == pytest.approx(inner["width"], abs=1)
    page.keyboard.press("Enter")
    expect(viewer(page).get_by_role("button", name="Close")).to_be_focused()
    assert viewer(page).get_by_role("button", name="Close").evaluate(width) == "solid3px"


def test_nothing_is_wider_than_a_phone(new_context: Any, tmp_path: Path) -> None:
    study = write_study(tmp_path / "results" / "small")
    (study / "pairs" / "VGG16.csv").unlink()
    (study / "logs").mkdir()
    path = "data/" + "a_folder_with_a_long_name/" * 4 + "a" * 90
    (study / "logs" / "a.log").write_text(f"error: {path}: cannot be read\n")
    notes = json.loads((study / "selection.json").read_text("utf-8"))
    notes["remarks"].append({"use": "contents", "source": path, "reason": "b" * 90})
    (study / "selection.json").write_text(json.dumps(notes), "utf-8")
    write_report(study, ROOT / "reports", study / "report.html")
    # As on a phone: what is too wide makes the whole page wider and smaller.
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    page = Watched(new_context(offline=True, **phone)).page
    page.goto((study / "report.html").as_uri())
    sizes = "[innerWidth, document.documentElement.scrollWidth, visualViewport.width]"
    assert page.evaluate(sizes) == [360, 360, 360]
    filter_of(page)
    assert page.evaluate(sizes) == [360, 360, 360]
    page.goto((study / "report.html").as_uri() + address(*FIRST))
    expect(viewer(page).get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert page.evaluate(sizes) == [360, 360, 360]
    shoot(page, "phone-mobile-viewer")


def faults(page: Page) -> list[str]:
    """Return what axe-core finds at levels A and AA of WCAG 2.2, and its own best practices."""
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    return [
        f"{one['id']}: {one['help']}: {json.dumps([node['html'][:200] for node in one['nodes']])}"
        for one in found.response["violations"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(visit: Open, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    assert faults(page) == []
    shoot(page, f"desk-{scheme}")
    page.goto(page.url + "#pictures?rows=style&columns=aggregation")
    page.locator("table.runs thead button").first.click()
    assert faults(page) == []
    page.goto(page.url.partition("#")[0] + address(*FIRST))
    expect(viewer(page)).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_fault_with_the_filter_in_use(visit: Open, scheme: str, width: int) -> None:
    page = visit("#choices", width=width, height=740, color_scheme=scheme)
    assert faults(page) == []
    box = filter_of(page)
    box.get_by_label("Backbone").select_option("Control")
    page.locator("#choices").get_by_label("Chosen").select_option("chosen")
    page.locator("#choices").get_by_label("Ended").select_option("diverged")
    assert faults(page) == []
    page.goto(page.url.partition("#")[0] + address(*FIRST) + "?against=nobody")
    expect(viewer(page)).to_be_visible()
    assert faults(page) == []


def test_axe_finds_no_fault_in_an_unfinished_study(new_context: Any, tmp_path: Path) -> None:
    study = write_study(tmp_path / "results" / "small")
    for picture in list((study / "stylized" / "VGG16").rglob("*.png"))[1:]:
        picture.unlink()
    (study / "training/VGG16/simple/adam.csv").unlink()
    (study / "logs").mkdir()
    (study / "logs" / "train.log").write_text("error: <b>out of memory</b>\n")
    (study / "findings.json").unlink()
    write_report(study, ROOT / "reports", study / "report.html")
    watched = Watched(new_context(offline=True))
    watched.page.goto((study / "report.html").as_uri())
    assert faults(watched.page) == []
    expect(watched.page.get_by_text("<b>out of memory</b>")).to_be_visible()
    watched.page.locator("#grids a.painted").first.click()
    expect(viewer(watched.page)).to_be_visible()
    watched.page.keyboard.press("ArrowRight")
    shoot(watched.page, "unfinished-viewer")
    watched.page.keyboard.press("Escape")
    watched.page.locator("#axes").get_by_label("Rows").select_option("model")
    expect(watched.page.locator("#grids .absent").first).to_have_text("missing")
    assert watched.faults == []
    shoot(watched.page, "unfinished")
