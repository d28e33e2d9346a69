"""Loss curves as SVG to be put inline into an HTML page."""

import io
import math
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from nstcore.choosing import Run
from nstcore.results import Trial

# Blue, vermilion and bluish green of Okabe and Ito's "Color Universal Design" (2008), told apart by
# the strokes too. A page overrides them with the CSS variables --curve-0, --curve-1, --curve-2.
STROKES: tuple[tuple[str, Any], ...] = (
    ("#0072b2", "-"),
    ("#d55e00", (0, (5, 2))),
    ("#009e73", (0, (4, 1.5, 1, 1.5))),
)
_INK = "#1a1a1b"
_LINE = "#c9c9ca"

_STYLE: dict[Any, Any] = {
    # Texts stay texts, and the same curves give the same bytes.
    "svg.fonttype": "none",
    "svg.hashsalt": "nstcore",
    # Matplotlib brings this font along, so that nothing depends on the machine's.
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "grid.color": _LINE,
    "grid.linewidth": 0.5,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "legend.handlelength": 3,
}


def draw_curves(trials: Sequence[Trial], prefix: str) -> str:
    """Draw the average total loss over the epochs, one line per optimizer, on a log scale.

    A dot marks the epoch at which the chosen run stops; a cross, where a run diverged. The axis is
    fitted to the runs that did not, and losses that a log scale cannot show are left out.

    Args:
        trials: All of a model, so that an optimizer looks the same in every drawing; at least one
            with a curve.
        prefix: Stands before every id of the drawing: unique within a page, letters and digits.

    Returns:
        An `<svg>` element without size, to fill its container; lines are CSS variables with the
        printed colours as their defaults, texts take the `color` of the page.
    """
    with matplotlib.rc_context():
        # A matplotlibrc of the user's must not show.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        # Figures made without pyplot leave no state behind.
        figure = Figure(figsize=(4.6, 3.3))
        # Fixed margins: fitted ones would depend on measured texts.
        axes = figure.subplots()
        figure.subplots_adjust(left=0.13, right=0.98, top=0.97, bottom=0.36)
        _scale(axes, trials)
        for number, trial in enumerate(trials):
            if trial.run and trial.totals:
                _draw_run(axes, *STROKES[number % len(STROKES)], trial, trial.run)
        axes.set_xlabel("epoch", labelpad=2)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True))
        axes.grid(axis="y")
        figure.legend(loc="lower left", bbox_to_anchor=(0.1, -0.015), labelspacing=0.25)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return _to_inline(text.getvalue(), prefix)


def _draw_run(axes: Axes, colour: str, stroke: Any, trial: Trial, run: Run) -> None:
    shown = [total if _showable(total) else math.nan for total in trial.totals]
    axes.plot(shown, color=colour, linestyle=stroke, label=_label(run, trial.chosen), zorder=3)
    places = [epoch for epoch, total in enumerate(trial.totals) if _showable(total)]
    if trial.chosen and run.epochs in places:
        axes.axvline(run.epochs, color=colour, linewidth=0.8, zorder=1)
        axes.plot(run.epochs, shown[run.epochs], "o", color=colour, markersize=7, zorder=4)
    elif run.status == "diverged" and places:
        # At the upper edge where the loss has left the axis.
        place = places[-1], min(shown[places[-1]], axes.get_ylim()[1])
        axes.plot(*place, "x", color=colour, markersize=8, mew=2, clip_on=False, zorder=4)


def _showable(total: float) -> bool:
    return 0 < total < math.inf


def _label(run: Run, chosen: bool) -> str:
    if chosen:
        return f"{run.optimizer}: chosen, stops at epoch {run.epochs} ({run.status})"
    if run.status in {"diverged", "stalled"}:
        return f"{run.optimizer}: {run.status}"
    return f"{run.optimizer}: lowest at epoch {run.epochs} ({run.status})"


def _scale(axes: Axes, trials: Sequence[Trial]) -> None:
    """Fit the y axis to the runs that did not diverge."""
    usable = [trial for trial in trials if trial.run and trial.run.status != "diverged"]
    curves = [trial.totals for trial in usable if trial.totals] or [one.totals for one in trials]
    losses = [total for totals in curves for total in totals if _showable(total)]
    if not losses:
        return
    low, high = min(losses), max(losses)
    axes.set_yscale("log")
    margin = max((high / low) ** 0.08, 1.02)
    axes.set_ylim(low / margin, high * margin)
    axes.yaxis.set_major_locator(_ticks(high / low))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:.3g}"))


def _ticks(span: float) -> Locator:
    """Choose the ticks by highest over lowest: decades alone are too few to read a value from."""
    if span < 2:
        return MaxNLocator(nbins=5)
    if span < 20:
        return LogLocator(subs=(1, 1.5, 2, 3, 5, 7), numticks=12)
    return LogLocator(subs=(1, 2, 5) if span < 500 else (1,), numticks=9)


def _to_inline(svg: str, prefix: str) -> str:
    """Turn Matplotlib's file into an element of a page that may hold several."""
    svg = svg[svg.index("<svg") :]
    for part in (r"<metadata>.*?</metadata>", r"<style .*?</style>"):
        svg = re.sub(rf"\s*{part}", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg [^>]*?) width="\S+" height="\S+"', r"\1", svg, count=1)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    for number, (colour, _) in enumerate(STROKES):
        svg = svg.replace(colour, f"var(--curve-{number}, {colour})")
    return svg.replace(_LINE, f"var(--line, {_LINE})").replace(_INK, "currentColor").strip()
