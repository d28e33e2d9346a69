"""Parts of a study's test contents: what one job makes of a few hundred of them, kept one by one.

To plan a study takes as long as it has jobs and files. In parts, its files are the indexes: each
lists what a job has made, and the pictures themselves are known to nobody but the programs.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from nstcore.common.errors import DataError
from nstcore.common.files import sha256
from nstcore.common.tables import read_rows, write_rows

Value = TypeVar("Value")


@dataclass(frozen=True)
class Entry:
    """A row of an index: a picture that was made."""

    file: str
    """As `selection.csv` names files."""
    sha256: str
    made_of: str
    """A digest of all that it depends on."""


def slice_of(values: Sequence[Value], size: int, part: int) -> Sequence[Value]:
    """Return one part of the values, which stand in an order that new ones do not change.

    Args:
        values: All of them.
        size: How many are a part; the last one may have fewer.
        part: From 0.
    """
    return values[part * size : (part + 1) * size]


def read_index(path: Path | str) -> list[Entry]:
    """Read the index of a part.

    Raises:
        DataError: The file is missing or is no index.
    """
    return read_rows(Entry, path)


def list_pictures(paths: Iterable[Path]) -> list[Path]:
    """Return pictures; an index among them stands for those of its part, in its order.

    Raises:
        DataError: An index is missing or is none.
    """
    return [
        picture
        for path in paths
        for picture in (
            [Path(entry.file) for entry in read_index(path)] if path.suffix == ".csv" else [path]
        )
    ]


class Part:
    """The pictures of a part, each of which appears under its own name as soon as it is made.

    What is there already and still right is kept: of a process that was killed, of an earlier
    selection, of parts of another size. The index appears once all pictures are there.

    Example:
        >>> with Part(index, folder, settings) as part:
        ...     for content in contents:
        ...         part.make(content.stem, content, paint)
    """

    def __init__(self, index: Path | str, folder: Path | str, settings: Mapping[str, Any]) -> None:
        """Take up what is known of the folder's pictures.

        Args:
            index: `<size of parts>/<part>.csv`; indexes of other sizes lie beside its folder.
            folder: Where the pictures are to be, those of other parts too.
            settings: All that they depend on beside their sources.
        """
        self._index, self._folder = Path(index), Path(folder)
        self._settings = json.dumps(settings, sort_keys=True)
        # Hidden from those who look for indexes, until it is whole.
        self._state = self._index.with_name(f".{self._index.name}.state")
        self._entries: list[Entry] = []
        self._known: dict[str, set[tuple[str, str]]] = {}
        beside = self._index.parent.parent
        for path in [*beside.glob("*/*.csv"), *beside.glob("*/.*.csv.state")]:
            # One that is missing or damaged tells of nothing: its pictures are made again.
            with suppress(DataError):
                for entry in read_index(path):
                    self._known.setdefault(entry.file, set()).add((entry.sha256, entry.made_of))

    def make(
        self,
        name: str,
        source: Path,
        make: Callable[[Path], None],
        adopt: Callable[[Path], bool] = lambda path: False,
    ) -> None:
        """Make a picture, unless it is there.

        Args:
            name: Its own, without the suffix.
            source: What it is made of beside the settings.
            make: Given where it goes, writes it whole or not at all.
            adopt: Tells of a picture of which no index knows whether it is the one that would be
                made, so that a study that was finished without parts keeps its pictures.
        """
        path = self._folder / f"{name}.png"
        digest = hashlib.sha256(f"{sha256(source)} {self._settings}".encode()).hexdigest()
        if self._is_right(path, digest, adopt):
            print(f"{name}: kept from before", flush=True)
        else:
            make(path)
        self._entries.append(Entry(str(path), sha256(path), digest))
        write_rows(Entry, self._entries, self._state, checksum=False)

    def _is_right(self, path: Path, digest: str, adopt: Callable[[Path], bool]) -> bool:
        if not path.is_file():
            return False
        known = self._known.get(str(path))
        return adopt(path) if known is None else (sha256(path), digest) in known

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the index appear, if nothing went wrong."""
        if kind is None:
            write_rows(Entry, self._entries, self._index)
            self._state.unlink(missing_ok=True)


def sweep(folder: Path, names: Iterable[str]) -> None:
    """Remove what killed processes have half written of some pictures; others may be at work.

    Args:
        folder: Of the pictures.
        names: Their names, with the suffix.
    """
    own = set(names)
    for path in folder.glob(".*.part.*"):
        if path.name.partition(".part.")[2] in own:
            path.unlink(missing_ok=True)
