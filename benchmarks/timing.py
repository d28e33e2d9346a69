"""Time cases in turns, each in its worker, and compare them round by round."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO, cast

import numpy as np

from benchmarks.cases import Case
from nstcore.common.errors import StudyError

ROOT = Path(__file__).parent.parent


class BenchmarkError(StudyError):
    """A worker ended, or could not do what it was told to."""


class Worker:
    """Our end of a `worker` process."""

    def __init__(self, framework: str, threads: int, python: str = sys.executable) -> None:
        """Start a process and wait until its framework has started."""
        self._framework = framework
        # Kept, and shown if the worker fails: TensorFlow reports there at every start.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", framework, str(threads)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            text=True,
            bufsize=1,
        )
        # Both are pipes, as asked for.
        self._requests, self._answers = (
            cast(TextIO, self._process.stdin),
            cast(TextIO, self._process.stdout),
        )
        self.answer()

    def ask(self, do: str, case: Case | None = None, least: float = 0.0) -> None:
        """Send a request, see `worker.serve`."""
        request = {"do": do, "least": least} | ({"case": asdict(case)} if case else {})
        # Of a worker that has ended, the answer tells more.
        with suppress(BrokenPipeError):
            self._requests.write(json.dumps(request) + "\n")

    def answer(self) -> Any:
        """Wait for the answer to the last request.

        Raises:
            BenchmarkError: The worker has ended; says its last words.
        """
        line = self._answers.readline()
        if not line:
            self._messages.seek(0)
            last = self._messages.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise BenchmarkError(
                f"the {self._framework} worker ended with {self._process.wait()}: "
                f"{last or 'no message; perhaps for want of memory'}"
            )
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._messages.close()


def environment() -> dict[str, str]:
    """Return our environment, with TensorFlow's messages reduced to errors."""
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}


class Contender(NamedTuple):
    """Who does a case: workers that are timed at the same moment, each with a case of its own."""

    what: str
    case: Case
    workers: tuple[Worker, ...]


@dataclass(frozen=True)
class Timing:
    """How long a contender took."""

    what: str
    case: Case
    make: float
    """Seconds to build the step."""
    first: float
    """Seconds of the first step, tracing included."""
    seconds: tuple[float, ...]
    """Per step, one number per round; of several workers, per step of all together."""

    @property
    def per_picture(self) -> tuple[float, ...]:
        """Seconds per picture, one number per round."""
        return tuple(seconds / self.case.batch for seconds in self.seconds)


def race(contenders: Sequence[Contender], rounds: int, least: float) -> list[Timing]:
    """Prepare all contenders, time them in turns (A B C A B C ...), and release what they held.

    A machine that gets slower or is disturbed for a while so hits all alike, and ratios within a
    round hold where times do not. A round before the first finds all caches cold and does not
    count.

    Args:
        contenders: In the order of a round.
        rounds: How often each is timed.
        least: Seconds of one timing, at least.
    """
    prepared = [
        [_ask(worker, "prepare", contender.case) for worker in contender.workers]
        for contender in contenders
    ]
    seconds: list[list[float]] = [[] for _ in contenders]
    for _ in range(rounds + 1):
        for contender, own in zip(contenders, seconds, strict=True):
            for worker in contender.workers:
                worker.ask("time", contender.case, least)
            own.append(1 / sum([1 / worker.answer() for worker in contender.workers]))
    for worker in {worker for contender in contenders for worker in contender.workers}:
        _ask(worker, "release")
    return [
        Timing(
            contender.what,
            contender.case,
            float(np.mean([begun["make"] for begun in ready])),
            float(np.mean([begun["first"] for begun in ready])),
            tuple(own[1:]),
        )
        for contender, ready, own in zip(contenders, prepared, seconds, strict=True)
    ]


def count(contender: Contender) -> int:
    """Return the floating-point operations of a contender's step."""
    operations: int = _ask(contender.workers[0], "count", contender.case)
    return operations


def _ask(worker: Worker, do: str, case: Case | None = None) -> Any:
    worker.ask(do, case)
    return worker.answer()


class Quartiles(NamedTuple):
    """The middle of some numbers and how far half of them spread."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Quartiles":
        """Take the quartiles of at least one number."""
        return cls(*np.percentile(numbers, [25, 50, 75]).tolist())

    def columns(self, digits: int) -> list[str]:
        """Return the median and [25 %, 75 %] as text."""
        return [
            f"{self.median:.{digits}f}",
            f"[{self.low:.{digits}f}, {self.high:.{digits}f}]",
        ]


def ratios(numbers: Sequence[float], reference: Sequence[float]) -> Quartiles:
    """Divide round by round, then take the quartiles."""
    return Quartiles.of([number / other for number, other in zip(numbers, reference, strict=True)])
