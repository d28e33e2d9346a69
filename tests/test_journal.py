"""How a study was run, as it is recorded and told."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from small_study import SETTING, write_benchmark

from nstcore.errors import DataError
from nstcore.journal import (
    Failure,
    RuleTime,
    find_setting,
    read_failures,
    read_settings,
    read_times,
    record_setting,
)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.check_output(command, text=True, stderr=subprocess.STDOUT).strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a Snakefile and a module."""
    project = tmp_path / "project"
    (project / "nstcore").mkdir(parents=True)
    (project / "Snakefile").write_text("rule all: ...\n")
    (project / "nstcore" / "module.py").write_text("a = 1\n")
    git(project, "init", "--quiet")
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "-m", "first")
    return project


def test_a_clean_tree_is_told_by_its_commit(project: Path) -> None:
    (project / "mine.yaml").write_text("study: mine\n")
    found = find_setting(project, "9.27.1")
    assert found.commit == git(project, "rev-parse", "HEAD")
    assert found.changed == ()
    assert found.snakemake == "9.27.1"
    assert found.cores >= 1
    assert found.processor


def test_edited_new_and_deleted_files_of_the_project_are_named(project: Path) -> None:
    (project / "nstcore" / "module.py").write_text("a = 2\n")
    (project / "nstcore" / "a néw ملصق.py").write_text("b = 1\n")
    (project / "Snakefile").unlink()
    assert find_setting(project, "9").changed == (
        "Snakefile",
        "nstcore/a néw ملصق.py",
        "nstcore/module.py",
    )


def test_without_a_repository_of_its_own_a_project_has_no_commit(
    project: Path, tmp_path: Path
) -> None:
    within = project / "copied"
    within.mkdir()
    assert find_setting(tmp_path, "9").commit == ""
    assert find_setting(within, "9").commit == ""


def test_the_command_finds_the_config_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [tmp_path / "my study.yaml", Path("more.yaml")]
    overrides = {"seed": 7, "study": "it's", "on_config_change": "rerun"}
    assert find_setting(tmp_path, "9", files, overrides).command == (
        "--configfile 'my study.yaml' more.yaml --config seed=7 'study=\"it'\"'\"'s\"'"
    )
    assert find_setting(tmp_path, "9").command == ""


def test_only_what_differs_is_recorded_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    path = tmp_path / "study" / "runs.json"
    other = replace(SETTING, gpus=("A GPU", "A GPU"), changed=())
    for setting in (SETTING, other, SETTING, other):
        record_setting(setting, path)
    assert read_settings(path) == (SETTING, other)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"commit": "a"}]', "[{}]", "nonsense"])
def test_a_damaged_record_is_told_in_one_line_and_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "runs.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"runs\.json: damaged") as error:
        read_settings(path)
    assert "\n" not in str(error.value)
    record_setting(SETTING, path)
    assert read_settings(path) == (SETTING,)
    assert json.loads(path.read_text("utf-8"))[0]["commit"] == SETTING.commit


def test_times_are_summed_by_rule_without_the_reports_own(tmp_path: Path) -> None:
    write_benchmark(tmp_path, "stylize/a", 10, 300)
    write_benchmark(tmp_path, "stylize/b", "NA", "-")
    write_benchmark(tmp_path, "train/VGG16/simple/adam", 60, 100)
    write_benchmark(tmp_path, "write_report/all", 999, 999)
    write_benchmark(tmp_path, "report/all", 999, 999)
    assert read_times(tmp_path / "benchmarks") == (
        RuleTime("train", 1, 60, 100),
        RuleTime("stylize", 2, 10, 300),
    )
    assert read_times(tmp_path / "nothing") == ()


def test_failures_are_told_by_the_last_error_of_each_log(tmp_path: Path) -> None:
    logs = tmp_path / "logs" / "train" / "VGG16"
    logs.mkdir(parents=True)
    (logs / "fine.log").write_text("all went well, no error: none\n")
    (logs / "bad.log").write_bytes(b"\xff\xfe\nerror: first\nmore\nerror: <b>last</b>\nend\n")
    assert read_failures(tmp_path) == (Failure("logs/train/VGG16/bad.log", "<b>last</b>"),)
    assert read_failures(tmp_path / "nothing") == ()
