"""What a study's training runs say: which optimizer wins, and whether runs ended rightly.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from nstcore.judging.findings import Answer, Statement, Stop, join
from nstcore.judging.sentences import TOTAL_LOSS, format_number, pairs_are, tell
from nstcore.judging.statistics import compare, level
from nstcore.painting.choose import Run, choose, summarize
from nstcore.painting.history import average_curve, read_history
from nstcore.painting.schedule import Training
from nstcore.painting.stopping import Hindsight, look_back, lowest

PUBLISHED_EPOCHS = 100
"""The epoch limit of the published study."""

_TINY = 1e-30

Runs = Mapping[tuple[str, str], Mapping[str, "Ended"]]
"""Of each model, by backbone and aggregation, every optimizer's."""


@dataclass(frozen=True)
class Ended:
    """Where a training run of one optimizer on one model ended."""

    run: Run
    totals: pd.Series
    """The total loss of each pair, by style and content id, at the epoch `run.epochs`."""
    hindsight: Hindsight | None = None
    """Whether the rule was right to end it; None where it did not, or nobody watched."""
    earlier: pd.Series | None = None
    """As `totals`, at the epoch of the lowest loss within `PUBLISHED_EPOCHS`; None where the run
    had no more."""


def read_runs(
    histories: Iterable[Path], training: Training
) -> dict[tuple[str, str], dict[str, Ended]]:
    """Read where all training runs ended.

    Args:
        histories: Files called <backbone>/<aggregation>/<optimizer>.csv.
        training: What they ran under.

    Returns:
        Of each model, by backbone and aggregation, every optimizer's.

    Raises:
        TrainingError: A file is missing or holds something else.
    """
    runs: dict[tuple[str, str], dict[str, Ended]] = {}
    for path in histories:
        history = read_history(path)
        totals = average_curve(history)["total_loss"].tolist()
        run = summarize(path.stem, totals, training)
        last = history[history["epoch"] == run.epochs].set_index(["style", "content_id"])
        model = path.parent.parent.name, path.parent.name
        earlier = None
        if run.epochs > PUBLISHED_EPOCHS:
            epoch = lowest(totals[: PUBLISHED_EPOCHS + 1])
            rows = history[history["epoch"] == epoch].set_index(["style", "content_id"])
            earlier = rows["total_loss"]
        ended = Ended(run, last["total_loss"], look_back(totals, training), earlier)
        runs.setdefault(model, {})[path.stem] = ended
    return runs


def answer_training(runs: Runs, training: Training) -> list[Answer]:
    """Answer what the training runs alone tell.

    Args:
        runs: Of each model, every optimizer's.
        training: What they ran under.
    """
    return [
        *_answer_optimizers(runs),
        *_answer_stopping(runs, training),
        *_answer_epochs(runs, training),
    ]


def list_stops(runs: Runs) -> tuple[Stop, ...]:
    """Return the runs that the rule ended and that were watched after that."""
    stops = []
    for model, trials in runs.items():
        chosen = _chosen(trials)
        for name, ended in trials.items():
            if ended.hindsight is not None:
                stops.append(Stop(*model, name, name == chosen, ended.run.status, ended.hindsight))
    return tuple(stops)


def _chosen(trials: Mapping[str, Ended]) -> str | None:
    usable = [ended.run for ended in trials.values() if ended.run.status != "diverged"]
    return choose(usable, "").optimizer if usable else None


def _answer_stopping(runs: Runs, training: Training) -> list[Answer]:
    if not runs or not training.watch:
        return []
    question = "Did the rule stop too early?"
    stops = list_stops(runs)
    count = sum(len(trials) for trials in runs.values())
    if not stops:
        return [Answer(question, f"It ended none of the {count} training runs.")]
    early = [stop for stop in stops if stop.hindsight.too_early]
    ended = f"of {count} training runs it ended {len(stops)}"
    if not early:
        return [Answer(question, f"No: {ended}, and none fell much further in the watched epochs.")]
    chosen = sum(stop.chosen for stop in early)
    told = "; ".join(map(_tell_stop, early))
    lead = f"Yes: {ended}, {len(early)} of them too early, and {chosen} of these were chosen"
    return [Answer(question, f"{lead}. Total losses: {told}.")]


def _tell_stop(stop: Stop) -> str:
    seen = stop.hindsight
    fate = (
        f"{format_number(seen.later_loss)} {seen.watched} epochs later"
        if math.isfinite(seen.later_loss)
        else f"not a number within {seen.watched} epochs"
    )
    model = f"{stop.backbone}, {stop.aggregation}, {stop.optimizer} ({stop.status})"
    return f"{model}: {format_number(seen.stop_loss)} at the stop at epoch {seen.stop}, {fate}"


def _answer_epochs(runs: Runs, training: Training) -> list[Answer]:
    """Tell what the epochs beyond the published limit brought, where there are any."""
    if training.max_epochs <= PUBLISHED_EPOCHS or not runs:
        return []
    question = f"Are {PUBLISHED_EPOCHS} epochs enough?"
    chosen = {model: trials[name] for model, trials in runs.items() if (name := _chosen(trials))}
    longer = {model: ended for model, ended in chosen.items() if ended.earlier is not None}
    if not longer:
        return [Answer(question, f"Yes: no chosen run of {len(chosen)} models goes on after that.")]
    ours = _mean_over_models(ended.totals for ended in chosen.values())
    theirs = _mean_over_models(
        ended.totals if ended.earlier is None else ended.earlier for ended in chosen.values()
    )
    names = f"{training.max_epochs} epochs at most", f"{PUBLISHED_EPOCHS} epochs at most"
    comparison = compare(TOTAL_LOSS, (names[0], ours), (names[1], theirs), ratio=True)
    statement = Statement(tell(comparison), comparison)
    word = {
        "less": "No",
        "more": "Yes",
        "undecided": "These pairs do not show that they are not",
        "too few": "The sample is too small to say",
    }[comparison.verdict]
    told = ", ".join(
        f"{backbone} {aggregation} {ended.run.epochs} epochs"
        for (backbone, aggregation), ended in longer.items()
    )
    lead = (
        f"{word}: {len(longer)} of {len(chosen)} chosen runs go on after that ({told}), by which "
        f"the total loss becomes {format_number(comparison.difference)} times what it was"
    )
    return [Answer(question, join(f"{lead}.", [statement]), (statement,))]


def _mean_over_models(totals: Iterable[pd.Series]) -> list[float]:
    """Return each pair's geometric mean over models."""
    logs = [np.log(one.clip(lower=_TINY)) for one in totals]
    means: list[float] = np.exp(pd.concat(logs, axis=1).mean(axis=1)).to_list()
    return means


def _answer_optimizers(runs: Runs) -> list[Answer]:
    names = list(dict.fromkeys(name for trials in runs.values() for name in trials))
    if len(names) < 2:
        return []
    question = "Which optimizer wins?"
    winners = [
        min(usable, key=lambda name: usable[name].run.total_loss)
        for trials in runs.values()
        if (usable := {n: ended for n, ended in trials.items() if ended.run.status != "diverged"})
    ]
    wins = {name: winners.count(name) for name in names}
    order = sorted(names, key=lambda name: -wins[name])
    confidence = level(math.comb(len(order), 2))
    statements = []
    for first, second in combinations(order, 2):
        both = [
            trials
            for trials in runs.values()
            if {first, second} <= trials.keys()
            and all(trials[name].run.status != "diverged" for name in (first, second))
        ]
        ours, theirs = (
            _mean_over_models([trials[name].totals for trials in both]) if both else []
            for name in (first, second)
        )
        comparison = compare(TOTAL_LOSS, (first, ours), (second, theirs), confidence, ratio=True)
        statements.append(Statement(tell(comparison), comparison))
    told = ", ".join(f"{name} in {wins[name]}" for name in order)
    if all(made.comparison.verdict == "too few" for made in statements):
        pairs = max(made.comparison.pairs for made in statements)
        few = f" {pairs} {pairs_are(pairs)} too few to say by how much."
    else:
        few = ""
    word = f"Of {len(winners)} models, the lowest average total loss of training has {told}."
    diverged = [
        f"{name} in {count}"
        for name in names
        if (
            count := sum(
                trials[name].run.status == "diverged" for trials in runs.values() if name in trials
            )
        )
    ]
    if diverged:
        word += f" Diverged: {', '.join(diverged)}."
    return [Answer(question, join(word + few, statements), tuple(statements))]
