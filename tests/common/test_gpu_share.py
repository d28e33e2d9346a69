"""GPUs are shared out by numbers: none of them is needed for that."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import lockless
import pytest
from conftest import ROOT

TAKE = """
import sys
from nstcore.common.gpu_share import take_one
print(take_one(2, sys.argv[1]), flush=True)
sys.stdin.read()
"""


def start(
    folder: Path, stack: ExitStack, refuse: Callable[[], None] | None = None
) -> tuple[int, subprocess.Popen[str]]:
    """Start a process; return which of two GPUs it has taken, and itself."""
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-c", TAKE, folder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=refuse,
        )
    )
    assert process.stdout
    return int(process.stdout.readline()), process


def test_processes_spread_over_them_and_leave_theirs_to_the_next(tmp_path: Path) -> None:
    with ExitStack() as stack:
        taken = [start(tmp_path, stack) for _ in range(5)]
        assert sorted(Counter(number for number, _ in taken).values()) == [2, 3]
        assert {number for number, _ in taken[:2]} == {0, 1}
        number, ended = taken[1]
        ended.kill()
        ended.wait()
        assert start(tmp_path, stack)[0] == number


@lockless.known
def test_without_locks_any_is_taken(tmp_path: Path) -> None:
    with ExitStack() as stack:
        assert start(tmp_path, stack, lockless.without_locks)[0] in {0, 1}


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_where_nothing_can_be_kept_any_is_taken(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / kind
    if kind == "file":
        folder.write_text("")
    with ExitStack() as stack:
        assert start(folder, stack)[0] in {0, 1}


def test_tensorflow_is_shown_the_one_that_was_taken() -> None:
    """TensorFlow's own calls are written down instead: there is no GPU to make them of."""
    code = """
import tensorflow as tf
from nstcore.common import runtime
tf.config.list_physical_devices = lambda kind: ["first", "second"]
tf.config.set_visible_devices = lambda devices, kind: print(devices, kind)
tf.config.experimental.set_memory_growth = lambda device, grows: print(device, grows)
runtime.take_one = lambda count: count - 1
runtime.start_tensorflow()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['second'] GPU\nsecond True\n"
