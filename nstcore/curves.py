"""Loss curves as SVG to be put inline into an HTML page."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from nstcore.choosing import Run
from nstcore.drawing import COLORS, drawing, to_svg
from nstcore.results import Trial

# Told apart by their strokes as well as by their colours.
_STROKES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (4, 1.5, 1, 1.5)), (0, (1, 1)))


def draw_curves(trials: Sequence[Trial], prefix: str) -> str:
    """Draw the average total loss over the epochs, one line per optimizer, on a log scale.

    A dot marks the epoch at which the chosen run stops; a cross, where a run diverged. The axis is
    fitted to the runs that did not, and losses that a log scale cannot show are left out.

    Args:
        trials: All of a model, so that an optimizer looks the same in every drawing; at least one
            with a curve.
        prefix: See `drawing.to_svg`.

    Returns:
        See `drawing.to_svg`.
    """
    with drawing():
        # Figures made without pyplot leave no state behind.
        figure = Figure(figsize=(4.6, 3.3))
        # Fixed margins: fitted ones would depend on measured texts.
        axes = figure.subplots()
        figure.subplots_adjust(left=0.13, right=0.98, top=0.97, bottom=0.36)
        _scale(axes, trials)
        for number, trial in enumerate(trials):
            if trial.run and trial.totals:
                stroke = _STROKES[number % len(_STROKES)]
                _draw_run(axes, COLORS[number % len(COLORS)], stroke, trial, trial.run)
        axes.set_xlabel("epoch", labelpad=2)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True))
        axes.grid(axis="y")
        figure.legend(
            loc="lower left", bbox_to_anchor=(0.1, -0.015), labelspacing=0.25, handlelength=3
        )
        return to_svg(figure, prefix)


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
