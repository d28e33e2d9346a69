"""What is said of canvases, by scores whose truth is known."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from test_answers import CONTENTS, JUDGE, OTHER, STYLES, make_runs, make_scores

from nstcore.common.errors import ConfigError
from nstcore.judging.answers import find
from nstcore.judging.canvas_answers import SYMPTOMS
from nstcore.judging.canvases import find_reference, read_variants
from nstcore.judging.findings import UNKNOWN
from nstcore.judging.training_answers import Ended
from nstcore.painting.choose import Run

PYRAMID = {"kind": "pyramid"}
ALL = {"kind": "pyramid", "shifts": 16, "padding": 8}
BACKBONES = {
    "VGG16": (None, {}, True),
    "Net": (None, {}, True),
    "Net-pyramid": ("Net", PYRAMID, True),
    "Net-all": ("Net", ALL, True),
    "Bad": (None, {}, True),
    "Bad-all": ("Bad", ALL, True),
}
# Style reached, content lost, grain, grid: as in test_answers.
MODELS = {
    ("VGG16", "simple"): (0.8, 0.5, 1.0, 1.0),
    ("VGG16", "squared"): (0.8, 0.5, 1.0, 1.0),
    ("Net", "simple"): (0.4, 0.5, 2.0, 16.0),
    ("Net", "squared"): (0.4, 0.5, 2.0, 16.0),
    ("Net-pyramid", "squared"): (0.7, 0.5, 1.9, 4.0),
    ("Net-all", "simple"): (0.8, 0.5, 1.0, 1.0),
    ("Net-all", "squared"): (0.8, 0.5, 1.0, 1.0),
    ("Bad", "squared"): (0.1, 0.5, 2.0, 8.0),
    ("Bad-all", "squared"): (0.4, 0.7, 1.0, 0.5),
}


def variants(backbones=BACKBONES):
    return read_variants(
        json.dumps(
            {
                name: {"like": like, "canvas": canvas, "same": same, "network": name[:3]}
                for name, (like, canvas, same) in backbones.items()
            }
        )
    )


def answers(models=MODELS, backbones=BACKBONES, judges=(JUDGE,)):
    scores = make_scores(models)
    if len(judges) > 1:
        scores = pd.concat([scores, scores.assign(judge=judges[1].name)], ignore_index=True)
    return find(scores, make_runs(models), judges, variants=variants(backbones))


def claim(findings, name):
    return next(claim for claim in findings.claims if claim.id == name)


@pytest.mark.parametrize("judges", [(JUDGE,), (JUDGE, OTHER)])
def test_a_cured_network_is_held_against_plain_vgg(judges):
    findings = answers(judges=judges)
    asked = claim(findings, "as-well")
    assert asked.question == "Does every backbone paint as well as VGG16?"
    said = {point.subject: point for point in asked.points}
    assert {name: point.answer for name, point in said.items()} == {
        "Net-all": "yes",
        "Bad-all": "no",
    }
    assert said["Net-all"].why.startswith(
        "pyramid + shifts + padding; behind in style by less than 0.1"
    )
    assert said["Net-all"].why.endswith("on plain pixels: no")
    assert said["Net-all"].low > -0.1
    assert "behind in style; loses more content, by 0.2" in said["Bad-all"].why
    text = {answer.id: answer.answer for answer in findings.answers}
    assert text["as-well-Net-all"].startswith(
        "Yes: with pyramid + shifts + padding, style reached less that of VGG16 on plain pixels is "
    )
    assert text["as-well-Net"].startswith("No: with plain pixels, ")
    assert text["as-well-Bad-all"].startswith("No: ")


def test_judges_that_do_not_agree_leave_it_open():
    scores = make_scores(MODELS)
    rng = np.random.default_rng(1)
    theirs = scores.assign(judge=OTHER.name)
    own = theirs["backbone"] == "Net-all"
    column = "style_distance_scaled"
    theirs.loc[own, column] = theirs.loc[own, column] - 0.4 + rng.normal(scale=0.01, size=own.sum())
    both = pd.concat([scores, theirs], ignore_index=True)
    findings = find(both, make_runs(MODELS), (JUDGE, OTHER), variants=variants())
    point = next(one for one in claim(findings, "as-well").points if one.subject == "Net-all")
    assert point.answer == UNKNOWN


def test_what_is_not_told_apart_is_not_as_good():
    """By mean Net-all reaches as much, but it varies too much to leave out that it is less."""
    scores = make_scores(MODELS)
    rng = np.random.default_rng(3)
    own = scores["backbone"] == "Net-all"
    scores.loc[own, "style_distance_scaled"] += rng.normal(scale=0.3, size=own.sum())
    findings = find(scores, make_runs(MODELS), (JUDGE,), variants=variants())
    point = next(one for one in claim(findings, "as-well").points if one.subject == "Net-all")
    assert point.answer == UNKNOWN
    assert point.low < -0.1 < point.high
    assert f"style may be up to {-point.low:.3f} less" in point.why
    (text,) = (one.answer for one in findings.answers if one.id == "as-well-Net-all")
    assert "Not told apart from it is not as good as it." in text


def test_content_that_may_be_lost_leaves_it_open_too():
    scores = make_scores(MODELS)
    rng = np.random.default_rng(3)
    own = scores["backbone"] == "Net-all"
    scores.loc[own, "content_distance_scaled"] += rng.normal(scale=0.3, size=own.sum())
    findings = find(scores, make_runs(MODELS), (JUDGE,), variants=variants())
    point = next(one for one in claim(findings, "as-well").points if one.subject == "Net-all")
    assert point.answer == UNKNOWN
    assert "may lose up to" in point.why


def test_without_a_scale_there_is_no_margin_to_stay_within():
    scores = make_scores(MODELS)
    scores["style_distance_scaled"] = np.nan
    findings = find(scores, make_runs(MODELS), (JUDGE,), variants=variants())
    said = {one.subject: one.answer for one in claim(findings, "as-well").points}
    assert said == {"Net-all": UNKNOWN, "Bad-all": "no"}


def test_a_few_pairs_settle_nothing():
    scores = make_scores(MODELS, contents=CONTENTS[:1])
    findings = find(scores, make_runs(MODELS), (JUDGE,), variants=variants())
    for name in ("as-well", "cures"):
        for point in claim(findings, name).points:
            assert (point.answer, point.pairs) == (UNKNOWN, 3)
            assert "3 pairs are too few" in point.why


def test_the_reference_is_known_by_its_network_and_not_by_its_name():
    networks = [("First", "ResNet50"), ("Edges", "VGG16"), ("Second", "VGG19")]
    text = {
        name: {"like": None, "canvas": {}, "same": True, "network": network}
        for name, network in networks
    }
    assert find_reference(read_variants(json.dumps(text))) == "Edges"
    del text["Edges"], text["Second"]
    assert find_reference(read_variants(json.dumps(text))) == "First"
    # What is cured is no reference, whatever its network.
    cured = {"like": None, "canvas": PYRAMID, "same": True, "network": "VGG16"}
    assert find_reference(read_variants(json.dumps({"Cured": cured}))) is None


def test_a_variant_s_own_training_is_what_is_to_be_known_of_it():
    runs = make_runs(MODELS)
    for name in ("Net", "Net-all"):
        risen = runs[name, "squared"]["adam"]
        status = "rise" if name == "Net" else "limit"
        run = Run("adam", 9, risen.run.total_loss, status)
        runs[name, "squared"]["adam"] = Ended(run, risen.totals, start=50.0)
    findings = find(make_scores(MODELS), runs, (JUDGE,), variants=variants())
    (net, _) = claim(findings, "as-well").points
    assert (net.subject, net.cautions) == ("Net-all", ())


def test_every_network_has_a_row_on_plain_pixels_and_with_each_cure():
    rows = answers().canvases
    assert [(one.network, one.backbone, one.aggregation, one.cures) for one in rows] == [
        ("Net", "Net", "squared", ""),
        ("Net", "Net-pyramid", "squared", "pyramid"),
        ("Net", "Net-all", "squared", "pyramid + shifts + padding"),
        ("Bad", "Bad", "squared", ""),
        ("Bad", "Bad-all", "squared", "pyramid + shifts + padding"),
    ]
    plain, pyramid, best = rows[:3]
    assert not plain.changes
    assert plain.levels["grid"].mean == pytest.approx(16, rel=0.05)
    assert [one.bars["grid"] for one in rows] == ["more", "more", "less", "more", "less"]
    made = {one.comparison.measure: one.comparison for one in best.changes}
    assert list(made) == ["style reached", "content lost", *SYMPTOMS]
    assert made["style reached"].difference == pytest.approx(0.4, abs=0.02)
    assert made["grid"].difference == pytest.approx(1 / 16, rel=0.05)
    assert {one.comparison.measure: one.comparison for one in pyramid.changes}[
        "grid"
    ].difference == pytest.approx(1 / 4, rel=0.05)
    # The interval is that of the one change; verdict and sentence hold for all rows at once.
    assert made["grid"].confidence == pytest.approx(0.95)
    sentences = {one.comparison.measure: one.sentence for one in best.changes}
    assert "(99.17 % interval" in sentences["content lost"]
    assert "(99.44 % interval" in sentences["grid"]


def test_fringes_are_held_against_those_of_the_plain_reference():
    scores = make_scores(MODELS)
    rng = np.random.default_rng(2)
    borders = {"VGG16": 1.5, "Net": 3.0, "Net-pyramid": 2.0, "Net-all": 1.5, "Bad": 3.0}
    for name, border in borders.items():
        own = scores["backbone"] == name
        scores.loc[own, "border"] = border * np.exp(rng.normal(scale=0.01, size=own.sum()))
    findings = find(scores, make_runs(MODELS), (JUDGE,), variants=variants())
    bars = {one.backbone: one.bars["fringes at the edges"] for one in findings.canvases}
    assert bars == {
        "Net": "more",
        "Net-pyramid": "more",
        "Net-all": "less",
        "Bad": "more",
        "Bad-all": "less",
    }
    (text,) = (answer.answer for answer in findings.answers if answer.id == "cures")
    assert "times VGG16's (" in text


def test_what_cures_what_is_told_by_ratio_to_the_same_network_without_it():
    findings = answers()
    points = {point.subject: point for point in claim(findings, "cures").points}
    assert list(points) == ["grid", "edges", "grain"]
    assert points["grid"].answer == "pyramid + shifts + padding"
    # 1 of 16 and 0.5 of 8, in both networks.
    assert points["grid"].value == pytest.approx(1 / 16, rel=0.05)
    assert points["grid"].high < 0.1
    assert points["grid"].why.endswith(", below 1.2; 1 other lowers it, too")
    assert points["grain"].value == pytest.approx(0.5, rel=0.05)
    # Every picture has the same border.
    assert points["edges"].answer == UNKNOWN
    (text,) = (answer.answer for answer in findings.answers if answer.id == "cures")
    assert "pyramid leaves 0.25 times as much" in text.replace("0.250", "0.25")


def test_the_price_of_a_cure_is_paired_too():
    def price(findings):
        return next(answer for answer in findings.answers if answer.id == "price")

    statements = price(answers()).statements
    more = {s.comparison.first for s in statements if s.comparison.verdict == "more"}
    # Both reach more style; only Bad's costs content, which its pairs with Net's do not settle.
    assert more >= {"pyramid", "pyramid + shifts + padding"}
    dear = price(answers({**MODELS, ("Net-all", "squared"): (0.8, 0.9, 1.0, 1.0)}))
    assert dear.answer.startswith("Content is lost with pyramid + shifts + padding.")
    assert "pyramid + shifts + padding style reached +0." in dear.answer
    (lost,) = (
        s.comparison
        for s in dear.statements
        if (s.comparison.first, s.comparison.measure)
        == ("pyramid + shifts + padding", "content lost")
    )
    # Net-all's 0, 0.4 and Bad-all's 0.2.
    assert lost.difference == pytest.approx(0.2, abs=0.02)


def test_of_plain_pixels_nothing_of_it_is_asked():
    models = {model: values for model, values in MODELS.items() if "-" not in model[0]}
    plain = {name: values for name, values in BACKBONES.items() if "-" not in name}
    ids = {one.id for one in answers(models, plain).claims}
    assert not {"as-well", "cures"} & ids
    assert not [one for one in answers(models, plain).answers if one.id == "price"]
    assert {one.id for one in find(make_scores(models), make_runs(models), (JUDGE,)).claims} == ids


def test_a_variant_with_other_layers_too_is_no_measure_of_a_cure():
    backbones = {**BACKBONES, "Bad-all": ("Bad", ALL, False)}
    findings = answers(backbones=backbones)
    points = {point.subject: point for point in claim(findings, "cures").points}
    pairs = len(STYLES) * len(CONTENTS)
    assert points["grid"].pairs == pairs
    assert points["grid"].value == pytest.approx(1 / 16, rel=0.05)
    # But it is what that network can do.
    assert {point.subject for point in claim(findings, "as-well").points} == {
        "Net-all",
        "Bad-all",
    }


def test_aggregations_are_compared_where_both_are_there():
    """With networks that have one alone left out: they would tell networks apart."""
    models = {
        ("A", "simple"): (0.8, 0.5, 1.0, 1.0),
        ("A", "squared"): (0.8, 0.5, 1.0, 1.0),
        ("B", "squared"): (0.1, 0.5, 8.0, 1.0),
    }
    findings = find(make_scores(models), make_runs(models), (JUDGE,))
    (differ,) = claim(findings, "differ").points
    assert differ.answer == UNKNOWN
    ranked = {one.id: one.answer for one in findings.answers}
    # B's squared alone would make squared look worse than simple.
    assert len(re.findall(r"(simple|squared) 0\.(79|80)", ranked["nearest-aggregation"])) == 2
    assert "simple 12 of 12, squared 12 of 12" in ranked["nearest-aggregation"]
    nearest = next(answer for answer in findings.answers if answer.id == "nearest-backbone")
    for statement in nearest.statements:
        # Squared alone is what both have.
        assert statement.comparison.pairs == len(STYLES) * len(CONTENTS)


def test_backbones_without_a_common_aggregation_are_not_ranked():
    models = {("A", "simple"): (0.8, 0.5, 1.0, 1.0), ("B", "squared"): (0.1, 0.5, 8.0, 1.0)}
    findings = find(make_scores(models), make_runs(models), (JUDGE,))
    ranked = next(one for one in findings.answers if one.id == "nearest-backbone")
    assert ranked.answer.startswith("It cannot be said: no aggregation is there with all.")
    assert not ranked.certain


def test_where_aggregations_differ_is_asked_of_backbones_that_have_both():
    models = {
        ("A", "simple"): (0.8, 0.5, 1.0, 1.0),
        ("A", "squared"): (0.5, 0.5, 1.0, 1.0),
        ("B", "simple"): (0.8, 0.5, 1.0, 1.0),
        ("B", "squared"): (0.5, 0.5, 1.0, 1.0),
        ("C", "squared"): (0.1, 0.5, 8.0, 1.0),
    }
    findings = find(make_scores(models), make_runs(models), (JUDGE,))
    differ = next(one for one in findings.answers if one.id == "differ")
    assert {one.where for one in differ.statements} == {"", "A", "B"}


@pytest.mark.parametrize("text", ["", "[]", '{"A": 3}', '{"A": {"like": null}}'])
def test_what_is_no_table_of_canvases_is_refused(text):
    with pytest.raises(ConfigError, match="canvases: not the canvas of each backbone"):
        read_variants(text)


def test_words_of_canvases():
    told = {one.name: one.cures for one in variants()}
    assert told["VGG16"] == ""
    assert told["Net-pyramid"] == "pyramid"
    assert told["Net-all"] == "pyramid + shifts + padding"
