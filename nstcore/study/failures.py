"""What failed, and why: by the logs of the jobs, and by what Snakemake says of them.

Nothing here needs TensorFlow.
"""

import re
import shlex
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nstcore.common.files import sorted_files

# Below this a disk counts as full: a job's log alone takes more.
_FULL = 1 << 20

_BLOCK = re.compile(r"^Error in (?:\w+ )*?(?:rule|checkpoint) (\w+).*\n((?: {4}.*\n?)+)", re.M)
_SKEWED = re.compile(r"Output (.+) has older modification time \(.+?\) than input (.+) \((.+?)\)\.")
_NUMBER = re.compile(r"^ {4}jobid: (\d+)$", re.M)
_STATUS = re.compile(r"SLURM status is: '(\w+)")
_LOG = re.compile(
    r"^ {4}log: (.+?)(?: \((?:send to|in|retrieve from) storage\))?"
    r"(?: \(check log file\(s\) for error details\))?$",
    re.M,
)


@dataclass(frozen=True)
class Failure:
    """A job that ended with an error when it ran last."""

    log: str
    """Relative to the study's folder, with forward slashes."""
    reason: str


def read_failures(study: Path | str) -> tuple[Failure, ...]:
    """Find the jobs that ended with an error of ours when they ran last, by their logs.

    A job writes its log anew whenever it runs: that of one that went well later tells no error.
    """
    study = Path(study)
    failures = []
    for path in sorted_files(study / "logs", "*.log"):
        if reasons := _errors(path):
            log = path.relative_to(study).as_posix()
            failures.append(Failure(log, reasons[-1].removeprefix("error: ")))
    return tuple(failures)


def tell_failures(
    logs: Iterable[Path | str],
    folder: Path | str = ".",
    find: Callable[[str], Path | str] | None = None,
) -> list[str]:
    """Say in a line for each job that failed what is wrong, and the mend.

    Args:
        logs: Snakemake's own logs.
        folder: Where Snakemake runs, to which the jobs' logs are relative.
        find: Gives the file of a log by the name that Snakemake tells; where logs lie elsewhere.

    Returns:
        Lines that begin with "error: ", each once: those of the programs, and where a job has left
        none, one that tells which and where to look. At least one.
    """
    text = "\n".join(Path(log).read_text("utf-8", "replace") for log in logs)
    lines: list[str] = []
    silent: list[tuple[str, str]] = []
    loud: set[str] = set()
    for block in _BLOCK.finditer(text):
        rule, details = block.groups()
        if _ended_well(details, text[block.end() :]):
            continue
        paths = _logs(details, folder, find)
        own = [line for path in paths for line in _errors(path)]
        lines += own
        loud |= {rule} if own else set()
        silent += [] if own else [(rule, _say_of_cluster(rule, details, paths))]
    lines += [
        f"error: {skewed[2]}: its date ({skewed[3]}) is after that of what was just made of it; "
        f"set the clocks of your machines, then: touch {shlex.quote(skewed[2])}"
        for skewed in _SKEWED.finditer(text)
    ]
    # Of jobs that a cluster ran together Snakemake tells all as soon as one fails.
    lines += [line for rule, line in silent if rule not in loud]
    return list(dict.fromkeys(lines)) or ["error: a job failed; see the lines of Snakemake above"]


def _ended_well(details: str, after: str) -> bool:
    """Whether a job that failed was tried again, and ended well."""
    number = _NUMBER.search(details)
    return bool(number and re.search(rf"^Finished jobid: {number[1]} ", after, re.M))


def _logs(details: str, folder: Path | str, find: Callable[[str], Path | str] | None) -> list[Path]:
    """Return the logs of a failed job: its own, and that of a cluster, if one has run it."""
    told = _LOG.search(details)
    if not told:
        return []
    # Snakemake parts them by commas, which a name may have, too.
    for names in ([told[1]], told[1].split(", ")):
        paths = [Path(folder, find(name) if find else name) for name in names]
        if all(path.is_file() for path in paths):
            break
    return paths


def _say_of_cluster(rule: str, details: str, paths: list[Path]) -> str:
    """Tell of a job that could not tell itself, by what a cluster says of it if one has run it."""
    status = _STATUS.search(details)
    if not status:
        return _say_without(rule, paths[0] if paths else None)
    *_, log = paths or [Path()]
    said = log.read_text("utf-8", "replace") if log.is_file() else ""
    more = f"more is given by --set-resources {rule}:"
    if status[1] == "TIMEOUT" or "DUE TO TIME LIMIT" in said:
        return f"error: {rule}: took longer than it had asked Slurm for; {more}runtime=<minutes>"
    if status[1] == "OUT_OF_MEMORY" or re.search("oom.kill|exceeded.*memory limit", said, re.I):
        return f"error: {rule}: took more memory than it had asked Slurm for; {more}mem_mb=<MB>"
    return (
        f"error: {rule}: ended without saying why, in Slurm's words {status[1]} (its last words "
        f"are in {log}); run again"
    )


def _errors(path: Path) -> list[str]:
    if not path.is_file():
        return []
    text = path.read_text("utf-8", errors="replace")
    return [line for line in text.splitlines() if line.startswith("error: ")]


def _say_without(rule: str, path: Path | None) -> str:
    """Tell of a job that could not tell itself."""
    if path is None:
        return f"error: {rule}: failed; see the lines of Snakemake above"
    place = next(one for one in path.parents if one.is_dir())
    if shutil.disk_usage(place).free < _FULL:
        return f"error: {place}: no space left on this disk; make room"
    if not path.is_file():
        return f"error: {rule}: {path} cannot be written; use a folder that can be written to"
    size = path.stat().st_size
    told = f"its last words are in {path}" if size else f"{path} is empty"
    return f"error: {rule}: ended without saying why ({told}); run again"
