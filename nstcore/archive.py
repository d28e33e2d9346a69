"""The dataset's archive: tell whether it is sound, and extract what the study needs of it.

The layout is that of "Best Artworks of All Time": `artists.csv`, `images/images/<Artist>/<file>`
and smaller copies under `resized/`, which are left alone.
"""

import hashlib
import re
import shutil
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from nstcore.errors import DataError

ARTISTS = "artists.csv"
PICTURES = "images/images"
"""The table of artists and the folder of their folders, in an archive and once extracted."""

# Those of the dataset. `nstcore.images` knows more, but needs Pillow, which the environment that
# holds the Kaggle client does without.
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_MAGIC = b"PK\x03\x04"
_UNSAFE = re.compile(r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)")
# What the zip module raises on bytes that are not what a checksum or a header promises; a
# RuntimeError on a header that tells of encryption or of an unknown compression.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def begins_as_archive(path: Path) -> bool:
    """Tell whether a file, or the part of it that is there, starts like a zip archive."""
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    return _MAGIC.startswith(head)


def find_fault(archive: Path) -> str | None:
    """Read an archive to its end and say what is wrong with it, or nothing if it is sound.

    Every member is compared with its checksum, and `artists.csv` and a picture must be there.
    """
    if not begins_as_archive(archive):
        with archive.open("rb") as file:
            head = file.read(512)
        page = head.lstrip().startswith(b"<")
        return "a web page instead of a zip archive" if page else "something else than an archive"
    try:
        with zipfile.ZipFile(archive) as opened:
            damaged = opened.testzip()
            absent = _absent(opened)
    except _DAMAGE as error:
        return f"a damaged zip archive ({error})"
    if damaged is not None:
        return f"a damaged zip archive (member {damaged!r})"
    return f"a zip archive without {absent}" if absent else None


def extract(archive: Path, folder: Path) -> None:
    """Extract `artists.csv` and the pictures; `folder` appears whole or not at all.

    Names that a wrong character set garbled are repaired (see `repair_name`). Where that makes
    one folder of several (Dürer's), the folder that comes first in the archive counts: pictures
    of the others are left out if it has the same bytes under whatever name; a new picture whose
    name is taken stays in a folder of its own, which keeps the garbled name. Within one folder
    nothing is left out, equal or not.

    Args:
        archive: The dataset as a zip file.
        folder: Where to put it; must be absent or empty.

    Raises:
        DataError: The archive is damaged, lacks a part, or holds a name that points out of the
            folder; the disk is too full; or `folder` holds something already.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise DataError(f"{folder}: holds something already; delete it to extract {archive} again")
    # A fixed name, so that what a killed run left behind does not pile up.
    draft = folder.with_name(f".part.{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        with _opened(archive) as opened:
            table, pictures = _wanted(archive, opened)
            require_space(draft, table.file_size + sum(info.file_size for info in pictures))
            (draft / ARTISTS).write_bytes(opened.read(table))
            _write_pictures(opened, pictures, draft)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def repair_name(name: str) -> str:
    """Undo UTF-8 that was read as cp437, however often, and compose accents (NFC).

    Example:
        >>> repair_name("Albrecht_DuΓòá├¬rer") == repair_name("Albrecht_Du╠êrer")
        True
    """
    while not name.isascii():
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            break
    return unicodedata.normalize("NFC", name)


def require_space(folder: Path, needed: int) -> None:
    """Check that a disk has room.

    Args:
        folder: A folder on it.
        needed: Bytes.

    Raises:
        DataError: Less is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DataError(
            f"{folder}: {needed / 1e9:.1f} GB needed and {free / 1e9:.1f} GB free; make room, or "
            "choose a folder on another disk"
        )


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except FileNotFoundError:
        raise DataError(f"{archive}: no such archive") from None
    except _DAMAGE as error:
        raise DataError(
            f"{archive}: damaged ({error}); delete it and get it again from its Kaggle page"
        ) from None


def _absent(opened: zipfile.ZipFile) -> str | None:
    names = opened.namelist()
    if ARTISTS not in names:
        return ARTISTS
    return None if any(map(_is_picture, names)) else f"pictures in {PICTURES}/<Artist>/"


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        str(path.parent.parent) == PICTURES
        and path.suffix.lower() in _SUFFIXES
        and not path.name.startswith(".")  # macOS keeps notes beside files under such names
    )


def _wanted(
    archive: Path, opened: zipfile.ZipFile
) -> tuple[zipfile.ZipInfo, list[zipfile.ZipInfo]]:
    """Return the table of artists and the pictures, in the archive's order."""
    for name in opened.namelist():
        if _UNSAFE.search(name):
            raise DataError(
                f"{archive}: member {name!r} points out of the folder it is extracted to; do not "
                "use this archive, get it from its Kaggle page"
            )
    if absent := _absent(opened):
        raise DataError(f"{archive}: holds no {absent}; give it the layout of the Kaggle dataset")
    pictures = [info for info in opened.infolist() if _is_picture(info.filename)]
    return opened.getinfo(ARTISTS), pictures


def _write_pictures(opened: zipfile.ZipFile, pictures: list[zipfile.ZipInfo], draft: Path) -> None:
    first_folders: dict[tuple[str, str], str] = {}
    duplicates = 0
    for count, info in enumerate(pictures, start=1):
        path = PurePosixPath(info.filename)
        garbled, artist = path.parent.name, repair_name(path.parent.name)
        content = opened.read(info)
        digest = hashlib.sha256(content).hexdigest()
        if first_folders.setdefault((artist, digest), garbled) != garbled:
            duplicates += 1
            continue
        target = draft / PICTURES / artist / repair_name(path.name)
        if target.exists():
            target = draft / path
            print(f"{info.filename}: kept under this name, differs from {artist}'s", flush=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("xb") as file:
                file.write(content)
        except FileExistsError:
            raise DataError(
                f"{opened.filename}: two different members are called {info.filename!r}; get the "
                "archive again from its Kaggle page"
            ) from None
        if count % 1000 == 0:
            print(f"{count} of {len(pictures)} pictures", flush=True)
    print(f"{len(pictures) - duplicates} pictures, {duplicates} duplicates left out", flush=True)
