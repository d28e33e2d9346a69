"""HDF5 files of weights, opened as what a stranger may have made.

Such a file can have h5py open others (external links, external storage, virtual datasets), which
h5py does without a word, and can claim more values than a machine holds.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from nstcore.common.errors import WeightsError
from nstcore.common.hints import show

# Weights hardly shrink when they are compressed; what claims more than so many times its file is
# nothing, repeated. Below the floor it would do no harm.
_MOST_EXPANSION = 100
_FLOOR = 1 << 28


@contextmanager
def open_weights(path: Path | str) -> Iterator[h5py.File]:
    """Open an HDF5 file that holds all that it gives.

    Raises:
        OSError: It is missing or no HDF5 file.
        WeightsError: It leads to other files, or claims to be larger than it is.
    """
    with h5py.File(path) as file:
        if found := find_foreign(file, Path(path).stat().st_size):
            raise WeightsError(f"{path}: not opened, since {found}; get the file from its source")
        yield file


def find_foreign(file: h5py.File, size: int) -> str | None:
    """Say what a file holds that weights have no need of, or nothing.

    Args:
        file: The open file.
        size: Its bytes.
    """
    claimed = 0
    groups: list[tuple[str, h5py.Group]] = [("", file)]
    # Groups may hold each other.
    seen = {h5py.h5o.get_info(file.id).addr}
    while groups:
        place, group = groups.pop()
        for name in group:
            path = f"{place}/{name}"
            # Before what it links to is looked at.
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                return f"{show(path)} is a link ({type(link).__name__})"
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue
            seen.add(address)
            if isinstance(item, h5py.Group):
                groups.append((path, item))
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    return f"the values of {show(path)} are in other files"
                claimed += _claimed_bytes(item)
    if claimed > max(_FLOOR, _MOST_EXPANSION * size):
        return f"it claims {claimed / 1e9:.1f} GB in a file of {size / 1e9:.3f} GB"
    return None


def _claimed_bytes(item: Any) -> int:
    return math.prod(item.shape or ()) * int(item.dtype.itemsize)
