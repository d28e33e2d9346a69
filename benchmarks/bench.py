"""What all sections share: the settings of a run, and its workers."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.cases import Case
from benchmarks.timing import Contender, Timing, Worker, race


@dataclass(frozen=True)
class Bench:
    """How to measure."""

    threads: int
    rounds: int
    quick: bool = False
    """Tiny pictures and few paintings: shows that all works, measures nothing."""
    torch_python: str = sys.executable
    _workers: dict[tuple[str, int, int], Worker] = field(default_factory=dict, repr=False)

    @property
    def least(self) -> float:
        """Seconds of one timing, at least."""
        return 0.0 if self.quick else 0.2

    @property
    def case(self) -> Case:
        """The usual case: ours, VGG19, squared, 30 paintings, 224 px."""
        return Case("ours", paintings=2, size=48) if self.quick else Case("ours")

    def worker(self, framework: str = "nstcore", threads: int = 0, number: int = 0) -> Worker:
        """Return a worker, the same for the same arguments; started when first asked for."""
        key = framework, threads or self.threads, number
        if key not in self._workers:
            python = self.torch_python if framework == "pytorch" else sys.executable
            self._workers[key] = Worker(*key[:2], python)
        return self._workers[key]

    def contender(self, what: str, framework: str = "nstcore", **changes: Any) -> Contender:
        """Return the usual case with some changes, in a worker with all threads."""
        return Contender(what, replace(self.case, **changes), (self.worker(framework),))

    def race(self, contenders: Sequence[Contender], least: float | None = None) -> list[Timing]:
        """Time contenders in turns."""
        return race(contenders, self.rounds, self.least if least is None else least)


@contextmanager
def bench(threads: int, rounds: int, quick: bool, torch_python: str) -> Iterator[Bench]:
    """Give a `Bench` and end its workers afterwards."""
    made = Bench(threads, rounds, quick, torch_python)
    try:
        yield made
    finally:
        for worker in made._workers.values():
            worker.close()


def torch_version(python: str) -> str | None:
    """Return the version of PyTorch that a Python has, if it has any."""
    try:
        ended = subprocess.run(
            [python, "-c", "import torch; print(torch.__version__)"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None
