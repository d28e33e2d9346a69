"""Config files and command lines as Snakemake takes them: one line of ours ends the run."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from processes import see
from test_workflow import UNJUDGED, jobs

pytestmark = pytest.mark.workflow


def call(folder, *words, root=ROOT):
    """Call Snakemake in `folder` with these words, and the Snakefile where it is not there."""
    words = [Path(sys.executable).parent / "snakemake", *words]
    if root != folder:
        words[1:1] = ["--snakefile", root / "Snakefile"]
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    environment.pop("PYTHONPATH", None)
    return see(
        words,
        cwd=folder,
        env=environment,
    )


def error(done):
    """The last line, which is the only error."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    assert done.stdout.count("error: ") == 1, done.stdout
    return done.stdout.strip().splitlines()[-1].removeprefix("error: ")


@pytest.fixture
def folder(tmp_path):
    for name in ("artworks", "photographs"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(UNJUDGED))
    return tmp_path


def test_a_study_may_be_named_on_the_command_line_alone(tmp_path):
    done = call(tmp_path, "--dry-run", "--config", "study=mine", 'training={"max_epochs": 7}')
    assert done.returncode == 0, done.stdout
    assert jobs(done)["train"] == 36
    assert "results/mine/findings.json" in done.stdout


def test_numbers_within_brackets_are_numbers(folder):
    words = ("--dry-run", "--printshellcmds", "--cores", "1", "--configfile", "mine.yaml")
    values = ('training={"max_epochs": 7, "min_improvement": 1e-4}', "seed=5.0")
    done = call(folder, *words, "--config", *values)
    assert done.returncode == 0, done.stdout
    assert '"max_epochs": 7, "min_improvement": 0.0001' in done.stdout
    assert " --seed 5 " in done.stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("study: \u00fc".encode("utf-16"), "mine.yaml: not UTF-8, but UTF-16 or no text"),
        ("study: \u00fc".encode("latin-1"), "mine.yaml: line 1: not UTF-8; save the file as UTF-8"),
        (b"study: x\ndata:\n\tpath: x\n", "mine.yaml: line 3: a tab; indent with spaces"),
        (b"", "mine.yaml: is empty"),
        (b"- study\n", "mine.yaml: holds no keys with values"),
    ],
)
def test_a_file_that_snakemake_cannot_read_is_one_line(folder, content, told):
    (folder / "mine.yaml").write_bytes(content)
    line = error(call(folder, "--dry-run", "--configfile", "mine.yaml"))
    assert line.startswith(told)


def test_a_result_after_the_configs_gets_the_right_order(folder):
    target = "results/small/selection.csv"
    line = error(call(folder, "--cores", "1", "--configfile", "mine.yaml", target))
    assert line.endswith(
        f"snakemake {target} --snakefile {ROOT}/Snakefile --cores 1 --configfile mine.yaml"
    )
    # As the line says.
    done = call(folder, target, "--dry-run", "--cores", "1", "--configfile", "mine.yaml")
    assert done.returncode == 0, done.stdout


def test_the_snakefile_checks_too_where_another_profile_is_named(folder):
    text = (folder / "mine.yaml").read_text() + "seed: 2\n"
    (folder / "mine.yaml").write_text(text)
    words = ("--dry-run", "--workflow-profile", "none", "--configfile", "mine.yaml")
    assert "mine.yaml: seed is there twice, in lines" in error(call(folder, *words))
    (folder / "mine.yaml").write_text(yaml.safe_dump(UNJUDGED))
    (folder / "over.yaml").write_text("study: b\nextends: under.yaml\n")
    (folder / "under.yaml").write_text("seed: 0123\n")
    words = ("--dry-run", "--configfile", "over.yaml")
    assert error(call(folder, *words)).startswith(
        "under.yaml: line 1: seed: 0123 would be taken for"
    )


@pytest.fixture
def project(tmp_path):
    """Make a copy of the project in a folder of a name that is tried."""

    def copy(name):
        folder = tmp_path / name
        for part in ("nstcore", "workflow_scripts", "rules", "reports", "envs", "profiles"):
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, ignore=skip)
        shutil.copy(ROOT / "Snakefile", folder)
        return folder

    return copy


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a{id}", "Snakemake takes braces for a wildcard; rename what they are in"),
        ("a{{b", "Snakemake takes braces for a wildcard; rename what they are in"),
        ("a:b", "no program is found under a path with ':'; rename that folder"),
    ],
)
def test_a_folder_that_the_project_cannot_lie_in_is_one_line(project, name, told):
    folder = project(name)
    (folder / "mine.yaml").write_text(yaml.safe_dump(UNJUDGED))
    line = error(call(folder, "--dry-run", "--configfile", "mine.yaml", root=folder))
    assert line.startswith(f"{folder}: {told}")


@pytest.mark.parametrize("key", ["data", "contents", "folder", "archive"])
def test_braces_in_the_data_s_path_are_one_line(folder, key):
    path = folder / "my {id}"
    path.mkdir()
    (folder / "{id}.zip").touch()
    config = dict(UNJUDGED)
    if key == "contents":
        config["contents"] = {"source": str(path), "train": 1, "test": 1}
    elif key == "folder":
        config["styles"] = {"sets": {"Own": {"folder": str(path)}}}
    else:
        config["data"] = {"path": str(path if key == "data" else folder / "{id}.zip")}
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))
    line = error(call(folder, "--dry-run", "--configfile", "mine.yaml"))
    assert "Snakemake takes braces for a wildcard" in line
