"""The workflow on a real Slurm: the study of one machine, and whatever ends a job there."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from conftest import ROOT
from outcome import contents
from processes import as_from_a_terminal
from slurm import Slurm, started
from test_workflow import CONFIG

pytestmark = pytest.mark.workflow

# Waits for a cluster of one node, beside what the profile says.
SOON = (
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1"),
    *("--slurm-status-command", "squeue", "--slurm-no-account"),
)
TRAINING = "results/small/training/Net-untrained/simple"
PICTURE = "results/small/stylized/Net-untrained/simple/Ada_Curl"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Slurm]:
    # A socket's path is short.
    short = tempfile.TemporaryDirectory(prefix="slurm", dir="/tmp")
    with short as folder, started(Path(folder)) as slurm:
        yield slurm


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    """The small study as one machine has finished it."""
    folder = tmp_path / "study"
    shutil.copytree(study, folder, symlinks=True)
    return folder


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "study.yaml").write_text(yaml.safe_dump(CONFIG), "utf-8")
    return subprocess.Popen(
        [
            *(Path(sys.executable).parent / "snakemake", *arguments),
            *("--profile", ROOT / "profiles" / "slurm", *SOON),
            *("--snakefile", ROOT / "Snakefile", "--directory", folder),
            *("--configfile", folder / "study.yaml"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
        preexec_fn=as_from_a_terminal,
    )


def end(running: subprocess.Popen[str]) -> str:
    """All that a screen would show."""
    try:
        return running.communicate(timeout=900)[0]
    except subprocess.TimeoutExpired:
        running.kill()
        raise AssertionError(running.communicate()[0]) from None


def program(folder: Path, script: str, *words: str, seconds: float = 120) -> psutil.Process:
    """Wait for the process of a job that does its work, below the one that looks after it.

    Of this study: other tests run others beside it.
    """
    end_ = time.monotonic() + seconds
    while time.monotonic() < end_:
        for process in psutil.process_iter(["cmdline", "cwd"]):
            line = process.info["cmdline"] or []
            ours = f"workflow_scripts.{script}" in line and set(words) <= set(line)
            here = process.info["cwd"] == str(folder)
            if ours and here and "bash" not in line[0] and not process.children():
                return process
        time.sleep(0.1)
    raise TimeoutError(script)


def test_a_study_through_slurm_has_the_bytes_of_one_machine(
    cluster: Slurm, study: Path, tmp_path: Path
) -> None:
    for name in ("artworks", "photographs"):
        (tmp_path / name).symlink_to(study / name)
    running = start(tmp_path)
    said = end(running)
    assert running.returncode == 0, said
    assert contents(tmp_path) == contents(study)
    assert (tmp_path / "results/small/report.html").is_file()
    asked = cluster.all_jobs()
    trained = [job for job in asked if job["Comment"].startswith("rule_train")]
    assert {job["JobState"] for job in trained} == {"COMPLETED"}
    assert len(trained) == 4
    for job in trained:
        assert job["TRES"].startswith("cpu=1,mem=1")
        assert job["TimeLimit"] == "00:11:00"
    # Many pictures to a job, few at a time; and what takes a second does not queue at all.
    (prepared,) = (job for job in asked if "prepare_input" in job["Comment"])
    assert prepared["NumCPUs"] == "4"
    assert not [job for job in asked if "choose" in job["Comment"]]
    assert not [job for job in asked if "load_backbone" in job["Comment"]]


def test_what_a_node_does_to_a_job_costs_one_more_try(cluster: Slurm, copy: Path) -> None:
    """A killed worker, one that hangs until its time is over, one whose memory does not do."""
    before = contents(copy)
    (picture,) = (copy / PICTURE).glob("*.png")
    choice = copy / "results/small/choices/Net-untrained/simple.csv"
    for path in (picture, choice, *(copy / TRAINING).glob("*.csv")):
        path.unlink()
    running = start(
        copy,
        *(str(picture.relative_to(copy)), "--set-resources", "train:runtime=attempt"),
        # Starting TensorFlow takes more than the first, and less than the second.
        "paint:mem_mb=300*attempt**2",
    )
    program(copy, "train", "adam").send_signal(signal.SIGKILL)
    program(copy, "train", "sgd").send_signal(signal.SIGSTOP)
    said = end(running)
    assert running.returncode == 0, said
    assert contents(copy) == before
    jobs = cluster.all_jobs()
    states = [
        [job["JobState"] for job in jobs if job["Comment"].startswith(f"rule_{rule}")][-tries:]
        for rule, tries in (("train", 4), ("paint", 2))
    ]
    assert sorted(states[0]) == ["COMPLETED", "COMPLETED", "FAILED", "TIMEOUT"]
    assert states[1][-1] == "COMPLETED"
    assert states[1][0] != "COMPLETED"
    assert "Trying to restart job" in said


def test_a_job_that_fails_each_time_is_told_last_on_the_screen(cluster: Slurm, copy: Path) -> None:
    target = copy / "results/small/targets/Net-untrained/Ada_Curl.npz"
    content, when = bytearray(target.read_bytes()), target.stat()
    content[len(content) // 2 :] = b""
    target.write_bytes(content)
    os.utime(target, ns=(when.st_atime_ns, when.st_mtime_ns))
    (picture,) = (copy / PICTURE).glob("*.png")
    painted = picture.read_bytes()
    running = start(copy, str(picture.relative_to(copy)), "--force", "--retries", "1")
    said = end(running)
    assert running.returncode == 1
    (line,) = (line for line in said.splitlines() if line.startswith("error: "))
    assert said.splitlines()[-1] == line
    assert "Ada_Curl.npz" in line
    assert picture.read_bytes() == painted


def test_ctrl_c_takes_the_jobs_from_the_queue_and_says_how_to_go_on(
    cluster: Slurm, copy: Path
) -> None:
    before = contents(copy)
    for optimizer in ("adam", "sgd"):
        (copy / TRAINING / f"{optimizer}.csv").unlink()
    running = start(copy, f"{TRAINING}/adam.csv", f"{TRAINING}/sgd.csv")
    cluster.wait_for("train")
    running.send_signal(signal.SIGINT)
    said = end(running)
    assert running.returncode != 0
    assert "Traceback" not in said
    assert not cluster.queued()
    running = start(copy, f"{TRAINING}/adam.csv", f"{TRAINING}/sgd.csv")
    said = end(running)
    assert running.returncode == 0, said
    assert contents(copy) == before


def test_after_a_killed_snakemake_one_plain_start_goes_on(cluster: Slurm, copy: Path) -> None:
    before = contents(copy)
    for optimizer in ("adam", "sgd"):
        (copy / TRAINING / f"{optimizer}.csv").unlink()
    running = start(copy, f"{TRAINING}/adam.csv", f"{TRAINING}/sgd.csv")
    left = cluster.wait_for("train")
    # It works on for nobody.
    program(copy, "train").send_signal(signal.SIGSTOP)
    running.kill()
    running.communicate()
    running = start(copy, f"{TRAINING}/adam.csv", f"{TRAINING}/sgd.csv")
    said = end(running)
    assert running.returncode == 0, said
    assert re.search(r"note: the run before \(process \d+\) was killed; its lock is lifted", said)
    assert "note: cancelled Slurm's jobs of a run that was killed: " in said
    assert cluster.about(left)["JobState"] == "CANCELLED"
    assert contents(copy) == before
