"""Loss curves as SVG to be put inline into an HTML page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullLocator

from nstcore.painting.choose import Run
from nstcore.report.colors import COLORS, INK
from nstcore.report.svg import drawing, to_svg
from nstcore.study.runs import Trial

# Told apart by their strokes as well as by their colours: lengths of strokes and gaps in points.
_STROKES: tuple[tuple[float, ...], ...] = ((), (9, 3.6), (7.2, 2.7, 1.8, 2.7), (1.8, 1.8))
_WIDTH = 1.8
_FLOOR: tuple[float, ...] = (1, 3)
_FADED = 0.4
# A floor that lies farther below the curves would squeeze them against the upper edge.
_FARTHEST_FLOOR = 30


@dataclass(frozen=True)
class LegendEntry:
    """An entry of the legend that the drawings of a model share."""

    text: str
    color: int | None
    """Number of the colour among `drawing.COLORS`; None for the text's own."""
    stroke: tuple[float, ...]
    """Lengths of strokes and gaps, in points; empty for a line without gaps."""
    chosen: bool = False


def explain(trials: Sequence[Trial], floor: float = math.nan) -> list[LegendEntry]:
    """Return the legend of a model's drawings: its runs, and the floor if there is one.

    Args:
        trials: As for `draw_curves`.
        floor: Likewise.
    """
    keys = [
        LegendEntry(_label(trial.run, trial.chosen), *_look(number), trial.chosen)
        for number, trial in enumerate(trials)
        if trial.run and trial.totals
    ]
    if math.isfinite(floor):
        keys.append(LegendEntry("floor of simple: the spread of the paintings", None, _FLOOR))
    return keys


def draw_curves(trials: Sequence[Trial], loss: str, prefix: str, floor: float = math.nan) -> str:
    """Draw an average loss over the epochs, one line per optimizer, on a log scale.

    A dot marks the epoch at which the chosen run stops; a cross, where a run diverged. The axis is
    fitted to the runs that did not, and losses that a log scale cannot show are left out. What was
    only watched after a run's end is faded.

    Args:
        trials: All of a model, so that an optimizer looks the same in every drawing; at least one
            with a curve.
        loss: One of `history.LOSSES`.
        prefix: See `drawing.to_svg`.
        floor: What the loss cannot fall below; not a number draws none. A dotted line, left out
            where it lies far below the curves.

    Returns:
        See `drawing.to_svg`.
    """
    with drawing():
        # Figures made without pyplot leave no state behind.
        figure = Figure(figsize=(4.2, 2.7))
        # Fixed margins: fitted ones would depend on measured texts.
        axes = figure.subplots()
        figure.subplots_adjust(left=0.16, right=0.98, top=0.97, bottom=0.17)
        _scale(axes, trials, loss, floor)
        for number, trial in enumerate(trials):
            if trial.run and trial.curves:
                _draw_run(axes, number, trial, trial.run, trial.curves[loss])
        if math.isfinite(floor):
            axes.axhline(floor, color=INK, linewidth=1.2, linestyle=(0, _FLOOR), zorder=1)
        axes.set_xlabel("epoch", labelpad=2)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True))
        axes.grid(axis="y")
        return to_svg(figure, prefix)


def _look(number: int) -> tuple[int, tuple[float, ...]]:
    return number % len(COLORS), _STROKES[number % len(_STROKES)]


def _draw_run(axes: Axes, number: int, trial: Trial, run: Run, losses: Sequence[float]) -> None:
    shown = [loss if _showable(loss) else math.nan for loss in losses]
    place, stroke = _look(number)
    colour = COLORS[place]
    # Matplotlib counts strokes in line widths.
    line = (0, tuple(length / _WIDTH for length in stroke)) if stroke else "-"
    run_until = len(shown) if trial.ended is None else trial.ended + 1
    axes.plot(shown[:run_until], color=colour, linestyle=line, linewidth=_WIDTH, zorder=3)
    if run_until < len(shown):
        watched = range(run_until - 1, len(shown))
        (later,) = axes.plot(watched, shown[run_until - 1 :], color=colour, alpha=_FADED, zorder=2)
        later.set(linestyle=line, linewidth=_WIDTH)
    epochs = [epoch for epoch, loss in enumerate(losses) if _showable(loss)]
    if trial.chosen:
        axes.axvline(run.epochs, color=colour, linewidth=0.8, zorder=1)
        if run.epochs in epochs:
            axes.plot(run.epochs, shown[run.epochs], "o", color=colour, markersize=7, zorder=4)
    elif run.status == "diverged" and epochs:
        # At the upper edge where the loss has left the axis.
        end = epochs[-1], min(shown[epochs[-1]], axes.get_ylim()[1])
        axes.plot(*end, "x", color=colour, markersize=8, mew=2, clip_on=False, zorder=4)


def _showable(loss: float) -> bool:
    return 0 < loss < math.inf


def _label(run: Run, chosen: bool) -> str:
    if chosen:
        return f"{run.optimizer}: chosen, stops at epoch {run.epochs} ({run.status})"
    if run.status in {"diverged", "stalled"}:
        return f"{run.optimizer}: {run.status}"
    return f"{run.optimizer}: lowest at epoch {run.epochs} ({run.status})"


def _scale(axes: Axes, trials: Sequence[Trial], loss: str, floor: float) -> None:
    """Fit the y axis to the runs that did not diverge, and to the floor if it is near."""
    there = [trial for trial in trials if trial.run and trial.curves]
    usable = [trial for trial in there if trial.run and trial.run.status != "diverged"] or there
    losses = [point for trial in usable for point in trial.curves[loss] if _showable(point)]
    if not losses:
        return
    low, high = min(losses), max(losses)
    if _showable(floor) and low / floor < _FARTHEST_FLOOR:
        low = min(low, floor)
    axes.set_yscale("log")
    margin = max((high / low) ** 0.08, 1.02)
    axes.set_ylim(low / margin, high * margin)
    axes.yaxis.set_major_locator(_ticks(high / low))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))


def _tick(value: float) -> str:
    """Write 150000 as 1.5e5: there is no room for 1.5e+05."""
    return f"{value:.3g}".replace("e+0", "e").replace("e-0", "e-")


def _ticks(span: float) -> Locator:
    """Choose the ticks by highest over lowest: decades alone are too few to read a value from."""
    if span < 2:
        return MaxNLocator(nbins=5)
    if span < 20:
        return LogLocator(subs=(1, 1.5, 2, 3, 5, 7), numticks=12)
    return LogLocator(subs=(1, 2, 5) if span < 500 else (1,), numticks=9)
