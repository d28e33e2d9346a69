"""What a run of Snakemake leaves when it is killed: its lock, its jobs, those in a cluster's queue.

Snakemake's own lock names no process, so it holds for ever. Each run leaves a note of its process
here, by which the next one knows whether anybody is still at work.
"""

import logging
import os
import re
import shlex
import shutil
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from nstcore.common.errors import DataError, StudyError
from nstcore.common.files import read_json, write_json
from nstcore.common.machine import ask

_NOTES = Path(".snakemake/study_runs")
_LOCKS = Path(".snakemake/locks")
_CANNOT_LOCK = "Error: Directory cannot be locked"
_PROTECTED = re.compile(r"Write-protected output files.*?affected files:\s*(\S[^\n]*)", re.DOTALL)
_STOPPED = ("Terminating processes on user request", "Cancelling snakemake on user request")
_GO_ON = "stopped; nothing that was finished is lost: the same command goes on"
# What a job may take to save where it is.
_SECONDS = 20


@dataclass(frozen=True)
class Run:
    """The process of a run."""

    host: str
    process: int
    began: float
    """When, in seconds since 1970; another process of this number began at another time."""

    @classmethod
    def this(cls) -> "Run":
        """Return that of this process."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    @property
    def note(self) -> str:
        """The name of its file."""
        return f"{self.host}-{self.process}.json"

    def is_over(self) -> bool:
        """Whether it has certainly ended; of another machine nobody can tell."""
        if self.host != socket.gethostname():
            return False
        try:
            began = psutil.Process(self.process).create_time()
        except psutil.NoSuchProcess:
            return True
        # The clock that this is computed by may be set meanwhile.
        return abs(began - self.began) > 2


def note_run(folder: Path | str = ".") -> Path | None:
    """Leave a note of this process; the caller deletes it when the run ends.

    Args:
        folder: Where Snakemake runs.

    Returns:
        Its file, by its whole path; None where none can be written, which must not stop a study.
    """
    run = Run.this()
    path = Path(folder).resolve() / _NOTES / run.note
    try:
        write_json(asdict(run), path)
    except (OSError, StudyError):
        return None
    return path


def lift_stale_lock(folder: Path | str = ".") -> list[str]:
    """Lift Snakemake's lock where it is certain that whoever took it was killed.

    Certain it is if every lock has a run that left a note, and all of these are over.

    Returns:
        What was done, in lines; nothing if nothing was.
    """
    folder = Path(folder)
    locks, runs = sorted((folder / _LOCKS).glob("*.lock")), _read_notes(folder)
    if not runs or not all(run.is_over() for run in runs.values()):
        return []
    said = []
    # Of each run two: what it reads, what it writes.
    if locks and len(locks) <= 2 * len(runs):
        shutil.rmtree(folder / _LOCKS, ignore_errors=True)
        processes = ", ".join(str(run.process) for run in runs.values())
        said.append(f"note: the run before (process {processes}) was killed; its lock is lifted")
    return said


def end_stray_jobs(folder: Path | str = ".") -> list[str]:
    """End the jobs that run on though their Snakemake was killed; they would write beside the new.

    What they have computed so far is kept: training saves it, pictures are saved one by one.

    Returns:
        What was done, in lines.

    Raises:
        StudyError: Jobs of this folder are in Slurm's queue, and whose they are cannot be told.
    """
    folder = Path(folder).resolve()
    runs = _read_notes(folder)
    said = []
    over = [run for run in runs.values() if run.is_over()]
    if over:
        ended = _end_processes(folder)
        if ended:
            said.append(f"note: ended {len(ended)} jobs of a run that was killed: {_few(ended)}")
    queued = _queued_in_slurm(folder)
    others = [run for run in runs.values() if not run.is_over() and run != Run.this()]
    if queued and over and not others:
        ask("scancel", *queued)
        said.append(f"note: cancelled Slurm's jobs of a run that was killed: {_few(queued)}")
    elif queued and not others:
        raise StudyError(
            f"jobs of another run of this folder are in Slurm's queue: {_few(queued)}; wait for "
            f"them, or, if nobody runs it any more: scancel {' '.join(queued)}"
        )
    for path, run in runs.items():
        if run in over:
            path.unlink(missing_ok=True)
    return said


def _read_notes(folder: Path) -> dict[Path, Run]:
    notes = {}
    for path in sorted((folder / _NOTES).glob("*.json")):
        try:
            notes[path] = read_json(Run, path)
        except (DataError, FileNotFoundError):
            # Of a run that was killed while it wrote, or that has just ended.
            continue
    return notes


def _end_processes(folder: Path) -> list[str]:
    """End the programs of jobs in this folder that no Snakemake waits for; return what they are."""
    strays = [process for process in psutil.process_iter() if _is_stray(process, folder)]
    names = [_name(process) for process in strays]
    for process in strays:
        process.terminate()
    _, stubborn = psutil.wait_procs(strays, timeout=_SECONDS)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=_SECONDS)
    return sorted({name for name in names if name})


def _is_stray(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.uids().real != os.getuid() or Path(process.cwd()) != folder:
            return False
        if not _name(process):
            return False
        above = [one.cmdline() for one in process.parents()]
    except psutil.Error:
        return False
    return not any(Path(word).name == "snakemake" for line in above for word in line[:3])


def _name(process: psutil.Process) -> str:
    """Return the name of the program, if it is one of ours."""
    try:
        line = process.cmdline()
    except psutil.Error:
        return ""
    words = [word for word in line[1:4] if word.startswith("workflow_scripts.")]
    return words[0].removeprefix("workflow_scripts.") if words else ""


def _queued_in_slurm(folder: Path) -> list[str]:
    # Only where a study was run through it: a dead daemon takes seconds to be noticed.
    if not (folder / ".snakemake/slurm_logs").is_dir():
        return []
    listed = ask("squeue", "--me", "--noheader", "--format=%i %Z") or ""
    found = [line.split(maxsplit=1) for line in listed.splitlines()]
    return [number for number, where in found if Path(where).resolve() == folder]


def _few(words: Sequence[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(words[:5]) + more


class EndWatch(logging.Handler):
    """Notices why Snakemake ends, and tells in the last line what it does not: how to go on."""

    def __init__(self, command: Iterable[str], folder: Path | str = ".") -> None:
        """Begin.

        Args:
            command: What Snakemake was called with.
            folder: Where it runs, which it has left when it ends.
        """
        super().__init__()
        self._folder = Path(folder).resolve()
        self._command = list(command)
        self._locked = False
        self._protected = ""
        self.stopped = False
        """Whether a user has ended the run."""

    def emit(self, record: logging.LogRecord) -> None:
        """Look at what Snakemake says."""
        said = record.getMessage()
        self._locked |= _CANNOT_LOCK in said
        if protected := _PROTECTED.search(said):
            self._protected = protected[1]
        self.stopped |= said.startswith(_STOPPED)

    def tell(self) -> None:
        """Say it, if there is something to say."""
        if self._locked:
            print(_explain(self._command, self._folder), file=sys.stderr)
        elif self._protected:
            print(
                f"error: {self._protected}: it would be made anew, and cannot be written to; make "
                "it and its folder writable, or, if it lies in a bucket, start once more",
                file=sys.stderr,
            )
        elif self.stopped:
            print(_GO_ON, file=sys.stderr)


def _explain(command: Sequence[str], folder: Path) -> str:
    runs = [run for run in _read_notes(folder).values() if not run.is_over()]
    here = [run for run in runs if run.host == socket.gethostname()]
    unlock = shlex.join([Path(command[0]).name, *command[1:], "--unlock"])
    if here:
        return (
            f"error: another run is at work in this folder (process {here[0].process}); wait for "
            f"it, or end it: kill -INT {here[0].process}"
        )
    where = f" (begun on {runs[0].host}, process {runs[0].process})" if runs else ""
    return (
        f"error: this folder is locked by a run that may have been killed{where}; if nobody runs "
        f"it any more: {unlock}"
    )
