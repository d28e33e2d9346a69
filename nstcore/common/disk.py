"""What a disk refuses, in one line that tells the mend."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nstcore.common.errors import DataError

_ROOM = "make room, or choose a folder on another disk"
_WRITABLE = "make it writable, or choose another folder"
_ACCESS = "give yourself access to it, or choose another folder"
MENDS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: _WRITABLE,
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.ENOTDIR: "a file is where a folder has to be; move it away",
    errno.EEXIST: "a file is where a folder has to be; move it away",
    errno.EISDIR: "a folder is where a file has to be; move it away",
    errno.ENOTEMPTY: "a folder is where a file has to be; move it away",
    errno.ENAMETOOLONG: "choose a folder with a shorter path",
    errno.EIO: "the disk fails; choose a folder on another one",
}
"""What to do about an error of the system's that is none of ours, by its number."""


@contextmanager
def telling(path: Path | str) -> Iterator[None]:
    """Turn what the system refuses within the block into a `DataError`.

    Args:
        path: What the error is about where the system does not say, as at a full disk.

    Raises:
        DataError: Path, reason and mend in one line.
    """
    try:
        yield
    except OSError as error:
        raise DataError(explain(error, path)) from None


def explain(error: OSError, path: Path | str) -> str:
    """Put an error of the system into a line: path, reason and mend.

    Example:
        >>> explain(OSError(errno.ENOSPC, "No space left on device"), "data")
        'data: No space left on device; make room, or choose a folder on another disk'
    """
    # Of two names, as of a file that is moved, the second is that which is written to.
    named = next((name for name in (error.filename2, error.filename) if _is_path(name)), path)
    if error.errno == errno.ENOTDIR:
        parents = (Path(os.fsdecode(named)), *Path(os.fsdecode(named)).parents)
        named = next((parent for parent in parents if parent.is_file()), named)
    mend = MENDS.get(error.errno or 0, "see to it, then run again")
    return f"{os.fsdecode(named)}: {error.strerror or error}; {mend}"


def find_blocked(paths: Iterable[Path | str]) -> list[str]:
    """Say where a file is in the way of what is to be made below it, a line for each."""
    blocked = [folder for folder in _nearest_above(paths) if not folder.is_dir()]
    return [explain(OSError(errno.ENOTDIR, "not a folder"), folder) for folder in blocked]


def find_unwritable(paths: Iterable[Path | str]) -> list[str]:
    """Say which files could not be made, without making anything.

    Args:
        paths: What is to be made; the nearest folder above that exists decides.

    Returns:
        A line per folder that refuses, with reason and mend.
    """
    paths = list(paths)
    folders = [folder for folder in _nearest_above(paths) if folder.is_dir()]
    closed = [folder for folder in folders if not os.access(folder, os.W_OK | os.X_OK)]
    return [
        *find_blocked(paths),
        *(f"{folder}: not writable; {_WRITABLE}" for folder in closed),
    ]


def _nearest_above(paths: Iterable[Path | str]) -> list[Path]:
    """Return the nearest that exists above each path."""
    parents = dict.fromkeys(Path(path).absolute().parent for path in paths)
    nearest = (next(p for p in (own, *own.parents) if os.path.lexists(p)) for own in parents)
    return list(dict.fromkeys(nearest))


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike) and bool(name)
