"""What can be seen of pictures: change, grid, grain, and where simple and squared differ.

Nothing here needs TensorFlow.
"""

import math

import numpy as np
import pandas as pd

from nstcore.common.formatting import format_percent
from nstcore.judging.findings import UNKNOWN, Answer, Point, Statement, join
from nstcore.judging.measures import COMPARED
from nstcore.judging.paired import CHANGE, GRAIN, GRID, STYLE, Paired, agreed, known
from nstcore.judging.points import (
    WORDS,
    Against,
    Told,
    count_pairs,
    measure_against,
    sentence,
    tell_interval,
    tell_too_few,
    to_point,
    why_not,
    why_unsettled,
)
from nstcore.judging.score_table import UNTOUCHED
from nstcore.judging.sentences import LEAST_VISIBLE, format_number, format_p, format_range, tell
from nstcore.judging.statistics import (
    CONFIDENCE,
    compare,
    estimate,
    exponential,
    fewest_pairs,
    level,
)

PLAIN_GRID = 2.0
"""A picture is called pixelated if its grid is more than so many times that of paintings and of the
untouched content."""


def answer_changes(pictures: Paired, backbone: str) -> Told:
    """Tell whether a backbone's pictures differ from their contents by more than one sees."""
    name, question = f"changes-{backbone}", f"Does {backbone} change the image?"
    values = pictures.values(CHANGE, backbone)
    seen = measure_against(values, LEAST_VISIBLE, CONFIDENCE)
    point = Point(
        backbone,
        WORDS.get(seen.verdict, UNKNOWN),
        "change of the pixels, share of full scale",
        seen.interval.mean,
        seen.interval.low,
        seen.interval.high,
        CONFIDENCE,
        seen.pairs,
        seen.p,
        why_unsettled(seen),
    )
    if seen.verdict == "too few":
        return Told(Answer(name, question, tell_too_few(seen.pairs)), (point,))
    word = {"more": "Yes", "less": "Hardly"}.get(seen.verdict, "Perhaps")
    answer = (
        f"{word}: its pixels differ from the content's by {format_number(seen.interval.mean)} "
        f"of full scale on average ({tell_interval(seen.interval)}, p {format_p(seen.p)}; one sees "
        f"about {LEAST_VISIBLE})"
    )
    style = pictures.values(STYLE, backbone)
    if len(style) >= fewest_pairs(CONFIDENCE):
        way = estimate(style)
        answer += (
            f", and by {pictures.judges[0]} they have come {format_number(way.mean)} of the way "
            f"from their own contents to real paintings ({format_range(way.low, way.high)})"
            if pictures.is_scaled(STYLE)
            else f", and to {pictures.judges[0]} they are nearer to the paintings than their own "
            f"contents by {format_number(way.mean)} ({format_range(way.low, way.high)})"
        )
    untouched = pd.Series(0.0, values.index)
    comparison = compare(CHANGE, (backbone, values), (UNTOUCHED, untouched))
    statement = Statement(tell(comparison), comparison, backbone)
    return Told(Answer(name, question, f"{answer}.", (statement,), seen.verdict in WORDS), (point,))


def answer_pixelated(pictures: Paired, backbone: str) -> Told:
    """Tell whether a backbone's pictures show a grid, beside paintings and their own contents."""
    name, question = f"pixelated-{backbone}", f"Are the pictures of {backbone} pixelated?"
    values = pictures.values(GRID, backbone)
    logs = np.log(values)
    above, below = (measure_against(logs, math.log(than), CONFIDENCE) for than in (1, PLAIN_GRID))
    own = pictures.untouched(GRID).reindex(values.index)
    against = compare(GRID, (backbone, values), (UNTOUCHED, own), ratio=True)
    over_own = known((values / own).map(_log))
    own_below = measure_against(over_own, math.log(PLAIN_GRID), CONFIDENCE)
    mean, low, high = (
        exponential(value)
        for value in (above.interval.mean, above.interval.low, above.interval.high)
    )
    # Both intervals have to say so: that needs no wider ones.
    if above.verdict == "too few":
        word = UNKNOWN
    elif above.verdict == against.verdict == "more" and min(mean, against.difference) > PLAIN_GRID:
        word = "yes"
    elif "less" in {below.verdict, own_below.verdict}:
        word = "no"
    else:
        word = UNKNOWN
    by_own = word == "no" and below.verdict != "less"
    point = Point(
        backbone,
        word,
        "grid, over that of the paintings",
        mean,
        low,
        high,
        CONFIDENCE,
        above.pairs,
        above.p if word == "yes" else own_below.p if by_own else below.p,
        _why_not_pixelated(above) if word == UNKNOWN else "",
    )
    if above.verdict == "too few":
        return Told(Answer(name, question, tell_too_few(above.pairs)), (point,))
    said = {"yes": "Yes", "no": "No"}.get(word, "Hard to say")
    text = (
        f"{said}: they show {format_number(mean)} times the grid of the artists' paintings "
        f"({format_percent(CONFIDENCE)} interval {format_range(low, high)}) and "
        f"{format_number(against.difference)} times that of their untouched contents "
        f"({format_range(against.low, against.high)}; geometric means)."
    )
    statement = Statement(tell(against), against, backbone)
    return Told(Answer(name, question, text, (statement,), word != UNKNOWN), (point,))


def _log(value: float) -> float:
    return math.log(value) if value > 0 else math.nan


def _why_not_pixelated(above: Against) -> str:
    """Say what keeps it open whether pictures are pixelated."""
    if above.verdict == "more":
        return f"a grid, but not settled that it is more than {PLAIN_GRID:g} times the others'"
    return why_unsettled(above) or f"not settled that it is less than {PLAIN_GRID:g} times"


def answer_grainier(pictures: Paired, name: str) -> Told:
    """Tell whether an aggregation's pictures are grainier than those of each other one."""
    others = [other for other in pictures.aggregations if other != name]
    statements = [
        pictures.compare(GRAIN, "aggregation", name, other, level(len(others)))[0]
        for other in others
    ]
    verdicts = {statement.comparison.verdict for statement in statements}
    words = {
        "more": "Yes.",
        "less": "No, it is smoother.",
        "undecided": "These pictures do not show that it is.",
        "too few": "The sample is too small to say.",
    }
    word = (
        words[next(iter(verdicts))]
        if len(verdicts) == 1
        else "It depends on what it is compared with."
    )
    points = tuple(
        to_point(
            f"against {other}",
            statement,
            "grain, times that of the other",
            WORDS.get(verdict := statement.comparison.verdict, UNKNOWN),
            why_not(verdict, statement),
        )
        for other, statement in zip(others, statements, strict=True)
    )
    return Told(
        Answer(
            "grainier",
            f"Is {name} grainier?",
            join(word, statements),
            tuple(statements),
            verdicts <= {"more", "less"},
        ),
        points,
    )


def answer_difference(
    pictures: Paired, first: str, second: str, differences: pd.DataFrame | None
) -> Told:
    """Tell in which measures two aggregations differ, and with which backbones."""
    question = f"Do {first} and {second} differ, and where?"
    confidence = level(len(COMPARED))
    overall = {
        label: pictures.compare(label, "aggregation", first, second, confidence)
        for label in COMPARED
    }
    verdicts = {label: agreed(said) for label, said in overall.items()}
    apart = [label for label, verdict in verdicts.items() if verdict in WORDS]
    places = [
        backbone
        for backbone in pictures.backbones
        if {(backbone, first), (backbone, second)} <= set(pictures.models)
    ]
    where = {
        (label, backbone): pictures.compare(
            label,
            "aggregation",
            first,
            second,
            level(len(apart) * len(places)),
            backbone,
        )
        for label in apart
        for backbone in places
        if len(places) > 1
    }
    if all(verdict == "too few" for verdict in verdicts.values()):
        word = f"The sample is too small to say: {max(count_pairs(overall.values()))} pairs."
    elif not apart:
        word = "Not that these pictures could show it, in any measure."
    else:
        told = [statement for label in apart for statement in overall[label]]
        word = join(f"Yes, in {', '.join(apart)}.", told)
        seen = list(dict.fromkeys(at for (_, at), said in where.items() if agreed(said) in WORDS))
        if seen:
            word += f" Taken alone, it shows with {', '.join(seen)}."
        elif where:
            word += " No backbone taken alone shows it."
    # What speaks loudest, by size against its own spread.
    loudest = max(
        apart or overall,
        key=lambda label: np.nan_to_num(abs(overall[label][0].comparison.effect_size), nan=-1),
    )
    few = all(verdict == "too few" for verdict in verdicts.values())
    why = [why_not("too few" if few else "undecided", overall[loudest][0])] if not apart else []
    if differences is not None and len(differences):
        mean = float(differences["difference"].mean())
        visible = "more" if mean >= LEAST_VISIBLE else "less"
        beside = (
            f"one content's two pictures differ by {format_number(mean)} of full scale on average, "
            f"{visible} than the {LEAST_VISIBLE} that one sees"
        )
        why.append(beside)
        word += f" {sentence([beside])}"
    if apart:
        why.insert(0, f"in {', '.join(apart)}")
    point = to_point(
        "",
        overall[loudest][0],
        f"{loudest}, {first} {'over' if COMPARED[loudest][1].ratio else 'less'} {second}",
        "yes" if apart else UNKNOWN,
        "; ".join(why),
    )
    statements = [said for all_said in (*overall.values(), *where.values()) for said in all_said]
    return Told(Answer("differ", question, word, tuple(statements), bool(apart)), (point,))
