"""What the programs of the workflow share."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nstcore.common.errors import StudyError


def run(main: Callable[[], None]) -> None:
    """Run a program; a `StudyError` ends it with exit code 1 and its message alone.

    Any other exception is a fault of ours and keeps its traceback.
    """
    try:
        main()
    except StudyError as error:
        sys.exit(f"error: {error}")


def add_loss_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is minimised, and from where."""
    parser.add_argument("--alpha", required=True, type=float, help="weight of the content loss")
    parser.add_argument("--beta", required=True, type=float, help="weight of the style loss")
    parser.add_argument("--scaling", default="published", help="published or calibrated")
    parser.add_argument("--total-variation", default=0.0, type=float, help="its weight")
    parser.add_argument("--initial-noise", default=0.0, type=float, help="0 (content) to 1 (noise)")


def loss_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_loss_arguments` added, as `nstcore.stylize` and `nstcore.train` take it."""
    names = ("alpha", "beta", "scaling", "total_variation", "initial_noise")
    return {name: getattr(args, name) for name in names}


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
