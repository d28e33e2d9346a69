"""What `findings.json` holds: a row of means per model, claims, and answers in plain sentences.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nstcore.common.errors import OutdatedError
from nstcore.common.files import read_json, write_json
from nstcore.common.versions import SCORES_VERSION
from nstcore.judging.fitness import Fitness
from nstcore.judging.measures import MEASURES
from nstcore.judging.statistics import CONFIDENCE, Comparison, Interval, Number, Verdict
from nstcore.painting.stopping import Hindsight

UNKNOWN = "cannot be said"
"""The answer where the numbers do not bear out any."""


@dataclass(frozen=True)
class JudgeReport:
    """A network that scored the pictures."""

    name: str
    about: Mapping[str, Any]
    """What it is, with its likeness to each backbone."""
    fitness: Fitness | None = None
    """How well it tells the study's artists apart."""


@dataclass(frozen=True)
class Agreement:
    """Whether two judges put things in the same order."""

    measure: str
    first: str
    second: str
    """The judges."""
    models: Number
    """Rank correlation (Spearman) of the models' means, -1..1; missing with fewer than three."""
    pictures: Number
    """Likewise of the single pictures."""
    model_count: int
    picture_count: int


@dataclass(frozen=True)
class MeanScores:
    """A model's pictures together, or those of floor or ceiling."""

    judge: str
    backbone: str
    aggregation: str
    kind: str
    """One of `score_table.STYLIZED`, `UNTOUCHED` and `PAINTING`."""
    pictures: int
    measures: Mapping[str, Interval]
    """The mean of each of the `score_table.MEASURES`, the geometric one of ratios; without those
    that no picture has."""
    changes: Mapping[str, Interval]
    """The mean difference to each picture's own untouched content, in the measure's own units; the
    geometric mean of their ratio where the measure is a ratio. Only of stylised pictures."""
    scaled: Mapping[str, Interval]
    """The change on the scale from the own untouched content (0) by the way from untouched contents
    to real paintings (1); without measures that have no scale here."""
    cautions: tuple[str, ...] = ()
    """What is to be known of the model's training before its pictures are judged."""


@dataclass(frozen=True)
class Statement:
    """A comparison in words."""

    sentence: str
    comparison: Comparison
    where: str = ""
    """The only backbone that it is about; empty if about all together."""
    judge: str = ""
    """Whose scores these are; empty for what needs no network."""

    @property
    def holds(self) -> bool:
        """Whether it says that one is beyond chance above the other."""
        return self.comparison.verdict in {"more", "less"}


@dataclass(frozen=True)
class Answer:
    """A question of the study and what the numbers say to it."""

    id: str
    """In the page's addresses; unique in a study."""
    question: str
    answer: str
    statements: tuple[Statement, ...] = ()
    certain: bool = False
    """Whether it is one that the numbers bear out."""


@dataclass(frozen=True)
class Point:
    """What a claim says of one subject."""

    subject: str
    """A backbone or a model; empty where the claim is about the whole study."""
    answer: str
    """"yes", "no", the name of what wins, or `UNKNOWN`."""
    label: str
    """What the value is of, with its unit: "mean change of the pixels, share of full scale"."""
    value: Number
    low: Number
    high: Number
    """Its interval, at the level `confidence`."""
    confidence: float
    pairs: int
    """Pairs of artist and content, or other cases, that it rests on."""
    p: Number
    """Of the exact test, before correction; that of the best model is of its lead over the closest
    other one, and has to hold for all pairs of models at once."""
    why: str = ""
    """What keeps it from being said, or what is to be known beside it."""
    cautions: tuple[str, ...] = ()
    """What is to be known of the subject's training."""


@dataclass(frozen=True)
class Claim:
    """One of the study's claims, to be answered at a glance."""

    id: str
    question: str
    points: tuple[Point, ...]
    evidence: str
    """The `Answer.id` that tells more."""


@dataclass(frozen=True)
class Stop:
    """A training run that the stopping rule ended, and what was watched after that."""

    backbone: str
    aggregation: str
    optimizer: str
    chosen: bool
    status: str
    hindsight: Hindsight


@dataclass(frozen=True)
class CanvasRow:
    """A model of a study of canvases, beside that of its network on plain pixels."""

    network: str
    """The backbone on plain pixels."""
    backbone: str
    aggregation: str
    cures: str
    """What its canvas has that plain pixels have not; empty on plain pixels."""
    levels: Mapping[str, Interval]
    """By what is compared (see `measures.COMPARED`), the mean by the first judge, the geometric one
    of ratios."""
    bars: Mapping[str, Verdict]
    """By symptom whether it is beyond chance above or below its bar: see
    `canvas_answers.PLAIN_GRID`."""
    changes: tuple[Statement, ...]
    """Against plain pixels, by every judge; none on plain pixels."""


@dataclass(frozen=True)
class Findings:
    """What `findings.json` holds."""

    judges: tuple[JudgeReport, ...]
    """What scored the pictures; the first one's numbers are told where there is no other word."""
    rows: tuple[MeanScores, ...]
    """By judge: models in the study's order, then floor and ceiling."""
    claims: tuple[Claim, ...]
    """The best model first, then what the study asks."""
    answers: tuple[Answer, ...]
    stops: tuple[Stop, ...] = ()
    """Runs that the stopping rule ended and that were watched after that, in the study's order."""
    agreements: tuple[Agreement, ...] = ()
    canvases: tuple[CanvasRow, ...] = ()
    """By network, on plain pixels and with each cure; none where nothing is a cure."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """By style that the answers about style leave out, why."""
    unscaled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By measure, the styles in which it has no scale, since it does not tell untouched contents
    from real paintings beyond their own spread."""
    confidence: float = CONFIDENCE
    version: str = SCORES_VERSION
    measures: Mapping[str, str] = field(
        default_factory=lambda: {name: one.description for name, one in MEASURES.items()}
    )


def join(word: str, statements: Iterable[Statement]) -> str:
    """Let sentences follow a word, but for those that say nothing."""
    told = (
        statement.sentence for statement in statements if statement.comparison.verdict != "too few"
    )
    return " ".join([word, *told])


def write_findings(findings: Findings, path: Path | str) -> None:
    """Write `findings.json`, whole or not at all; numbers that are not there are null."""
    write_json(_plain(asdict(findings)), path, indent=1)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_findings(path: Path | str) -> Findings:
    """Read `findings.json`.

    Raises:
        OutdatedError: It is one of another version of the scores.
        DataError: The file is missing or damaged.
    """
    values = read_json(dict[str, Any], path)
    if {"rows", "answers"} <= values.keys() and values.get("version") != SCORES_VERSION:
        raise OutdatedError(f"{path}: findings of another version; run the study to score anew")
    return read_json(Findings, path)
