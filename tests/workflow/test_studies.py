"""The ready-made studies: overlays on a config, planned as they are and run small."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT
from PIL import Image
from test_workflow import CONFIG, JUDGES, jobs, rows

from nstcore.demo import paint_dataset, write_photographs
from nstcore.judging.findings import read_findings
from nstcore.study.record import read_record

pytestmark = pytest.mark.workflow

STUDIES = sorted((ROOT / "studies").glob("*.yaml"))


def snakemake(folder, *arguments):
    """Run the workflow in `folder`, outside of any environment."""
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    environment.pop("PYTHONPATH", None)
    command = [Path(sys.executable).parent / "snakemake", "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", folder, "--cores", "2", *arguments]
    return subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_each_is_planned_over_the_full_study(tmp_path, path):
    done = snakemake(tmp_path, "--dry-run", "--configfile", ROOT / "config.yaml", path)
    assert done.returncode == 0, done.stdout
    if path.stem == "canvases":
        # Plain and cured with two aggregations, each cure alone with one; three optimizers.
        assert jobs(done)["train"] == 4 * (2 + 4 + 2) * 3
        assert "weigh_losses" not in jobs(done)
    else:
        assert jobs(done)["train"] == 36  # 4 backbones, 3 aggregations, 3 optimizers
        assert jobs(done)["weigh_losses"] == 4
    # Networks are kept once, whatever canvases they paint on.
    assert jobs(done)["load_backbone"] == 4
    styles = {"eras": 9, "movements": 12}.get(path.stem, 6)
    assert jobs(done)["build_target"] == 4 * styles


def test_it_may_be_named_alone_and_then_is_laid_over_what_it_extends(tmp_path):
    overlay = ROOT / "studies" / "more-epochs.yaml"
    done = snakemake(tmp_path, "--dry-run", "--printshellcmds", "--configfile", overlay)
    assert done.returncode == 0, done.stdout
    assert jobs(done)["train"] == 36
    assert '"max_epochs": 300, "patience": 5' in done.stdout


def test_nothing_is_measured_where_both_weights_are_given(tmp_path):
    loss = {"alpha": 1.0e-5, "beta": 1.0}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"study": "mine", "loss": loss}))
    files = ("--configfile", ROOT / "config.yaml", tmp_path / "mine.yaml")
    planned = jobs(snakemake(tmp_path, "--dry-run", *files))
    assert planned["train"] == 36
    assert "weigh_losses" not in planned


def test_a_file_below_that_is_not_there_is_one_line(tmp_path):
    overlay = {"study": "mine", "extends": "nowhere.yaml"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(overlay))
    done = snakemake(tmp_path, "--dry-run", "--configfile", tmp_path / "mine.yaml")
    assert done.returncode != 0
    last = done.stdout.strip().splitlines()[-1]
    assert last == "error: config: extends: no file 'nowhere.yaml'; name the config below"


def test_only_the_published_study_ends_a_run_on_one_bad_step():
    patience = {
        path.stem: yaml.safe_load(path.read_text("utf-8"))["training"]["patience"]
        for path in (ROOT / "config.yaml", ROOT / "demo.yaml", *STUDIES)
    }
    assert patience.pop("config") == 0
    assert set(patience.values()) == {5}
    names = [yaml.safe_load(path.read_text("utf-8"))["study"] for path in STUDIES]
    assert names == [path.stem for path in STUDIES]


def test_a_study_whose_table_lists_nothing_yet_is_told_before_the_first_job(tmp_path):
    done = snakemake(tmp_path, "--configfile", ROOT / "studies" / "eras.yaml")
    assert done.returncode != 0
    last = done.stdout.strip().splitlines()[-3:]
    assert all(line.startswith("error: styles.sets.") for line in last), done.stdout
    assert "studies/eras.csv lists no painting of it yet; fill in" in last[0]
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "data").exists()


@pytest.fixture(scope="module")
def stopping(tmp_path_factory):
    """The folder in which studies/stopping.yaml has run, laid over a small study."""
    folder = tmp_path_factory.mktemp("stopping")
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    backbones = {"Net": CONFIG["backbones"]["Net-untrained"].copy()}
    for weight in ("alpha", "beta"):
        del backbones["Net"][weight]
    small = CONFIG | {"backbones": backbones, "aggregations": ["simple", "squared"]}
    small["judge"] = JUDGES[0]
    # So much is too much to ask of most epochs: the rule ends runs.
    small |= {"training": {"max_epochs": 20, "min_improvement": 0.2, "batch": 2}}
    (folder / "small.yaml").write_text(yaml.safe_dump(small))
    done = snakemake(
        folder, "--configfile", folder / "small.yaml", ROOT / "studies" / "stopping.yaml"
    )
    assert done.returncode == 0, done.stdout
    return folder / "results" / "stopping"


def test_an_overlay_replaces_what_it_gives_and_keeps_the_rest(stopping):
    study = read_record(stopping / "config.json")
    assert (study.training.patience, study.training.watch) == (5, 50)
    assert (study.training.max_epochs, study.image_size) == (20, 48)


def test_the_watched_epochs_are_kept_told_and_choose_nothing(stopping):
    choice = rows(stopping / "choices.csv")[0]
    assert choice["status"] in {"plateau", "rise"}
    history = rows(stopping / "training/Net/simple" / f"{choice['optimizer']}.csv")
    assert max(int(row["epoch"]) for row in history) >= 56
    assert int(choice["epochs"]) <= max(int(row["epoch"]) for row in history) - 50
    log = (stopping / "logs/train/Net/simple" / f"{choice['optimizer']}.log").read_text()
    assert log.splitlines()[-1].startswith(f"{choice['optimizer']}: {choice['status']} (")
    assert "50 epochs later" in log.splitlines()[-1]


def test_the_findings_answer_the_study_s_question(stopping):
    findings = read_findings(stopping / "findings.json")
    answers = {answer.question: answer.answer for answer in findings.answers}
    assert "of 4 training runs it ended 4" in answers["Did the rule stop too early?"]
    assert [stop.optimizer for stop in findings.stops] == ["adam", "sgd"] * 2
    for stop in findings.stops:
        assert [other.patience for other in stop.hindsight.alternatives] == [0, 1, 3, 5, 10]
    page = (stopping / "report.html").read_text("utf-8")
    assert 'id="stopping"' in page
    # What the losses were weighed by is measured and told.
    assert "were measured before training, once per" in page


def test_a_model_whose_run_ended_on_a_rise_says_so_wherever_it_is_told(stopping):
    findings = read_findings(stopping / "findings.json")
    told = {(row.backbone, row.aggregation): row.cautions for row in findings.rows if row.backbone}
    choices = rows(stopping / "choices.csv")
    assert len(choices) == 2
    for choice in choices:
        cautions = told[choice["backbone"], choice["aggregation"]]
        assert ("ended on a rise" in cautions) == (choice["status"] == "rise")
        for caution in cautions:
            assert (stopping / "report.html").read_text("utf-8").count(caution) > 1


def test_simple_and_squared_are_compared_on_the_originals(stopping):
    measured = rows(stopping / "pairs" / "Net.csv")
    pictures = sorted((stopping / "stylized/Net/simple").rglob("*.png"))
    assert len(measured) == len(pictures) == 2
    for row in measured:
        one, other = (
            np.asarray(
                Image.open(
                    stopping / "stylized/Net" / name / row["style"] / f"{row['content_id']}.png"
                ),
                float,
            )
            for name in ("simple", "squared")
        )
        assert float(row["difference"]) == pytest.approx(np.abs(one - other).mean() / 255, abs=1e-6)
    findings = read_findings(stopping / "findings.json")
    (claim,) = [claim for claim in findings.claims if claim.id == "differ"]
    assert "of full scale on average" in claim.points[0].why
