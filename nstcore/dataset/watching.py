"""How long to bear with a download, and how far it is: the client's partial archive, watched."""

import errno
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from nstcore.common.disk import explain
from nstcore.common.errors import DataError
from nstcore.dataset.archive import begins_as_archive

_ROOM = 2**20  # bytes; the client writes as many at a time


@dataclass(frozen=True)
class Patience:
    """How long to bear with the client and with Kaggle; all in seconds."""

    stall_seconds: float = 120
    """The client is killed once its file has not grown for so long; its own waits take up to 60."""
    waits: tuple[float, ...] = (5, 15, 45, 135)
    """Before the second, third ... attempt; there is one attempt more than waits."""
    silence_seconds: float = 600
    """No attempt more once no byte has arrived for so long, however many there were."""
    poll_seconds: float = 1
    progress_seconds: float = 10

    @classmethod
    def from_json(cls, text: str) -> "Patience":
        """Read what `to_json` of the config's section `data.patience` wrote.

        Raises:
            ValueError: It is no JSON, or has other keys.
            TypeError: As before.
        """
        values = json.loads(text)
        attempts = values.pop("attempts", len(cls.waits) + 1)
        # The more attempts, the longer between them, up to the longest wait of the default.
        longest = cls.waits[-1]
        waits = tuple(min(cls.waits[0] * 3**number, longest) for number in range(attempts - 1))
        return cls(waits=waits, **values)


def client_archive(dataset: str, folder: Path) -> Path:
    """Return the path of the archive that the client writes, from its first byte on."""
    return folder / f"{dataset.split('/')[1]}.zip"


def resume_marker(archive: Path) -> Path:
    """Return the path of the file that the client keeps beside an archive while it is partial."""
    return archive.with_name(f"{archive.name}.kaggle-partial")


def announced_size(archive: Path) -> int | None:
    """Return the bytes that Kaggle announced of a partial archive, where its marker tells them."""
    try:
        size = json.loads(resume_marker(archive).read_bytes())["size"]
        return int(size)
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None


def watch(
    process: "subprocess.Popen[bytes]", archive: Path, patience: Patience, total: int | None
) -> bool:
    """Wait for the client to end; stop waiting, and return True, once it has stalled."""
    size = told_size = size_of(archive)
    grown = told = time.monotonic()
    while True:
        try:
            process.wait(timeout=patience.poll_seconds)
        except subprocess.TimeoutExpired:
            pass
        else:
            return False
        now = time.monotonic()
        whole = announced_size(archive)
        if (new_size := size_of(archive)) != size:
            size, grown = new_size, now
            if total and (size > total or whole not in {None, total}) and begun(archive):
                return False
        elif now - grown >= patience.stall_seconds:
            return True
        else:
            _require_room(archive, total or whole)
        if now - told >= patience.progress_seconds:
            # A client that begins anew makes the file shorter.
            rate = max(0, size - told_size) / (now - told)
            print(f"{archive.name}: {tell_progress(size, total or whole, rate)}", flush=True)
            told, told_size = now, size


def _require_room(archive: Path, total: int | None) -> None:
    """Stop at a full disk: the client would try to write to it for another minute."""
    rest = total - size_of(archive) if total else _ROOM
    if 0 <= shutil.disk_usage(archive.parent).free < min(_ROOM, rest):
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise DataError(explain(full, archive.parent))


def tell_progress(size: int, total: int | None, rate: float) -> str:
    """Say how far a download is.

    Args:
        size: Bytes that are there.
        total: Bytes of the whole, if they are known.
        rate: Bytes a second of late.

    Example:
        >>> tell_progress(492_000_000, 2_460_000_000, 8.2e6)
        '492.0 of 2460.0 MB (20 %), 8.2 MB/s, 4 min left'
    """
    speed = f"{rate / 1e6:.1f} MB/s"
    if not total:
        return f"{size / 1e6:.1f} MB, {speed}"
    done = f"{size / 1e6:.1f} of {total / 1e6:.1f} MB ({100 * size // total} %), {speed}"
    if rate <= 0:
        return done
    left = max(0, total - size) / rate
    return f"{done}, {left / 60:.0f} min left" if left >= 60 else f"{done}, {left:.0f} s left"


def begun(archive: Path) -> bool:
    """Tell whether a part of an archive is there, and not of something else."""
    return size_of(archive) > 0 and begins_as_archive(archive)


def size_of(path: Path) -> int:
    """Return the bytes of a file; none if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
