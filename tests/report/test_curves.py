"""Curves: what is drawn, and that a page can hold several."""

import math
import re
from collections.abc import Sequence

import matplotlib as mpl
import pytest

from nstcore.painting.choose import Run, Status
from nstcore.painting.history import LOSSES
from nstcore.report.colors import COLORS
from nstcore.report.curves import draw_curves, explain
from nstcore.study.runs import Trial


def trial(
    optimizer: str, totals: Sequence[float], status: Status = "limit", *, chosen: bool = False
) -> Trial:
    finite = [total if math.isfinite(total) else math.inf for total in totals]
    epochs = finite.index(min(finite)) if finite else 0
    run = Run(optimizer, epochs, min(finite, default=math.nan), status)
    curves = dict.fromkeys(LOSSES, tuple(totals)) if totals else {}
    return Trial(optimizer, chosen, run if totals else None, curves)


def colour(number: int) -> str:
    return f"stroke: var(--curve-{number}, {COLORS[number]})"


ADAM = trial("adam", [8, 4, 2, 1], chosen=True)
SGD = trial("sgd", [8, 7, 6])


def test_every_run_is_drawn_and_told_in_the_legend() -> None:
    svg = draw_curves([ADAM, SGD], "total_loss", "m0")
    keys = explain([ADAM, SGD])
    assert [one.text for one in keys] == [
        "adam: chosen, stops at epoch 3 (limit)",
        "sgd: lowest at epoch 2 (limit)",
    ]
    assert [one.color for one in keys] == [0, 1]
    assert len({one.stroke for one in keys}) == 2
    assert colour(0) in svg
    assert colour(1) in svg


def test_an_optimizer_keeps_its_colour_where_another_run_is_missing() -> None:
    runs = [trial("adam", []), SGD]
    svg = draw_curves(runs, "total_loss", "m0")
    assert colour(0) not in svg
    assert colour(1) in svg
    assert [(one.text.split(":")[0], one.color) for one in explain(runs)] == [("sgd", 1)]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_diverged_run_is_drawn_as_far_as_it_goes(bad: float) -> None:
    runs = [ADAM, trial("sgd", [8, 1e30, bad], "diverged")]
    svg = draw_curves(runs, "total_loss", "m0")
    assert explain(runs)[1].text == "sgd: diverged"
    assert "nan" not in svg.lower()


def gap(svg: str) -> float:
    """Return how far a level line in the text's colour lies below the end of the first curve."""
    level = re.search(r'<path d="M \S+ (\S+) \nL \S+ \1 \n"[^>]*stroke: currentColor', svg)
    curve = re.search(r'L \S+ (\S+) \n"[^>]*stroke: var\(--curve-0, \S+; stroke-width: 1.8', svg)
    assert level
    assert curve
    return float(level[1]) - float(curve[1])


def test_the_floor_is_drawn_below_the_curves_and_told_in_the_legend() -> None:
    near, nearer = (
        draw_curves([ADAM, SGD], "style_loss", "m0", floor=floor) for floor in (0.5, 0.9)
    )
    assert gap(near) > gap(nearer) > 0
    assert "floor" in explain([ADAM, SGD], floor=0.5)[-1].text
    assert len(explain([ADAM, SGD])) == 2


def test_a_floor_far_below_does_not_flatten_the_curves() -> None:
    def line(svg: str) -> list[str]:
        return re.findall(r'<path d="([^"]+)"[^>]*stroke: var\(--curve-0', svg)

    far = draw_curves([ADAM, SGD], "style_loss", "m0", floor=1e-9)
    assert line(far) == line(draw_curves([ADAM, SGD], "style_loss", "m0"))


def test_each_loss_has_a_drawing_of_its_own() -> None:
    run = Run("adam", 1, 1.0, "limit")
    curves = {"total_loss": (2.0, 1.0), "content_loss": (0.0, 4.0), "style_loss": (8.0, 7.0)}
    drawings = {draw_curves([Trial("adam", True, run, curves)], loss, "m0") for loss in LOSSES}
    assert len(drawings) == len(LOSSES)


def test_a_diverged_run_does_not_flatten_the_others() -> None:
    alone = draw_curves([ADAM, trial("sgd", [])], "total_loss", "m0")
    beside = draw_curves([ADAM, trial("sgd", [8, 1e30, math.inf], "diverged")], "total_loss", "m0")

    def line(svg: str) -> list[str]:
        paths = re.findall(r'<path d="([^"]+)"[^>]*stroke: var\(--curve-0', svg)
        return [path for path in paths if path.count("L") == 3]

    assert line(alone)
    assert line(beside) == line(alone)


@pytest.mark.parametrize("totals", [[math.nan, math.nan], [0.0, 0.0], [3.0]])
def test_curves_that_a_log_axis_cannot_show_still_give_a_drawing(totals: list[float]) -> None:
    assert draw_curves([trial("adam", totals, "diverged")], "total_loss", "m0").endswith("</svg>")


def test_drawings_share_no_id_and_refer_to_their_own() -> None:
    first, second = (
        draw_curves([ADAM, SGD], "total_loss", "m0"),
        draw_curves([ADAM, SGD], "total_loss", "m1"),
    )
    for svg, prefix in ((first, "m0-"), (second, "m1-")):
        ids = re.findall(r'\bid="([^"]*)"', svg)
        used = re.findall(r'(?:url\(|href=")#([^")]*)', svg)
        assert len(ids) == len(set(ids))
        assert used
        assert set(used) <= set(ids)
        assert all(name.startswith(prefix) for name in ids)


def test_texts_stay_texts_and_nothing_is_styled_beyond_the_drawing() -> None:
    svg = draw_curves([ADAM, SGD], "total_loss", "m0")
    assert ">epoch</text>" in svg
    assert "<style" not in svg
    assert "<metadata" not in svg


def test_the_users_own_plot_settings_do_not_show() -> None:
    plain = draw_curves([ADAM, SGD], "total_loss", "m0")
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.grid": True}):
        assert draw_curves([ADAM, SGD], "total_loss", "m0") == plain
