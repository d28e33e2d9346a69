"""What is said of training runs, and of narrow and broad styles, where the truth is known."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_answers import CONTENTS, JUDGE, STYLES, answer, make_scores

from nstcore.common.tables import write_table
from nstcore.judging.answers import find
from nstcore.judging.findings import UNKNOWN, read_findings, write_findings
from nstcore.judging.score_table import STYLIZED
from nstcore.judging.training_answers import read_runs
from nstcore.painting.history import HISTORY_COLUMNS
from nstcore.painting.schedule import Training

EARLY = "Did the rule stop too early?"
ENOUGH = "Are 100 epochs enough?"
BREADTH = "Do narrow, single and broad styles differ in how near pictures come to them?"
MODEL = {("Good", "simple"): (0.8, 0.3, 1.0, 0.9)}


def write(folder: Path, optimizer: str, curve, pairs=8, model="Good/simple") -> Path:
    """Write a run's losses; the pairs lie around each average, always in the same way."""
    sides = np.linspace(0.9, 1.1, pairs)
    rows = [
        (epoch, f"style{number}", "sea", 0.0, total * side, total * side)
        for epoch, total in enumerate(curve)
        for number, side in enumerate(sides)
    ]
    path = folder / model / f"{optimizer}.csv"
    write_table(pd.DataFrame(rows, columns=HISTORY_COLUMNS), path)
    return path


def told(folder: Path, training: Training, question: str, **curves):
    paths = [write(folder, optimizer, curve) for optimizer, curve in curves.items()]
    findings = find(make_scores(MODEL), read_runs(paths, training), [JUDGE], training)
    return findings, answer(findings, question)


CLIFF = [1.2, 1.0, 0.9, 0.91, 0.7, 0.5]
SOUND = [1.2, 1.0, 0.95, 0.9499, 0.9498, 0.9497]
ENDLESS = [1.2, 1.1, 1.0, 0.9, 0.85, 0.82, 0.8]


def test_a_run_that_would_have_gone_on_is_told_and_what_patience_would_have_chosen(tmp_path):
    training = Training(max_epochs=6, watch=2)
    findings, one = told(tmp_path, training, EARLY, adam=CLIFF, sgd=SOUND, rmsprop=ENDLESS)
    assert one.answer == (
        "Yes: of 3 training runs it ended 2, 1 of them too early, and 0 of these were chosen. "
        "Total losses: Good, simple, adam (rise): 0.910 at the stop at epoch 3, 0.500 2 epochs "
        "later."
    )
    assert [(stop.optimizer, stop.chosen, stop.status) for stop in findings.stops] == [
        ("adam", False, "rise"),
        ("sgd", False, "plateau"),
    ]
    first = findings.stops[0].hindsight
    assert [(other.patience, other.epochs, other.stop) for other in first.alternatives] == [
        (0, 2, 3),
        (1, 5, None),
        (3, 5, None),
        (5, 5, None),
        (10, 5, None),
    ]
    write_findings(findings, tmp_path / "findings.json")
    assert read_findings(tmp_path / "findings.json") == findings


def test_it_matters_most_whether_a_chosen_run_was_cut(tmp_path):
    training = Training(max_epochs=6, watch=2)
    findings, one = told(tmp_path, training, EARLY, adam=CLIFF, sgd=SOUND)
    assert one.answer.startswith(
        "Yes: of 2 training runs it ended 2, 1 of them too early, and 1 of"
    )
    assert [stop.chosen for stop in findings.stops] == [True, False]


def test_runs_that_ended_rightly_or_not_by_the_rule_are_told(tmp_path):
    training = Training(max_epochs=6, watch=2)
    _, one = told(tmp_path / "a", training, EARLY, sgd=SOUND, rmsprop=ENDLESS)
    assert one.answer == (
        "No: of 2 training runs it ended 1, and none fell much further in the watched epochs."
    )
    _, one = told(tmp_path / "b", training, EARLY, rmsprop=ENDLESS)
    assert one.answer == "No: it ended none of the 1 training runs."
    assert one.certain
    blind = Training(max_epochs=6, watch=0)
    findings, one = told(tmp_path / "c", blind, EARLY, sgd=SOUND[:4])
    assert one.answer == "It cannot be said: no run was watched after its end (training.watch)."
    assert not one.certain
    assert findings.claims[-1].points[0].answer == UNKNOWN
    findings = find(make_scores(MODEL), read_runs([], blind), [JUDGE], blind)
    assert EARLY not in [one.question for one in findings.answers]


def test_whether_more_epochs_than_the_published_limit_pay_is_told(tmp_path):
    falling = [float(total) for total in np.geomspace(1, 0.1, 151)]
    training = Training(max_epochs=150)
    _, one = told(tmp_path, training, ENOUGH, adam=falling)
    assert one.answer.startswith(
        "No: 1 of 1 chosen runs go on after that (Good simple 150 epochs), by which the total loss "
        "becomes 0.464 times what it was."
    )
    assert one.statements[0].comparison.verdict == "less"
    assert one.statements[0].comparison.difference == pytest.approx(0.1 ** (1 / 3))
    _, one = told(tmp_path / "early", training, ENOUGH, adam=[*falling[:20], falling[19]])
    assert one.answer == "Yes: no chosen run of 1 models goes on after that."
    usual = find(make_scores(MODEL), {}, [JUDGE], Training(max_epochs=100))
    assert ENOUGH not in [one.question for one in usual.answers]


def test_narrow_single_and_broad_styles_are_compared_by_content():
    kinds = ("eras and other sets", "single artists", "movements")
    breadths = dict(zip(STYLES, kinds, strict=True))
    scores = make_scores(contents=tuple("abcdefghij"))
    # Nearer the narrower: by 0.3 of the way from style to style.
    for number, style in enumerate(STYLES):
        own = (scores["style"] == style) & (scores["kind"] == STYLIZED)
        scores.loc[own, "style_distance_scaled"] -= 0.3 * number
    one = answer(find(scores, {}, [JUDGE], breadths=breadths), BREADTH)
    assert one.answer.startswith("Yes. ")
    assert [statement.comparison.verdict for statement in one.statements] == ["more"] * 3
    for pair, statement in zip([(0, 1), (0, 2), (1, 2)], one.statements, strict=True):
        assert statement.comparison.pairs == 10
        assert statement.comparison.difference == pytest.approx(0.3 * (pair[1] - pair[0]), abs=0.02)
    for style, kind in breadths.items():
        assert f"{style} ({kind}) " in one.answer
    few = answer(find(make_scores(), {}, [JUDGE], breadths=breadths), BREADTH)
    assert few.answer.startswith(f"The sample is too small to say: {len(CONTENTS)} pairs are there")


def test_styles_of_one_kind_are_not_compared_by_kind():
    for breadths in ({}, dict.fromkeys(STYLES, "single artists")):
        findings = find(make_scores(), {}, [JUDGE], breadths=breadths)
        assert BREADTH not in [one.question for one in findings.answers]


def test_a_kind_without_a_scale_is_not_compared():
    scores = make_scores()
    lost = product(STYLES[1:], ["style_distance_scaled"])
    for style, column in lost:
        scores.loc[scores["style"] == style, column] = np.nan
    breadths = dict(zip(STYLES, ("single artists", "movements", "movements"), strict=True))
    one = answer(find(scores, {}, [JUDGE], breadths=breadths), BREADTH)
    assert one.answer == "No scale for all of them but one kind at most."
