"""What the programs of the workflow share: errors of the user's making end in one line."""

import sys
from collections.abc import Callable

from nstcore.errors import StudyError


def run(main: Callable[[], None]) -> None:
    """Run a program; a `StudyError` ends it with exit code 1 and its message alone.

    Any other exception is a fault of ours and keeps its traceback.
    """
    try:
        main()
    except StudyError as error:
        sys.exit(f"error: {error}")
