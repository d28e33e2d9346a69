"""Reading a study's files back."""

import json
import math
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small_study import (
    ARTISTS,
    CHOSEN,
    FLOOR,
    JUDGE,
    SETTING,
    TESTS,
    digest,
    write_benchmark,
    write_history,
    write_painted,
    write_study,
)

from nstcore.common.errors import DataError, OutdatedError, StudyError, TrainingError
from nstcore.common.tables import write_table
from nstcore.common.versions import SCORES_VERSION
from nstcore.images.io import save_png
from nstcore.judging.score_table import ROW_COLUMNS, STYLIZED, read_scores, write_scores
from nstcore.painting.checkpoint import Checkpoint
from nstcore.painting.choose import CHOICE_COLUMNS, Run
from nstcore.study.failures import Failure
from nstcore.study.journal import RuleTime
from nstcore.study.results import Results, read_results

FIRST = ("VGG16", "simple", "Tom_&_Jerry", "bay")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "results" / "small")


def models(results: Results) -> list[tuple[str, str]]:
    return [(model.backbone, model.aggregation) for model in results.models]


def test_a_finished_study_misses_nothing(folder: Path) -> None:
    results = read_results(folder)
    assert results.missing == ()
    assert models(results) == [
        ("VGG16", "simple"),
        ("VGG16", "squared"),
        ("Control", "simple"),
        ("Control", "squared"),
    ]
    assert len(list(results.painted)) == 4 * len(ARTISTS) * len(TESTS)


def test_runs_are_summed_up_and_the_chosen_one_is_marked(folder: Path) -> None:
    adam, sgd = read_results(folder).models[0].trials
    assert (adam.chosen, sgd.chosen) == (True, False)
    assert adam.run == Run("adam", 3, 0.9995, "plateau")
    assert sgd.run == Run("sgd", 1, 3.0, "diverged")
    assert math.isnan(sgd.totals[-1])


def test_each_missing_file_is_named_by_its_path(folder: Path) -> None:
    gone = [
        "inputs/bay.png",
        "backbones/Control.json",
        "training/VGG16/simple/adam.csv",
        "stylized/VGG16/simple/Tom_&_Jerry/bay.png",
    ]
    for name in gone:
        (folder / name).unlink()
    assert sorted(read_results(folder).missing) == sorted(gone)


def test_of_a_large_study_the_first_contents_alone_are_read(folder: Path) -> None:
    for name in TESTS[:2]:
        (folder / "stylized/VGG16/simple/Tom_&_Jerry" / f"{name}.png").unlink()
    each = 4 * len(ARTISTS)
    results = read_results(folder, most=each)
    assert [content.id for content in results.contents("test")] == [TESTS[0]]
    assert results.left_out == len(TESTS) - 1
    assert len(list(results.painted)) == each - 1
    # Of the others it is only seen that they are there.
    assert results.missing == (
        "stylized/VGG16/simple/Tom_&_Jerry: 1 pictures",
        f"stylized/VGG16/simple/Tom_&_Jerry/{TESTS[0]}.png",
    )
    assert read_results(folder, most=each * len(TESTS)).left_out == 0


def test_a_model_without_choice_is_named(folder: Path) -> None:
    path = folder / "choices.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "Control,squared" not in line))
    results = read_results(folder)
    assert results.missing == ("choices.csv: the row of Control, squared",)
    assert [model.choice is None for model in results.models] == [False, False, False, True]


def test_the_choice_stands_in_for_its_own_missing_curve(folder: Path) -> None:
    (folder / "training/VGG16/simple/adam.csv").unlink()
    model = read_results(folder).models[0]
    assert model.trials[0].totals == ()
    assert model.choice == Run(**CHOSEN)  # type: ignore[arg-type]


def test_a_study_that_has_only_begun_can_be_read(folder: Path) -> None:
    for name in ("inputs", "backbones", "training", "stylized", "benchmarks"):
        shutil.rmtree(folder / name)
    (folder / "choices.csv").unlink()
    results = read_results(folder)
    # 11 inputs, 2 backbones, 8 runs, 16 pictures, choices.csv
    assert len(results.missing) == 11 + 2 + 8 + 16 + 1
    assert results.times == ()
    assert results.versions() == {}


@pytest.mark.parametrize("name", ["config.json", "selection.csv"])
def test_without_config_or_selection_there_is_no_study(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=name) as error:
        read_results(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"config_version": 99, "config": {}}', '{"config_version": 1, "config": {}}'],
)
def test_a_damaged_config_is_refused_in_one_line(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(DataError, match=r"config\.json: ") as error:
        read_results(folder)
    assert "\n" not in str(error.value)


def test_a_cut_off_curve_is_refused(folder: Path) -> None:
    write_history(folder, "VGG16", "simple", "adam", [4, 3, 2])
    with pytest.raises(TrainingError, match=r"adam\.csv: its training curve ends at epoch 2"):
        read_results(folder)


def test_a_damaged_picture_is_refused(folder: Path) -> None:
    (folder / "stylized/VGG16/simple/Tom_&_Jerry/bay.png").write_bytes(b"\x89PNG")
    with pytest.raises(StudyError, match=r"bay\.png"):
        read_results(folder)


def test_a_picture_without_provenance_counts_but_is_named(folder: Path) -> None:
    file = "stylized/VGG16/simple/Tom_&_Jerry/bay.png"
    save_png(Image.new("RGB", (8, 8)), folder / file)
    results = read_results(folder)
    assert results.missing == (f"{file}: its provenance",)
    assert math.isnan(results.models[0].painted["Tom_&_Jerry", "bay"].total_loss)


def test_the_lowest_picture_is_the_one_of_the_lowest_finite_loss(folder: Path) -> None:
    write_painted(folder, *FIRST, total_loss=math.nan)
    model = read_results(folder).models[0]
    losses = [one.total_loss for one in model.painted.values()]
    assert model.lowest is not None
    assert model.lowest.total_loss == min(loss for loss in losses if not math.isnan(loss)) == 0.125


def test_versions_and_digests_that_disagree_are_all_kept(folder: Path) -> None:
    write_painted(folder, *FIRST, versions={"numpy": "1.0"}, weights_sha256="f" * 64)
    results = read_results(folder)
    assert results.versions()["numpy"] == [("1.0", 1), ("2.4.0", 15)]
    assert results.versions()["python"] == [("3.11.2", 15)]
    assert results.weights_digests("VGG16") == [digest("VGG16"), "f" * 64]
    assert results.weights_digests("Control") == [digest("Control")]


def test_wall_time_is_summed_by_rule_without_the_reports_own(folder: Path) -> None:
    write_benchmark(folder, "stylize/VGG16/a", 10, 300)
    write_benchmark(folder, "stylize/VGG16/b", "NA", "-")
    assert read_results(folder).times == (
        RuleTime("train", 2, 3601.0, 1024),
        RuleTime("stylize", 2, 10.0, 300),
    )


def test_results_of_a_backbone_that_left_the_config_do_not_show(folder: Path) -> None:
    path = folder / "config.json"
    record = json.loads(path.read_text())
    del record["config"]["backbones"]["Control"]
    path.write_text(json.dumps(record))
    results = read_results(folder)
    assert models(results) == [("VGG16", "simple"), ("VGG16", "squared")]
    assert results.missing == ()


def test_a_choice_that_is_not_collected_yet_counts(folder: Path) -> None:
    (folder / "choices.csv").unlink()
    write_table(
        pd.DataFrame([{"backbone": "VGG16", "aggregation": "simple", **CHOSEN}])[CHOICE_COLUMNS],
        folder / "choices" / "VGG16" / "simple.csv",
    )
    results = read_results(folder)
    assert [model.choice for model in results.models] == [Run(**CHOSEN), None, None, None]  # type: ignore[arg-type]
    assert results.missing == ("choices.csv",)


def test_scores_of_the_models_that_are_scored_are_there_before_the_others(folder: Path) -> None:
    all_scores = read_scores(folder / "scores.csv")
    whole = read_results(folder)
    (folder / "scores.csv").unlink()
    assert not read_results(folder).scores
    bounds = all_scores[all_scores["kind"] != STYLIZED]
    write_scores(bounds[ROW_COLUMNS], folder / "judge" / JUDGE / "bounds.csv")
    own = all_scores[(all_scores["backbone"] == "VGG16") & (all_scores["aggregation"] == "simple")]
    write_scores(own[ROW_COLUMNS], folder / "scores" / JUDGE / "VGG16" / "simple.csv")
    results = read_results(folder)
    assert len(results.scores) == len(ARTISTS) * len(TESTS)
    for place, found in results.scores.items():
        # The table of all is rounded.
        assert found == pytest.approx(whole.scores[place], rel=1e-5, nan_ok=True)
    first, *others = results.models
    assert all(results.score(first, painted) for painted in first.painted.values())
    assert not any(results.score(model, one) for model in others for one in model.painted.values())


def add_judge(folder: Path, name: str) -> None:
    """Let a second network judge, to which all is twice as far."""
    record = json.loads((folder / "config.json").read_text())
    first = record["config"]["judge"]
    record["config"]["judge"] = [first, {"architecture": "VGG19", "name": name, "heldout": 2}]
    (folder / "config.json").write_text(json.dumps(record))
    scores = read_scores(folder / "scores.csv")
    twice = scores.assign(judge=name, style_distance=2 * scores["style_distance"])
    write_scores(pd.concat([scores, twice]), folder / "scores.csv")


def test_the_scores_are_the_first_judge_s_and_others_stand_beside_them(folder: Path) -> None:
    alone = read_results(folder)
    assert alone.scores
    assert alone.other_scores == {}
    add_judge(folder, "Second")
    results = read_results(folder)
    for place, scores in alone.scores.items():
        assert results.scores[place] == pytest.approx(scores, rel=0, abs=0, nan_ok=True)
    assert list(results.other_scores) == ["Second"]
    second = results.other_scores["Second"]
    for place, scores in results.scores.items():
        assert second[place]["style_distance"] == 2 * scores["style_distance"]
        assert second[place]["grid"] == scores["grid"]


def test_a_judge_that_has_not_scored_yet_has_no_scores(folder: Path) -> None:
    add_judge(folder, "Second")
    scores = read_scores(folder / "scores.csv")
    (folder / "scores.csv").unlink()
    for judge, table in scores.groupby("judge"):
        bounds = table[table["kind"] != STYLIZED]
        write_scores(bounds[ROW_COLUMNS], folder / "judge" / str(judge) / "bounds.csv")
    own = scores[(scores["judge"] == JUDGE) & (scores["backbone"] == "VGG16")]
    own = own[own["aggregation"] == "simple"]
    write_scores(own[ROW_COLUMNS], folder / "scores" / JUDGE / "VGG16" / "simple.csv")
    results = read_results(folder)
    assert len(results.scores) == len(own)
    assert results.other_scores == {"Second": {}}
    assert results.missing == ("scores.csv",)


def test_scores_of_an_earlier_version_are_left_out_and_the_command_that_renews_them_is_told(
    folder: Path,
) -> None:
    scores = read_scores(folder / "scores.csv")
    write_scores(scores.drop(columns="judge"), folder / "scores.csv")
    findings = json.loads((folder / "findings.json").read_text())
    del findings["version"]
    (folder / "findings.json").write_text(json.dumps(findings))
    results = read_results(folder)
    assert results.scores == {}
    assert results.findings is None
    assert [line.partition(":")[0] for line in results.missing] == ["scores.csv", "findings.json"]
    for line in results.missing:
        assert "of an earlier version" in line
        assert f"`snakemake --cores all {SETTING.command}`" in line


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scores.csv", "a,b\n1,2\n"),
        ("findings.json", "{}"),
        ("findings.json", '{"rows": [], "answers": 3, "version": "VERSION"}'),
        ("findings.json", '{"rows": [], "answ'),
    ],
)
def test_damaged_scores_are_not_taken_for_earlier_ones(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text.replace("VERSION", SCORES_VERSION))
    with pytest.raises(DataError, match=name) as caught:
        read_results(folder)
    assert not isinstance(caught.value, OutdatedError)


def test_a_run_under_way_tells_its_epochs_and_a_failed_one_its_error(folder: Path) -> None:
    (folder / "training/VGG16/simple/sgd.csv").unlink()
    state = folder / "training/VGG16/simple/.sgd.csv.state"
    run = Checkpoint(state, {}, [1], in_memory=1, save_every=1)
    row = np.ones((1, 3), np.float32)
    for epoch in range(3):
        run.finish(epoch, [run.advance(0, epoch, lambda: [row], lambda _, state: (state, row))])
    (folder / "logs").mkdir()
    (folder / "logs" / "train.log").write_text("error: no memory\n")
    results = read_results(folder)
    assert [trial.under_way for trial in results.models[0].trials] == [None, 2]
    assert results.failures == (Failure("logs/train.log", "no memory"),)


def test_a_finished_study_has_no_failures_whatever_old_logs_say(folder: Path) -> None:
    (folder / "logs").mkdir()
    (folder / "logs" / "train.log").write_text("error: no memory\n")
    assert read_results(folder).failures == ()


def test_the_floor_is_that_of_the_styles_or_of_the_pictures_where_each_has_its_own(
    folder: Path,
) -> None:
    # The second style's is higher by 1.
    assert {model.floor for model in read_results(folder).models} == {FLOOR + 0.5}
    record = json.loads((folder / "config.json").read_text())
    record["config"]["loss"] = {"scaling": "calibrated", "alpha": 1, "beta": 1}
    (folder / "config.json").write_text(json.dumps(record))
    assert all(math.isnan(model.floor) for model in read_results(folder).models)
    for number, (style, content) in enumerate(product(ARTISTS, TESTS)):
        write_painted(folder, "VGG16", "simple", style, content, style_floor=float(number))
    assert read_results(folder).models[0].floor == 1.5


def test_a_floor_of_which_a_part_is_missing_is_not_known(folder: Path) -> None:
    (folder / "targets" / "VGG16" / "Tom_&_Jerry.json").unlink()
    floors = [model.floor for model in read_results(folder).models]
    assert [math.isnan(floor) for floor in floors] == [True, True, False, False]
