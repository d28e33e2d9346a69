"""Measure how fast pictures are repainted, as ratios taken in one run.

Each section prints a table: the median, between its quartiles, of what was timed in turns, and the
median of the ratios within each round. Weights are random, nothing is downloaded.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.bench import bench, torch_version
from benchmarks.sections import SECTIONS
from nstcore.common import machine
from nstcore.common.files import atomic_write
from nstcore.common.program import run


def main() -> None:
    """Run the sections that the command line names, one after the other."""
    arguments = _parser().parse_args()
    names = list(dict.fromkeys(arguments.sections)) or list(SECTIONS)
    rounds = arguments.repeats or (2 if arguments.quick else 15)
    described = describe(arguments.torch_python)
    for name, value in described.items():
        print(f"{name}: {value}")
    expected = _expected(names, rounds, arguments.quick)
    print(f"measuring: {rounds} rounds, {arguments.threads} threads; {expected}")
    _warn_if_busy()
    figures: dict[str, Any] = {}
    with bench(arguments.threads, rounds, arguments.quick, arguments.torch_python) as setting:
        for name in names:
            begun = time.perf_counter()
            tables = SECTIONS[name].run(setting)
            for table in tables:
                print(f"\n## {name}: {table}", flush=True)
            spent = time.perf_counter() - begun
            print(f"\n({name} took {spent:.0f} s)", flush=True)
            figures[name] = {
                "seconds": spent,
                "tables": [{"title": table.title, "raw": table.raw} for table in tables],
            }
    if arguments.output:
        settings = {"rounds": rounds, "threads": arguments.threads, "quick": arguments.quick}
        with atomic_write(arguments.output) as draft:
            draft.write_text(
                json.dumps(
                    {"machine": described, "settings": settings, "sections": figures}, indent=1
                )
            )


def describe(torch_python: str) -> dict[str, str]:
    """Return the machine and the versions that numbers depend on."""
    info = _proc("cpuinfo")
    flags = info.get("flags", "").split()
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    packages = {
        name: importlib.metadata.version(name) for name in ("tensorflow", "keras", "numpy")
    } | {"torch": torch_version(torch_python) or "none"}
    size = f"{_cores()} cores, {machine.memory()} GB"
    return {
        "machine": f"{machine.processor()} ({', '.join(wide)}), {size}",
        "system": f"{machine.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
    }


def _proc(name: str) -> dict[str, str]:
    """Read the first entries of a file of /proc, where there is one."""
    try:
        lines = Path("/proc", name).read_text("utf-8").splitlines()
    except OSError:
        return {}
    pairs = [line.partition(":") for line in lines]
    return {key.strip(): value.strip() for key, _, value in reversed(pairs)}


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _expected(names: list[str], rounds: int, quick: bool) -> str:
    if quick:
        return "quick, so the numbers mean nothing"
    seconds = sum(SECTIONS[name].starting + rounds * SECTIONS[name].round for name in names)
    return f"about {max(1, round(seconds / 60))} minutes on two quiet cores"


def _warn_if_busy() -> None:
    load = os.getloadavg()[0]
    if load > 0.5:
        print(
            f"warning: the load is {load:.1f}: others compute here; close them for true times",
            flush=True,
        )


def _section(name: str) -> str:
    if name not in SECTIONS:
        raise argparse.ArgumentTypeError(f"{name}: choose among {', '.join(SECTIONS)}")
    return name


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "sections",
        nargs="*",
        type=_section,
        metavar="section",
        help=f"{', '.join(SECTIONS)}; default: all",
    )
    parser.add_argument("--repeats", type=_positive, help="rounds (default: 15)")
    parser.add_argument(
        "--threads", type=_positive, default=_cores(), help="default: all cores (%(default)s)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny pictures, 2 rounds: only shows that all works"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write all numbers as JSON")
    parser.add_argument(
        "--torch-python",
        default=sys.executable,
        metavar="PATH",
        help="a Python that has PyTorch (default: this one)",
    )
    return parser


if __name__ == "__main__":
    run(main)
