"""The report with all that it links to, as one zip archive to be sent."""

import shutil
import stat
import zipfile
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from nstcore.common.errors import StudyError
from nstcore.common.files import atomic_write

# The earliest that the format knows: same files, same bytes, whenever they were written.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PACKED = {".png", ".webp", ".zip"}


@dataclass(frozen=True)
class Bundle:
    """What went into the archive."""

    files: int
    bytes: int
    """Of the files, before they were packed."""
    missing: tuple[str, ...]
    """Links that lead to no file of the study."""


def write_bundle(page: Path, output: Path) -> Bundle:
    """Put a page and the files beside it that it links to into a zip archive.

    Everything is in one folder, named like the page's, so that links work once it is unpacked. The
    same files give the same bytes.

    Args:
        page: `results/<study>/report.html`.
        output: The archive.

    Raises:
        StudyError: The page is missing or no text.
    """
    page, output = Path(page), Path(output)
    folder = page.parent.resolve()
    links = _find_links(page)
    files = {page.name: page}
    missing = []
    for link in links:
        file = _find_file(folder, link)
        # An archive that held the one before it would grow with each run.
        if file is None or file == output.resolve():
            missing.append(link)
        else:
            # "./a.csv" and "a.csv" are one file.
            files.setdefault(PurePosixPath(link).as_posix(), file)
    total = 0
    with atomic_write(output) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, file in files.items():
            total += add_file(archive, f"{folder.name}/{name}", file)
    return Bundle(len(files), total, tuple(missing))


class _Links(HTMLParser):
    """Collects where a page's links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.update(value for name, value in attrs if name == "href" and value)


def _find_file(folder: Path, link: str) -> Path | None:
    """Return the file that a link leads to, unless it lies outside of the folder.

    Nothing outside the study is given away, whatever a link or a symbolic link says. A backslash
    is a separator to those who unpack on Windows.
    """
    if "\\" in link or ".." in PurePosixPath(link).parts:
        return None
    try:
        file = (folder / link).resolve()
        return file if file.is_file() and file.is_relative_to(folder) else None
    # A name that no file can have (too long, with a null byte), or symbolic links in a circle.
    except (OSError, RuntimeError, ValueError):
        return None


def _find_links(page: Path) -> list[str]:
    """Return the files that a page links to, relative to its folder, in a fixed order."""
    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{page}: no report ({error}); make it first") from None
    parser = _Links()
    try:
        parser.feed(text)
        parser.close()
    except AssertionError as error:  # html.parser's way to refuse "<![" with an unknown word
        raise StudyError(f"{page}: a damaged page ({error}); make it again") from None
    paths = {_decode(link) for link in parser.found}
    return sorted(path for path in paths if path and not path.startswith("/"))


def _decode(link: str) -> str:
    """Return the path of a relative link as a file's name has it, or nothing of any other."""
    try:
        parts = urlsplit(link)
    except ValueError:  # an address that is none, such as http://[
        return ""
    return "" if parts.scheme or parts.netloc else unquote(parts.path)


def add_file(archive: zipfile.ZipFile, name: str, file: Path) -> int:
    """Add a file to an archive, the same bytes whenever it was written; return its size."""
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    packed = file.suffix.lower() in _PACKED
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 1 << 20)
        return source.tell()
