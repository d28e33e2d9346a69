"""Which of a machine's GPUs a process takes, so that those that run at once spread over all."""

import fcntl
import itertools
import os
import tempfile
from pathlib import Path
from typing import IO

# For as long as this process lives.
_taken: list[IO[str]] = []


def take_one(count: int, folder: Path | str | None = None) -> int:
    """Return the number of one of the GPUs that the fewest of this user's processes have taken.

    It stays taken until this process ends, however that is: what marks it is the lock of a file.

    Args:
        count: How many there are.
        folder: Where the files are kept; the system's for temporary files by default.

    Returns:
        From 0; any, where the folder cannot be written to or has no locks.
    """
    place = Path(folder or tempfile.gettempdir()) / f"nstcore-gpus-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        # All may write to the folder above.
        if place.stat().st_uid != os.getuid():
            return os.getpid() % count
        # With more processes than GPUs, a second round of them, and so on.
        for slot in itertools.count():
            file = (place / str(slot)).open("a", encoding="utf-8")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            _taken.append(file)
            return slot % count
    except OSError:
        pass
    return os.getpid() % count
