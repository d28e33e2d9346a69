"""Files that appear whole or not at all, and tables that tell whether they have changed since."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from nstcore.common.errors import DataError

Value = TypeVar("Value")

_CHECKSUM = re.compile(r"^([0-9a-f]{64})  .+$", re.MULTILINE)


@contextmanager
def atomic_write(path: Path | str) -> Iterator[Path]:
    r"""Give a path beside `path` to write to; rename it to `path` once the block has ended well.

    If the block raises, the half-written file is removed and whatever stood at `path` stays.
    The temporary name keeps the suffix, since many libraries choose the format by it.

    Example:
        >>> with atomic_write("choices.csv") as draft:
        ...     draft.write_text("backbone,aggregation\n")
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}.part.{path.name}")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        # A write to an open file does not know its name.
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def checked_write(path: Path | str) -> Iterator[Path]:
    """Write as `atomic_write` does, and leave the file's checksum for `read_checked`.

    It lies beside the file as `.<name>.sha256`, in the form that `sha256sum --check` reads: in a
    table, a changed digit is another number, and nothing else tells of it.
    """
    path = Path(path)
    checksum = _checksum_file(path)
    if _is_kept_elsewhere(path):
        with atomic_write(path) as draft:
            yield draft
        return
    with atomic_write(path) as draft:
        yield draft
        line = f"{sha256(draft)}  {path.name}\n"
        # For as long as either file may be the one that stands there.
        there = path.exists() and checksum.exists()
        before = checksum.read_text("utf-8", "replace") if there else ""
        with atomic_write(checksum) as own:
            own.write_text(before + line, "utf-8")
    if before:
        with atomic_write(checksum) as own:
            own.write_text(line, "utf-8")


def read_checked(path: Path | str) -> bytes:
    """Read a file, and compare it with its checksum if it has one.

    Raises:
        OSError: It is missing or cannot be read.
        ValueError: It is not what was written.
    """
    path = Path(path)
    # Another process may be at the point of replacing both.
    for _ in range(2):
        content = path.read_bytes()
        told = _read_checksums(path)
        if not told or hashlib.sha256(content).hexdigest() in told:
            return content
    raise ValueError("it has changed since it was written")


def drop_checksum(path: Path | str) -> None:
    """Remove the checksum of a file that comes from elsewhere."""
    _checksum_file(Path(path)).unlink(missing_ok=True)


def _checksum_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.sha256")


def _is_kept_elsewhere(path: Path) -> bool:
    """Whether a file is Snakemake's copy of one in a bucket, which alone comes and goes."""
    return ".snakemake" in path.parts


def _read_checksums(path: Path) -> list[str]:
    if _is_kept_elsewhere(path):
        return []
    try:
        text = _checksum_file(path).read_text("utf-8", "replace")
    except OSError:
        return []
    # Of a damaged one nothing is to be known.
    return _CHECKSUM.findall(text)


def write_json(
    values: object, path: Path | str, indent: int | None = 2, *, checksum: bool = True
) -> None:
    """Write plain values as JSON and a line's end, whole or not at all.

    Args:
        values: What to write.
        path: Where to.
        indent: As that of `json.dumps`.
        checksum: Whether `read_json` is to notice any change of it.

    Raises:
        ValueError: A number is infinite or not a number: JSON has none of these.
    """
    text = json.dumps(values, indent=indent, ensure_ascii=False, allow_nan=False)
    with checked_write(path) if checksum else atomic_write(path) as draft:
        draft.write_text(text + "\n", "utf-8")


def read_json(kind: type[Value], path: Path | str) -> Value:
    """Read JSON into what it should hold.

    Args:
        kind: A dataclass, or another type that pydantic can check.
        path: What `write_json` wrote of it.

    Raises:
        DataError: The file is missing, damaged, or holds something else.
    """
    # Late: programs that only download have no use for it.
    from pydantic import TypeAdapter, ValidationError

    try:
        value: Value = TypeAdapter(kind).validate_json(read_checked(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise DataError(f"{path}: damaged ({reason}); delete it and run again") from None
    except ValueError as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    return value


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sorted_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern in a folder and in those within it, in order.

    Folders that match are none: a backbone may be called like a file, "VGG16.log".
    """
    return sorted(path for path in folder.rglob(pattern) if path.is_file())
