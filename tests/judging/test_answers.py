"""What the sentences say of scores whose truth is known."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from nstcore.common.errors import DataError
from nstcore.common.tables import write_table
from nstcore.judging.answers import find
from nstcore.judging.findings import read_findings, write_findings
from nstcore.judging.score_table import (
    MEASURES,
    PAINTING,
    ROW_COLUMNS,
    STYLIZED,
    UNTOUCHED,
    collect,
)
from nstcore.judging.training_answers import Ended, read_runs
from nstcore.painting.choose import Run
from nstcore.painting.history import HISTORY_COLUMNS
from nstcore.painting.schedule import Training

STYLES = ("Monet", "Rivera", "Dali")
CONTENTS = ("bay", "cat", "hut", "sea")
JUDGE = {"description": "a judge"}
# Of each model: how far it goes in style and away from the content, its grain and its grid.
MODELS = {
    ("Good", "simple"): (0.8, 0.3, 1.0, 0.9),
    ("Good", "squared"): (0.8, 0.3, 1.0, 0.9),
    ("Good", "logged"): (0.8, 0.3, 2.0, 0.9),
    ("Gridded", "simple"): (0.5, 0.6, 1.0, 8.0),
    ("Gridded", "squared"): (0.2, 0.6, 1.0, 8.0),
    ("Gridded", "logged"): (0.5, 0.6, 2.0, 8.0),
    ("Idle", "simple"): (0.0, 0.0, 0.8, 0.8),
    ("Idle", "squared"): (0.0, 0.0, 0.8, 0.8),
    ("Idle", "logged"): (0.0, 0.0, 1.6, 0.8),
}


def row(kind, style, content_id, model=("", ""), **measures):
    values = dict(zip(("backbone", "aggregation"), model, strict=True))
    values |= {"style": style, "content_id": content_id, "kind": kind, "nearest_style": style}
    return values | {"sha256": ""} | dict.fromkeys(MEASURES, 1.0) | measures


def make_scores(models=MODELS, contents=CONTENTS):
    """Scores of a study in which no style or content is special, but for noise."""
    rng = np.random.default_rng(4)
    bounds = []
    for style in STYLES:
        bounds += [
            row(UNTOUCHED, style, name, style_distance=10, content_distance=0.0, change=0.0)
            for name in contents
        ]
        for number in range(5):
            near = 0.1 * (number - 2)
            bounds.append(
                row(
                    PAINTING,
                    style,
                    f"{style}{number}",
                    style_distance=near,
                    content_distance=1 + near,
                    grid=1 + near,
                )
            )
    tables = []
    for model, (style, content, grain, grid) in models.items():
        rows = []
        for artist in STYLES:
            for name in contents:
                noise = rng.normal(scale=0.02, size=3)
                rows.append(
                    row(
                        STYLIZED,
                        artist,
                        name,
                        model,
                        style_distance=10 * (1 - style + noise[0]),
                        content_distance=content + abs(noise[1]),
                        change=content / 4,
                        grain=grain * math.exp(noise[2]),
                        grid=grid * math.exp(noise[0]),
                    )
                )
        tables.append(pd.DataFrame(rows, columns=ROW_COLUMNS))
    return collect(pd.DataFrame(bounds, columns=ROW_COLUMNS), tables)


def make_runs(models=MODELS):
    pairs = pd.MultiIndex.from_product([STYLES, CONTENTS])
    spread = np.linspace(1, 9, len(pairs))

    def ended(optimizer, factor, status="limit"):
        totals = pd.Series(factor * spread, pairs)
        return Ended(Run(optimizer, 9, float(totals.mean()), status), totals)

    return {
        model: {
            "adam": ended("adam", 1.0),
            "sgd": ended("sgd", 1.5),
            "rmsprop": ended("rmsprop", 0.1, "diverged"),
        }
        for model in models
    }


@pytest.fixture(scope="module")
def findings():
    return find(make_scores(), make_runs(), JUDGE)


def answer(findings, question):
    (found,) = [one for one in findings.answers if one.question == question]
    return found


def test_every_model_has_a_row_and_so_have_floor_and_ceiling(findings):
    assert [(one.backbone, one.aggregation) for one in findings.rows[:-2]] == list(MODELS)
    assert [one.kind for one in findings.rows[-2:]] == [UNTOUCHED, PAINTING]
    good, floor, ceiling = findings.rows[0], *findings.rows[-2:]
    assert good.pictures == 12
    assert good.scaled["style_distance"].mean == pytest.approx(0.8, abs=0.02)
    assert good.scaled["style_distance"].low < good.scaled["style_distance"].high
    assert floor.scaled["style_distance"].mean == pytest.approx(0)
    assert ceiling.scaled["style_distance"].mean == pytest.approx(1)
    assert good.measures["right_artist"].high == 1


def test_a_network_that_changes_nothing_is_told(findings):
    assert answer(findings, "Does Idle change the image?").answer.startswith("Hardly: ")
    said = answer(findings, "Does Good change the image?").answer
    assert said.startswith("Yes: its pixels differ from the content's by 0.075 of full scale")
    assert "0.799 of the way from the untouched content to a real painting" in said


def test_a_grid_is_told(findings):
    said = answer(findings, "Are the pictures of Gridded pixelated?").answer
    assert said.startswith("Yes: they show 8")
    assert said.count("times") == 2
    assert answer(findings, "Are the pictures of Good pixelated?").answer.startswith("No: ")


def test_grain_is_told(findings):
    said = answer(findings, "Is logged grainier?")
    assert said.answer.startswith("Yes. logged is grainier than simple: 2")
    assert [one.comparison.verdict for one in said.statements] == ["more", "more"]
    assert {one.comparison.second for one in said.statements} == {"simple", "squared"}


def test_where_two_aggregations_differ_is_told(findings):
    said = answer(findings, "Do simple and squared differ, and where?")
    assert said.answer.startswith("Yes, in style reached. simple goes further towards")
    assert said.answer.endswith("Taken alone, it shows with Gridded.")
    verdicts = {
        one.comparison.measure: one.comparison.verdict for one in said.statements if not one.where
    }
    assert verdicts["grain"] == verdicts["grid"] == "undecided"


def test_the_leader_is_told_with_those_that_it_cannot_be_told_from(findings):
    said = answer(findings, "Which backbone comes nearest to the artists?")
    assert said.answer.startswith(
        "Good, beyond chance against every other "
        "(style reached: Good 0.799, Gridded 0.395, Idle -0.0076)"
    )
    assert "By colours alone, which need no network: No scale" in said.answer
    said = answer(findings, "Which aggregation comes nearest to the artists?").answer
    assert ", but not beyond chance against " in said
    said = answer(findings, "Which backbone keeps most of the content?").answer
    assert said.startswith("Idle, beyond chance")


def test_the_optimizer_that_wins_is_told_and_one_that_diverged_never_does(findings):
    said = answer(findings, "Which optimizer wins?")
    assert said.answer.startswith(
        "Of 9 models, the lowest average total loss of training has adam in 9, sgd in 0, rmsprop "
        "in 0. Diverged: rmsprop in 9."
    )
    by_pair = {
        (one.comparison.first, one.comparison.second): one.comparison for one in said.statements
    }
    assert by_pair["adam", "sgd"].difference == pytest.approx(1 / 1.5)
    assert by_pair["adam", "sgd"].verdict == "less"
    assert by_pair["adam", "rmsprop"].verdict == "too few"


def test_pairs_are_artists_and_contents_not_models(findings):
    for one in findings.answers:
        for statement in one.statements:
            assert statement.comparison.pairs in {0, len(STYLES) * len(CONTENTS)}


def test_a_sample_that_is_too_small_says_so():
    few = find(make_scores(contents=CONTENTS[:1]), {}, JUDGE)
    for question in ("Does Good change the image?", "Are the pictures of Good pixelated?"):
        assert answer(few, question).answer.startswith(
            "The sample is too small to say: 3 pairs are"
        )
    for question in ("Is logged grainier?", "Do simple and squared differ, and where?"):
        assert answer(few, question).answer.startswith("The sample is too small to say")
    said = answer(few, "Which backbone comes nearest to the artists?").answer
    assert said.startswith("Too few pairs (3) to say")


def test_what_is_not_there_is_not_asked():
    one = find(make_scores({("Good", "simple"): MODELS["Good", "simple"]}), {}, JUDGE)
    assert [found.question for found in one.answers] == [
        "Does Good change the image?",
        "Are the pictures of Good pixelated?",
    ]


def test_a_picture_that_is_missing_leaves_its_pair_out():
    scores = make_scores()
    lost = (scores["backbone"] == "Good") & (scores["aggregation"] == "simple")
    scores = scores[~(lost & (scores["content_id"] == "bay") & (scores["style"] == "Monet"))]
    said = answer(find(scores, {}, JUDGE), "Which backbone comes nearest to the artists?")
    counts = {
        (one.comparison.first, one.comparison.second): one.comparison.pairs
        for one in said.statements
    }
    assert counts["Good", "Gridded"] == 11
    assert counts["Gridded", "Idle"] == 12


def test_findings_are_read_as_they_were_written(findings, tmp_path):
    path = tmp_path / "findings.json"
    write_findings(findings, path)
    write_findings(read_findings(path), tmp_path / "again.json")
    assert path.read_bytes() == (tmp_path / "again.json").read_bytes()
    assert "NaN" not in path.read_text("utf-8")
    assert json.loads(path.read_text("utf-8"))["judge"] == JUDGE
    assert read_findings(path).rows == findings.rows


@pytest.mark.parametrize("text", [None, "", "[]", '{"judge": {}}'])
def test_findings_that_cannot_be_read_are_named(text, tmp_path):
    if text is not None:
        (tmp_path / "findings.json").write_text(text)
    with pytest.raises(DataError, match=r"findings\.json: "):
        read_findings(tmp_path / "findings.json")


def test_the_losses_of_a_run_are_those_of_its_best_epoch(tmp_path):
    rows = [
        (epoch, "Monet", content, 0.0, total, total + side)
        for epoch, total in enumerate([4.0, 2.0, 1.0, 1.5])
        for content, side in (("bay", -0.5), ("cat", 0.5))
    ]
    path = tmp_path / "Net" / "simple" / "adam.csv"
    write_table(pd.DataFrame(rows, columns=HISTORY_COLUMNS), path)
    runs = read_runs([path], Training(max_epochs=3))
    ended = runs["Net", "simple"]["adam"]
    assert ended.run.epochs == 2
    assert ended.totals.to_dict() == {("Monet", "bay"): 0.5, ("Monet", "cat"): 1.5}
