"""What a process pays once, and the memory it takes: a program, since both need a fresh process."""

import argparse
import json
import resource
import sys
import time

from benchmarks.cases import Case


def main() -> None:
    """Start, load, build and take three steps; print the seconds of each part and the peak."""
    arguments = _parser().parse_args()
    case = Case("ours", paintings=arguments.paintings, size=arguments.size, batch=arguments.batch)
    clock = [time.perf_counter()]

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(arguments.threads)
    from benchmarks import ours

    clock.append(time.perf_counter())
    ours.load(case.architecture, case.precision)
    clock.append(time.perf_counter())
    step = ours.make(case)
    clock.append(time.perf_counter())
    step()
    clock.append(time.perf_counter())
    for _ in range(2):
        step()
    parts = zip(("import", "load", "targets", "first"), clock, clock[1:], strict=False)
    seconds = {name: end - begun for name, begun, end in parts}
    print(json.dumps(seconds | {"peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("paintings", "batch", "size", "threads"):
        parser.add_argument(f"--{option}", type=int, required=True)
    return parser


if __name__ == "__main__":
    main()
