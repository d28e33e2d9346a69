"""What a study's training runs say: which optimizer wins, and whether runs ended rightly.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from nstcore.judging.findings import UNKNOWN, Answer, Claim, Point, Statement, Stop, join
from nstcore.judging.sentences import TOTAL_LOSS, format_number, pairs_are, tell
from nstcore.judging.statistics import CONFIDENCE, compare, fewest_pairs, level
from nstcore.painting.cautions import Course, find_cautions
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
    start: float = math.nan
    """The average total loss at epoch 0."""
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
        run = summarize(path.stem, totals, training, path)
        last = history[history["epoch"] == run.epochs].set_index(["style", "content_id"])
        model = path.parent.parent.name, path.parent.name
        earlier = None
        if run.epochs > PUBLISHED_EPOCHS:
            epoch = lowest(totals[: PUBLISHED_EPOCHS + 1])
            rows = history[history["epoch"] == epoch].set_index(["style", "content_id"])
            earlier = rows["total_loss"]
        seen = look_back(totals, training)
        ended = Ended(run, last["total_loss"], seen, totals[0], earlier)
        runs.setdefault(model, {})[path.stem] = ended
    return runs


@dataclass(frozen=True)
class Trained:
    """What the training runs alone tell."""

    claims: tuple[Claim, ...]
    answers: tuple[Answer, ...]


def answer_training(runs: Runs, training: Training) -> Trained:
    """Answer what the training runs alone tell.

    Args:
        runs: Of each model, every optimizer's.
        training: What they ran under.
    """
    told = [*_answer_optimizers(runs), *_answer_stopping(runs, training)]
    claims = tuple(Claim(answer.id, answer.question, (point,), answer.id) for answer, point in told)
    answers = tuple(answer for answer, _ in told)
    return Trained(claims, (*answers, *_answer_epochs(runs, training)))


def find_model_cautions(runs: Runs) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return what is to be known of each model's training (see `cautions.find_cautions`)."""
    courses = {
        model: Course(trials[name].run, trials[name].start, trials[name].hindsight)
        for model, trials in runs.items()
        if (name := _chosen(trials))
    }
    return find_cautions(courses)


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


def _answer_stopping(runs: Runs, training: Training) -> list[tuple[Answer, Point]]:
    if not runs:
        return []
    question = "Did the rule stop too early?"
    stops = list_stops(runs)
    ends = [ended for trials in runs.values() for ended in trials.values()]
    ruled = [ended for ended in ends if ended.run.status in {"plateau", "rise", "stalled"}]
    label = "runs that fell much further, of those that the rule ended and that were watched"

    def told(word: str, text: str, why: str = "") -> list[tuple[Answer, Point]]:
        early = [stop for stop in stops if stop.hindsight.too_early]
        share = len(early) / len(stops) if stops else math.nan
        ends = (math.nan, math.nan)
        point = Point("", word, label, share, *ends, CONFIDENCE, len(stops), math.nan, why)
        certain = word != UNKNOWN
        return [(Answer("stopped-early", question, text, certain=certain), point)]

    if not ruled and not stops:
        text = f"It ended none of the {len(ends)} training runs."
        return told("no", f"No: {text[0].lower()}{text[1:]}", text[:-1].lower())
    if not stops:
        why = "no run was watched after its end (training.watch)"
        return told(UNKNOWN, f"It cannot be said: {why}.", why)
    early = [stop for stop in stops if stop.hindsight.too_early]
    ended = f"of {len(ends)} training runs it ended {len(stops)}"
    if not early:
        rest = "none fell much further in the watched epochs"
        return told("no", f"No: {ended}, and {rest}.", f"{ended}; {rest}")
    chosen = sum(stop.chosen for stop in early)
    lines = "; ".join(map(_tell_stop, early))
    lead = f"{ended}, {len(early)} of them too early, and {chosen} of these were chosen"
    return told("yes", f"Yes: {lead}. Total losses: {lines}.", lead)


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
        text = f"Yes: no chosen run of {len(chosen)} models goes on after that."
        return [Answer("epochs", question, text, certain=True)]
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
    certain = comparison.verdict in {"more", "less"}
    return [Answer("epochs", question, join(f"{lead}.", [statement]), (statement,), certain)]


def _mean_over_models(totals: Iterable[pd.Series]) -> pd.Series:
    """Return each pair's geometric mean over models."""
    logs = [np.log(one.clip(lower=_TINY)) for one in totals]
    means: pd.Series = np.exp(pd.concat(logs, axis=1).mean(axis=1))
    return means


def _answer_optimizers(runs: Runs) -> list[tuple[Answer, Point]]:
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
            _mean_over_models([trials[name].totals for trials in both])
            if both
            else pd.Series(dtype=float)
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
    point = _point_optimizer(order, wins, len(winners), statements, confidence)
    certain = point.answer != UNKNOWN
    text = join(word + few, statements)
    return [(Answer("optimizer", question, text, tuple(statements), certain), point)]


def _point_optimizer(
    order: Sequence[str],
    wins: Mapping[str, int],
    models: int,
    statements: Sequence[Statement],
    confidence: float,
) -> Point:
    """Name the optimizer that ends lower than every other one beyond chance, if there is one."""
    first = order[0]
    ahead = [said.comparison for said in statements if said.comparison.first == first]
    # The nearest rival.
    nearest = max(ahead, key=lambda made: (made.pairs > 0, made.difference, -made.pairs))
    wins_told = f"lowest for {wins[first]} of {models} models"
    tied = [made.second for made in ahead if made.pairs and made.verdict != "less"]
    never = [made.second for made in ahead if not made.pairs]
    if models and not tied and any(made.pairs for made in ahead):
        word, why = first, wins_told
    elif all(made.verdict == "too few" for made in ahead):
        pairs, enough = nearest.pairs, fewest_pairs(confidence)
        word, why = UNKNOWN, f"{pairs} {pairs_are(pairs)} too few, it takes {enough}"
        why = f"{first} {wins_told}; {why}"
    else:
        word, why = (
            UNKNOWN,
            f"{first} {wins_told}, but not beyond chance ahead of {', '.join(tied)}",
        )
    if never:
        why += f"; {', '.join(never)} always diverged"
    return Point(
        f"{first} against {nearest.second}",
        word,
        "total loss, times that of the other",
        nearest.difference,
        nearest.low,
        nearest.high,
        nearest.confidence,
        nearest.pairs,
        nearest.p,
        why,
    )
