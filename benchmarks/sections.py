"""The sections of the benchmark: what is compared with what."""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import psutil

from benchmarks.bench import Bench, torch_version
from benchmarks.cases import CANVASES
from benchmarks.large import COARSEST, STEPS, TILE, Large, measure
from benchmarks.pictures import SIZE, time_pictures
from benchmarks.planning import BACKBONES, time_planning
from benchmarks.report import time_report
from benchmarks.scores import HELDOUT, STYLES, time_scores
from benchmarks.tables import TIME, Table, time_row
from benchmarks.timing import (
    ROOT,
    BenchmarkError,
    Contender,
    Quartiles,
    Timing,
    count,
    environment,
    ratios,
)

ARCHITECTURES = ("VGG19", "VGG16", "ResNet50", "InceptionV3", "MobileNet", "MobileNetV2")
AGGREGATIONS = ("simple", "squared", "logged")


def _raw(timings: Sequence[Timing]) -> list[dict[str, Any]]:
    return [asdict(timing) for timing in timings]


def ceiling(bench: Bench) -> list[Table]:
    """Big matrix products, and how near to them a step comes."""
    size = 256 if bench.quick else 3072
    contenders = [
        Contender(
            f"{precision}, {threads} thread{'s' if threads > 1 else ''}: {what}",
            replace(bench.case, kind=kind, precision=precision, size=pixels),
            (bench.worker(threads=threads),),
        )
        for threads in dict.fromkeys((1, bench.threads))
        for precision in ("float32", "bfloat16")
        for what, kind, pixels in (
            ("matrix product", "product", size),
            ("step, VGG19", "ours", bench.case.size),
        )
    ]
    operations = [count(contender) for contender in contenders]
    timings = bench.race(contenders)
    rows = []
    for place, (timing, counted) in enumerate(zip(timings, operations, strict=True)):
        rates = [counted / 1e9 / seconds for seconds in timing.seconds]
        # Each step comes after the product of its precision and threads.
        top = place - place % 2
        limits = [operations[top] / 1e9 / seconds for seconds in timings[top].seconds]
        rows.append(
            [
                timing.what,
                f"{counted / 1e9:.1f}",
                *Quartiles.of([1000 * seconds for seconds in timing.seconds]).columns(1),
                *Quartiles.of(rates).columns(0),
                f"{100 * ratios(rates, limits).median:.0f} %",
            ]
        )
    columns = ("what", "GFLOP", *TIME[1:3], "GFLOP/s", "[25 %, 75 %]", "of the ceiling")
    title = f"matrix products of {size} x {size}, and a step with {bench.case.paintings} paintings"
    raw = [row | {"operations": n} for row, n in zip(_raw(timings), operations, strict=True)]
    return [Table(title, columns, rows, raw=raw)]


def styles(bench: Bench) -> list[Table]:
    """One style or many, plainly or our way."""
    counts = (2,) if bench.quick else (1, 10, 30, 100, 300)
    plain_counts = (2,) if bench.quick else (30, 100)
    rows: list[list[str]] = []
    raw = []
    for n in counts:
        contenders = [
            bench.contender(
                "TensorFlow tutorial, 1 style", "tensorflow", kind="tutorial", paintings=1
            )
        ]
        if n == counts[0]:
            contenders.append(
                bench.contender("the same under our settings", kind="tutorial", paintings=1)
            )
        contenders += [
            bench.contender(f"ours, {n}, {way}", paintings=n, aggregation=way)
            for way in AGGREGATIONS
        ]
        if n in plain_counts:
            contenders += [
                bench.contender(
                    f"plain, {n}, {way}", "tensorflow", kind="plain", paintings=n, aggregation=way
                )
                for way in AGGREGATIONS
            ]
            contenders.append(
                bench.contender(
                    f"plain, {n}, squared, Gram by matmul",
                    "tensorflow",
                    kind="plain-product",
                    paintings=n,
                )
            )
        timings = bench.race(contenders)
        rows += [time_row(timing, timings[0], [f"{timing.first:.1f}"]) for timing in timings]
        raw += _raw(timings)
    title = f"one step at {bench.case.size} px, VGG19; ratio to the tutorial's step"
    return [
        Table(
            title,
            (*TIME, "first step s"),
            rows,
            [
                "Ours runs under our settings of TensorFlow (nstcore.common.runtime), the others "
                "under its own. The tutorial is timed anew beside each number of paintings."
            ],
            raw,
        )
    ]


def pytorch(bench: Bench) -> list[Table]:
    """The same step in PyTorch."""
    title = f"TensorFlow and PyTorch, one step at {bench.case.size} px, VGG19"
    version = torch_version(bench.torch_python)
    if version is None:
        skipped = (
            f"skipped: {bench.torch_python} has no PyTorch; name a Python that has it with "
            "--torch-python"
        )
        return [Table(title, (), (), [skipped])]
    n = bench.case.paintings
    timings = bench.race(
        [
            bench.contender("TensorFlow, ours, 1 painting", paintings=1),
            bench.contender(f"TensorFlow, ours, {n} paintings, squared"),
            bench.contender(
                f"PyTorch {version}, 1 painting", "pytorch", kind="pytorch", paintings=1
            ),
            bench.contender(
                f"PyTorch {version}, {n} paintings, squared", "pytorch", kind="pytorch"
            ),
        ]
    )
    rows = [
        time_row(timing, timings[place % 2], [f"{timing.first:.1f}"])
        for place, timing in enumerate(timings)
    ]
    note = "Ratio to ours with as many paintings."
    return [Table(title, (*TIME, "first step s"), rows, [note], _raw(timings))]


def backbones(bench: Bench) -> list[Table]:
    """What the choice of the network costs."""
    contenders = [bench.contender(name, architecture=name) for name in _architectures(bench)]
    operations = [count(contender) for contender in contenders]
    timings = bench.race(contenders)
    rows = [
        time_row(
            timing,
            timings[0],
            [
                f"{1 / Quartiles.of(timing.seconds).median:.1f}",
                f"{counted / 1e9:.1f}",
                f"{counted / 1e9 / Quartiles.of(timing.seconds).median:.0f}",
                f"{timing.first:.1f}",
            ],
        )
        for timing, counted in zip(timings, operations, strict=True)
    ]
    title = (
        f"one step at {bench.case.size} px, {bench.case.paintings} paintings, squared; "
        f"ratio to {contenders[0].what}"
    )
    columns = (*TIME, "steps/s", "GFLOP", "GFLOP/s", "first step s")
    return [Table(title, columns, rows, raw=_raw(timings))]


def precision(bench: Bench) -> list[Table]:
    """What a network in bfloat16 gains."""
    contenders = [
        bench.contender(f"{name}, {kind}", architecture=name, precision=kind)
        for name in _architectures(bench)
        for kind in ("float32", "bfloat16")
    ]
    timings = bench.race(contenders)
    rows = [
        time_row(timing, timings[place - place % 2], [f"{timing.first:.1f}"])
        for place, timing in enumerate(timings)
    ]
    title = (
        f"bfloat16 against float32, one step at {bench.case.size} px, "
        f"{bench.case.paintings} paintings, squared; ratio to the same backbone in float32"
    )
    return [Table(title, (*TIME, "first step s"), rows, raw=_raw(timings))]


def canvases(bench: Bench) -> list[Table]:
    """What it costs to hold the picture as something else than its pixels."""
    chosen = tuple(CANVASES)[:: 3 if bench.quick else 1]
    contenders = [
        bench.contender(f"{name}, {canvas}", architecture=name, canvas=canvas)
        for name in _architectures(bench)
        for canvas in chosen
    ]
    # By network: so many at once would not fit into memory.
    timings = [
        timing
        for begin in range(0, len(contenders), len(chosen))
        for timing in bench.race(contenders[begin : begin + len(chosen)])
    ]
    rows = [
        time_row(timing, timings[place - place % len(chosen)])
        for place, timing in enumerate(timings)
    ]
    title = (
        f"one step of pictures of {bench.case.size} px on each canvas, {bench.case.paintings} "
        "paintings, squared; ratio to plain pixels"
    )
    note = (
        "Shifts of 8 pixels within a padding of 8: the network sees as many pixels as plainly. "
        f"With a padding of 16 it sees {((bench.case.size + 16) / bench.case.size) ** 2:.2f} times "
        "as many."
    )
    return [Table(title, TIME, rows, [note], _raw(timings))]


def _architectures(bench: Bench) -> Sequence[str]:
    return ("VGG19", "MobileNetV2") if bench.quick else ARCHITECTURES


def tiles(bench: Bench) -> list[Table]:
    """What a large picture costs, whole, tile by tile, and in PyTorch."""
    widths = (96,) if bench.quick else (512, 1024, 2048, 4096)
    ways = ["whole", "tiles", *(["pytorch"] if torch_version(bench.torch_python) else [])]
    rows, raw = [], {}
    for width in widths:
        first: float | None = None
        for way in ways:
            # Minutes each: compiling counts for little.
            steps = 0 if width > 1024 else STEPS
            case = Large(way, width, bench.threads, steps, tile=64 if bench.quick else TILE)
            what = f"{width} x {case.height}, {way}"
            free = psutil.virtual_memory().available / 1e9
            if way != "tiles" and case.gigabytes > free:
                told = f"not tried: about {case.gigabytes:.0f} GB, and {free:.0f} are free"
                rows.append([what, "-", "-", told])
                continue
            python = bench.torch_python if way == "pytorch" else sys.executable
            found = raw[what] = measure(ROOT, case, python)
            if "ended" in found:
                rows.append([what, "-", "-", found["ended"][:60]])
                continue
            seconds = min(found["seconds"])
            first = first or seconds
            row = [what, f"{seconds:.2f}", f"{seconds / first:.2f}", f"{found['gigabytes']:.1f}"]
            rows.append(row)
    title = "one step of a large picture, VGG19, pyramid; ratio to the first of its size"
    notes = ["PyTorch's picture is a square of as many pixels, held as its pixels."]
    return [Table(title, ("what", "s", "ratio", "GB at most"), rows, notes, raw)]


def scales(bench: Bench) -> list[Table]:
    """Coarse to fine, and at one size to the same loss."""
    widths = (96,) if bench.quick else (512, 1024)
    steps, coarsest = (4, 48) if bench.quick else (40, COARSEST)
    rows, raw = [], {}
    for width in widths:
        coarse = Large("coarse", width, bench.threads, steps, coarsest=coarsest)
        found = raw[f"{width}, coarse to fine"] = measure(ROOT, coarse)
        single = Large("single", width, bench.threads, 3 * steps, goal=found.get("loss", 0.0))
        other = raw[f"{width}, one size"] = measure(ROOT, single)
        for what, one in (("coarse to fine", found), ("one size", other)):
            if "ended" in one:
                rows.append([f"{width} x {coarse.height}, {what}", *"----", one["ended"][:60]])
                continue
            ratio = one["seconds"][0] / found["seconds"][0] if "seconds" in found else math.nan
            rows.append(
                [
                    f"{width} x {coarse.height}, {what}",
                    str(one["steps"]),
                    f"{one['loss']:.4f}",
                    f"{one['seconds'][0]:.1f}",
                    f"{ratio:.2f}",
                    f"{one['gigabytes']:.1f}",
                ]
            )
    title = f"to one loss, HED's VGG-16: {steps} steps at the first size, or plain Adam at one size"
    columns = ("what", "steps", "total loss", "s", "ratio", "GB at most")
    notes = [f"One size ends after {3 * steps} steps where it has not come so far."]
    return [Table(title, columns, rows, notes, raw)]


def sizes(bench: Bench) -> list[Table]:
    """What larger pictures cost."""
    pixels = (32, 48) if bench.quick else (224, 384, 512)
    timings = bench.race([bench.contender(f"{size} px", size=size) for size in pixels])
    rows = [
        time_row(timing, timings[0], [f"{(timing.case.size / pixels[0]) ** 2:.3f}"])
        for timing in timings
    ]
    title = f"one step, VGG19, {bench.case.paintings} paintings, squared"
    return [Table(title, (*TIME, "ratio of pixels"), rows, raw=_raw(timings))]


def batches(bench: Bench) -> list[Table]:
    """What it gains to step several pictures at once."""
    numbers = (1, 2) if bench.quick else (1, 5, 10)
    timings = bench.race([bench.contender(f"batch {batch}", batch=batch) for batch in numbers])
    rows = [time_row(timing, timings[0]) for timing in timings]
    title = (
        f"ms per picture and step at {bench.case.size} px, VGG19, "
        f"{bench.case.paintings} paintings, squared"
    )
    return [Table(title, TIME, rows, raw=_raw(timings))]


def processes(bench: Bench) -> list[Table]:
    """One process with all threads, or as many processes of one thread."""
    title = (
        f"steps per second, all together, at {bench.case.size} px, VGG19, "
        f"{bench.case.paintings} paintings, squared"
    )
    n = bench.threads
    if n == 1:
        return [Table(title, (), (), ["skipped: one thread"])]
    alone = bench.contender(f"1 process of {n} threads")
    together = Contender(
        f"{n} processes of 1 thread",
        bench.case,
        tuple(bench.worker(threads=1, number=number) for number in range(n)),
    )
    # Long enough that it matters little that one process ends a part of a step before the other.
    timings = bench.race([alone, together], least=0.0 if bench.quick else 2.5)
    rates = [[1 / seconds for seconds in timing.seconds] for timing in timings]
    rows = [
        [timing.what, *Quartiles.of(rate).columns(2), *ratios(rate, rates[0]).columns(3)]
        for timing, rate in zip(timings, rates, strict=True)
    ]
    columns = ("what", "steps/s", *TIME[2:])
    return [Table(title, columns, rows, raw=_raw(timings))]


def fixed(bench: Bench) -> list[Table]:
    """What each process pays once, and its memory."""
    n = bench.case.paintings
    settings = [(n, 1)] if bench.quick else [(n, 1), (n, 5), (10 * n, 1)]
    size = bench.case.size
    parts: list[list[dict[str, float]]] = [[] for _ in settings]
    # A process takes ten seconds, and its memory hardly differs between runs.
    for _ in range(1 if bench.quick else min(bench.rounds, 3)):
        for (paintings, batch), runs in zip(settings, parts, strict=True):
            runs.append(_fixed(paintings, batch, size, bench.threads))
    names = ("import", "load", "targets", "first", "peak_mb")
    rows = [
        [
            f"{paintings} paintings, batch {batch}",
            *(f"{Quartiles.of([run[name] for run in runs]).median:.2f}" for name in names[:-1]),
            f"{Quartiles.of([run['peak_mb'] for run in runs]).median:.0f}",
        ]
        for (paintings, batch), runs in zip(settings, parts, strict=True)
    ]
    columns = ("what", "import s", "backbone s", "targets s", "first step s", "peak MB")
    title = f"what a process pays once at {size} px, VGG19, squared; medians"
    note = (
        "Import is TensorFlow with Keras; the targets are the content's features and the "
        "paintings, centred."
    )
    return [Table(title, columns, rows, [note], parts)]


def _fixed(paintings: int, batch: int, size: int, threads: int) -> dict[str, float]:
    options = {"paintings": paintings, "batch": batch, "size": size, "threads": threads}
    command = [sys.executable, "-m", "benchmarks.fixed"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise BenchmarkError(f"{' '.join(command)}: {ended.stderr.strip().rpartition(chr(10))[2]}")
    measured: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return measured


def pictures(bench: Bench) -> list[Table]:
    """What it takes to look at a dataset's pictures."""
    count, rounds = (2, 2) if bench.quick else (100, bench.rounds)
    timings = time_pictures(count, rounds, bench.threads)
    reference, *_ = timings.values()
    rows = [
        [
            what,
            *Quartiles.of([1000 * second for second in seconds]).columns(1),
            *ratios(seconds, reference).columns(2),
        ]
        for what, seconds in timings.items()
    ]
    title = "ms per JPEG of {} x {} pixels: digest, decode, convert, fingerprint".format(*SIZE)
    return [Table(title, TIME, rows, raw=timings)]


def scores(bench: Bench) -> list[Table]:
    """What it takes to score stylised pictures."""
    count, rounds = (2, 2) if bench.quick else (20, bench.rounds)
    timings = time_scores(count, rounds, bench.threads, bench.case.size)
    reference, *_ = timings.values()
    rows = [
        [
            what,
            *Quartiles.of([1000 * second for second in seconds]).columns(1),
            *ratios(seconds, reference).columns(2),
        ]
        for what, seconds in timings.items()
    ]
    title = (
        f"ms per picture at {bench.case.size} px, judge MobileNetV2, {STYLES} artists with "
        f"{HELDOUT} held-out paintings each"
    )
    return [Table(title, TIME, rows, raw=timings)]


def report(bench: Bench) -> list[Table]:
    """What it takes to write a report and to open it."""
    backbones, styles, contents = (1, 1, 1) if bench.quick else (4, 6, 5)
    rounds = 2 if bench.quick else bench.rounds
    written, opened = time_report(backbones, styles, contents, rounds)
    count = 3 * backbones * styles * contents
    titles = {
        f"seconds to write the report of {count} pictures, small copies kept or not": written,
        f"seconds in Chromium, report of {count} pictures": opened,
    }
    tables = []
    for title, timings in titles.items():
        reference = next(iter(timings.values()), [])
        rows = [
            [what, *Quartiles.of(seconds).columns(3), *ratios(seconds, reference).columns(2)]
            for what, seconds in timings.items()
        ]
        notes = [] if rows else ["No Chromium is here."]
        columns = ("what", "s", *TIME[2:])
        tables.append(Table(title, columns, rows, notes, raw=timings))
    return tables


def planning(bench: Bench) -> list[Table]:
    """What it takes Snakemake to plan a study of many pictures."""
    sizes = ((1, 4),) if bench.quick else ((2, 42), (10, 84), (50, 167))
    ways = (None, 2 if bench.quick else 100)
    rows, raw = [], {}
    for styles, contents in sizes:
        count = 3 * BACKBONES * styles * contents
        # A job for each of a hundred thousand takes minutes.
        for per_job in ways if count < 50_000 else ways[1:]:
            what = f"{count} pictures" + (f", {per_job} a job" if per_job else "")
            found = raw[what] = asdict(time_planning(styles, contents, per_job))
            row = [what, f"{found['jobs']}", f"{found['seconds']:.1f}"]
            rows.append([*row, f"{1000 * found['gigabytes']:.0f}"])
    title = "a dry run of a study of which nothing but the selection is there; processor time"
    return [Table(title, ("what", "jobs", "s", "MB at most"), rows, raw=raw)]


@dataclass(frozen=True)
class Section:
    """A section and how long it takes on two quiet cores."""

    run: Callable[[Bench], list[Table]]
    starting: float
    """Seconds before the first round."""
    round: float
    """Seconds of a round."""


SECTIONS: dict[str, Section] = {
    "ceiling": Section(ceiling, 20, 2.5),
    "styles": Section(styles, 60, 7),
    "pytorch": Section(pytorch, 15, 1),
    "backbones": Section(backbones, 20, 1.3),
    "sizes": Section(sizes, 10, 2),
    "tiles": Section(tiles, 420, 0),
    "scales": Section(scales, 600, 0),
    "batches": Section(batches, 10, 3.5),
    "processes": Section(processes, 15, 5.5),
    "canvases": Section(canvases, 40, 8),
    "precision": Section(precision, 40, 2.6),
    "fixed": Section(fixed, 90, 0),
    "pictures": Section(pictures, 5, 2),
    "scores": Section(scores, 15, 8),
    "report": Section(report, 60, 30),
    "planning": Section(planning, 90, 0),
}
