"""What a study's scores say: a row of means per model, claims, and answers in plain sentences.

Nothing here needs TensorFlow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from nstcore.judging.canvas_answers import answer_canvases
from nstcore.judging.canvases import Variant
from nstcore.judging.findings import Claim, Findings, JudgeReport
from nstcore.judging.mean_scores import average, find_agreements
from nstcore.judging.paired import Paired
from nstcore.judging.picture_answers import (
    answer_changes,
    answer_difference,
    answer_grainier,
    answer_pixelated,
)
from nstcore.judging.points import Told
from nstcore.judging.sentences import format_number
from nstcore.judging.style_answers import (
    answer_best,
    answer_breadth,
    answer_content,
    answer_nearest,
)
from nstcore.judging.training_answers import Runs, answer_training, find_model_cautions, list_stops
from nstcore.painting.schedule import Training

# Of more backbones, not all are compared with all others.
_MOST = 8


def find(
    scores: pd.DataFrame,
    runs: Runs,
    judges: Sequence[JudgeReport],
    training: Training | None = None,
    breadths: Mapping[str, str] | None = None,
    differences: pd.DataFrame | None = None,
    variants: Sequence[Variant] = (),
) -> Findings:
    """Answer a study's questions.

    Args:
        scores: With `score_table.SCORE_COLUMNS`, of all judges.
        runs: Of each model, by backbone and aggregation, every optimizer's.
        judges: What scored the pictures; where there are several, what needs a network holds only
            where all of them say so.
        training: What the runs were trained under; by default the section's own defaults.
        breadths: By style, what kind of style it is (see `selection.styles.Style.breadth`); by
            default all are of one kind.
        differences: By how much the pictures of simple and squared differ, with the
            `pair_differences.COLUMNS`; by default that is not known.
        variants: What the backbones' pictures are held as; by default plain pixels.
    """
    training = training or Training()
    left_out = _find_unfit(judges)
    pictures = Paired(scores, [judge.name for judge in judges], left_out)
    cautions = find_model_cautions(runs)
    best = answer_best(pictures, cautions)
    changes = [answer_changes(pictures, name) for name in pictures.backbones]
    pixelated = [answer_pixelated(pictures, name) for name in pictures.backbones]
    trained = answer_training(runs, training)
    told: list[Told] = [best, *changes, *pixelated]
    canvases = answer_canvases(pictures, variants)
    # Of a study of canvases, what concerns networks is asked of them as they are.
    likes = {one.name: one.like for one in variants} if canvases.claims else {}
    own = [name for name in pictures.backbones if likes.get(name) is None]
    asked = own if len(pictures.backbones) > _MOST else pictures.backbones
    claims = [
        _claim("best", "Which model comes nearest to the artists?", [best]),
        *(_claim(*claim) for claim in canvases.claims),
        _claim("changes", "Does each backbone change the picture?", _about(changes, own)),
        _claim("pixelated", "Are pictures pixelated?", _about(pixelated, own)),
    ]
    told += [one for *_, tolds in canvases.claims for one in tolds]
    if "logged" in pictures.aggregations and len(pictures.aggregations) > 1:
        told.append(answer_grainier(pictures, "logged"))
        claims.append(_claim("grainier", "Is logged grainier?", told[-1:]))
    if {"simple", "squared"} <= set(pictures.aggregations):
        told.append(answer_difference(pictures, "simple", "squared", differences))
        claims.append(_claim("differ", "Do simple and squared differ?", told[-1:]))
    by_backbone = _cautions_by_backbone(cautions)
    claims = [
        replace(
            claim,
            points=tuple(
                point
                if point.cautions
                else replace(point, cautions=by_backbone.get(point.subject, ()))
                for point in claim.points
            ),
        )
        for claim in claims
    ]
    answers = [one.answer for one in told]
    for kind, names in (("backbone", asked), ("aggregation", pictures.aggregations)):
        if len(names) > 1:
            answers.append(answer_nearest(pictures, kind, names))
            answers.append(answer_content(pictures, kind, names))
    answers += answer_breadth(pictures, breadths or {})
    if canvases.price:
        answers.append(canvases.price)
    return Findings(
        judges=tuple(judges),
        rows=tuple(average(scores, pictures, cautions)),
        claims=(*claims, *trained.claims),
        answers=(*answers, *trained.answers),
        stops=list_stops(runs),
        agreements=tuple(find_agreements(pictures)),
        canvases=canvases.rows,
        left_out=left_out,
        unscaled=pictures.find_unscaled(),
    )


def _about(told: Sequence[Told], backbones: Sequence[str]) -> list[Told]:
    return [one for one in told if one.points[0].subject in backbones]


def _claim(name: str, question: str, told: Sequence[Told]) -> Claim:
    points = tuple(point for one in told for point in one.points)
    return Claim(name, question, points, told[0].answer.id)


def _cautions_by_backbone(
    cautions: Mapping[tuple[str, str], Sequence[str]],
) -> dict[str, tuple[str, ...]]:
    """Gather what is to be known of a backbone's models, and of which of them."""
    gathered: dict[str, tuple[str, ...]] = {}
    for (backbone, aggregation), told in cautions.items():
        gathered[backbone] = gathered.get(backbone, ()) + tuple(
            f"{aggregation} {caution}" for caution in told
        )
    return gathered


def _find_unfit(judges: Sequence[JudgeReport]) -> dict[str, str]:
    """Return the styles that a judge cannot tell from others, and why."""
    return {
        style: f"to {judge.name}, paintings of another artist are nearer to its paintings than "
        f"they are to each other (discrimination gap {format_number(judge.fitness.gaps[style])})"
        for judge in judges
        if judge.fitness
        for style in judge.fitness.unfit
    }
