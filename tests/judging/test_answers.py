"""What the sentences say of scores whose truth is known."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from nstcore.common.errors import DataError
from nstcore.common.tables import write_table
from nstcore.judging.answers import find
from nstcore.judging.findings import (
    UNKNOWN,
    JudgeReport,
    read_findings,
    write_findings,
)
from nstcore.judging.fitness import Fitness
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
JUDGE = JudgeReport("lite", {"description": "a judge"})
OTHER = JudgeReport("other", {"description": "another judge"})
# How far untouched contents are from the paintings: a picture is told from its own.
OWN = dict.fromkeys("abcdefghij", 10.0) | {"bay": 9.0, "cat": 11.0, "hut": 8.0, "sea": 12.0}
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
    values = {"judge": "Judge", **dict(zip(("backbone", "aggregation"), model, strict=True))}
    values |= {"style": style, "content_id": content_id, "kind": kind, "nearest_style": style}
    values["judge"] = JUDGE.name
    return values | {"sha256": ""} | dict.fromkeys(MEASURES, 1.0) | measures


def make_scores(models=MODELS, contents=CONTENTS):
    """Scores of a study in which no style or content is special, but for noise."""
    rng = np.random.default_rng(4)
    bounds = []
    for style in STYLES:
        bounds += [
            row(
                UNTOUCHED,
                style,
                name,
                style_distance=OWN[name],
                content_distance=0.0,
                change=0.0,
            )
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
                        style_distance=OWN[name] - 10 * (style - noise[0]),
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
        return Ended(Run(optimizer, 9, float(totals.mean()), status), totals, start=50.0)

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
    return find(make_scores(), make_runs(), [JUDGE])


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
    assert "0.799 of the way from their own contents to real paintings" in said


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
        "(style reached, way from the own content, 0, to a real painting, 1: "
        "Good 0.799, Gridded 0.395, Idle -0.0076)"
    )
    # Here no colour is nearer than any other, and there is no scale.
    assert "By colours alone, which need no network: Good, but not beyond chance" in said.answer
    assert "in units of CIELAB: Good 0.000, Gridded 0.000, Idle 0.000" in said.answer
    assert "are the nearest: Good 36 of 36, Gridded 36 of 36, Idle 36 of 36." in said.answer
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
    few = find(make_scores(contents=CONTENTS[:1]), {}, [JUDGE])
    for question in ("Does Good change the image?", "Are the pictures of Good pixelated?"):
        assert answer(few, question).answer.startswith(
            "The sample is too small to say: 3 pairs are"
        )
    for question in ("Is logged grainier?", "Do simple and squared differ, and where?"):
        assert answer(few, question).answer.startswith("The sample is too small to say")
    said = answer(few, "Which backbone comes nearest to the artists?").answer
    assert said.startswith("Too few pairs (3) to say")


def test_what_is_not_there_is_not_asked():
    one = find(make_scores({("Good", "simple"): MODELS["Good", "simple"]}), {}, [JUDGE])
    assert [found.question for found in one.answers] == [
        "Which model comes nearest to the artists?",
        "Does Good change the image?",
        "Are the pictures of Good pixelated?",
    ]


def test_a_picture_that_is_missing_leaves_its_pair_out():
    scores = make_scores()
    lost = (scores["backbone"] == "Good") & (scores["aggregation"] == "simple")
    scores = scores[~(lost & (scores["content_id"] == "bay") & (scores["style"] == "Monet"))]
    said = answer(find(scores, {}, [JUDGE]), "Which backbone comes nearest to the artists?")
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
    assert json.loads(path.read_text("utf-8"))["judges"][0]["name"] == JUDGE.name
    assert read_findings(path).rows == findings.rows


def claim(findings, name):
    (found,) = [one for one in findings.claims if one.id == name]
    return {point.subject: point for point in found.points}


def test_claims_have_the_best_model_first_and_lead_to_their_answers(findings):
    assert [one.id for one in findings.claims] == [
        "best",
        "changes",
        "pixelated",
        "grainier",
        "differ",
        "optimizer",
        "stopped-early",
    ]
    known = [one.id for one in findings.answers]
    assert len(known) == len(set(known))
    assert {one.evidence for one in findings.claims} <= set(known)


def test_claims_tell_yes_no_and_what_cannot_be_said(findings):
    changes, pixelated = claim(findings, "changes"), claim(findings, "pixelated")
    assert {name: point.answer for name, point in changes.items()} == {
        "Good": "yes",
        "Gridded": "yes",
        "Idle": "no",
    }
    assert {name: point.answer for name, point in pixelated.items()} == {
        "Good": "no",
        "Gridded": "yes",
        "Idle": "no",
    }
    assert changes["Good"].value == pytest.approx(0.075)
    assert changes["Good"].pairs == 12
    assert changes["Good"].p < 0.05
    assert pixelated["Gridded"].low < pixelated["Gridded"].value < pixelated["Gridded"].high
    (grain, *_), (differ,) = (
        claim(findings, "grainier").values(),
        claim(findings, "differ").values(),
    )
    assert (grain.answer, differ.answer) == ("yes", "yes")
    assert differ.label.startswith("style reached")
    assert claim(findings, "optimizer")["adam against sgd"].answer == "adam"
    # Three models of one network are equally near: none of them is the best beyond chance.
    (best,) = claim(findings, "best").values()
    assert best.answer == UNKNOWN
    assert best.subject.startswith("Good · ")
    assert "not beyond chance ahead of Good · " in best.why


def test_a_model_that_is_the_nearest_is_named():
    models = {
        ("Good", "simple"): MODELS["Good", "simple"],
        ("Idle", "simple"): MODELS["Idle", "simple"],
    }
    findings = find(make_scores(models), {}, [JUDGE])
    (best,) = claim(findings, "best").values()
    assert best.answer == best.subject == "Good · simple"
    assert best.value == pytest.approx(0.8, abs=0.02)
    assert "12 of its 12 pictures" in best.why
    assert answer(findings, "Which model comes nearest to the artists?").certain


def test_measures_that_disagree_with_the_best_are_told_beside_it():
    scores = make_scores()
    good = (scores["backbone"] == "Good") & (scores["style"] == "Dali")
    scores.loc[good, "right_artist"] = 0.0
    scores.loc[scores["backbone"] == "Idle", "color_distance_change"] = -5.0
    (best,) = claim(find(scores, {}, [JUDGE]), "best").values()
    assert "8 of its 12 pictures (0 of 4 of Dali)" in best.why
    assert "by colours Idle · simple is nearer" in best.why


def second(scores, turned=()):
    """The rows of another judge, by whom models of these backbones are as far as they are near."""
    other = scores.assign(judge=OTHER.name)
    own = (other["kind"] == STYLIZED) & other["backbone"].isin(turned)
    other.loc[own, "style_distance_scaled"] *= -1
    return pd.concat([scores, other], ignore_index=True)


def test_two_judges_that_agree_confirm_each_other():
    findings = find(second(make_scores()), {}, [JUDGE, OTHER])
    said = answer(findings, "Which backbone comes nearest to the artists?")
    assert said.certain
    assert {one.judge for one in said.statements} == {JUDGE.name, OTHER.name, ""}
    assert any(one.sentence.startswith("By other: Good goes further") for one in said.statements)
    style = findings.agreements[0]
    assert (style.measure, style.first, style.second) == ("style reached", "lite", "other")
    assert (style.models, style.pictures) == (pytest.approx(1), pytest.approx(1))
    assert (style.model_count, style.picture_count) == (9, 108)
    assert [one.judge for one in findings.rows] == ["lite"] * 11 + ["other"] * 11


def test_a_model_that_another_judge_sees_no_nearer_is_not_the_best():
    model = {("Good", "simple"): MODELS["Good", "simple"]}
    alone = find(make_scores(model), {}, [JUDGE])
    assert next(iter(claim(alone, "best").values())).answer == "Good · simple"
    findings = find(second(make_scores(model), turned=["Good"]), {}, [JUDGE, OTHER])
    (best,) = claim(findings, "best").values()
    assert best.answer == UNKNOWN
    assert "not beyond chance nearer than their own contents" in best.why


def test_what_keeps_a_grid_from_being_told_is_said_as_it_is():
    scores = make_scores()
    own = (scores["kind"] == STYLIZED) & (scores["backbone"] == "Gridded")
    # On average far above the paintings' grid, but by one content alone.
    scores.loc[own, "grid"] = 1.0
    scores.loc[own & (scores["content_id"] == "bay"), "grid"] = 1e4
    point = claim(find(scores, {}, [JUDGE]), "pixelated")["Gridded"]
    assert point.value == pytest.approx(10, rel=0.01)
    assert point.answer == UNKNOWN
    assert point.why.startswith("interval and test do not settle it")
    # Beyond the paintings' own, but by less than is called pixelated.
    scores.loc[own, "grid"] = 1.9
    scores.loc[own & (scores["content_id"] == "bay"), "grid"] = 2.3
    point = claim(find(scores, {}, [JUDGE]), "pixelated")["Gridded"]
    assert point.answer == UNKNOWN
    assert point.why == "a grid, but not settled that it is more than 2 times the others'"


def test_what_judges_do_not_agree_on_cannot_be_said():
    findings = find(second(make_scores(), turned=["Good"]), {}, [JUDGE, OTHER])
    said = answer(findings, "Which backbone comes nearest to the artists?")
    assert not said.certain
    assert "not beyond chance against Gridded, Idle" in said.answer
    assert "other puts Gridded first, so it cannot be said" in said.answer
    (best,) = claim(findings, "best").values()
    assert best.answer == UNKNOWN
    assert "other puts Gridded · " in best.why
    assert findings.agreements[0].models < 0.5
    # What needs no network is no matter of judges.
    assert claim(findings, "pixelated")["Gridded"].answer == "yes"


def test_an_artist_that_the_judge_cannot_tell_leaves_what_is_said_of_style():
    gaps = {"Monet": 0.5, "Rivera": 0.25, "Dali": -0.125}
    fitness = Fitness(0.7, 9, 27, gaps, dict.fromkeys(STYLES, 0.9), 0.9)
    scores = make_scores()
    lost = (scores["style"] == "Dali") & (scores["backbone"] == "Good")
    scores.loc[lost, ["style_distance_scaled", "right_artist"]] = -9.0, 0.0
    findings = find(scores, {}, [JudgeReport("lite", {}, fitness)])
    assert list(findings.left_out) == ["Dali"]
    assert "discrimination gap -0.125" in findings.left_out["Dali"]
    said = answer(findings, "Which backbone comes nearest to the artists?")
    assert said.answer.startswith("Good, beyond chance")
    assert said.statements[0].comparison.pairs == 8
    assert findings.rows[0].measures["right_artist"].mean == 1
    # It stays in all that needs no judge.
    assert claim(findings, "changes")["Good"].pairs == 12
    nobody = dict.fromkeys(STYLES, -1.0)
    fitness = Fitness(0.4, 9, 27, nobody, nobody, 0.4)
    (best,) = claim(find(scores, {}, [JudgeReport("lite", {}, fitness)]), "best").values()
    assert (best.answer, best.subject, best.pairs) == (UNKNOWN, "", 0)
    assert "no style is left" in best.why


def test_a_style_is_told_by_its_change_where_there_is_no_scale():
    scores = make_scores()
    scores["style_distance_scaled"] = math.nan
    findings = find(scores, {}, [JUDGE])
    said = answer(findings, "Which backbone comes nearest to the artists?").answer
    assert said.startswith("Good, beyond chance")
    assert (
        "nearer to the paintings than the own content, in the judge's distance: Good 7.99" in said
    )
    assert findings.unscaled["style_distance"] == STYLES
    assert "style_distance" not in findings.rows[0].scaled
    assert findings.rows[0].changes["style_distance"].mean == pytest.approx(-8, abs=0.1)


def test_what_is_to_be_known_of_a_model_s_training_stands_beside_it():
    runs = make_runs()
    risen = runs["Good", "squared"]["adam"]
    run = Run("adam", 9, risen.run.total_loss, "rise")
    runs["Good", "squared"]["adam"] = Ended(run, risen.totals, start=50.0)
    findings = find(make_scores(), runs, [JUDGE])
    by_model = {(one.backbone, one.aggregation): one.cautions for one in findings.rows}
    assert by_model["Good", "squared"] == ("ended on a rise",)
    assert by_model["Good", "simple"] == ()
    assert claim(findings, "changes")["Good"].cautions == ("squared ended on a rise",)
    assert claim(findings, "changes")["Idle"].cautions == ()


def test_means_of_ratios_are_of_one_kind_wherever_they_stand(findings):
    row = next(one for one in findings.rows if one.backbone == "Gridded")
    told = claim(findings, "pixelated")["Gridded"].value
    assert row.measures["grid"].mean == pytest.approx(told, rel=0.02)


def test_by_how_much_originals_differ_is_told():
    rows = [("Good", "Monet", "bay", 0.09), ("Good", "Monet", "cat", 0.07)]
    table = pd.DataFrame(rows, columns=["backbone", "style", "content_id", "difference"])
    findings = find(make_scores(), {}, [JUDGE], differences=table)
    said = answer(findings, "Do simple and squared differ, and where?").answer
    assert "differ by 0.080 of full scale on average, more than the 0.02 that one sees" in said


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
