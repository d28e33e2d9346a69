"""What is concluded of runs before this one, by the notes that they left."""

import logging
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from nstcore.common.errors import StudyError
from nstcore.common.files import write_json
from nstcore.study.earlier_run import EndWatch, Run, end_stray_jobs, lift_stale_lock, note_run


@pytest.fixture
def dead() -> Run:
    """A run of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return replace(Run.this(), process=process.pid)


def leave(folder: Path, *runs: Run, locks: int = 0) -> None:
    for run in runs:
        write_json(asdict(run), folder / ".snakemake/study_runs" / run.note)
    for number in range(locks):
        lock = folder / ".snakemake/locks" / f"{number}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text("results/x\n")


def is_locked(folder: Path) -> bool:
    return (folder / ".snakemake/locks").exists()


def test_a_run_is_over_only_where_that_is_certain(dead: Run) -> None:
    run = Run.this()
    assert not run.is_over()
    assert dead.is_over()
    # Its number has gone to another process since.
    assert replace(run, began=run.began - 3600).is_over()
    assert not replace(dead, host="another").is_over()


def test_the_lock_of_a_run_that_is_over_is_lifted(dead: Run, tmp_path: Path) -> None:
    leave(tmp_path, dead, locks=2)
    (said,) = lift_stale_lock(tmp_path)
    assert said == f"note: the run before (process {dead.process}) was killed; its lock is lifted"
    assert not is_locked(tmp_path)
    assert end_stray_jobs(tmp_path) == []
    assert not list((tmp_path / ".snakemake/study_runs").iterdir())


@pytest.mark.parametrize("left", ["no note", "alive", "elsewhere", "another lock"])
def test_a_lock_stays_where_somebody_may_be_at_work(left: str, dead: Run, tmp_path: Path) -> None:
    runs = {
        "no note": [],
        "alive": [dead, Run.this()],
        "elsewhere": [dead, replace(dead, host="another")],
        "another lock": [dead],
    }[left]
    leave(tmp_path, *runs, locks=4 if left == "another lock" else 2)
    assert lift_stale_lock(tmp_path) == []
    assert is_locked(tmp_path)


def test_a_damaged_note_is_none(tmp_path: Path) -> None:
    leave(tmp_path, locks=2)
    (tmp_path / ".snakemake/study_runs").mkdir()
    (tmp_path / ".snakemake/study_runs/vm-1.json").write_text('{"host": ')
    assert lift_stale_lock(tmp_path) == []
    assert is_locked(tmp_path)


def test_a_note_is_left_where_one_can_be(tmp_path: Path) -> None:
    note = note_run(tmp_path)
    assert note is not None
    assert note.is_absolute()
    (tmp_path / "file").write_text("")
    assert note_run(tmp_path / "file") is None


def test_jobs_in_a_queue_whose_run_nobody_knows_are_told_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".snakemake/slurm_logs").mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "squeue").write_text(f"#!/bin/sh\necho 12 {tmp_path}\necho 13 /elsewhere\n")
    (programs / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(StudyError, match=r"in Slurm's queue: 12; .*: scancel 12$"):
        end_stray_jobs(tmp_path)


def test_why_it_ends_is_told_in_the_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(text: str) -> str:
        watch = EndWatch(["/usr/bin/snakemake", "--configfile", "a b.yaml"], tmp_path)
        watch.emit(logging.LogRecord("", logging.ERROR, "", 0, text, None, None))
        watch.tell()
        return capsys.readouterr().err

    assert say("all went well") == ""
    assert say("Terminating processes on user request, this might take some time.") == (
        "stopped; nothing that was finished is lost: the same command goes on\n"
    )
    locked = "LockException:\nError: Directory cannot be locked. Please make sure"
    assert say(locked).endswith(": snakemake --configfile 'a b.yaml' --unlock\n")
    leave(tmp_path, replace(Run.this(), host="another"))
    assert f"(begun on another, process {os.getpid()})" in say(locked)
    leave(tmp_path, Run.this())
    assert say(locked).endswith(f"end it: kill -INT {os.getpid()}\n")
