"""How a study was run: by which commit and command, on which machine, and how long.

Nothing here needs TensorFlow.
"""

import csv
import json
import math
import os
import platform
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nstcore.common import machine
from nstcore.common.errors import DataError
from nstcore.common.files import read_json, sorted_files, write_json

# What results depend on: a config or a note of the user's own beside it makes no tree unclean.
_CODE = ("Snakefile", "nstcore", "rules", "workflow_scripts", "envs", "reports")

# The report's own times would tell of the report before this one.
_OWN = {"report", "write_report"}


@dataclass(frozen=True)
class Setting:
    """What a study, or a part of it, was run with; `runs.json` holds those that differ."""

    command: str
    """What Snakemake needs to find the config again: options, quoted for a shell; may be empty."""
    commit: str
    """Of the project's git repository; empty where there is none, or git cannot tell."""
    changed: tuple[str, ...]
    """Files of the project that were not as that commit has them."""
    snakemake: str
    python: str
    system: str
    processor: str
    cores: int
    memory: float
    """See `machine.memory`."""
    gpus: tuple[str, ...]
    instructions: tuple[str, ...] = ()
    """See `machine.instructions`; empty in records of earlier versions."""
    set_aside: tuple[str, ...] = ()
    """Variables that were set and that no program was given; see `surroundings`."""
    date: str = ""
    """When it first came up, to the minute, in UTC; empty in records of earlier versions."""


@dataclass(frozen=True)
class RuleTime:
    """What the jobs of one rule took."""

    rule: str
    jobs: int
    seconds: float
    """Wall time, summed over the jobs."""
    max_rss: float
    """The most memory that one of them held, in MB; 0 where it was not measured."""


def find_setting(
    root: Path | str,
    snakemake: str,
    configfiles: Iterable[Path | str] = (),
    overrides: Mapping[str, Any] | None = None,
    set_aside: Iterable[str] = (),
) -> Setting:
    """Look up the project's commit and the machine; the one that Snakemake itself runs on.

    Args:
        root: The project's folder.
        snakemake: Its version.
        configfiles: The config files that were named on the command line.
        overrides: The values that were given there.
        set_aside: See `Setting`.
    """
    return Setting(
        command=_command(configfiles, overrides or {}),
        **_find_commit(Path(root)),
        snakemake=snakemake,
        python=platform.python_version(),
        system=machine.system(),
        processor=machine.processor(),
        cores=os.cpu_count() or 1,
        memory=machine.memory(),
        gpus=machine.gpus(),
        instructions=machine.instructions(),
        set_aside=tuple(set_aside),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
    )


def record_setting(setting: Setting, path: Path | str) -> None:
    """Add a setting to `runs.json`, unless it is the same as one that is there but for the date.

    A file that cannot be read is replaced: it is a note, and must not stop a study.
    """
    path = Path(path)
    try:
        known = list(read_settings(path)) if path.is_file() else []
    except DataError:
        known = []
    if replace(setting, date="") not in [replace(entry, date="") for entry in known]:
        entries = [asdict(entry) for entry in (*known, setting)]
        # Versions that know of no checksums may have added to it.
        write_json(entries, path, indent=1, checksum=False)


def read_settings(path: Path | str) -> tuple[Setting, ...]:
    """Read `runs.json`, in the order in which the settings came up.

    Raises:
        DataError: The file is missing or damaged.
    """
    return tuple(read_json(list[Setting], path))


def read_times(folder: Path | str) -> tuple[RuleTime, ...]:
    """Sum Snakemake's benchmark files by rule, the longest first.

    Args:
        folder: `results/<study>/benchmarks`.
    """
    times = []
    rules = [
        path for path in sorted(Path(folder).glob("*")) if path.is_dir() and path.name not in _OWN
    ]
    for rule in rules:
        jobs: list[tuple[float, float]] = []
        for path in sorted_files(rule, "*.tsv"):
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file, delimiter="\t")
                jobs += [(_number(row.get("s")), _number(row.get("max_rss"))) for row in rows]
        if jobs:
            seconds, memory = zip(*jobs, strict=True)
            times.append(RuleTime(rule.name, len(jobs), sum(seconds), max(memory)))
    return tuple(sorted(times, key=lambda time: (-time.seconds, time.rule)))


def _command(configfiles: Iterable[Path | str], overrides: Mapping[str, Any]) -> str:
    words = []
    files = [os.path.relpath(file) for file in configfiles]
    if files:
        words += ["--configfile", *files]
    # How a run deals with results of another config is no part of the config.
    values = {key: value for key, value in overrides.items() if key != "on_config_change"}
    if values:
        words += [
            "--config",
            *(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
        ]
    return shlex.join(words)


def _find_commit(root: Path) -> dict[str, Any]:
    git = ("git", "-C", str(root))
    top = machine.ask(*git, "rev-parse", "--show-toplevel")
    head = machine.ask(*git, "rev-parse", "HEAD")
    status = machine.ask(*git, "status", "--porcelain", "-z", "--untracked-files=all", "--", *_CODE)
    # Without its status a tree must not pass for clean.
    if top is None or head is None or status is None:
        return {"commit": "", "changed": ()}
    # A copy without a history of its own may lie within another project's.
    if Path(top.strip()).resolve() != root.resolve():
        return {"commit": "", "changed": ()}
    changed = tuple(sorted(entry[3:] for entry in status.split("\0") if entry[2:3] == " "))
    return {"commit": head.strip(), "changed": changed}


def _number(text: str | None) -> float:
    """Read a benchmark's cell; what was not measured (NA, -) counts as 0."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
