"""What ends a program from outside is told in its last line."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from conftest import ROOT
from processes import as_from_a_terminal

from nstcore.common.supervision import explain, memory_limit, out_of_memory_kills

WAIT = "import time; print('ready', flush=True); time.sleep(60)"


def start(folder: Path, body: str) -> subprocess.Popen[str]:
    """Start a program of the workflow's that does as it is told."""
    path = folder / "workflow_scripts" / "some.py"
    path.parent.mkdir()
    path.write_text(f"from nstcore.common.program import run\ndef main():\n    {body}\nrun(main)\n")
    return subprocess.Popen(
        [sys.executable, path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=as_from_a_terminal,
    )


def child_of(program: subprocess.Popen[str]) -> psutil.Process:
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    (child,) = psutil.Process(program.pid).children()
    return child


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            "import os; os.kill(os.getpid(), 9)",
            r"killed from outside \(signal 9\), it held 0\.\d",
        ),
        ("import os; os.abort()", r"given up by a library \(signal 6, SIGABRT\)"),
        ("import ctypes; ctypes.string_at(0)", r"crashed in a library \(signal 11, SIGSEGV\)"),
    ],
)
def test_a_program_that_is_killed_tells_by_what_in_its_last_line(
    body: str, words: str, tmp_path: Path
) -> None:
    with start(tmp_path, body) as program:
        said = program.communicate()[0]
    assert program.returncode > 128
    assert re.match(f"error: {words}", said.splitlines()[-1])
    assert said.count("error: ") == 1


def test_a_program_that_ends_by_itself_keeps_its_code_and_its_words(tmp_path: Path) -> None:
    with start(tmp_path, "print('well'); raise SystemExit(3)") as program:
        assert program.communicate()[0] == "well\n"
    assert program.returncode == 3


@pytest.mark.parametrize(
    "number",
    [
        *(signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT),
        *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU),
    ],
)
@pytest.mark.parametrize("everyone", [False, True])
def test_a_signal_to_the_program_ends_all_of_it_with_one_line(
    number: signal.Signals, everyone: bool, tmp_path: Path
) -> None:
    with start(tmp_path, WAIT) as program:
        child = child_of(program)
        (os.killpg if everyone else os.kill)(program.pid, number)
        said = program.communicate(timeout=20)[0]
    assert program.returncode
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert not child.is_running()


def test_nothing_outlives_a_program_that_is_killed_itself(tmp_path: Path) -> None:
    with start(tmp_path, WAIT) as program:
        child = child_of(program)
        program.kill()
        child.wait(20)
    assert not child.is_running()


def test_a_kill_of_the_kernel_s_for_memory_is_told_as_such() -> None:
    line = explain(signal.SIGKILL, 7_900_000_000, True)
    assert re.match(r"out of memory, it held 7\.9 GB .*image_size.*batch.*--resources mem_mb", line)
    assert out_of_memory_kills() >= 0
    limit = memory_limit()
    assert limit is None or limit > 0
