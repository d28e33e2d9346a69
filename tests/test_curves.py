"""Curves: what is drawn, and that a page can hold several."""

import math
import re
from collections.abc import Sequence

import matplotlib as mpl
import pytest

from nstcore.choosing import Run, Status
from nstcore.curves import draw_curves
from nstcore.drawing import COLORS
from nstcore.results import Trial


def trial(
    optimizer: str, totals: Sequence[float], status: Status = "limit", *, chosen: bool = False
) -> Trial:
    finite = [total if math.isfinite(total) else math.inf for total in totals]
    epochs = finite.index(min(finite)) if finite else 0
    run = Run(optimizer, epochs, min(finite, default=math.nan), status)
    return Trial(optimizer, chosen, run if totals else None, tuple(totals))


def colour(number: int) -> str:
    return f"stroke: var(--curve-{number}, {COLORS[number]})"


ADAM = trial("adam", [8, 4, 2, 1], chosen=True)
SGD = trial("sgd", [8, 7, 6])


def test_every_run_is_drawn_and_told_in_the_legend() -> None:
    svg = draw_curves([ADAM, SGD], "m0")
    assert "adam: chosen, stops at epoch 3 (limit)" in svg
    assert "sgd: lowest at epoch 2 (limit)" in svg
    assert colour(0) in svg
    assert colour(1) in svg


def test_an_optimizer_keeps_its_colour_where_another_run_is_missing() -> None:
    svg = draw_curves([trial("adam", []), SGD], "m0")
    assert colour(0) not in svg
    assert colour(1) in svg
    assert "adam" not in svg


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_diverged_run_is_drawn_as_far_as_it_goes(bad: float) -> None:
    svg = draw_curves([ADAM, trial("sgd", [8, 1e30, bad], "diverged")], "m0")
    assert "sgd: diverged" in svg
    assert "nan" not in svg.lower()


def test_a_diverged_run_does_not_flatten_the_others() -> None:
    alone = draw_curves([ADAM, trial("sgd", [])], "m0")
    beside = draw_curves([ADAM, trial("sgd", [8, 1e30, math.inf], "diverged")], "m0")

    def line(svg: str) -> list[str]:
        paths = re.findall(r'<path d="([^"]+)"[^>]*stroke: var\(--curve-0', svg)
        return [path for path in paths if path.count("L") == 3]

    assert line(alone)
    assert line(beside) == line(alone)


@pytest.mark.parametrize("totals", [[math.nan, math.nan], [0.0, 0.0], [3.0]])
def test_curves_that_a_log_axis_cannot_show_still_give_a_drawing(totals: list[float]) -> None:
    assert draw_curves([trial("adam", totals, "diverged")], "m0").endswith("</svg>")


def test_drawings_share_no_id_and_refer_to_their_own() -> None:
    first, second = draw_curves([ADAM, SGD], "m0"), draw_curves([ADAM, SGD], "m1")
    for svg, prefix in ((first, "m0-"), (second, "m1-")):
        ids = re.findall(r'\bid="([^"]*)"', svg)
        used = re.findall(r'(?:url\(|href=")#([^")]*)', svg)
        assert len(ids) == len(set(ids))
        assert used
        assert set(used) <= set(ids)
        assert all(name.startswith(prefix) for name in ids)


def test_texts_stay_texts_and_nothing_is_styled_beyond_the_drawing() -> None:
    svg = draw_curves([ADAM, SGD], "m0")
    assert ">epoch</text>" in svg
    assert "<style" not in svg
    assert "<metadata" not in svg


def test_the_users_own_plot_settings_do_not_show() -> None:
    plain = draw_curves([ADAM, SGD], "m0")
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.grid": True}):
        assert draw_curves([ADAM, SGD], "m0") == plain
