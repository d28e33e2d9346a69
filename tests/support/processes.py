"""Programs that are started as from a terminal, whatever started the tests."""

import signal


def as_from_a_terminal() -> None:
    """Let a new process end by the signals of a terminal; use it as `preexec_fn`.

    What a shell starts in the background ignores them, and so does all that this starts.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
