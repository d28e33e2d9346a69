"""Programs that are started as from a terminal, and seen as on one."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def as_from_a_terminal() -> None:
    """Let a new process end by the signals of a terminal; use it as `preexec_fn`.

    What a shell starts in the background ignores them, and so does all that this starts.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def see(command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; its `stdout` is all that a screen would show, errors too."""
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
