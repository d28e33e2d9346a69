"""Files that appear whole or not at all."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from nstcore.common.errors import DataError

Value = TypeVar("Value")


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


def write_json(values: object, path: Path | str, indent: int | None = 2) -> None:
    """Write plain values as JSON and a line's end, whole or not at all.

    Raises:
        ValueError: A number is infinite or not a number: JSON has none of these.
    """
    text = json.dumps(values, indent=indent, ensure_ascii=False, allow_nan=False)
    with atomic_write(path) as draft:
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
        value: Value = TypeAdapter(kind).validate_json(Path(path).read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise DataError(f"{path}: damaged ({reason}); delete it and run again") from None
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
