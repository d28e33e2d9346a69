"""The report with all that it links to, as one zip archive to be sent."""

import shutil
import stat
import zipfile
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nstcore.errors import StudyError
from nstcore.files import whole

# The earliest that the format knows: same files, same bytes, whenever they were written.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_PACKED = {".png", ".webp", ".zip"}


@dataclass(frozen=True)
class Bundle:
    """What went into the archive."""

    files: int
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
    files = {link: (folder / link).resolve() for link in links}
    there = {
        # Nothing outside the study is given away, whatever a link or a symbolic link says.
        link: file
        for link, file in files.items()
        if file.is_file() and file.is_relative_to(folder) and ".." not in Path(link).parts
    }
    with whole(output) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, file in [(page.name, page), *there.items()]:
            _add(archive, f"{folder.name}/{name}", file)
    return Bundle(1 + len(there), tuple(link for link in links if link not in there))


class _Links(HTMLParser):
    """Collects where a page's links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.update(value for name, value in attrs if name == "href" and value)


def _find_links(page: Path) -> list[str]:
    """Return the files that a page links to, relative to its folder, in a fixed order."""
    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{page}: no report ({error}); make it first") from None
    parser = _Links()
    parser.feed(text)
    parser.close()
    found = (urlsplit(link) for link in parser.found)
    paths = {unquote(link.path) for link in found if not link.scheme and not link.netloc}
    return sorted(path for path in paths if path and not path.startswith("/"))


def _add(archive: zipfile.ZipFile, name: str, file: Path) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    packed = file.suffix.lower() in _PACKED
    entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 1 << 20)
