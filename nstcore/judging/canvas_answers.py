"""What canvases do: whether every network paints as well as VGG, what cures what, and its price.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from nstcore.common.formatting import format_percent
from nstcore.judging.canvases import (
    PLAIN,
    Cured,
    Variant,
    find_reference,
    list_bases,
    list_cured,
    take_one_each,
)
from nstcore.judging.findings import UNKNOWN, Answer, CanvasRow, Point, Statement, join
from nstcore.judging.paired import CONTENT, FRINGES, GRAIN, GRID, STYLE, Model, Paired, agreed
from nstcore.judging.points import (
    WORDS,
    Against,
    Told,
    measure_against,
    sentence,
    to_point,
    why_not,
)
from nstcore.judging.sentences import format_number, format_range, format_signed
from nstcore.judging.statistics import CONFIDENCE, Interval, Verdict, exponential, level

MARGIN = 0.1
"""How far style reached may stay behind another's, and content lost exceed it, and still count as
not worse: a tenth of the way from the untouched content to real paintings."""

PLAIN_GRID, PLAIN_FRINGES = 1.2, 1.1
"""Of a picture without a symptom: how many times the paintings' grid it may show, and how many
times the fringes of the reference on plain pixels."""

SYMPTOMS = {GRID: "the grid", FRINGES: "the fringes at the edges", GRAIN: "the grain"}
"""What cures are for, as one says it."""

PRICES = (STYLE, CONTENT)
"""What cures bring and cost."""


@dataclass(frozen=True)
class Canvases:
    """What a study of canvases says."""

    claims: tuple[tuple[str, str, list[Told]], ...] = ()
    """Of each claim its id, its question and what is told to it."""
    price: Answer | None = None
    """What cures cost; no claim, since the page's first screen has no room for all questions."""
    rows: tuple[CanvasRow, ...] = ()
    """Every network on plain pixels, and with each cure."""


def answer_canvases(pictures: Paired, variants: Sequence[Variant]) -> Canvases:
    """Answer what a study of canvases asks; nothing where no backbone is a variant on another one.

    Args:
        pictures: The scores.
        variants: The study's backbones.
    """
    there = [one for one in variants if one.name in pictures.backbones]
    cured = list_cured(there, pictures.models)
    if not cured:
        return Canvases()
    claims = []
    reference = find_reference(there)
    if reference and (told := list(_hold_against(pictures, there, reference))):
        claims.append(("as-well", f"Does every backbone paint as well as {reference}?", told))
    cures = _answer_cures(pictures, cured, reference)
    claims.append((cures.answer.id, cures.answer.question, [cures]))
    rows = _tabulate(pictures, take_one_each(cured), reference)
    return Canvases(tuple(claims), _answer_price(pictures, cured), tuple(rows))


@dataclass(frozen=True)
class _Gap:
    """How far a way of painting lies from the reference in a measure."""

    statements: list[Statement]
    """By every judge."""
    verdict: Verdict
    """What they agree on."""
    worse: bool
    """Whether, by every judge, it is worse beyond chance, of two measures that may say so."""
    within: bool
    """Whether, by every judge, it is beyond chance not worse by `MARGIN`."""

    @property
    def low(self) -> float:
        """The least that any judge's interval leaves room for."""
        return min(one.comparison.low for one in self.statements)

    @property
    def high(self) -> float:
        """The most."""
        return max(one.comparison.high for one in self.statements)

    def tell(self) -> str:
        """Write the first judge's difference with its interval."""
        made = self.statements[0].comparison
        sign = "+" if made.difference > 0 else ""
        ends = format_range(made.low, made.high)
        return f"{sign}{format_number(made.difference)} ({ends})"


def _hold_against(pictures: Paired, variants: Sequence[Variant], reference: str) -> Iterator[Told]:
    """Hold every other network against the reference: with the most cures, then as it is."""
    bases = {name: own for name, own in list_bases(variants).items() if name != reference}
    for own in bases.values():
        # Networks as they are, and with all cures, are two questions.
        told = [_as_well(pictures, one, reference, len(bases)) for one in own]
        *others, best = told
        (point,) = best.points
        said = [f"on {PLAIN}: {one.points[0].answer}" for one in others]
        why = "; ".join(filter(None, [own[-1].cures or PLAIN, point.why, *said]))
        yield Told(best.answer, (replace(point, why=why),))
        yield from (Told(one.answer) for one in others)


def _as_well(pictures: Paired, one: Variant, reference: str, networks: int) -> Told:
    style, content = (_gap(pictures, label, one.name, reference, networks) for label in PRICES)
    word = _judge(style, content)
    told = {"yes": "Yes", "no": "No"}.get(word, "It cannot be said")
    unit = pictures.unit(STYLE)
    text = (
        f"{told}: with {one.cures or PLAIN}, style reached less that of {reference} on {PLAIN} is "
        f"{style.tell()}, content lost less its {content.tell()} "
        f"({format_percent(level(networks))} intervals{f'; {unit}' if unit else ''})."
    )
    why = _explain(style, content)
    text += f" {sentence([why])}"
    if word == UNKNOWN and "too few" not in {style.verdict, content.verdict}:
        text += " Not told apart from it is not as good as it."
    statements = (*style.statements, *content.statements)
    name, question = f"as-well-{one.name}", f"Does {one.name} paint as well as {reference}?"
    answer = Answer(name, question, join(text, statements), statements, word in WORDS.values())
    label = f"style reached less that of {reference}"
    point = to_point(one.name, style.statements[0], label, word, why)
    return Told(answer, (point,))


def _gap(pictures: Paired, label: str, name: str, reference: str, networks: int) -> _Gap:
    shared = [
        aggregation
        for aggregation in pictures.aggregations
        if {(name, aggregation), (reference, aggregation)} <= set(pictures.models)
    ]
    ours, theirs = ([(each, one) for one in shared] for each in (name, reference))
    # Of style, what is higher is better; of content lost, what is lower.
    bound, worse, better = (-MARGIN, "less", "more") if label == STYLE else (MARGIN, "more", "less")
    confidence = level(networks)
    statements = pictures.compare_groups(label, (name, ours), (reference, theirs), confidence)
    gaps = [_subtract(pictures, label, ours, theirs, one) for one in pictures.judges_of(label)]

    def all_say(verdict: str, than: float, confidence: float) -> bool:
        return all(measure_against(gap, than, confidence).verdict == verdict for gap in gaps)

    return _Gap(
        statements,
        agreed(statements),
        # Either measure says "no", but only both "yes": that needs no wider intervals.
        worse=all_say(worse, 0, level(len(PRICES) * networks)),
        within=pictures.is_scaled(label) and all_say(better, bound, confidence),
    )


def _subtract(
    pictures: Paired, label: str, ours: Sequence[Model], theirs: Sequence[Model], judge: str
) -> pd.Series:
    first, second = (pictures.of_models(label, models, judge) for models in (ours, theirs))
    return (first - second).dropna()


def _judge(style: _Gap, content: _Gap) -> str:
    """Say whether a network paints as well: for "yes", that it is not worse has to be shown."""
    if "too few" in {style.verdict, content.verdict}:
        return UNKNOWN
    if content.worse or (style.worse and not style.within):
        return "no"
    if content.verdict == "more":
        return UNKNOWN
    reaches = style.verdict == "more" or style.within
    keeps = content.verdict == "less" or content.within
    return "yes" if reaches and keeps else UNKNOWN


def _explain(style: _Gap, content: _Gap) -> str:
    """Say in few words what an answer rests on."""
    few = next((one for one in (style, content) if one.verdict == "too few"), None)
    if few:
        return why_not("too few", few.statements[0])
    behind = f"behind in style by less than {MARGIN:g}"
    reached = {
        "more": "ahead in style",
        "less": behind if style.within else "behind in style",
    }.get(style.verdict, behind if style.within else f"style may be {_room(-style.low)} less")
    more = format_number(content.statements[0].comparison.difference)
    lost = {"more": f"loses more content, by {more}", "less": "keeps more content"}.get(
        content.verdict, "" if content.within else f"may lose {_room(content.high)} more content"
    )
    return "; ".join(filter(None, [reached, lost]))


def _room(most: float) -> str:
    return f"up to {format_number(max(0.0, most))}"


def _compare(
    pictures: Paired, label: str, cured: Sequence[Cured], confidence: float
) -> list[Statement]:
    """Compare models that have one cure with those of the same networks without it."""
    ours = cured[0].cures, [one.model for one in cured]
    return pictures.compare_groups(label, ours, (PLAIN, [one.plain for one in cured]), confidence)


def _by_cure(cured: Sequence[Cured]) -> dict[str, list[Cured]]:
    found: dict[str, list[Cured]] = {}
    for one in cured:
        found.setdefault(one.cures, []).append(one)
    return found


def _answer_price(pictures: Paired, cured: Sequence[Cured]) -> Answer:
    """Tell what each cure costs in content, and what it brings in style, over all networks."""
    cures = _by_cure(cured)
    confidence = level(len(PRICES) * len(cures))
    found = {
        (label, cure): _compare(pictures, label, own, confidence)
        for cure, own in cures.items()
        for label in PRICES
    }
    verdicts = {key: agreed(said) for key, said in found.items()}

    def named(label: str, verdict: str) -> str:
        return ", ".join(cure for cure in cures if verdicts[label, cure] == verdict)

    words = [
        f"{lead} {names}."
        for lead, label, verdict in (
            ("Content is lost with", CONTENT, "more"),
            ("More of it is kept with", CONTENT, "less"),
            ("Nearer to the paintings come", STYLE, "more"),
            ("Farther from them stay", STYLE, "less"),
        )
        if (names := named(label, verdict))
    ]
    told = any(verdicts[CONTENT, cure] in WORDS for cure in cures)
    if not told:
        words.insert(0, "Of content, not that these pictures could show it.")
    statements = tuple(one for said in found.values() for one in said)
    each = "; ".join(f"{cure} {_tell_price(found, cure)}" for cure in cures)
    words.append(f"By {pictures.judges[0]}, with {format_percent(confidence)} intervals: {each}.")
    question = "What does a cure cost in content?"
    return Answer("price", question, " ".join(words), statements, told)


def _tell_price(found: Mapping[tuple[str, str], Sequence[Statement]], cure: str) -> str:
    """Tell by how much a cure changes style and content, by the first judge."""
    told = ((label, found[label, cure][0].comparison) for label in PRICES)
    return ", ".join(
        f"{label} {format_signed(said.difference)} ({format_range(said.low, said.high)})"
        if said.verdict != "too few"
        else f"{label} of too few pairs ({said.pairs})"
        for label, said in told
    )


def _answer_cures(pictures: Paired, cured: Sequence[Cured], reference: str | None) -> Told:
    """Tell what becomes of each symptom under each cure, over all networks that have it."""
    cures = _by_cure(cured)
    confidence = level(len(cures) * len(SYMPTOMS))
    points: list[Point] = []
    told: list[str] = []
    statements: list[Statement] = []
    for label, symptom in SYMPTOMS.items():
        found = {cure: _compare(pictures, label, own, confidence)[0] for cure, own in cures.items()}
        seen = {
            cure: _hold_to_bar(pictures, label, own, reference, confidence)
            for cure, own in cures.items()
        }
        statements += found.values()
        points.append(_point_cure(label, symptom, found, seen, reference))
        parts = (
            f"{cure} leaves {format_number(said.comparison.difference)} times as much "
            f"({format_range(said.comparison.low, said.comparison.high)}), "
            f"{_tell_bar(label, seen[cure], reference)}"
            for cure, said in found.items()
        )
        told.append(f"{symptom[:1].upper()}{symptom[1:]}: {'; '.join(parts)}.")
    answer = Answer(
        "cures",
        "Which cure removes grid, fringes, grain?",
        " ".join(told),
        tuple(statements),
        any(point.answer != UNKNOWN for point in points),
    )
    return Told(answer, tuple(points))


def _point_cure(
    label: str,
    symptom: str,
    found: dict[str, Statement],
    seen: dict[str, Against],
    reference: str | None,
) -> Point:
    """Name the cure that leaves the least of a symptom, of those that lower it beyond chance."""
    helps = [cure for cure, said in found.items() if said.comparison.verdict == "less"]
    helps.sort(key=lambda cure: found[cure].comparison.difference)
    best = helps[0] if helps else next(iter(found))
    # In few words: the answer has all the intervals.
    parts = [_tell_bar(label, seen[best], reference, interval=False)]
    if not helps:
        few = found[best].comparison.verdict == "too few"
        why = why_not("too few", found[best]) if few else "no cure lowers it beyond chance"
        parts = [why]
    elif others := len(helps) - 1:
        parts.append(f"{others} other{'s' * (others > 1)} lower{'s' * (others == 1)} it, too")
    return to_point(
        symptom.removeprefix("the ").removeprefix("fringes at the "),
        found[best],
        f"times that on {PLAIN}",
        best if helps else UNKNOWN,
        "; ".join(parts),
    )


def _hold_to_bar(
    pictures: Paired, label: str, cured: Sequence[Cured], reference: str | None, confidence: float
) -> Against:
    """Hold what is left of a symptom against its bar, as logarithms.

    A grid and grain are told over the paintings' own; fringes over those of the reference on plain
    pixels with the same aggregations.
    """
    values = pictures.of_models(label, [one.model for one in cured])
    if label == FRINGES and reference:
        theirs = [(reference, one.aggregation) for one in cured]
        values = (values / pictures.of_models(label, theirs)).dropna()
    return measure_against(values.map(_log), math.log(_bar(label)), confidence)


def _bar(label: str) -> float:
    return {GRID: PLAIN_GRID, FRINGES: PLAIN_FRINGES}.get(label, 1.0)


def _tell_bar(label: str, seen: Against, reference: str | None, *, interval: bool = True) -> str:
    """Write what is left of a symptom, and how that lies to its bar."""
    if not seen.pairs:
        return "not comparable"
    whose = f"{reference}'s" if label == FRINGES else "the paintings'"
    mean, low, high = _to_ratio(seen.interval)
    text = f"{format_number(mean)} times {whose}"
    if interval:
        text += f" ({format_range(low, high)})"
    if label == GRAIN:
        return text
    bar = f"{_bar(label):g}"
    settled = {"more": f"above {bar}", "less": f"below {bar}"}
    return f"{text}, {settled.get(seen.verdict, f'not settled whether below {bar}')}"


def _to_ratio(interval: Interval) -> tuple[float, float, float]:
    return exponential(interval.mean), exponential(interval.low), exponential(interval.high)


def _tabulate(
    pictures: Paired, cured: Sequence[Cured], reference: str | None
) -> Iterator[CanvasRow]:
    """Yield each network on plain pixels, then with each cure."""
    for plain in dict.fromkeys(one.plain for one in cured):
        yield _row(pictures, Cured("", plain[0], *plain), reference, ())
        for one in cured:
            if one.plain == plain:
                changes = tuple(
                    statement
                    for labels in (PRICES, SYMPTOMS)
                    for label in labels
                    for statement in _change(pictures, label, one, len(labels) * len(cured))
                )
                yield _row(pictures, one, reference, changes)


def _change(pictures: Paired, label: str, one: Cured, comparisons: int) -> Iterator[Statement]:
    """Yield what a cure changes: the interval its own, the verdict one that holds for all rows.

    An interval for all rows would tell how many rows there are rather than what a cure does: with
    three artists and twenty rows it is ten times as wide as that of one.
    """
    own = _compare(pictures, label, [one], CONFIDENCE)
    for shown, said in zip(own, _compare(pictures, label, [one], level(comparisons)), strict=True):
        yield replace(said, comparison=replace(shown.comparison, verdict=said.comparison.verdict))


def _row(
    pictures: Paired, one: Cured, reference: str | None, changes: tuple[Statement, ...]
) -> CanvasRow:
    levels, bars = {}, {}
    for label in PRICES:
        values = pictures.of_models(label, [one.model])
        if len(values):
            levels[label] = measure_against(values, 0, CONFIDENCE).interval
    for label in SYMPTOMS:
        seen = _hold_to_bar(pictures, label, [one], None, CONFIDENCE)
        if seen.pairs:
            levels[label] = Interval(*_to_ratio(seen.interval))
        if label != GRAIN:
            bars[label] = _hold_to_bar(pictures, label, [one], reference, CONFIDENCE).verdict
    return CanvasRow(one.network, one.backbone, one.aggregation, one.cures, levels, bars, changes)


def _log(value: float) -> float:
    return math.log(value) if value > 0 else math.nan
