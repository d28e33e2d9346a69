"""The pictures that a study uses, as `selection.csv` and `selection.json` hold them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from nstcore.common.errors import DataError
from nstcore.common.files import read_json, sha256, write_json
from nstcore.common.hints import show
from nstcore.common.tables import read_rows, write_rows
from nstcore.common.texts import is_folder_name


@dataclass(frozen=True)
class Picture:
    """One row of `selection.csv`: a picture that the study uses."""

    role: str
    """"style" or "content"."""
    split: str
    """"target" for a style's paintings; "train" or "test" for contents."""
    style: str
    """The style's name; empty for contents."""
    id: str
    """One picture's in the study, whatever it is used for; the name of its prepared copy."""
    source: str
    """The file."""
    width: int
    """In pixels, upright."""
    height: int
    sha256: str


@dataclass(frozen=True)
class Skipped:
    """A file of which something is to be told."""

    use: str
    """What for: the style's label, "contents", or "dataset"."""
    source: str
    """The file; the folder where several of it are meant."""
    reason: str
    """What is wrong with it."""


@dataclass(frozen=True)
class Alike:
    """Two pictures of one style, or two contents, that are the same."""

    first: str
    """Its id."""
    second: str
    same_bytes: bool
    """Whether the files are equal; else they look alike."""


@dataclass(frozen=True)
class Supply:
    """How many pictures a style was chosen from."""

    style: str
    """Its name."""
    found: int
    announced: str
    """By `artists.csv`, for a style that is one artist whom it lists; it counts no files."""


@dataclass(frozen=True)
class Census:
    """The dataset that a selection was made from, in numbers."""

    pictures: int
    styles: int
    """Artists, or folders."""
    duplicates: int
    """Pictures with the same bytes as one before them."""
    look_alikes: int
    """Pictures that look like another one with other bytes."""
    unusable: int


@dataclass(frozen=True)
class Notes:
    """What is to be known of a selection; `selection.json`."""

    census: Census
    skipped: tuple[Skipped, ...] = ()
    """Pictures whose places others took, since their files cannot be used."""
    alike: tuple[Alike, ...] = ()
    supplies: tuple[Supply, ...] = ()
    passed_over: tuple[Skipped, ...] = ()
    """Files that look like pictures and are used as none."""
    remarks: tuple[Skipped, ...] = ()
    """Pictures that are used though their files lack something."""


def write_selection(pictures: Iterable[Picture], path: Path | str) -> None:
    """Write `selection.csv`, whole or not at all."""
    write_rows(Picture, pictures, path)


def read_selection(path: Path | str) -> list[Picture]:
    """Read `selection.csv`.

    Raises:
        DataError: The file is missing, is no selection, or has an id or a style that would lead to
            another folder.
    """
    pictures = read_rows(Picture, path)
    for picture in pictures:
        style = picture.style
        if not is_folder_name(picture.id) or (style and not is_folder_name(style)):
            raise DataError(
                f"{path}: {show(picture.id)} of {show(style)} names no file of a study; delete it "
                "and run again"
            )
    return pictures


def write_notes(notes: Notes, path: Path | str) -> None:
    """Write `selection.json`, whole or not at all."""
    write_json(asdict(notes), path, indent=1)


def read_notes(path: Path | str) -> Notes:
    """Read `selection.json`.

    Raises:
        DataError: The file is missing or damaged.
    """
    return read_json(Notes, path)


def find_picture(pictures: Iterable[Picture], wanted: str) -> Path:
    """Return the file of a selected picture, which must still be the one that was selected.

    Args:
        pictures: The selection.
        wanted: The picture's id.

    Raises:
        DataError: There is no such picture, or its file has changed.
    """
    picture = next((row for row in pictures if row.id == wanted), None)
    if picture is None:
        raise DataError(f"{wanted}: no picture of this selection")
    path = Path(picture.source)
    if not path.is_file():
        raise DataError(f"{path}: selected as {wanted}, but no longer there")
    if sha256(path) != picture.sha256:
        raise DataError(f"{path}: has changed since it was selected; delete selection.csv")
    return path
