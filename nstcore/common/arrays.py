"""NumPy archives (`.npz`) of ours, read as what a stranger may have written.

`np.load` unpickles nothing either, but takes a member's word for how much memory it needs: a few
kilobytes that are packed, or that claim a shape, then stand for as much as a machine has.
"""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Arrays:
    """The arrays of an open archive, each read when it is asked for."""

    def __init__(self, archive: zipfile.ZipFile, most: int) -> None:
        """Take an archive.

        Args:
            archive: Whose members are `<name>.npy`.
            most: Bytes of its file, which no member can be larger than.
        """
        self._archive = archive
        self._most = most

    def __contains__(self, name: str) -> bool:
        """Whether there is an array of this name."""
        return f"{name}.npy" in self._archive.NameToInfo

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Read an array.

        Raises:
            KeyError: There is none of this name.
            ValueError: It is damaged, compressed, of Python objects, or not of the size it claims.
        """
        if name not in self:
            raise KeyError(name)
        info = self._archive.getinfo(f"{name}.npy")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size > self._most:
            raise ValueError(f"{name!r} is compressed, or larger than its file")
        with self._archive.open(info) as member:
            check_size(member, info.file_size)
        with self._archive.open(info) as member:
            return npy.read_array(member, allow_pickle=False)


@contextmanager
def open_arrays(path: Path | str) -> Iterator[Arrays]:
    """Open an archive that `np.savez` wrote.

    Raises:
        OSError: It is missing or cannot be read.
        ValueError: It is no archive, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield Arrays(archive, Path(path).stat().st_size)
    # What the zip module raises on bytes that are not what a header promises; a RuntimeError on one
    # that tells of encryption.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ValueError(str(error)) from None


def check_size(file: IO[bytes], size: int) -> None:
    """Check that an array takes as many bytes as follow its header.

    Args:
        file: Where it begins; is read to the end of its header.
        size: Bytes of it with its header, at least.

    Raises:
        ValueError: It is no array, one of Python objects, or claims to be larger.
    """
    start = file.tell()
    read_header = _HEADERS.get(npy.read_magic(file))
    if read_header is None:
        raise ValueError("an array of an unknown version")
    try:
        shape, _, dtype = read_header(file)
    # NumPy reads a header that is no literal once more, as Python 2 may have written it.
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(f"an array whose header cannot be read ({error.args[0]})") from None
    if dtype.hasobject:
        raise ValueError("an array of Python objects")
    if math.prod(shape) * dtype.itemsize > size - (file.tell() - start):
        raise ValueError(f"an array that claims the shape {shape}, and is shorter")
