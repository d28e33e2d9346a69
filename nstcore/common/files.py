"""Files that appear whole or not at all."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path | str) -> Iterator[Path]:
    """Give a path beside `path` to write to; rename it to `path` once the block has ended well.

    If the block raises, the half-written file is removed and whatever stood at `path` stays.
    The temporary name keeps the suffix, since many libraries choose the format by it.

    Example:
        >>> with whole("choices.csv") as draft:
        ...     draft.write_text("backbone,aggregation\\n")
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
