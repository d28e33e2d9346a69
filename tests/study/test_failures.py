"""What failed, as it is told on the screen and in the report."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from nstcore.study.failures import Failure, read_failures, tell_failures

SNAKEMAKE = """[Fri Nov 27 03:01:04 2026]
Error in rule {rule}:
    message: None
    jobid: 2
    output: results/x/some.csv
    log: {log} (check log file(s) for error details)
    shell:
        python -m workflow_scripts.some > {log} 2>&1
        (command exited with non-zero exit code)
"""


def test_failures_are_told_by_the_last_error_of_each_log(tmp_path: Path) -> None:
    logs = tmp_path / "logs" / "train" / "VGG16"
    logs.mkdir(parents=True)
    (logs / "fine.log").write_text("all went well, no error: none\n")
    (logs / "bad.log").write_bytes(b"\xff\xfe\nerror: first\nmore\nerror: <b>last</b>\nend\n")
    assert read_failures(tmp_path) == (Failure("logs/train/VGG16/bad.log", "<b>last</b>"),)
    assert read_failures(tmp_path / "nothing") == ()


def test_a_log_may_lie_in_a_folder_that_is_called_like_one(tmp_path: Path) -> None:
    logs = tmp_path / "logs" / "train" / "VGG16.log"
    logs.mkdir(parents=True)
    (logs / "adam.log").write_text("error: no memory\n")
    assert read_failures(tmp_path) == (Failure("logs/train/VGG16.log/adam.log", "no memory"),)


def tell(folder: Path, *logs: str) -> list[str]:
    text = "".join(SNAKEMAKE.format(rule=Path(log).stem, log=log) for log in logs)
    (folder / "snakemake.log").write_text(text)
    return tell_failures([folder / "snakemake.log"], folder)


def test_every_failed_job_is_told_by_its_own_line_and_the_same_line_once(tmp_path: Path) -> None:
    for name in ("train", "score", "stylize"):
        text = "error: no space\n" if name != "score" else "begun\nerror: a\nerror: b\n"
        (tmp_path / f"{name}.log").write_text(text)
    told = tell(tmp_path, "train.log", "score.log", "stylize.log", "train.log")
    assert told == ["error: no space", "error: a", "error: b"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "error: train: {log} cannot be written; use a folder that can be written to"),
        ("", "error: train: ended without saying why ({log} is empty); run again"),
        ("w", "error: train: ended without saying why (its last words are in {log}); run again"),
    ],
)
def test_a_job_that_said_nothing_is_told_with_the_place_to_look(
    content: str | None, line: str, tmp_path: Path
) -> None:
    log = tmp_path / "train.log"
    if content is not None:
        log.write_text(content)
    assert tell(tmp_path, "train.log") == [line.format(log=log)]


def test_a_full_disk_is_told_where_not_even_a_log_could_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.log").write_text("")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    line = f"error: {tmp_path}: no space left on this disk; make room"
    assert tell(tmp_path, "train.log") == [line]


def test_a_log_that_lies_elsewhere_is_read_where_it_was_brought(tmp_path: Path) -> None:
    address = "s3://studies/results/x/logs/train.log"
    (tmp_path / "train.log").write_text("error: no space\n")
    text = SNAKEMAKE.format(rule="train", log=f"{address} (send to storage)")
    (tmp_path / "snakemake.log").write_text(text)
    asked = []

    def find(name: str) -> Path:
        asked.append(name)
        return tmp_path / "train.log"

    assert tell_failures([tmp_path / "snakemake.log"], find=find) == ["error: no space"]
    assert asked == [address]


def test_there_is_always_a_line(tmp_path: Path) -> None:
    (tmp_path / "snakemake.log").write_text("MissingOutputException in rule c\n")
    assert tell_failures([tmp_path / "snakemake.log"]) == [
        "error: a job failed; see the lines of Snakemake above"
    ]


def of_slurm(folder: Path, status: str, said: str, *after: str) -> list[str]:
    """What is told of a job that Slurm has ended, which could say nothing itself."""
    (folder / "train.log").write_text("begun\n")
    (folder / "12.log").write_text(said)
    text = SNAKEMAKE.format(rule="train", log=f"train.log, {folder}/12.log").replace(
        "message: None", f"message: SLURM-job '12' failed, SLURM status is: '{status}'. More."
    )
    (folder / "snakemake.log").write_text("\n".join([text, *after, ""]))
    return tell_failures([folder / "snakemake.log"], folder)


@pytest.mark.parametrize(
    ("status", "said", "line"),
    [
        ("TIMEOUT", "", r"took longer than it had asked Slurm for; .*train:runtime=<minutes>"),
        ("FAILED", "*** CANCELLED AT 1 DUE TO TIME LIMIT ***", "took longer than"),
        ("OUT_OF_MEMORY", "", r"took more memory than .*train:mem_mb=<MB>"),
        ("FAILED", "slurmstepd: error: Detected 1 oom_kill event", "took more memory than"),
        ("CANCELLED", "Exceeded job memory limit", "took more memory than"),
        ("NODE_FAIL", "", r"ended without saying why, in Slurm's words NODE_FAIL .*12\.log"),
    ],
)
def test_a_job_that_slurm_has_ended_is_told_with_what_helps(
    status: str, said: str, line: str, tmp_path: Path
) -> None:
    (told,) = of_slurm(tmp_path, status, said)
    assert re.match(f"error: train: {line}", told)


def test_a_job_that_ended_well_when_it_was_tried_again_is_no_failure(tmp_path: Path) -> None:
    told = of_slurm(tmp_path, "TIMEOUT", "", "Finished jobid: 2 (Rule: train)")
    assert told == ["error: a job failed; see the lines of Snakemake above"]


def test_jobs_that_ran_together_are_told_by_the_one_that_failed(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("error: this one\n")
    (tmp_path / "b.log").write_text("all went well\n")
    text = "".join(SNAKEMAKE.format(rule="prepare", log=f"{name}.log") for name in "ab")
    (tmp_path / "snakemake.log").write_text(text)
    assert tell_failures([tmp_path / "snakemake.log"], tmp_path) == ["error: this one"]
