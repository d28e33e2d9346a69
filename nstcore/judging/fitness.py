"""Whether the judge is fit for a study's artists, told from its own held-out paintings.

A judge that finds paintings of one artist no more alike than those of several says nothing of how
near a picture comes to that artist, whatever the picture. After Frochte (2026, arXiv:2605.09030).

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nstcore.common.files import read_json, write_json
from nstcore.judging.functional import Array, area_under_curve
from nstcore.judging.statistics import Number

if TYPE_CHECKING:
    from nstcore.judging.judge import Reference


@dataclass(frozen=True)
class Fitness:
    """How well the judge tells a study's artists from one another and from photographs."""

    same_artist: Number
    """Area under the curve of "by the same artist or not": how often, of two paintings by one
    artist and two by different ones, those by one are the nearer ones. 0.5 is chance; not a number
    with a single style."""
    same: int
    """Pairs of held-out paintings by one artist."""
    different: int
    """Pairs by two."""
    gaps: Mapping[str, Number]
    """By style, the discrimination gap: the mean distance to the paintings of the nearest other
    style, less that among its own. Negative: another artist's are nearer than its own. Not a number
    with a single style."""
    photographs: Mapping[str, Number]
    """By style: how often one of its held-out paintings, judged by the others, is nearer to them
    than an untouched test content is."""
    all_photographs: Number
    """The same, of the pairs of painting and content of all styles."""

    @property
    def unfit(self) -> list[str]:
        """The styles with a negative gap: what the judge says of them means nothing."""
        return [style for style, gap in self.gaps.items() if gap < 0]


def measure_fitness(
    reference: "Reference",
    untouched: Mapping[str, Sequence[float]],
    paintings: Mapping[str, Sequence[float]],
) -> Fitness:
    """Measure how fit a judge is.

    Args:
        reference: The held-out paintings as the judge sees them.
        untouched: By style, the `style_distance` of each untouched test content.
        paintings: By style, that of each held-out painting, judged by the others.
    """
    distances = reference.painting_distances()
    own = {style: distances[style, style] for style in reference.styles}
    among = {style: _pairs(values) for style, values in own.items()}
    between = {pair: distances[pair].ravel().tolist() for pair in combinations(reference.styles, 2)}
    same = [value for values in among.values() for value in values]
    different = [value for values in between.values() for value in values]
    gaps = {
        style: min(
            (float(np.mean(values)) for pair, values in between.items() if style in pair),
            default=math.nan,
        )
        - float(np.mean(values))
        for style, values in among.items()
    }
    photographs = {
        style: area_under_curve(paintings[style], untouched[style]) for style in reference.styles
    }
    counts = {style: len(paintings[style]) * len(untouched[style]) for style in photographs}
    known = {style: area for style, area in photographs.items() if counts[style]}
    return Fitness(
        same_artist=area_under_curve(same, different),
        same=len(same),
        different=len(different),
        gaps=gaps,
        photographs=photographs,
        all_photographs=(
            sum(area * counts[style] for style, area in known.items())
            / sum(counts[style] for style in known)
            if known
            else math.nan
        ),
    )


def _pairs(distances: Array) -> list[float]:
    """Return each distance of two different ones of a square table once."""
    values: list[float] = distances[np.triu_indices(len(distances), 1)].tolist()
    return values


def write_fitness(fitness: Fitness, path: Path | str) -> None:
    """Write a JSON file, whole or not at all; numbers that are not there are null."""
    values = asdict(fitness)
    for name, value in values.items():
        if isinstance(value, dict):
            values[name] = {style: _plain(number) for style, number in value.items()}
        else:
            values[name] = _plain(value)
    write_json(values, path)


def _plain(number: float) -> float | None:
    return number if math.isfinite(number) else None


def read_fitness(path: Path | str) -> Fitness:
    """Read what `write_fitness` wrote.

    Raises:
        DataError: The file is missing or damaged.
    """
    return read_json(Fitness, path)
