"""A dataset's archive: tell whether it is sound, and extract what a study needs of it."""

import hashlib
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from nstcore.common.disk import explain, telling
from nstcore.common.errors import DataError
from nstcore.common.tables import write_rows
from nstcore.dataset.layout import EXPECTED, PICTURES, TABLE, Layout, arrange, repair_name
from nstcore.dataset.passed_over import (
    LIST,
    MISPLACED,
    PassedOver,
    find_passed_over,
    lines,
    mention,
)
from nstcore.images.formats import HEAD

_MAGIC = b"PK\x03\x04"
# What else is taken for a zip archive, told by its first bytes.
_OTHERS = (
    (rb"Rar!", "a RAR archive"),
    (rb"7z\xbc\xaf", "a 7-Zip archive"),
    (rb"\x1f\x8b", "a gzip archive, as of .tar.gz"),
    (rb"BZh[1-9]", "a bzip2 archive, as of .tar.bz2"),
    (rb"\xfd7zXZ", "an xz archive, as of .tar.xz"),
    (rb"\x28\xb5\x2f\xfd", "a Zstandard archive, as of .tar.zst"),
    (rb".{257}ustar", "a tar archive"),
    (rb"MSCF", "a cabinet archive"),
    (rb"MZ", "a program, that may extract itself"),
    (rb"PK\x05\x06", "an empty zip archive"),
    (rb"PK(\x07\x08|00PK)", "a zip archive in several parts"),
    (rb"\s*<", "a web page"),
)
_UNSAFE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_EXTRACT = "extract it yourself and give the folder instead"
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

    Every member is compared with its checksum; the dataset's table and pictures must be there, and
    no member may point out of the folder that it would be extracted to.
    """
    if not begins_as_archive(archive):
        what = _tell_other(archive)
        if what == "a web page":
            return "a web page instead of a zip archive"
        return "something else than an archive" + (f" that is read: {what}" if what else "")
    try:
        with zipfile.ZipFile(archive) as opened:
            if locked := _find_locked(opened):
                return f"a zip archive that is encrypted (member {locked!r})"
            damaged = opened.testzip()
            names = [_with_slashes(info.filename) for info in opened.infolist()]
    except NotImplementedError as error:
        return f"a zip archive that is packed in a way that is not read ({error})"
    except _DAMAGE as error:
        return f"a damaged zip archive ({error})"
    if damaged is not None:
        return f"a damaged zip archive (member {damaged!r})"
    if unsafe := find_unsafe(names):
        return f"a zip archive with a member that points out of its folder ({unsafe!r})"
    layout = arrange(names)
    if layout.table and layout.folders:
        return None
    return f"a zip archive without {'pictures' if layout.table else TABLE}"


def _tell_other(archive: Path) -> str:
    """Say what a file is that is no zip archive; nothing where its first bytes do not tell."""
    with archive.open("rb") as file:
        head = file.read(512)
    return next((what for begin, what in _OTHERS if re.match(begin, head, re.DOTALL)), "")


def _members(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files in an archive by their names.

    Raises:
        DataError: Two are called the same.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    for info in opened.infolist():
        name = _with_slashes(info.filename)
        if name.endswith("/"):
            continue
        if name in members:
            raise DataError(
                f"{opened.filename}: two members are called {name!r}; get the archive again from "
                "its source"
            )
        members[name] = info
    return members


def _with_slashes(name: str) -> str:
    # Some programs of Windows write backslashes, against the format's specification (4.4.17.1).
    return name.replace("\\", "/")


def _find_locked(opened: zipfile.ZipFile) -> str | None:
    """Return the name of a member that needs a password, if there is one."""
    return next((info.filename for info in opened.infolist() if info.flag_bits & 1), None)


def extract(archive: Path, folder: Path) -> None:
    """Extract pictures, and `artists.csv` if it is there; `folder` appears whole or not at all.

    Whatever the layout of the archive, `folder` gets the dataset's own: `images/images/<Artist>/`.
    Names that a wrong character set garbled are repaired (see `layout.repair_name`). Where that
    makes one folder of several (Dürer's), the folder that comes first in the archive counts:
    pictures of the others are left out if it has the same bytes under whatever name; a new picture
    whose name is taken stays in a folder of its own, which keeps the garbled name. Within one
    folder nothing is left out, equal or not.

    Args:
        archive: A zip file in one of the layouts that `layout.arrange` knows; it is only read.
        folder: Where to put it; must be absent or empty.

    Raises:
        DataError: The archive is damaged, has no pictures, or holds a name that points out of the
            folder; the disk is too full or cannot be written to; or `folder` holds something
            already.
    """
    with telling(folder):
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise DataError(
                f"{folder}: holds something already; delete it to extract {archive} again"
            )
        # A fixed name, so that what a killed run left behind does not pile up.
        draft = folder.with_name(f".part.{folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir(parents=True)
            with _opened(archive) as opened:
                _write_all(archive, opened, draft)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


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
        if not begins_as_archive(archive):
            what = _tell_other(archive)
            raise DataError(
                f"{archive}: not a zip archive; {_EXTRACT}" + (f" (it is {what})" if what else "")
            )
        opened = zipfile.ZipFile(archive)
    except FileNotFoundError:
        raise DataError(f"{archive}: no such archive") from None
    except _DAMAGE as error:
        raise _unreadable(archive, error) from None
    except OSError as error:
        raise DataError(explain(error, archive)) from None
    with opened:
        try:
            yield opened
        except _DAMAGE as error:
            raise _unreadable(archive, error) from None


def _unreadable(archive: Path, error: Exception) -> DataError:
    """Tell damage from a kind of zip, a method or a later version, that Python does not read."""
    if isinstance(error, NotImplementedError):
        return DataError(f"{archive}: packed in a way that is not read ({error}); {_EXTRACT}")
    return DataError(f"{archive}: damaged ({error}); get it again from where it came from")


def find_unsafe(names: Sequence[str]) -> str | None:
    """Return the name of a member that points out of its archive's folder, if there is one."""
    return next((name for name in names if _UNSAFE.search(name)), None)


def _arranged(
    archive: Path, opened: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]
) -> tuple[Layout, list[PassedOver]]:
    if unsafe := find_unsafe(list(members)):
        raise DataError(
            f"{archive}: member {unsafe!r} points out of the folder it is extracted to; do not "
            "use this archive, get it again from its source"
        )
    if locked := _find_locked(opened):
        raise DataError(f"{archive}: encrypted (member {locked!r} needs a password); {_EXTRACT}")
    layout = arrange(members)

    def head(name: str) -> bytes:
        try:
            with opened.open(members[name]) as member:
                return member.read(HEAD)
        except _DAMAGE:
            return b""

    passed_over = find_passed_over(layout.others, head, MISPLACED)
    if not layout.folders:
        raise DataError(f"{archive}: no pictures; {EXPECTED}{mention(passed_over)}")
    return layout, passed_over


def _write_all(archive: Path, opened: zipfile.ZipFile, draft: Path) -> None:
    members = _members(opened)
    layout, passed_over = _arranged(archive, opened, members)
    wanted = [name for names in layout.folders.values() for name in names]
    wanted += [layout.table] if layout.table else []
    require_space(draft, sum(members[name].file_size for name in wanted))
    if layout.table:
        _write_member(opened, members[layout.table], draft / TABLE)
    _write_pictures(opened, members, layout, draft)
    for line in lines(passed_over):
        print(line, flush=True)
    if passed_over:
        write_rows(PassedOver, passed_over, draft / LIST, checksum=False)


def _write_pictures(
    opened: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], layout: Layout, draft: Path
) -> None:
    total = sum(len(names) for names in layout.folders.values())
    place = {name: number for number, name in enumerate(members)}
    first_folders: dict[tuple[str, str], str] = {}
    count = duplicates = 0
    # The first of two folders of an artist is that which comes first in the archive.
    for garbled, names in sorted(layout.folders.items(), key=lambda item: place[item[1][0]]):
        artist = repair_name(garbled)
        for name in names:
            count += 1
            file = PurePosixPath(name).name
            target = draft / PICTURES / artist / repair_name(file)
            if target.exists():
                target = draft / PICTURES / garbled / file
            digest = _write_member(opened, members[name], target)
            if first_folders.setdefault((artist, digest), garbled) != garbled:
                target.unlink()
                with suppress(OSError):  # unless it holds other pictures
                    target.parent.rmdir()
                duplicates += 1
            elif target.parent.name != artist:
                print(f"{name}: kept under this name, differs from {artist}'s", flush=True)
            if count % 1000 == 0:
                print(f"{count} of {total} pictures", flush=True)
    print(f"{total - duplicates} pictures, {duplicates} duplicates left out", flush=True)


def _write_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> str:
    """Write a member to a new file; return the SHA-256 of its bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with opened.open(member) as source, target.open("xb") as file:
        # What a member's header promises may not fit into memory.
        while piece := _read(source, opened):
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


def _read(member: IO[bytes], opened: zipfile.ZipFile) -> bytes:
    # Its own errors: those of writing are the folder's.
    with telling(str(opened.filename)):
        return member.read(2**20)
