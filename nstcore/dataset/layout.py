"""Where a dataset's pictures are, told from the names of its files alone.

"Best Artworks of All Time" holds `artists.csv`, `images/images/<Artist>/<Artist>_<number>.jpg` and
smaller copies of the same pictures, `resized/resized/<Artist>_<number>.jpg`. Copies of it are found
flattened, in part, within one more folder, and with names that an extractor garbled; a tree of
one's own is `<Style>/<any>.jpg`.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from nstcore.images.formats import is_named_as_read

TABLE = "artists.csv"
PICTURES = "images/images"
"""The table of artists and the folder of the artists' folders, as the dataset has them."""

EXPECTED = "expected images/images/<Artist>/<picture>, <Style>/<picture> or resized/<Artist>_1.jpg"
"""What to tell someone whose folder or archive has no layout that is known."""

# In the order of preference: a copy may hold both the pictures and their smaller versions.
_BY_FOLDER = (PICTURES, "images")
_BY_NAME = ("resized/resized", "resized", PICTURES, "images")

_NUMBERED = re.compile(r"(?P<artist>.+)_\d+")
# How often names are nested where the deepest layout lies within a folder of its own.
_DEPTH = 5
# What Info-ZIP writes for a character that the file system's character set lacks.
# Surrogates are no characters, and no file's name can hold one.
_ESCAPED = re.compile(
    r"#[UL]((?!d[89a-f])[0-9a-f]{4}|0[0-9a-f]{5}|10[0-9a-f]{4})(?![0-9a-f])", re.IGNORECASE
)
# ftfy leaves a single garbled name as it is ("Dürer" of cp437, say), and Info-ZIP's codes too.
_WRONG_CHARACTER_SETS = ("cp437", "cp1252", "latin-1", "cp850")


@dataclass(frozen=True)
class Layout:
    """The pictures of a dataset, by folder."""

    folders: Mapping[str, tuple[str, ...]]
    """Names of the artists' or styles' folders as they stand there, in alphabetical order, each
    with the relative paths of its pictures in natural order."""
    table: str | None
    """The relative path of `artists.csv`, if there is one."""
    others: tuple[str, ...] = ()
    """The relative paths of all other files, hidden ones among them."""


def arrange(names: Iterable[str]) -> Layout:
    """Find the pictures among a dataset's files.

    Args:
        names: Relative paths with forward slashes, of files, in any order.

    Returns:
        The pictures by folder. Where full-size and resized pictures are there, the full-size ones
        count; files of other kinds, hidden ones and those in other places are left aside.
    """
    every = list(names)
    layout = _arrange([name for name in every if not _is_hidden(name)])
    taken = {name for folder in layout.folders.values() for name in folder} | {layout.table}
    return replace(layout, others=tuple(name for name in every if name not in taken))


def _arrange(known: list[str]) -> Layout:
    pictures = [name for name in known if is_named_as_read(name)]
    if folders := _find_folders(pictures):
        return Layout(folders, TABLE if TABLE in known else None)
    # The whole dataset may lie in a folder of its own.
    tops = {name.partition("/")[0] for name in known if "/" in name}
    if len(tops) == 1:
        (top,) = tops
        inner = _arrange([name.removeprefix(f"{top}/") for name in known if "/" in name])
        return Layout(
            {
                folder: tuple(f"{top}/{name}" for name in names_within)
                for folder, names_within in inner.folders.items()
            },
            f"{top}/{inner.table}" if inner.table else None,
        )
    return Layout({}, TABLE if TABLE in known else None)


def _is_hidden(name: str) -> bool:
    # macOS keeps notes beside files: ._a.jpg, and in archives under __MACOSX.
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _find_folders(pictures: list[str]) -> Mapping[str, tuple[str, ...]]:
    """Try the layouts one after another; the first that holds pictures is the dataset's."""
    for root in _BY_FOLDER:
        if folders := _by_folder(pictures, f"{root}/"):
            return folders
    for root in _BY_NAME:
        if folders := _by_name(pictures, f"{root}/"):
            return folders
    return _by_folder(pictures, "") or _by_name(pictures, "")


def _by_folder(pictures: list[str], root: str) -> Mapping[str, tuple[str, ...]]:
    """Take `<root><folder>/<picture>`."""
    folders: dict[str, list[str]] = {}
    for name in pictures:
        folder, slash, rest = name.removeprefix(root).partition("/")
        inner = root.endswith("images/") and folder == "images"
        if name.startswith(root) and slash and "/" not in rest and not inner:
            folders.setdefault(folder, []).append(name)
    return _sorted(folders)


def _by_name(pictures: list[str], root: str) -> Mapping[str, tuple[str, ...]]:
    """Take `<root><artist>_<number>.jpg`."""
    folders: dict[str, list[str]] = {}
    for name in pictures:
        path = PurePosixPath(name.removeprefix(root))
        numbered = _NUMBERED.fullmatch(path.stem)
        if name.startswith(root) and len(path.parts) == 1 and numbered:
            folders.setdefault(numbered["artist"], []).append(name)
    return _sorted(folders)


def _sorted(folders: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return {folder: tuple(sorted(folders[folder], key=natural)) for folder in sorted(folders)}


def natural(name: str) -> tuple[object, ...]:
    """Sort key by which `Claude_Monet_2` comes before `Claude_Monet_10`, whatever their folders."""
    own = PurePosixPath(name).name
    # natsort takes accents apart, so that other pictures would be the first of a folder.
    # Texts stand at even places and numbers at odd ones, so they are never compared. A number is
    # compared by its length first: an int of thousands of digits is refused by Python.
    parts = re.split(r"0*([0-9]+)", unicodedata.normalize("NFC", own))
    return (*((len(part), part) if place % 2 else part for place, part in enumerate(parts)), name)


def list_files(folder: Path) -> Iterator[str]:
    """Yield the relative paths of the files in a folder, as deep as a dataset's can be.

    Raises:
        OSError: A folder cannot be read.
    """
    yield from _list_files(os.fspath(folder), "", 1)


def _list_files(base: str, inner: str, depth: int) -> Iterator[str]:
    with os.scandir(os.path.join(base, inner)) as entries:  # noqa: PTH118 (paths by the thousand)
        for entry in entries:
            name = f"{inner}{entry.name}"
            if not entry.is_dir():
                yield name
            elif depth < _DEPTH and not _is_hidden(entry.name):
                yield from _list_files(base, f"{name}/", depth + 1)


def pictures_in(folder: Path) -> list[str]:
    """Return the names of the pictures right within a folder, in natural order.

    Raises:
        OSError: The folder cannot be read.
    """
    names = (path.name for path in folder.iterdir() if not path.is_dir())
    shown = (name for name in names if not _is_hidden(name))
    return sorted(filter(is_named_as_read, shown), key=natural)


def archive_name(archive: Path | str) -> str:
    """Name what is extracted of an archive: the same for the same file, another for a changed one.

    Raises:
        OSError: There is no such file.
    """
    path = Path(archive).resolve()
    digest = hashlib.sha256(f"{path}:{path.stat().st_size}".encode()).hexdigest()
    return f"{path.stem}-{digest[:8]}"


def repair_name(name: str) -> str:
    """Undo UTF-8 that was read in another character set, however often, and compose accents (NFC).

    Example:
        >>> repair_name("Albrecht_DuΓòá├¬rer") == repair_name("Albrecht_Du╠êrer")
        True
    """
    name = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), name)
    while repaired := _repaired_once(name):
        name = repaired
    return unicodedata.normalize("NFC", name)


def _repaired_once(name: str) -> str | None:
    if name.isascii():
        return None
    for characters in _WRONG_CHARACTER_SETS:
        try:
            return name.encode(characters).decode("utf-8")
        except UnicodeError:
            continue
    return None
