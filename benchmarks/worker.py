"""A process that makes and times steps when it is told to; started by `timing.Worker`.

A framework fixes its threads once per process, and two frameworks in one process wait in each
other's thread pools. So each setting has a process of its own, idle while another one is timed.

It reads one request per line (JSON) and answers each with one line.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import Case

MODULES = {
    "ours": "benchmarks.ours",
    "tutorial": "benchmarks.tutorial",
    "plain": "benchmarks.plain",
    "plain-product": "benchmarks.plain",
    "product": "benchmarks.product",
    "pytorch": "benchmarks.pytorch",
}

Step = Callable[[], list[Any]]


def main(framework: str, threads: int) -> None:
    """Start a framework and serve requests until there are no more."""
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    START[framework](threads)
    steps: dict[Case, Step] = {}
    print(json.dumps("ready"), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        case = Case(**request["case"]) if "case" in request else None
        print(
            json.dumps(serve(request["do"], case, request.get("least", 0.0), steps)), file=answers
        )


def serve(do: str, case: Case | None, least: float, steps: dict[Case, Step]) -> Any:
    """Answer one request.

    Args:
        do: "prepare" (returns the seconds of making a case and of its first step), "time" (returns
            the seconds per step), "count" (returns operations per step) or "release".
        case: What it is about; None to release all.
        least: Seconds that a timing lasts at least, so that short steps are averaged.
        steps: The cases that are prepared.
    """
    if case is None:
        steps.clear()
        return None
    module = importlib.import_module(MODULES[case.kind])
    if do == "count":
        return module.operations(case)
    if do == "time":
        return seconds_per_step(steps[case], least)
    begun = time.perf_counter()
    step = module.make(case)
    made = time.perf_counter()
    step()
    first = time.perf_counter()
    if not all(np.all(np.isfinite(np.asarray(loss, np.float64))) for loss in step()):
        raise ArithmeticError(f"{case}: its losses are not finite")
    steps[case] = step
    return {"make": made - begun, "first": first - made}


def seconds_per_step(step: Step, least: float) -> float:
    """Take steps for at least `least` seconds, at least one."""
    count = 0
    begun = time.perf_counter()
    while True:
        step()
        count += 1
        spent = time.perf_counter() - begun
        if spent >= least:
            return spent / count


def _start_nstcore(threads: int) -> None:
    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(threads)


def _start_tensorflow(threads: int) -> None:
    """Start TensorFlow with its own settings, as who follows the tutorial does."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def _start_torch(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


START: dict[str, Callable[[int], None]] = {
    "nstcore": _start_nstcore,
    "tensorflow": _start_tensorflow,
    "pytorch": _start_torch,
}

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
