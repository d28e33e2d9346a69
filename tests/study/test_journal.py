"""How a study was run, as it is recorded and told."""

import json
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import write_unreadable_name
from small_study import SETTING, write_benchmark

from nstcore.common.errors import DataError
from nstcore.study.journal import (
    RuleTime,
    find_setting,
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


def test_a_file_that_was_moved_is_named_where_it_is_now(project: Path) -> None:
    git(project, "mv", "nstcore/module.py", "nstcore/my module.py")
    assert find_setting(project, "9").changed == ("nstcore/my module.py",)


def test_a_config_of_the_users_that_changed_makes_no_tree_unclean(project: Path) -> None:
    mine = project / "mine.yaml"
    mine.write_text("study: mine\n")
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "-m", "second")
    mine.write_text("study: other\n")
    assert find_setting(project, "9").changed == ()


def test_a_project_is_told_where_git_is_missing_or_has_no_commit_yet(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    git(new, "init", "--quiet")
    assert find_setting(new, "9").commit == ""
    monkeypatch.setenv("PATH", str(new))
    found = find_setting(project, "9")
    assert (found.commit, found.changed) == ("", ())


def test_without_a_repository_of_its_own_a_project_has_no_commit(
    project: Path, tmp_path: Path
) -> None:
    within = project / "copied"
    within.mkdir()
    assert find_setting(tmp_path, "9").commit == ""
    (within / "nstcore").mkdir()
    (within / "nstcore" / "module.py").write_text("a = 2\n")
    found = find_setting(within, "9")
    assert (found.commit, found.changed) == ("", ())


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


def test_config_files_beyond_the_working_directory_are_found_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / "shared" / "$HOME; 'a'.yaml", tmp_path / "work" / "deep" / "ü.yaml"]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text("")
    monkeypatch.chdir(tmp_path / "work")
    option, *named = shlex.split(find_setting(tmp_path, "9", files).command)
    assert option == "--configfile"
    assert not any(Path(name).is_absolute() for name in named)
    assert [Path(name).resolve() for name in named] == files


def test_snakemake_reads_the_recorded_values_as_they_were_given(tmp_path: Path) -> None:
    parse_config = pytest.importorskip("snakemake.cli").parse_config
    given = parse_config(
        [
            "seed=7",
            "study=small-1",
            "training={max_epochs: 3, min_improvement: 1e-05}",
            r"""styles={images: 2, artists: ["it's", 'a "b" \ c', Dürer, ملصق, "#1: $HOME"]}""",
        ]
    )
    option, *values = shlex.split(find_setting(tmp_path, "9", overrides=given).command)
    assert option == "--config"
    assert parse_config(values) == given


def test_only_what_differs_is_recorded_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    path = tmp_path / "study" / "runs.json"
    other = replace(SETTING, gpus=("A GPU", "A GPU"), changed=())
    for setting in (SETTING, other, SETTING, other):
        record_setting(setting, path)
    assert read_settings(path) == (SETTING, other)


def test_a_setting_is_dated_once_and_its_date_makes_no_other_one(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    found = find_setting(tmp_path, "9")
    began = datetime.strptime(found.date, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - began).total_seconds()) < 120
    first, later = (replace(found, date=date) for date in ("2026-01-02 03:04", "2027-01-01 00:00"))
    record_setting(first, path)
    before = path.read_bytes()
    record_setting(later, path)
    assert path.read_bytes() == before
    record_setting(replace(later, commit="another"), path)
    assert [entry.date for entry in read_settings(path)] == [first.date, later.date]


def test_a_record_without_dates_is_read_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    record_setting(SETTING, path)
    entries = json.loads(path.read_text("utf-8"))
    del entries[0]["date"]
    path.write_text(json.dumps(entries))
    assert read_settings(path) == (replace(SETTING, date=""),)
    record_setting(replace(SETTING, date="2027-01-01 00:00"), path)
    assert read_settings(path) == (replace(SETTING, date=""),)


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


def test_a_record_that_is_no_text_or_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "runs.json").write_bytes(b"\xff\xfe[]")
    for name, reason in (("runs.json", "damaged"), ("none.json", "no such file")):
        with pytest.raises(DataError, match=f"{name}: {reason}") as error:
            read_settings(tmp_path / name)
        assert "\n" not in str(error.value)


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


def test_a_time_that_is_no_number_counts_as_0_and_a_benchmark_without_rows_not_at_all(
    tmp_path: Path,
) -> None:
    write_benchmark(tmp_path, "train/a", "nan", "inf")
    write_benchmark(tmp_path, "stylize/a", "", "")
    (tmp_path / "benchmarks" / "choose").mkdir()
    (tmp_path / "benchmarks" / "choose" / "a.tsv").write_text("s\tmax_rss\n")
    found = read_times(tmp_path / "benchmarks")
    assert found == (RuleTime("stylize", 1, 0, 0), RuleTime("train", 1, 0, 0))


def test_a_backbone_may_be_called_like_a_file(tmp_path: Path) -> None:
    write_benchmark(tmp_path, "train/VGG16.tsv/adam", 60, 100)
    assert read_times(tmp_path / "benchmarks") == (RuleTime("train", 1, 60, 100),)


def test_a_file_whose_name_is_no_text_is_told_all_the_same(project: Path) -> None:
    write_unreadable_name(project / "nstcore")
    assert find_setting(project, "9").changed == ("nstcore/Bo_\ufffd.png",)


def test_a_tree_of_which_git_cannot_tell_the_status_does_not_pass_for_clean(project: Path) -> None:
    (project / ".git" / "index").write_bytes(b"damaged")
    assert find_setting(project, "9").commit == ""
