"""What `findings.json` holds: a row of means per model, and answers in plain sentences.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nstcore.common.files import read_json, write_json
from nstcore.judging.measures import MEASURES
from nstcore.judging.statistics import CONFIDENCE, Comparison, Interval
from nstcore.painting.stopping import Hindsight


@dataclass(frozen=True)
class MeanScores:
    """A model's pictures together, or those of floor or ceiling."""

    backbone: str
    aggregation: str
    kind: str
    """One of `score_table.STYLIZED`, `UNTOUCHED` and `PAINTING`."""
    pictures: int
    measures: Mapping[str, Interval]
    """The mean of each of the `score_table.MEASURES`; without those that no picture has."""
    scaled: Mapping[str, Interval]
    """The same on the scale from untouched (0) to a real painting (1)."""


@dataclass(frozen=True)
class Statement:
    """A comparison in words."""

    sentence: str
    comparison: Comparison
    where: str = ""
    """The only backbone that it is about; empty if about all together."""


@dataclass(frozen=True)
class Answer:
    """A question of the study and what the numbers say to it."""

    question: str
    answer: str
    statements: tuple[Statement, ...] = ()


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
class Findings:
    """What `findings.json` holds."""

    judge: Mapping[str, Any]
    """What scored the pictures."""
    rows: tuple[MeanScores, ...]
    """Models in the study's order, then floor and ceiling."""
    answers: tuple[Answer, ...]
    stops: tuple[Stop, ...] = ()
    """Runs that the stopping rule ended and that were watched after that, in the study's order."""
    confidence: float = CONFIDENCE
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
        DataError: The file is missing or damaged.
    """
    return read_json(Findings, path)
