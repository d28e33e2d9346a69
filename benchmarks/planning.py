"""What it takes Snakemake to plan a study, by its number of pictures."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import ROOT, BenchmarkError
from nstcore.selection.pictures import Picture, write_selection

BACKBONES = 4
"""Each with three aggregations: twelve models."""


@dataclass(frozen=True)
class Plan:
    """What a dry run found, and what it took."""

    jobs: int
    seconds: float
    """Of processor time, which passes as fast whatever else the machine does."""
    gigabytes: float
    """The most memory that Snakemake held."""


def time_planning(styles: int, contents: int, per_job: int | None) -> Plan:
    """Plan a made-up study of which nothing but the selection is there.

    Args:
        styles: How many.
        contents: Test contents; twelve models paint each in each style.
        per_job: `compute.pictures_per_job`.
    """
    with tempfile.TemporaryDirectory() as name:
        make_study(Path(name), styles, contents, per_job)
        return plan(Path(name))


def plan(folder: Path, more: Sequence[str] = ()) -> Plan:
    """Let Snakemake plan what is in a folder of `make_study`.

    Raises:
        BenchmarkError: It ended with an error.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--cores", "1"]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(folder / "study.yaml"), *more]
    with tempfile.TemporaryFile("w+") as screen:
        process = subprocess.Popen(command, stdout=screen, stderr=subprocess.STDOUT, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        screen.seek(0)
        told = screen.read()
    if process.returncode:
        raise BenchmarkError(f"snakemake: {told.strip().rpartition(chr(10))[2]}")
    total = [line.split()[1] for line in told.splitlines() if line.startswith("total ")]
    return Plan(int(total[0]) if total else 0, seconds, usage.ru_maxrss * 1024 / 1e9)


def make_study(folder: Path, styles: int, contents: int, per_job: int | None) -> None:
    """Write a config and the selection that Snakemake plans by; no picture is there."""
    names = [f"Artist_{number}" for number in range(styles)]
    config = describe(names, contents, per_job)
    (folder / "study.yaml").write_text(json.dumps(config), "utf-8")
    for place in ("artworks", "photographs"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    paintings = [
        Picture("style", split, name, f"{name}_{number}", "a.jpg", 640, 480, "0" * 64)
        for name in names
        for number, split in enumerate(["target"] * 30 + ["heldout"] * 2)
    ]
    drawn = [
        Picture("content", split, "", f"{split}_{number}", "a.jpg", 640, 480, "0" * 64)
        for split, count in (("train", 10), ("test", contents))
        for number in range(count)
    ]
    results = folder / "results" / "made-up"
    results.mkdir(parents=True)
    (results / "catalogue.csv").write_text("made-up\n", "utf-8")
    write_selection([*paintings, *drawn], results / "selection.csv")
    (results / "selection.json").write_text("{}", "utf-8")


def describe(names: Sequence[str], contents: int, per_job: int | None) -> Mapping[str, Any]:
    """Return the config of a made-up study."""
    network = {
        "architecture": "VGG16",
        "weights": "random",
        "style_layers": {"block1_conv1": 1.0},
        "content_layer": "block5_conv2",
    }
    return {
        "study": "made-up",
        "data": {"source": "directory", "path": "artworks"},
        "styles": {"images": 30, "artists": [name.replace("_", " ") for name in names]},
        "contents": {"source": "photographs", "train": 10, "test": contents},
        "backbones": {f"Net{number}": network for number in range(BACKBONES)},
        "judge": {"architecture": "MobileNetV2", "weights": "imagenet", "heldout": 2},
        "compute": {} if per_job is None else {"pictures_per_job": per_job},
    }
