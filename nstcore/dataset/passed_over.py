"""Files that look like pictures and are used as none: named, so that nobody misses them later."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from nstcore.common.errors import DataError
from nstcore.common.tables import read_rows
from nstcore.dataset.layout import EXPECTED, Layout, arrange, list_files, natural, pictures_in
from nstcore.images.formats import HEAD, is_named_as_read, recognise, shown, why_passed_over

LIST = ".passed_over.csv"
"""Stands in a folder that was extracted of an archive, and names what was left in there."""

MISPLACED = "in a place where this layout has none; move them into a style's folder to use them"
"""What to say of pictures of a dataset that no style has."""

MISPLACED_WITHIN = "in a folder within; move them up to use them"
"""What to say of pictures that lie deeper than those of a folder."""

_MOST_NAMES = 20
_MOST_TOLD = 5
# Of the dataset: smaller copies of its pictures.
_COPIES = "resized"


@dataclass(frozen=True)
class PassedOver:
    """A file, or several of one folder, that look like pictures and are used as none."""

    source: str
    """The path of the file, or of the folder."""
    reason: str
    """Why, and what to do about it."""


def find_passed_over(
    others: Iterable[str], head: Callable[[str], bytes], misplaced: str
) -> list[PassedOver]:
    """Find what looks like a picture among files that are used as none.

    A file that ends like a picture is one, whatever is in it. Of all others the first bytes are
    looked at. The dataset's own resized copies and what macOS keeps beside files do not count.

    Args:
        others: Relative paths with forward slashes.
        head: Returns the first `HEAD` bytes of one of them, or none where it cannot be read.
        misplaced: What to say of pictures that lie in other places.

    Returns:
        One entry per file, then one per folder of pictures in other places.
    """
    found = []
    elsewhere: dict[str, list[str]] = {}
    for name in sorted(others):
        path = PurePosixPath(name)
        folders = path.parent.parts
        if path.name.startswith("._") or any(_is_hidden(part) for part in folders):
            continue
        if is_named_as_read(name) and not _is_hidden(path.name):
            if _COPIES not in folders[-1:]:
                elsewhere.setdefault(str(path.parent), []).append(path.name)
        elif reason := _why(path.name, head(name)):
            found.append(PassedOver(shown(name), reason))
    return found + [
        PassedOver(shown(folder), f"{_count(names)} {misplaced}: {_name_some(names)}")
        for folder, names in elsewhere.items()
    ]


def look_through_dataset(dataset: Path) -> tuple[Layout, list[PassedOver]]:
    """Find a dataset's pictures by their names, and what else looks like pictures.

    Args:
        dataset: A folder in one of the layouts that `layout.arrange` knows.

    Raises:
        DataError: There is no such folder, or no picture in it.
    """
    try:
        if not dataset.is_dir():
            raise DataError(f"{dataset}: no such dataset folder")
        layout = arrange(list_files(dataset))
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from None
    found = _within(dataset, find_passed_over(layout.others, heads(dataset), MISPLACED))
    if (dataset / LIST).is_file():
        found += read_rows(PassedOver, dataset / LIST)
    if not layout.folders:
        raise DataError(f"{dataset}: no pictures; {EXPECTED}{mention(found)}")
    return layout, found


def look_through(folder: Path) -> tuple[list[Path], list[PassedOver]]:
    """Find the pictures right within a folder, and what else looks like pictures.

    Args:
        folder: Its own folders are looked at for pictures in the wrong place, where they can be.

    Raises:
        DataError: The folder is missing or cannot be read, or has no picture.
    """
    try:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder of pictures")
        names = pictures_in(folder)
        others = list(_beside(folder, set(names)))
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from None
    found = _within(folder, find_passed_over(others, heads(folder), MISPLACED_WITHIN))
    if not names:
        expected = "expected .jpg, .png ... right within it"
        raise DataError(f"{folder}: no pictures; {expected}{mention(found)}")
    return [folder / name for name in names], found


def _beside(folder: Path, pictures: Collection[str]) -> Iterator[str]:
    for path in folder.iterdir():
        if not path.is_dir():
            if path.name not in pictures:
                yield path.name
        elif not _is_hidden(path.name):
            # One that nobody asked for need not be readable.
            with suppress(OSError):
                yield from [f"{path.name}/{name}" for name in list_files(path)]


def _within(folder: Path, found: Iterable[PassedOver]) -> list[PassedOver]:
    return [replace(one, source=str(folder / one.source)) for one in found]


def heads(folder: Path) -> Callable[[str], bytes]:
    """Return what reads the first bytes of a folder's files, and nothing of those it cannot."""

    def head(name: str) -> bytes:
        path = folder / name
        try:
            # Opening a pipe would wait for someone to write to it.
            if not path.is_file():
                return b""
            with path.open("rb") as file:
                return file.read(HEAD)
        except OSError:
            return b""

    return head


def mention(passed_over: Sequence[PassedOver]) -> str:
    """Return what to add to an error message where pictures are missed; nothing if none is."""
    if not passed_over:
        return ""
    told = "; ".join(f"{one.source}: {one.reason}" for one in passed_over[:_MOST_TOLD])
    more = len(passed_over) - _MOST_TOLD
    return f"; passed over: {told}" + (f"; and {more} more" if more > 0 else "")


def lines(passed_over: Sequence[PassedOver]) -> Iterator[str]:
    """Yield what a log tells of it: a line for each, and before them their number."""
    if passed_over:
        count = len(passed_over)
        yield (
            f"{count} {'file or folder looks' if count == 1 else 'files or folders look'} like "
            "pictures and are not used:"
        )
    for one in passed_over:
        yield f"passed over: {one.source}: {one.reason}"


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _why(name: str, head: bytes) -> str | None:
    if not _is_hidden(name):
        return why_passed_over(name, head)
    found = recognise(head)
    if found is None or found.weak:
        return None
    return f"a hidden {found.name} picture; take the dot off its name to use it"


def _count(names: Sequence[object]) -> str:
    return f"{len(names)} {'picture' if len(names) == 1 else 'pictures'}"


def _name_some(names: Sequence[str]) -> str:
    some = sorted(names, key=natural)[:_MOST_NAMES]
    more = len(names) - len(some)
    return ", ".join(map(shown, some)) + (f" and {more} more" if more else "")
