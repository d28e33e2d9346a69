"""Which way of painting comes nearest to the artists, and which keeps most of the content.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from nstcore.common.formatting import format_percent
from nstcore.judging.findings import UNKNOWN, Answer, Point, join
from nstcore.judging.paired import COLORS, CONTENT, STYLE, Model, Paired, agreed, known, name_model
from nstcore.judging.points import Told, count_pairs, measure_against, sentence, some
from nstcore.judging.sentences import format_number, format_range, pairs_are
from nstcore.judging.statistics import CONFIDENCE, estimate, fewest_pairs, level

_RIGHT = "right_artist"
_OTHER = {"backbone": "aggregation", "aggregation": "backbone"}


def answer_best(pictures: Paired, cautions: Mapping[tuple[str, str], Sequence[str]]) -> Told:
    """Tell which model comes nearest, whether beyond chance, and what speaks against it."""
    question = "Which model comes nearest to the artists?"
    label = pictures.unit(STYLE)
    values = {model: pictures.values(STYLE, *model) for model in pictures.models}
    values = {model: own for model, own in values.items() if len(own)}
    if not values:
        why = "no style is left that the judge can tell from others"
        nan = math.nan
        point = Point("", UNKNOWN, label, nan, nan, nan, CONFIDENCE, 0, nan, why)
        return Told(Answer("best", question, f"It cannot be said: {why}."), (point,))
    order = sorted(values, key=lambda model: -values[model].mean())
    leader = order[0]
    confidence = level(math.comb(len(order), 2))
    compared = {
        other: pictures.compare_models(STYLE, leader, other, confidence) for other in order[1:]
    }
    own = measure_against(values[leader], 0.0, CONFIDENCE)
    tied = [name_model(other) for other, said in compared.items() if agreed(said) != "more"]
    few = fewest_pairs(confidence)
    against = []
    if own.pairs < few:
        against.append(
            f"{own.pairs} {pairs_are(own.pairs)} too few to set it apart, it takes {few}"
        )
    elif any(
        measure_against(gain, 0.0, CONFIDENCE).verdict != "more"
        for judge in pictures.judges
        if len(gain := pictures.values(STYLE, *leader, judge=judge))
    ):
        against.append("its pictures are not beyond chance nearer than their own contents")
    elif tied:
        against.append(f"not beyond chance ahead of {some(tied)}")
    against += _leaders_elsewhere(pictures, leader)
    beside = _beside(pictures, leader)
    certain = not against
    pvalues = [said.comparison.p for said_all in compared.values() for said in said_all]
    point = Point(
        name_model(leader),
        name_model(leader) if certain else UNKNOWN,
        label,
        own.interval.mean,
        own.interval.low,
        own.interval.high,
        CONFIDENCE,
        own.pairs,
        max(pvalues, default=own.p),
        "; ".join([*against, *beside]),
        tuple(cautions.get(leader, ())),
    )
    means = ", ".join(f"{name_model(one)} {format_number(values[one].mean())}" for one in order[:5])
    more = "" if len(order) <= 5 else f" and {len(order) - 5} more"
    lead = (
        f"{name_model(leader)}" if certain else f"It cannot be said; by mean {name_model(leader)}"
    )
    reasons = f": {'; '.join(against)}" if against else ", beyond chance against every other"
    text = f"{lead}{reasons} ({label}: {means}{more}). {sentence(beside)}".strip()
    statements = tuple(said for said_all in compared.values() for said in said_all)
    return Told(Answer("best", question, text, statements, certain), (point,))


def _leaders_elsewhere(pictures: Paired, leader: tuple[str, str]) -> list[str]:
    """Return what other judges put first."""
    told = []
    for judge in pictures.judges[1:]:
        means = {
            model: float(own.mean())
            for model in pictures.models
            if len(own := pictures.values(STYLE, *model, judge=judge))
        }
        first = max(means, key=lambda model: means[model], default=leader)
        if first != leader:
            told.append(f"{judge} puts {name_model(first)} first")
    return told


def _beside(pictures: Paired, model: tuple[str, str]) -> list[str]:
    """Return what else is to be known of the model that is nearest: measures may disagree."""
    told = []
    right = pictures.share(_RIGHT, model)
    if len(right):
        by_style = right.groupby(level="style").agg(["sum", "count"])
        none = [
            f"0 of {row['count']:.0f} of {style}"
            for style, row in by_style.iterrows()
            if not row["sum"]
        ]
        told.append(
            f"its own artist's paintings are the nearest of all to {right.sum():.0f} of its "
            f"{len(right)} pictures{f' ({some(none)})' if none else ''}"
        )
    colors = {
        one: float(values.mean())
        for one in pictures.models
        if len(values := pictures.values(COLORS, *one))
    }
    nearest = max(colors, key=lambda one: colors[one], default=model)
    if nearest != model and colors[nearest] > colors.get(model, -math.inf):
        told.append(f"by colours {name_model(nearest)} is nearer")
    if pictures.is_scaled(CONTENT):
        lost = pictures.values(CONTENT, *model)
        if len(lost):
            told.append(f"it keeps {format_number(1 - float(lost.mean()))} of the content")
    return told


def answer_nearest(pictures: Paired, kind: str, names: Sequence[str]) -> Answer:
    """Tell which backbone or aggregation comes nearest to the artists, in style and colours."""
    question = f"Which {kind} comes nearest to the artists?"
    answer = _rank(pictures, question, kind, names, STYLE, highest=True)
    colors = _rank(pictures, question, kind, names, COLORS, highest=True)
    counts = {
        name: _count_right(pictures, models)
        for name, models in zip(names, pictures.alike(kind, names), strict=True)
    }
    right = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    beside = (
        f" Pictures to which their own artist's paintings are the nearest: {right}."
        if right
        else ""
    )
    return Answer(
        f"nearest-{kind}",
        question,
        f"{answer.answer} By colours alone, which need no network: {colors.answer}{beside}",
        (*answer.statements, *colors.statements),
        answer.certain,
    )


def _count_right(pictures: Paired, models: Sequence[Model]) -> str:
    values = [pictures.share(_RIGHT, model) for model in models]
    count = sum(len(own) for own in values)
    return f"{sum(own.sum() for own in values):.0f} of {count}" if count else ""


def answer_content(pictures: Paired, kind: str, names: Sequence[str]) -> Answer:
    """Tell which backbone or aggregation keeps most of the content."""
    question = f"Which {kind} keeps most of the content?"
    return _rank(pictures, question, kind, names, CONTENT, highest=False)


def _rank(
    pictures: Paired,
    question: str,
    kind: str,
    names: Sequence[str],
    measure: str,
    *,
    highest: bool,
) -> Answer:
    """Order backbones or aggregations, and tell what sets the first one apart."""
    name = f"content-{kind}" if measure == CONTENT else f"nearest-{kind}"
    alike = dict(zip(names, pictures.alike(kind, names), strict=True))
    means = _means(pictures, measure, alike)
    if not any(alike.values()):
        return Answer(name, question, f"It cannot be said: no {_OTHER[kind]} is there with all.")
    if len(means) < 2:
        return Answer(
            name, question, "It cannot be said: no style is left that the judge can tell."
        )
    order = sorted(means, key=lambda each: means[each], reverse=highest)
    confidence = level(math.comb(len(order), 2))
    compared = {
        pair: pictures.compare(measure, kind, *pair, confidence) for pair in combinations(order, 2)
    }
    ranking = ", ".join(f"{each} {format_number(means[each])}" for each in order)
    verdicts = {pair[1]: agreed(said) for pair, said in compared.items() if pair[0] == order[0]}
    wanted = "more" if highest else "less"
    certain = False
    if all(verdict == "too few" for verdict in verdicts.values()):
        word = f"Too few pairs ({max(count_pairs(compared.values()))}) to say"
    elif all(verdict == wanted for verdict in verdicts.values()):
        word, certain = f"{order[0]}, beyond chance against every other", True
    else:
        tied = [each for each, verdict in verdicts.items() if verdict != wanted]
        word = f"{order[0]}, but not beyond chance against {', '.join(tied)}"
    for judge in pictures.judges_of(measure)[1:]:
        theirs = _means(pictures, measure, alike, judge)
        ordered = sorted(theirs, key=lambda each: theirs[each], reverse=highest)
        if ordered and ordered[0] != order[0]:
            word, certain = f"{word}; {judge} puts {ordered[0]} first, so it cannot be said", False
    statements = tuple(said for all_said in compared.values() for said in all_said)
    unit = pictures.unit(measure)
    text = f"{word} ({measure}{f', {unit}' if unit else ''}: {ranking})."
    return Answer(name, question, text, statements, certain)


def _means(
    pictures: Paired, measure: str, models: Mapping[str, Sequence[Model]], judge: str | None = None
) -> dict[str, float]:
    """Return the means of a measure by name, without those that have none."""
    found = {name: pictures.of_models(measure, own, judge) for name, own in models.items()}
    return {name: float(values.mean()) for name, values in found.items() if len(values)}


def answer_breadth(pictures: Paired, breadths: Mapping[str, str]) -> list[Answer]:
    """Compare styles of one kind with those of another, paired by content."""
    kinds = list(dict.fromkeys(breadths.values()))
    if len(kinds) < 2:
        return []
    question = "Do narrow, single and broad styles differ in how near pictures come to them?"
    table = pictures.values(STYLE).rename("value").reset_index()
    by_style = table.pivot_table(index="style", columns="content_id", values="value", sort=False)
    by_kind = {
        kind: by_style[[breadths.get(str(style)) == kind for style in by_style.index]].mean()
        for kind in kinds
    }
    there = [kind for kind in kinds if by_kind[kind].notna().any()]
    if len(there) < 2:
        return [Answer("breadth", question, "No scale for all of them but one kind at most.")]
    confidence = level(math.comb(len(there), 2))
    statements = []
    for pair in combinations(there, 2):
        sides = [(kind, by_kind[kind]) for kind in pair]
        statements.append(pictures.compare_values(STYLE, sides[0], sides[1], confidence))
    told = []
    for style, row in by_style.iterrows():
        interval = estimate(known(row))
        ends = format_range(interval.low, interval.high)
        told.append(
            f"{style} ({breadths.get(str(style), '')}) {format_number(interval.mean)} ({ends})"
        )
    if all(statement.comparison.verdict == "too few" for statement in statements):
        contents = statements[0].comparison.pairs
        word = f"The sample is too small to say: {contents} {pairs_are(contents)} there."
    elif any(statement.holds for statement in statements):
        word = "Yes."
    else:
        word = "Not that these pictures could show it."
    scale = f"{pictures.unit(STYLE)}, {format_percent(CONFIDENCE)} interval"
    lead = f"{join(word, statements)} By style ({scale}): {'; '.join(told)}."
    certain = any(statement.holds for statement in statements)
    return [Answer("breadth", question, lead, tuple(statements), certain)]
