"""Runs that are killed at any moment: one plain start goes on, and ends with the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml
from conftest import ROOT
from outcome import contents
from processes import as_from_a_terminal
from test_workflow import CONFIG, snakemake

pytestmark = pytest.mark.workflow

MODEL = "results/small/training/Net-untrained/simple"


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    """The finished small study without what its models were made of and have made."""
    folder = tmp_path / "study"
    shutil.copytree(study, folder)
    undo(folder)
    return folder


def undo(folder: Path) -> None:
    """Take away what takes some jobs of each kind to make again."""
    results = folder / "results/small"
    for name in ("targets", "training", "choices", "stylized", "scores"):
        shutil.rmtree(results / name)
    (results / "report.html").unlink()


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    (folder / "study.yaml").write_text(yaml.safe_dump(CONFIG), "utf-8")
    # A pipe would not end before the jobs that a killed Snakemake leaves.
    with (folder / "screen.txt").open("wb") as screen:
        return subprocess.Popen(
            [
                *(Path(sys.executable).parent / "snakemake", *arguments, "--cores", "2"),
                *("--snakefile", ROOT / "Snakefile", "--directory", folder),
                *("--configfile", folder / "study.yaml"),
            ],
            stdout=screen,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PATH": "/usr/bin:/bin"},
            preexec_fn=as_from_a_terminal,
        )


def end(running: subprocess.Popen[bytes], folder: Path) -> str:
    """Wait for the end of a run; return all that its screen showed."""
    running.wait(timeout=600)
    return (folder / "screen.txt").read_text("utf-8")


def of_jobs(folder: Path) -> list[psutil.Process]:
    """The processes of all programs that work in a folder, whoever started them."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            ours = any(word.startswith("workflow_scripts.") for word in line[:4])
            if ours and Path(process.cwd()) == folder:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_twenty_kills_at_random_moments_cost_no_byte(study: Path, copy: Path) -> None:
    """Of Snakemake, whose jobs run on for nobody then, and of jobs, whose Snakemake is stopped."""
    moments = random.Random(18)
    killed = {"snakemake": 0, "job": 0}
    while sum(killed.values()) < 20:
        running = start(copy)
        # Some before there is a job, most in the midst of one.
        early = moments.random() < 0.2
        while not early and running.poll() is None and not of_jobs(copy):
            time.sleep(0.05)
        moment = time.monotonic() + moments.uniform(0, 5)
        while time.monotonic() < moment and running.poll() is None:
            time.sleep(0.05)
        victims = of_jobs(copy)
        kind = "job" if victims and moments.random() < 0.5 else "snakemake"
        if running.poll() is None:
            (moments.choice(victims) if kind == "job" else running).kill()
            killed[kind] += 1
        if kind == "job":
            # Its Snakemake would go on with all that does not need it.
            time.sleep(moments.uniform(0, 2))
            running.send_signal(signal.SIGINT)
        end(running, copy)
        if running.returncode == 0:
            undo(copy)
    assert min(killed.values()) >= 5, killed
    done = snakemake(copy)
    assert done.returncode == 0, done.stdout
    assert contents(copy) == contents(study)
    assert not of_jobs(copy)
    # Nothing half-written; the page keeps its thumbnails, tables their checksums.
    hidden = {path.name for path in (copy / "results").rglob(".*") if path.suffix != ".sha256"}
    assert hidden <= {".thumbnails", ".snakemake_timestamp"}


def test_what_a_killed_snakemake_leaves_is_ended_and_told(copy: Path) -> None:
    running = start(copy)
    while not of_jobs(copy):
        time.sleep(0.05)
    strays = of_jobs(copy)
    for process in strays:
        process.suspend()
    running.kill()
    running.wait()
    done = snakemake(copy, f"{MODEL}/adam.csv")
    assert done.returncode == 0, done.stdout
    assert f"note: the run before (process {running.pid}) was killed; its lock is lifted" in (
        done.stdout
    )
    assert "note: ended 1 jobs of a run that was killed: " in done.stdout
    assert not any(process.is_running() for process in strays)


def test_a_second_run_at_once_is_refused_and_costs_the_first_nothing(
    study: Path, copy: Path
) -> None:
    running = start(copy, f"{MODEL}/adam.csv")
    while not of_jobs(copy):
        time.sleep(0.05)
    second = snakemake(copy)
    assert second.returncode == 1
    assert second.stdout.splitlines()[-1] == (
        f"error: another run is at work in this folder (process {running.pid}); wait for it, or "
        f"end it: kill -INT {running.pid}"
    )
    said = end(running, copy)
    assert running.returncode == 0, said
    assert (copy / MODEL / "adam.csv").is_file()
    assert contents(copy).items() <= contents(study).items()


def test_a_lock_of_another_machine_is_told_with_the_one_command_that_lifts_it(copy: Path) -> None:
    running = start(copy)
    while not of_jobs(copy):
        time.sleep(0.05)
    for process in of_jobs(copy):
        process.kill()
    running.kill()
    running.wait()
    (note,) = (copy / ".snakemake/study_runs").glob("*.json")
    note.write_text(note.read_text("utf-8").replace('"host": "', '"host": "other-'), "utf-8")
    told = snakemake(copy).stdout.splitlines()[-1]
    assert told.startswith(
        "error: this folder is locked by a run that may have been killed (begun on other-"
    )
    command = told.rpartition("if nobody runs it any more: ")[2].split()
    assert command[-1] == "--unlock"
    done = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:]],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert snakemake(copy, "results/small/selection.csv").returncode == 0


def test_ctrl_c_ends_within_seconds_and_says_how_to_go_on(copy: Path) -> None:
    running = start(copy)
    while not of_jobs(copy):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said = end(running, copy)
    assert running.returncode != 0
    assert "Traceback" not in said
    assert said.splitlines()[-1] == (
        "stopped; nothing that was finished is lost: the same command goes on"
    )
    assert not of_jobs(copy)
