"""The report in a real browser, opened from disk with the network refused."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import SCREENSHOTS, Watched, contexts, shoot
from playwright.sync_api import Locator, Page, expect
from small_study import AGGREGATIONS, ARTISTS, BACKBONES, TESTS, write_study

from nstcore.report.render import write_report

ROOT = Path(__file__).parents[2]
STYLES = tuple(ARTISTS)
FIRST = ("VGG16", "squared", STYLES[1], TESTS[1])
"""A picture whose names are as bad as names can be."""
Open = Callable[..., Page]


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
    """Open the report; afterwards, nothing may have gone wrong in it and nothing may have left."""
    opened: list[tuple[Any, Watched]] = []

    def visit(fragment: str = "", width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = new_context(viewport={"width": width, "height": height}, offline=True, **options)
        watched = Watched(context)
        opened.append((context, watched))
        watched.page.goto(report.as_uri() + fragment)
        return watched.page

    yield visit
    for context, watched in opened:
        assert watched.faults == []
        asked = [url for url in watched.requests if not url.startswith("data:")]
        assert {url.partition("#")[0] for url in asked} == {report.as_uri()}
        context.close()


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
    expect(page.locator("h1")).to_have_text("Study small")
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
    assert page.locator("script").count() == 1 + 5


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
    section.get_by_label("Backbone").select_option("Control")
    section.get_by_label("Ended").select_option("diverged")
    assert rows.count() == 2
    assert all("Control" in text and "diverged" in text for text in rows.all_inner_texts())
    expect(section.get_by_role("status")).to_have_text("2 of 8 training runs")
    section.get_by_label("Ended").select_option("all")
    section.get_by_label("Chosen").select_option("chosen")
    assert rows.count() == 2
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


def test_heads_stay_in_sight(visit: Open) -> None:
    page = visit("#pictures", width=360, height=170)
    box = page.locator(".tall").first
    corners = """box => Object.fromEntries([["head", "thead"], ["side", "tbody th"]].map(
        ([name, found]) => [name, box.querySelector(found).getBoundingClientRect()])
        .map(([name, one]) => [name, [one.x, one.y]]))"""
    box.scroll_into_view_if_needed()
    before = box.evaluate(corners)
    across, down = box.evaluate("box => (box.scrollBy(99, 40), [box.scrollLeft, box.scrollTop])")
    assert (across, down) == (99, 40)
    after = box.evaluate(corners)
    # The caption above the heads scrolls away; then they stay at the upper edge.
    assert after["head"][1] == pytest.approx(box.bounding_box()["y"], abs=1)
    assert after["side"][1] == pytest.approx(before["side"][1] - down, abs=1)
    assert after["side"][0] == pytest.approx(before["side"][0], abs=1)
    assert after["head"][0] == pytest.approx(before["head"][0] - across, abs=1)


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
    [("models", "a.painted"), ("aggregations", "a.painted"), ("aggregations", "a[href^='#']")],
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


def test_axe_finds_no_fault_on_a_phone(visit: Open) -> None:
    assert faults(visit(width=360, height=740)) == []


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
