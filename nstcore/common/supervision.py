"""What ended a program, told where it cannot tell itself: killed, crashed, out of memory."""

import ctypes
import os
import re
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# How terminals and batch systems end a program.
_ENDINGS = {
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU),
}
_SIGNALS = {*_ENDINGS, signal.SIGTSTP, signal.SIGCHLD}

LESS_MEMORY = (
    "lower image_size or training.batch in the config, or let fewer jobs run at once with "
    "--resources mem_mb=<what the machine has>"
)
"""The mends of too little memory."""


def supervise() -> None:
    """Go on in a child process; this one waits for it, and writes what killed it to stderr.

    The child inherits everything. Signals that are sent to this process are passed on to it, and it
    does not outlive this process. Where the system knows no such things, nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    kills, parent = out_of_memory_kills(), os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    child = os.fork()
    if child == 0:
        # Of its own group, so that what a terminal or another process sends comes once.
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return
    status = _wait(child)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        lacked = out_of_memory_kills() > kills
        print(f"error: {explain(number, held, lacked)}", file=sys.stderr, flush=True)
        os._exit(128 + number)
    os._exit(os.WEXITSTATUS(status))


def explain(number: int, held: int, lacked: bool) -> str:
    """Say what a signal that ended a program means.

    Args:
        number: The signal.
        held: The most memory that the program held, in bytes.
        lacked: Whether the kernel ended a process for want of memory meanwhile.
    """
    name = signal.Signals(number).name
    memory = f"it held {held / 1e9:.1f} GB"
    if number == signal.SIGKILL and lacked:
        return f"out of memory, {memory} when the kernel killed it (signal 9); {LESS_MEMORY}"
    if number == signal.SIGKILL:
        return f"killed from outside (signal 9), {memory}; run again, or {LESS_MEMORY}"
    if number in _ENDINGS:
        return f"ended from outside (signal {number}, {name}); run again"
    if number == signal.SIGABRT:
        return (
            f"given up by a library (signal 6, {name}), {memory}; see the lines above, and where "
            f"they tell of memory {LESS_MEMORY}"
        )
    if number == signal.SIGILL:
        return f"this processor lacks instructions (signal 4, {name}); use another machine"
    return (
        f"crashed in a library (signal {number}, {name}), {memory}; run again, and where memory is "
        f"short {LESS_MEMORY}"
    )


def out_of_memory_kills() -> int:
    """Count the processes that the kernel has ended for want of memory, here and elsewhere."""
    kills = 0
    for path in (Path("/proc/vmstat"), *_groups()):
        try:
            found = re.search(r"^oom_kill (\d+)$", path.read_text("utf-8"), re.MULTILINE)
        except OSError:
            continue
        kills += int(found[1]) if found else 0
    return kills


def memory_limit() -> int | None:
    """Return the bytes that this process and its neighbours may hold by their control group."""
    limits = []
    for events in _groups():
        for name in ("memory.max", "memory.limit_in_bytes"):
            try:
                limits.append(int((events.parent / name).read_text("utf-8")))
            except (OSError, ValueError):  # "max"
                continue
    return min(limits, default=None)


def _groups() -> list[Path]:
    """Return where control groups, of both versions, count such ends."""
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if not controllers:
            places = [Path("/sys/fs/cgroup" + own), Path("/sys/fs/cgroup")]
            found += [place / "memory.events" for place in places]
        elif "memory" in controllers.split(","):
            places = [Path("/sys/fs/cgroup/memory" + own), Path("/sys/fs/cgroup/memory")]
            found += [place / "memory.oom_control" for place in places]
    return list(dict.fromkeys(found))


def _wait(child: int) -> int:
    while True:
        told = signal.sigwaitinfo(_SIGNALS)
        if told.si_signo == signal.SIGCHLD:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid and not os.WIFSTOPPED(status):
                return status
        elif told.si_signo == signal.SIGTSTP:
            os.kill(child, signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(child, signal.SIGCONT)
        else:
            os.kill(child, told.si_signo)
