"""What the programs of the workflow share.

They take their options with argparse: a program has up to a dozen, which Typer and jsonargparse
would make a dozen parameters of one function. What belongs together is one option, a section of the
config as JSON: `parser.add_argument("--loss", type=Objective.from_json)`.
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from nstcore.common.errors import StudyError
from nstcore.common.supervision import LESS_MEMORY, supervise
from nstcore.common.surroundings import enter

PROGRAMS = "workflow_scripts"
"""The folder of the workflow's programs."""

# What the machine refuses, with the mend; anything else that the system says is a fault of ours.
_MENDS = {
    errno.ENOSPC: "make room on this disk",
    errno.EDQUOT: "make room, or ask for a larger quota",
    errno.EROFS: "use a folder that can be written to",
    errno.EACCES: "use a folder that can be written to",
    errno.EPERM: "use a folder that can be written to",
    errno.ENOTDIR: "a file stands where a folder should be; move it away",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: "the disk does not answer; look after it",
}
# What libraries write who lose the number on the way.
_WORDS = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
}


def begin() -> None:
    """Put the process of a program in order, before anything else is imported.

    A process that is none of the workflow's programs, a notebook above all, is left as it is.
    """
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if path is not None and Path(path).parent.name == PROGRAMS:
        enter()
        supervise()


def run(main: Callable[[], None]) -> None:
    """Run a program; what a user can mend ends it with exit code 1 and a line for each mistake.

    Any other exception is a fault of ours and keeps its traceback, before a line that names it.
    """
    try:
        main()
    except StudyError as error:
        sys.exit("\n".join(f"error: {line}" for line in error.lines))
    except KeyboardInterrupt:
        sys.exit("error: interrupted; run again")
    except Exception as error:
        if line := explain(error):
            sys.exit(f"error: {line}")
        traceback.print_exc()
        words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        sys.exit(
            f"error: {Path(sys.argv[0]).stem}: a fault of the program ({words}); please report"
        )


def explain(error: Exception) -> str | None:
    """Say in a line what the machine lacks, with the mend; None for any other error.

    Args:
        error: What a library or the system raised.
    """
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return f"out of memory ({text[:200] or 'no more to be had'}); {LESS_MEMORY}"
    if not isinstance(error, OSError):
        return None
    number = error.errno or next((code for words, code in _WORDS.items() if words in text), None)
    if number not in _MENDS:
        return None
    reason = error.strerror or text[:200]
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason}; {_MENDS[number]}"


def make_findable(root: Path | str) -> None:
    """Let child processes find `python -m workflow_scripts.<program>` from any folder.

    Args:
        root: The project's folder. The Python of this process becomes the first on the path, where
            an environment that a child activates still comes before it.
    """
    put_first("PYTHONPATH", str(root))
    put_first("PATH", str(Path(sys.executable).parent))


def put_first(variable: str, folder: str) -> None:
    """Make a folder the first of an environment variable that lists folders."""
    others = [path for path in os.environ.get(variable, "").split(os.pathsep) if path]
    os.environ[variable] = os.pathsep.join([folder, *(path for path in others if path != folder)])
