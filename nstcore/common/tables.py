"""Tables of dataclasses: one CSV file, one row per object, one column per field."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write, checked_write, read_checked

if TYPE_CHECKING:
    import pandas as pd

Record = TypeVar("Record")


def columns(kind: type[Any]) -> list[str]:
    """Return the names of a dataclass's fields."""
    return [field.name for field in fields(kind)]


def write_rows(
    kind: type[Record], rows: Iterable[Record], path: Path | str, *, checksum: bool = True
) -> None:
    """Write dataclass instances as UTF-8 CSV, whole or not at all.

    Args:
        kind: Their class, whose fields are of type str or int.
        rows: The instances.
        path: The table.
        checksum: Whether `read_rows` is to notice any change of it.
    """
    write = checked_write if checksum else atomic_write
    with write(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns(kind), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)  # type: ignore[call-overload]


def read_whole(path: Path | str) -> str:
    """Return the text of a table that was written here.

    Raises:
        ValueError: It is damaged: its last line has no end, it has zero bytes, is not UTF-8, or is
            not what was written.
    """
    content = read_checked(path)
    if not content.endswith(b"\n"):
        raise ValueError("its end is missing")
    if b"\0" in content:
        raise ValueError("it has zero bytes")
    return content.decode("utf-8")


def read_rows(kind: type[Record], path: Path | str, added: int = 0) -> list[Record]:
    """Read what `write_rows` wrote.

    Args:
        kind: A dataclass whose fields are of type str or int.
        path: The table.
        added: How many of the last columns tables of older versions may lack; these fields have
            defaults.

    Raises:
        DataError: The file is missing, or is no such table.
    """
    wanted = columns(kind)
    try:
        # Line ends within a quoted value stay as they are.
        rows = csv.reader(io.StringIO(read_whole(path), newline=""), strict=True)
        header = next(rows, [])
        if header not in (wanted, wanted[: len(wanted) - added]):
            raise DataError(
                f"{path}: expected the columns {', '.join(wanted)}; delete it and run again"
            )
        return [_row(kind, row, len(header)) for row in rows]
    except FileNotFoundError:
        raise DataError(f"{path}: no such table") from None
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run again") from None


def _row(kind: type[Record], values: list[str], width: int) -> Record:
    types = [field.type for field in fields(kind)]  # type: ignore[arg-type]
    return kind(
        *(
            int(value) if kind_of_field is int else value
            for kind_of_field, value in zip(types[:width], values, strict=True)
        )
    )


def write_table(table: "pd.DataFrame", path: Path | str) -> None:
    """Write a table as CSV, whole or not at all."""
    with checked_write(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n")
