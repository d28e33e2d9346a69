"""Means of a model's pictures, with intervals, and whether judges agree on them.

Nothing here needs TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from nstcore.judging.findings import Agreement, MeanScores
from nstcore.judging.measures import MEASURES
from nstcore.judging.paired import CONTENT, STYLE, Paired, known, name_model
from nstcore.judging.score_table import CHANGED, PAINTING, RATIOS, SCALED, STYLIZED, UNTOUCHED
from nstcore.judging.statistics import (
    Interval,
    estimate,
    estimate_share,
    exponential,
    rank_correlation,
)

_RIGHT = "right_artist"
_NOTHING = 1e-9


def average(
    scores: pd.DataFrame, pictures: Paired, cautions: Mapping[tuple[str, str], tuple[str, ...]]
) -> list[MeanScores]:
    """Average each model's pictures, and those of floor and ceiling, by every judge.

    Args:
        scores: With `score_table.SCORE_COLUMNS`.
        pictures: The same.
        cautions: By model.

    Returns:
        By judge: models in the study's order, then floor and ceiling.
    """
    rows = []
    for judge in pictures.judges:
        own = scores[scores["judge"] == judge]
        stylized = own[own["kind"] == STYLIZED].groupby(["backbone", "aggregation"])
        tables = [(model, STYLIZED, stylized.get_group(model)) for model in pictures.models]
        tables += [(("", ""), kind, own[own["kind"] == kind]) for kind in (UNTOUCHED, PAINTING)]
        for model, kind, table in tables:
            row = _row(judge, *model, kind, table, pictures.left_out)
            rows.append(replace(row, cautions=tuple(cautions.get(model, ()))))
    return rows


def _row(
    judge: str,
    backbone: str,
    aggregation: str,
    kind: str,
    table: pd.DataFrame,
    left_out: Mapping[str, str],
) -> MeanScores:
    # Paintings of different artists share nothing: each is a case of its own.
    named = table.set_index("content_id" if kind == PAINTING else ["style", "content_id"])
    fit = ~named.index.get_level_values("style").isin(left_out) if kind != PAINTING else None

    def means(columns: Mapping[str, str]) -> dict[str, Interval]:
        found = {}
        for name, column in columns.items():
            about_style = name == "style_distance" and column != name
            values = named[column][fit] if about_style and fit is not None else named[column]
            values = known(values.astype(float))
            if len(values):
                found[name] = _mean(values, ratio=name in RATIOS)
        return found

    measures = means({name: name for name in MEASURES if name != _RIGHT})
    artists = known((named[_RIGHT] if fit is None else named[_RIGHT][fit]).astype(float))
    if len(artists):
        measures[_RIGHT] = estimate_share(round(artists.sum()), len(artists))
    changed = CHANGED if kind == STYLIZED else []
    return MeanScores(
        judge,
        backbone,
        aggregation,
        kind,
        len(table),
        measures,
        means({name: f"{name}_change" for name in changed}),
        means({name: f"{name}_scaled" for name in SCALED}),
    )


def _mean(values: pd.Series, *, ratio: bool) -> Interval:
    """Return a mean with its interval, the geometric one of ratios."""
    if not ratio:
        return estimate(values)
    logs = estimate(np.log(values.clip(lower=_NOTHING)))
    return Interval(*(exponential(value) for value in (logs.mean, logs.low, logs.high)))


def find_agreements(pictures: Paired) -> list[Agreement]:
    """Tell whether judges put models and pictures in the same order."""
    found = []
    for label in (STYLE, CONTENT):
        for first, second in combinations(pictures.judges, 2):
            ours, theirs = (
                {
                    name_model(model): pictures.values(label, *model, judge=judge)
                    for model in pictures.models
                }
                for judge in (first, second)
            )
            single = pd.concat(ours), pd.concat(theirs)
            means = [
                pd.Series({name: values.mean() for name, values in one.items()})
                for one in (ours, theirs)
            ]
            found.append(
                Agreement(
                    label,
                    first,
                    second,
                    models=rank_correlation(*means),
                    pictures=rank_correlation(*single),
                    model_count=len(pictures.models),
                    picture_count=len(single[0]),
                )
            )
    return found
