"""What a study's scores say: a row of means per model, and answers in plain sentences.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from nstcore.common.formatting import format_percent
from nstcore.judging.findings import Answer, Findings, MeanScores, Statement, join
from nstcore.judging.measures import COMPARED, MEASURES
from nstcore.judging.score_table import PAINTING, SCALED, STYLIZED, UNTOUCHED
from nstcore.judging.sentences import (
    LEAST_VISIBLE,
    format_number,
    format_range,
    pairs_are,
    tell,
)
from nstcore.judging.statistics import (
    CONFIDENCE,
    compare,
    estimate,
    estimate_share,
    fewest_pairs,
    level,
)
from nstcore.judging.training_answers import Runs, answer_training, list_stops
from nstcore.painting.schedule import Training

PLAIN_GRID = 2.0
"""A picture is called pixelated if its grid is more than so many times that of paintings and of the
untouched content."""

# What the questions below are about, of all that is compared.
STYLE, CONTENT, COLORS = "style reached", "content lost", "colours reached"

_COLUMNS = {
    label: f"{name}_scaled" if wording.scaled else name
    for label, (name, wording) in COMPARED.items()
}
_NOTHING = 1e-9
# These are shares of one another, whose sizes span decades.
_RATIOS = {label for label, (_, wording) in COMPARED.items() if wording.ratio}


def find(
    scores: pd.DataFrame,
    runs: Runs,
    judge: Mapping[str, Any],
    training: Training | None = None,
    breadths: Mapping[str, str] | None = None,
) -> Findings:
    """Answer a study's questions.

    Args:
        scores: With `score_table.SCORE_COLUMNS`.
        runs: Of each model, by backbone and aggregation, every optimizer's.
        judge: What scored the pictures, as plain values for JSON.
        training: What the runs were trained under; by default the section's own defaults.
        breadths: By style, what kind of style it is (see `selection.styles.Style.breadth`); by
            default all are of one kind.
    """
    stylized = scores[scores["kind"] == STYLIZED]
    models = list(dict.fromkeys(zip(stylized["backbone"], stylized["aggregation"], strict=True)))
    backbones = list(dict.fromkeys(backbone for backbone, _ in models))
    aggregations = list(dict.fromkeys(aggregation for _, aggregation in models))
    pictures = _Pictures(stylized, backbones, aggregations)
    by_model = stylized.groupby(["backbone", "aggregation"])
    rows = [_row(by_model.get_group(model), *model, STYLIZED) for model in models]
    rows += [_row(scores[scores["kind"] == kind], "", "", kind) for kind in (UNTOUCHED, PAINTING)]
    answers = [_changes(pictures, name) for name in backbones]
    answers += [_pixelated(pictures, name, scores) for name in backbones]
    if "logged" in aggregations and len(aggregations) > 1:
        answers.append(_grainier(pictures, "logged"))
    if {"simple", "squared"} <= set(aggregations):
        answers.append(_differ(pictures, "simple", "squared"))
    for kind, names in (("backbone", backbones), ("aggregation", aggregations)):
        if len(names) > 1:
            answers.append(_nearest(pictures, kind, names))
            answers.append(_most_content(pictures, kind, names))
    answers += _breadth(pictures, breadths or {})
    answers += answer_training(runs, training or Training())
    return Findings(judge, tuple(rows), tuple(answers), list_stops(runs))


def _row(table: pd.DataFrame, backbone: str, aggregation: str, kind: str) -> MeanScores:
    measures = {
        name: estimate(values)
        for name in MEASURES
        if name != "right_artist" and (values := _known(table[name]))
    }
    artists = _known(table["right_artist"])
    if artists:
        measures["right_artist"] = estimate_share(round(sum(artists)), len(artists))
    scaled = {
        name: estimate(values) for name in SCALED if (values := _known(table[f"{name}_scaled"]))
    }
    return MeanScores(backbone, aggregation, kind, len(table), measures, scaled)


def _known(column: pd.Series) -> list[float]:
    return [float(value) for value in column if math.isfinite(value)]


class _Pictures:
    """The scores of all stylised pictures, to be taken together by style and content."""

    def __init__(
        self, stylized: pd.DataFrame, backbones: Sequence[str], aggregations: Sequence[str]
    ) -> None:
        self._table = stylized
        self.backbones, self.aggregations = backbones, aggregations

    def values(
        self, measure: str, backbone: str | None = None, aggregation: str | None = None
    ) -> pd.Series:
        """Return a value per style and content: the mean over the models that are asked for.

        It is missing where one of these models has none.
        """
        table = self._table.pivot_table(
            index=["style", "content_id"],
            columns=["backbone", "aggregation"],
            values=_COLUMNS[measure],
            dropna=False,
            sort=False,
        )
        wanted = [
            model
            for model in table.columns
            if backbone in {None, model[0]} and aggregation in {None, model[1]}
        ]
        if measure not in _RATIOS:
            return table[wanted].mean(axis=1, skipna=False)
        logs: pd.DataFrame = table[wanted].clip(lower=_NOTHING).map(math.log)
        return logs.mean(axis=1, skipna=False).map(math.exp)

    def compare(
        self, measure: str, kind: str, first: str, second: str, confidence: float, where: str = ""
    ) -> Statement:
        """Compare two backbones or two aggregations; `where` is the only backbone to look at."""
        ours, theirs = (
            self.values(measure, **({kind: name} | ({"backbone": where} if where else {})))
            for name in (first, second)
        )
        comparison = compare(
            measure,
            (first, ours.to_list()),
            (second, theirs.to_list()),
            confidence,
            ratio=measure in _RATIOS,
        )
        return Statement(tell(comparison, where), comparison, where)


def _changes(pictures: _Pictures, backbone: str) -> Answer:
    question = f"Does {backbone} change the image?"
    values = _known(pictures.values("change", backbone))
    few = _too_few(len(values))
    if few:
        return Answer(question, few)
    # An untouched content differs from itself by nothing.
    comparison = compare("change", (backbone, values), (UNTOUCHED, [0.0] * len(values)))
    if comparison.high < LEAST_VISIBLE:
        word = "Hardly"
    else:
        word = "Yes" if comparison.low > LEAST_VISIBLE else "Perhaps"
    answer = (
        f"{word}: its pixels differ from the content's by {format_number(comparison.difference)} "
        f"of full scale on average ({format_percent(CONFIDENCE)} interval "
        f"{format_range(comparison.low, comparison.high)}; one sees about {LEAST_VISIBLE})"
    )
    style = _known(pictures.values(STYLE, backbone))
    if len(style) >= fewest_pairs(CONFIDENCE):
        way = estimate(style, CONFIDENCE)
        answer += (
            f", and the judge finds it {format_number(way.mean)} of the way from the untouched "
            f"content to a real painting ({format_range(way.low, way.high)})"
        )
    return Answer(question, f"{answer}.", (Statement(tell(comparison), comparison, backbone),))


def _pixelated(pictures: _Pictures, backbone: str, scores: pd.DataFrame) -> Answer:
    question = f"Are the pictures of {backbone} pixelated?"
    values = pictures.values("grid", backbone)
    logs = [math.log(grid) for grid in _known(values)]
    few = _too_few(len(logs))
    if few:
        return Answer(question, few)
    interval = estimate(logs, CONFIDENCE)
    mean, low, high = (math.exp(value) for value in (interval.mean, interval.low, interval.high))
    untouched = scores[scores["kind"] == UNTOUCHED].set_index(["style", "content_id"])["grid"]
    against = compare(
        "grid",
        (backbone, values.to_list()),
        (UNTOUCHED, untouched.reindex(values.index).to_list()),
        CONFIDENCE,
        ratio=True,
    )
    # Both intervals have to say so: that needs no wider ones.
    if min(low, against.low) > 1 and min(mean, against.difference) > PLAIN_GRID:
        word = "Yes"
    else:
        word = "No" if min(high, against.high) < PLAIN_GRID else "Hard to say"
    return Answer(
        question,
        f"{word}: they show {format_number(mean)} times the grid of the artists' paintings "
        f"({format_percent(CONFIDENCE)} interval {format_range(low, high)}) and "
        f"{format_number(against.difference)} times that of the untouched contents "
        f"({format_range(against.low, against.high)}).",
        (Statement(tell(against), against, backbone),),
    )


def _too_few(count: int) -> str:
    enough = fewest_pairs(CONFIDENCE)
    if count >= enough:
        return ""
    return f"The sample is too small to say: {count} {pairs_are(count)} scored, it takes {enough}."


def _grainier(pictures: _Pictures, name: str) -> Answer:
    others = [other for other in pictures.aggregations if other != name]
    statements = [
        pictures.compare("grain", "aggregation", name, other, level(len(others)))
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
        words[verdicts.pop()] if len(verdicts) == 1 else "It depends on what it is compared with."
    )
    return Answer(f"Is {name} grainier?", join(word, statements), tuple(statements))


def _differ(pictures: _Pictures, first: str, second: str) -> Answer:
    question = f"Do {first} and {second} differ, and where?"
    confidence = level(len(_COLUMNS))
    overall = [
        pictures.compare(measure, "aggregation", first, second, confidence) for measure in _COLUMNS
    ]
    apart = [statement for statement in overall if statement.comparison.verdict in {"more", "less"}]
    where = [
        pictures.compare(
            statement.comparison.measure,
            "aggregation",
            first,
            second,
            level(len(apart) * len(pictures.backbones)),
            backbone,
        )
        for statement in apart
        for backbone in pictures.backbones
        if len(pictures.backbones) > 1
    ]
    if all(statement.comparison.verdict == "too few" for statement in overall):
        word = f"The sample is too small to say: {overall[0].comparison.pairs} pairs."
    elif not apart:
        word = "Not that these pictures could show it, in any measure."
    else:
        told = [
            statement for statement in where if statement.comparison.verdict in {"more", "less"}
        ]
        names = ", ".join(dict.fromkeys(statement.comparison.measure for statement in apart))
        places = ", ".join(dict.fromkeys(statement.where for statement in told))
        word = join(f"Yes, in {names}.", apart)
        if places:
            word += f" Taken alone, it shows with {places}."
        elif where:
            word += " No backbone taken alone shows it."
    return Answer(question, word, (*overall, *where))


def _nearest(pictures: _Pictures, kind: str, names: Sequence[str]) -> Answer:
    question = f"Which {kind} comes nearest to the artists?"
    answer = _rank(pictures, question, kind, names, STYLE, highest=True)
    colors = _rank(pictures, question, kind, names, COLORS, highest=True)
    return Answer(
        question,
        f"{answer.answer} By colours alone, which need no network: {colors.answer}",
        (*answer.statements, *colors.statements),
    )


def _most_content(pictures: _Pictures, kind: str, names: Sequence[str]) -> Answer:
    question = f"Which {kind} keeps most of the content?"
    return _rank(pictures, question, kind, names, CONTENT, highest=False)


def _rank(
    pictures: _Pictures,
    question: str,
    kind: str,
    names: Sequence[str],
    measure: str,
    *,
    highest: bool,
) -> Answer:
    """Order backbones or aggregations, and tell what sets the first one apart."""
    means = {
        name: float(np.mean(known))
        for name in names
        if (known := _known(pictures.values(measure, **{kind: name})))
    }
    if len(means) < 2:
        return Answer(
            question,
            "No scale, since the measure does not tell untouched contents from real paintings.",
        )
    order = sorted(means, key=lambda name: means[name], reverse=highest)
    confidence = level(math.comb(len(order), 2))
    statements = [
        pictures.compare(measure, kind, *pair, confidence) for pair in combinations(order, 2)
    ]
    ranking = ", ".join(f"{name} {format_number(means[name])}" for name in order)
    ahead = [statement for statement in statements if statement.comparison.first == order[0]]
    verdicts = [statement.comparison.verdict for statement in ahead]
    wanted = "more" if highest else "less"
    if all(verdict == "too few" for verdict in verdicts):
        pairs = ahead[0].comparison.pairs
        word = f"Too few pairs ({pairs}) to say"
    elif all(verdict == wanted for verdict in verdicts):
        word = f"{order[0]}, beyond chance against every other"
    else:
        tied = [
            statement.comparison.second
            for statement in ahead
            if statement.comparison.verdict != wanted
        ]
        word = f"{order[0]}, but not beyond chance against {', '.join(tied)}"
    return Answer(question, f"{word} ({measure}: {ranking}).", tuple(statements))


def _breadth(pictures: _Pictures, breadths: Mapping[str, str]) -> list[Answer]:
    """Compare styles of one kind with those of another, paired by content."""
    values = pictures.values(STYLE)
    kinds = list(dict.fromkeys(breadths.values()))
    if len(kinds) < 2:
        return []
    question = "Do narrow, single and broad styles differ in how near pictures come to them?"
    table = values.rename("value").reset_index()
    by_style = table.pivot_table(index="style", columns="content_id", values="value", sort=False)
    by_kind = {
        kind: by_style[[breadths.get(str(style)) == kind for style in by_style.index]].mean()
        for kind in kinds
    }
    known = [kind for kind in kinds if by_kind[kind].notna().any()]
    if len(known) < 2:
        return [Answer(question, "No scale for all of them but one kind at most.")]
    confidence = level(math.comb(len(known), 2))
    statements = []
    for first, second in combinations(known, 2):
        sides = ((kind, by_kind[kind].to_list()) for kind in (first, second))
        comparison = compare(STYLE, next(sides), next(sides), confidence)
        statements.append(Statement(tell(comparison), comparison))
    told = []
    for style, row in by_style.iterrows():
        interval = estimate(_known(row))
        ends = format_range(interval.low, interval.high)
        told.append(
            f"{style} ({breadths.get(str(style), '')}) {format_number(interval.mean)} ({ends})"
        )
    if all(statement.comparison.verdict == "too few" for statement in statements):
        contents = statements[0].comparison.pairs
        word = f"The sample is too small to say: {contents} {pairs_are(contents)} there."
    elif any(statement.comparison.verdict in {"more", "less"} for statement in statements):
        word = "Yes."
    else:
        word = "Not that these pictures could show it."
    scale = (
        f"{STYLE}, held-out paintings of the style being 1, {format_percent(CONFIDENCE)} interval"
    )
    lead = f"{join(word, statements)} By style ({scale}): {'; '.join(told)}."
    return [Answer(question, lead, tuple(statements))]
