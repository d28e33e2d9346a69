"""What would end a run after hours, told in seconds and all at once, before its first job."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from nstcore.backbones.network import Network
from nstcore.common.disk import find_unwritable
from nstcore.common.supervision import memory_limit
from nstcore.dataset.download import find_needed_space, foresee_download
from nstcore.study.config import Study
from nstcore.study.demand import disk

# Time for TensorFlow to start on a busy machine, and for a host that does not answer.
_LIMIT_SECONDS = 120


@dataclass(frozen=True)
class Job:
    """A job that is to be run."""

    rule: str
    threads: int
    memory: int
    """In MB; 0 where the rule does not say."""
    backbone: str | None = None
    """Of the rules that have one."""
    files: tuple[str, ...] = ()
    """All that it makes, its log and times included."""
    judge: str | None = None
    """Of the rules that have one."""


@dataclass(frozen=True)
class Machine:
    """What runs the jobs, where that is this machine."""

    cores: int
    memory: int | None = None
    """In MB, what all jobs together may ask for by `--resources mem_mb`; None for no limit."""


def find_hindrances(study: Study, jobs: Iterable[Job], machine: Machine) -> list[str]:
    """Say in a line each, with the mend, what would keep jobs from ending well on this machine.

    Args:
        study: The study.
        jobs: All that are to be run, as far as that is known yet.
        machine: What they are run on.
    """
    planned = list(jobs)
    # Snakemake makes the folders itself, and ends without a word of ours where it cannot.
    files = [path for job in planned for path in job.files]
    if study.data.dataset and any(job.rule == "download_dataset" for job in planned):
        files.append(f"{study.data.cache_folder}/{study.data.dataset}/lock")
    lines = find_unwritable(files)
    lines += [*_lack_of_memory(planned, machine), *_lack_of_space(study, planned)]
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(_lack_of_weights, study, planned),
            pool.submit(_lack_of_dataset, study, planned),
        ]
    for answer in asked:
        lines += answer.result()
    return lines


def available_memory() -> int:
    """Return the memory of this machine, or of this process' control group, in MB."""
    limits = [psutil.virtual_memory().total, memory_limit() or sys.maxsize]
    return min(limits) // 10**6


def _lack_of_memory(jobs: list[Job], machine: Machine) -> Iterator[str]:
    """Compare what the jobs of a rule may hold at once with what there is."""
    there = available_memory()
    counts = Counter(job.rule for job in jobs)
    asked = {
        job.rule: (
            min(counts[job.rule], max(1, machine.cores // max(1, job.threads))),
            job.memory,
        )
        for job in sorted(jobs, key=lambda job: job.memory)
    }
    most = {rule: at_once * each for rule, (at_once, each) in asked.items()}
    for rule, (at_once, each) in asked.items():
        if each > there:
            yield (
                f"{rule}: a job takes up to {each / 1000:g} GB of memory and there are "
                f"{there / 1000:.1f} GB; lower image_size or training.batch in the config, or use "
                "a larger machine"
            )
        elif most[rule] == max(most.values()) and machine.memory is None and most[rule] > there:
            yield (
                f"{rule}: {at_once} jobs at once take up to {most[rule] / 1000:g} GB of memory and "
                f"there are {there / 1000:.1f} GB; add --resources mem_mb={there}, or give fewer "
                "--cores"
            )


def _lack_of_space(study: Study, jobs: list[Job]) -> Iterator[str]:
    """Compare what downloads, extraction and results take with what is free, by disk."""
    rules = {job.rule for job in jobs}
    places: list[tuple[Path, int]] = []
    if (
        study.data.dataset
        and study.data.archive
        and rules & {"download_dataset", "extract_dataset"}
    ):
        places += find_needed_space(
            study.data.dataset, Path(study.data.archive), Path(study.data.cache_folder)
        )
    if rules & {"train", "build_target", "paint", "paint_part"}:
        there = sum(
            path.stat().st_size for path in Path(study.results).rglob("*") if path.is_file()
        )
        places.append((Path(study.results), max(0, disk(study) - there)))
    needed: dict[int, int] = {}
    shown: dict[int, Path] = {}
    for place, size in places:
        nearest = next(one for one in (place, *place.absolute().parents) if one.is_dir())
        device = nearest.stat().st_dev
        needed[device] = needed.get(device, 0) + size
        shown.setdefault(device, nearest)
    for device, size in needed.items():
        free = shutil.disk_usage(shown[device]).free
        if free < size:
            place = shown[device].absolute()
            yield (
                f"{place}: {size / 1e9:.1f} GB needed on this disk for downloads and "
                f"results, and {free / 1e9:.1f} GB free; make room, or run elsewhere with "
                "--directory"
            )


def _networks(study: Study, jobs: Iterable[Job]) -> dict[str, Network]:
    """Return the networks that jobs are to load, by name."""
    found: dict[str, Network] = {}
    judges = {judge.label: judge for judge in study.judge.networks} if study.judge else {}
    for job in jobs:
        if job.rule == "load_judge" and job.judge:
            found[f"judge {job.judge}"] = judges[job.judge]
        elif job.rule == "load_backbone" and job.backbone:
            found[job.backbone] = study.backbones[job.backbone]
    return found


def _lack_of_weights(study: Study, jobs: list[Job]) -> list[str]:
    """Ask, in a process that may start TensorFlow, for the weights that are not files here."""
    wanted = {
        name: [network.architecture, network.weights]
        for name, network in _networks(study, jobs).items()
        if network.weights == "imagenet" or network.weights.startswith("package:")
    }
    if not wanted:
        return []
    command = [sys.executable, "-m", "nstcore.backbones.availability", json.dumps(wanted)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        return [f"weights: no answer in {_LIMIT_SECONDS} s whether they can be had; run again"]
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no word"])[-1]
        return [f"weights: whether they can be had cannot be told ({last})"]
    missing: Mapping[str, str] = json.loads(done.stdout.splitlines()[-1])
    return list(missing.values())


def _lack_of_dataset(study: Study, jobs: list[Job]) -> list[str]:
    if not study.data.dataset or not any(job.rule == "download_dataset" for job in jobs):
        return []
    archive, cache = Path(str(study.data.archive)), Path(study.data.cache_folder)
    line = foresee_download(study.data.dataset, archive, cache)
    return [line] if line else []
