"""What the programs of the workflow share.

They take their options with argparse: a program has up to a dozen, which Typer and jsonargparse
would make a dozen parameters of one function. What belongs together is one option, a section of the
config as JSON: `parser.add_argument("--loss", type=Objective.from_json)`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from nstcore.common.errors import ConfigError, StudyError


def run(main: Callable[[], None]) -> None:
    """Run a program; a `StudyError` ends it with exit code 1 and its message alone.

    Any other exception is a fault of ours and keeps its traceback.
    """
    try:
        main()
    except StudyError as error:
        sys.exit("\n".join(f"error: {line}" for line in error.lines))


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
