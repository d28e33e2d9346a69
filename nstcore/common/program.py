"""What the programs of the workflow share.

They take their options with argparse: a program has up to a dozen, which Typer and jsonargparse
would make a dozen parameters of one function. What belongs together is one option, a section of the
config as JSON: `parser.add_argument("--loss", type=Objective.from_json)`.
"""

import errno
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from nstcore.common import disk
from nstcore.common.disk import MENDS
from nstcore.common.errors import ConfigError, StudyError
from nstcore.common.supervision import LESS_MEMORY, supervise
from nstcore.common.surroundings import enter

PROGRAMS = "workflow_scripts"
"""The folder of the workflow's programs."""

# What libraries write who lose the number on the way.
_WORDS = {
    "No space left on device": errno.ENOSPC,
    "Disk quota exceeded": errno.EDQUOT,
    "Read-only file system": errno.EROFS,
    "Permission denied": errno.EACCES,
}
# Likewise of memory, above all when TensorFlow is loaded.
_LACK = re.compile(r"Cannot allocate memory|failed to map segment|bad_alloc|can't start new thread")


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
            _leave(f"error: {line}", at_once=main.__module__ == "__main__")
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
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "ResourceExhaustedError" or _LACK.search(text):
        return f"out of memory ({text[:200] or 'no more to be had'}); {LESS_MEMORY}"
    # HDF5 tells of a full disk in several lines and kinds of errors.
    words = next((words for words in _WORDS if words in text), None)
    if words is not None:
        told = re.search(r"filename = '([^']+)'", text)
        place = told[1] if told else getattr(error, "filename", None)
        return f"{place}: {words}; {MENDS[_WORDS[words]]}".removeprefix("None: ")
    if not isinstance(error, OSError) or error.errno not in MENDS:
        return None
    return disk.explain(error, Path.cwd())


def _leave(line: str, *, at_once: bool) -> NoReturn:
    """End with a line; at once where a library that met a full disk would crash on its way out."""
    if at_once:
        print(line, file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(1)
    sys.exit(line)


def make_findable(root: Path | str) -> None:
    """Let child processes find `python -m workflow_scripts.<program>` from any folder.

    Args:
        root: The project's folder. The Python of this process becomes the first on the path, where
            an environment that a child activates still comes before it.

    Raises:
        ConfigError: A path that cannot stand in a list of paths.
    """
    for path in (str(root), str(Path(sys.executable).parent)):
        if os.pathsep in path:
            raise ConfigError(
                f"{path}: no program is found under a path with {os.pathsep!r}; rename that folder"
            )
    put_first("PYTHONPATH", str(root))
    put_first("PATH", str(Path(sys.executable).parent))


def put_first(variable: str, folder: str) -> None:
    """Make a folder the first of an environment variable that lists folders."""
    others = [path for path in os.environ.get(variable, "").split(os.pathsep) if path]
    os.environ[variable] = os.pathsep.join([folder, *(path for path in others if path != folder)])
