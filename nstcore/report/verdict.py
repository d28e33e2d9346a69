"""Findings at a glance: the claims that the page opens with, and one table of what is open."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from nstcore.judging.findings import UNKNOWN, Claim, Findings, Point
from nstcore.judging.measures import COMPARED
from nstcore.judging.sentences import format_number
from nstcore.judging.statistics import Comparison, Verdict

Kind = Literal["yes", "no", "unknown", "wins"]

_Value = TypeVar("_Value")

_SMALLEST = 1e-4

_TURNED: Mapping[Verdict, Verdict] = {"more": "less", "less": "more"}


@dataclass(frozen=True)
class Said:
    """A point of a claim as the page shows it."""

    point: Point
    kind: Kind
    """What its answer is; "wins" where that is a name."""
    evidence: str
    """The `Answer.id` that tells more of this very point."""
    cautions: tuple[str, ...]
    """Those of the point, in few words."""


@dataclass(frozen=True)
class Line:
    """A claim as the page shows it."""

    claim: Claim
    points: tuple[Said, ...]
    label: str
    """What all its values are of; empty where they differ."""
    pairs: int | None
    """What all its points rest on; None where they differ."""
    confidence: float | None
    """That of all its intervals; None where they differ."""
    why: str
    """What keeps all its points from being said that are not; empty where that differs."""


@dataclass(frozen=True)
class Row:
    """Two ways of painting, and how they compare."""

    first: str
    second: str
    where: str
    """The only backbone that it is about; empty if about all together."""
    cells: tuple[Comparison | None, ...]
    """One for each column."""


@dataclass(frozen=True)
class Matrix:
    """Comparisons of one kind of thing that bear out no answer."""

    kind: str
    """Of what: "backbones"."""
    columns: tuple[tuple[str, str], ...]
    """Measure, and whose scores; that is empty where it goes without saying."""
    rows: tuple[Row, ...]


def tell_claims(findings: Findings, aggregations: Sequence[str]) -> list[Line]:
    """Return the claims as the page shows them.

    Args:
        findings: The study's.
        aggregations: All of the study's, to say "all" where a caution is about each.
    """
    ids = {answer.id for answer in findings.answers}
    lines = []
    for claim in findings.claims:
        said = []
        for point in claim.points:
            own = f"{claim.id}-{point.subject}"
            evidence = own if own in ids else claim.evidence
            told = tuple(shorten(point.cautions, aggregations))
            said.append(Said(point, _kind(point.answer), evidence, told))
        lines.append(
            Line(
                claim,
                tuple(said),
                _common([point.label for point in claim.points]) or "",
                _common([point.pairs for point in claim.points]),
                _common([point.confidence for point in claim.points]),
                _reason(claim),
            )
        )
    return lines


def _kind(answer: str) -> Kind:
    if answer == UNKNOWN:
        return "unknown"
    return "yes" if answer == "yes" else "no" if answer == "no" else "wins"


def _reason(claim: Claim) -> str:
    """Return the one reason why several points cannot be said, if there is no other word."""
    told = [point.why for point in claim.points if point.why]
    unknown = [point.why for point in claim.points if point.answer == UNKNOWN]
    return told[0] if len(unknown) > 1 and unknown == told and len(set(told)) == 1 else ""


def _common(values: Sequence[_Value]) -> _Value | None:
    return values[0] if len(set(values)) == 1 else None


def shorten(cautions: Iterable[str], aggregations: Sequence[str]) -> list[str]:
    """Say cautions in few words: what follows a colon is left out, and equal ones are told once.

    Example:
        >>> shorten(["a ended on a rise", "b ended on a rise", "b stalled: never"], ["a", "b"])
        ['all ended on a rise', 'b stalled']
    """
    about: dict[str, list[str]] = {}
    for caution in cautions:
        text = caution.partition(":")[0]
        whose = next((name for name in aggregations if text.startswith(f"{name} ")), "")
        about.setdefault(text.removeprefix(f"{whose} ") if whose else text, []).append(whose)
    told = []
    for text, names in about.items():
        whom = "all" if len(names) == len(aggregations) > 1 else ", ".join(filter(None, names))
        told.append(f"{whom} {text}".strip())
    return told


def find_matrices(findings: Findings, kinds: Mapping[str, str]) -> list[Matrix]:
    """Gather the comparisons that bear out no answer.

    What several questions ask stands there once, with the widest interval.

    Args:
        findings: The study's.
        kinds: Of what kind the second ones are; those that are not there are models.
    """
    pairs: dict[tuple[frozenset[str], str], tuple[str, str]] = {}
    found: dict[str, dict[tuple[str, str, str], dict[tuple[str, str], Comparison]]] = {}
    for answer in findings.answers:
        for statement in answer.statements:
            if answer.certain and statement.holds:
                continue
            made = statement.comparison
            both = frozenset({made.first, made.second})
            # Of a backbone against its contents, the backbone stands in the row already.
            where = "" if statement.where in both else statement.where
            first, second = pairs.setdefault((both, where), (made.first, made.second))
            made = made if made.first == first else _turn(made)
            kind = kinds.get(second, "models")
            cells = found.setdefault(kind, {}).setdefault((first, second, where), {})
            column = made.measure, statement.judge
            if column not in cells or made.confidence > cells[column].confidence:
                cells[column] = made
    order = list(COMPARED)
    matrices = []
    for kind, rows in found.items():
        # In the order of the measures, then of the judges.
        columns = sorted(
            dict.fromkeys(column for cells in rows.values() for column in cells),
            key=lambda column: order.index(column[0]) if column[0] in order else len(order),
        )
        told = (
            Row(*names, tuple(cells.get(column) for column in columns))
            for names, cells in rows.items()
        )
        matrices.append(Matrix(kind, tuple(columns), tuple(told)))
    return matrices


def format_difference(value: float) -> str:
    """Write a difference or a ratio of scores, which have four digits behind the point at most.

    Example:
        >>> format_difference(-0.0000046), format_difference(0.0046)
        ('0.000', '0.0046')
    """
    return format_number(0.0 if abs(value) < _SMALLEST else value)


def _turn(made: Comparison) -> Comparison:
    """Compare the second with the first."""

    def turn(value: float) -> float:
        if not made.ratio:
            return -value
        return 1 / value if value else math.inf

    return replace(
        made,
        first=made.second,
        second=made.first,
        difference=turn(made.difference),
        low=turn(made.high),
        high=turn(made.low),
        effect_size=-made.effect_size,
        first_higher=made.second_higher,
        second_higher=made.first_higher,
        verdict=_TURNED.get(made.verdict, made.verdict),
    )
