"""The entry point of `nst`."""

import os
import sys

from nstcore.app.options import parse
from nstcore.common.program import run


def main() -> None:
    """Run the command line; what a user can mend is one line, and exit code 1."""
    args = parse()
    args.threads = args.threads or _cores()

    def command() -> None:
        # Late: --help and mistakes of the command line are told at once.
        if args.command == "style":
            from nstcore.app.style import make, show

            show(args) if args.show else make(args)
        else:
            from nstcore.app.paint import paint_all

            sys.exit(paint_all(args))

    run(command)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
