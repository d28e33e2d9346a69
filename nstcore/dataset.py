"""The dataset as it lies on disk, and the pictures that a study draws from it.

The layout is that of "Best Artworks of All Time" on Kaggle: `artists.csv` beside
`images/images/<Artist>/<Artist>_<number>.jpg`, the artist with underscores for spaces.
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from nstcore.architectures import nearest
from nstcore.config import StyleConfig
from nstcore.errors import DataError, ImageError
from nstcore.files import sha256, whole
from nstcore.images import SUFFIXES, read_image

# Extracted copies are found with the doubled folder of the archive, and flattened.
_ROOTS = ("images/images", "images", ".")


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
    """Unique in the study; the name of its prepared copy."""
    source: str
    """The file, relative to the dataset's folder, or to the folder of photographs for contents
    that were drawn from one."""
    width: int
    """In pixels, upright."""
    height: int
    sha256: str


COLUMNS = [field.name for field in fields(Picture)]


def natural(path: Path) -> tuple[object, ...]:
    """Sort key by which `Claude_Monet_2` comes before `Claude_Monet_10`."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFC", path.name))
    return (*(int(part) if part.isdecimal() else part for part in parts), path.name)


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures right within a folder, by their endings, in natural order."""
    found = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return sorted((path for path in found if not path.name.startswith(".")), key=natural)


def catalogue(dataset: Path) -> dict[str, list[Path]]:
    """Find the pictures of a dataset by folder, that is by artist.

    Args:
        dataset: A folder in the dataset's layout, with the artists' folders in `images/images`, in
            `images`, or right within it.

    Returns:
        Folder names in alphabetical order, each with its pictures in natural order.

    Raises:
        DataError: There is no such folder, or no picture in it.
    """
    if not dataset.is_dir():
        raise DataError(f"{dataset}: no such dataset folder")
    for root in _ROOTS:
        base = dataset / root
        if not base.is_dir():
            continue
        folders = sorted(path for path in base.iterdir() if path.is_dir())
        found = {path.name: pictures_in(path) for path in folders if path.name != "images"}
        if any(found.values()):
            return {unicodedata.normalize("NFC", name): paths for name, paths in found.items()}
    raise DataError(
        f"{dataset}: no pictures; expected images/images/<Artist>/<Artist>_<number>.jpg"
    )


def artist_names(dataset: Path) -> list[str]:
    """Return the artists that `artists.csv` lists, or none if there is no such file.

    Raises:
        DataError: The file cannot be read as the dataset's table.
    """
    path = dataset / "artists.csv"
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row["name"] for row in csv.DictReader(file)]
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not the dataset's table of artists ({error})") from None


def first_paintings(
    styles: Sequence[StyleConfig], dataset: Path, found: Mapping[str, list[Path]]
) -> dict[str, list[Path]]:
    """Take each style's first paintings by number.

    Raises:
        DataError: An artist is not in the dataset, or has fewer paintings than asked.
    """
    taken = {}
    for style in styles:
        if style.name not in found:
            known = artist_names(dataset) or [name.replace("_", " ") for name in found]
            raise DataError(
                f"styles.artists: {style.artist!r} is not in {dataset}; "
                + nearest(style.artist, known)
            )
        paintings = found[style.name]
        if len(paintings) < style.images:
            raise DataError(
                f"{style.artist}: {len(paintings)} paintings in {dataset}, {style.images} asked; "
                "lower styles.images in the config"
            )
        taken[style.name] = paintings[: style.images]
    return taken


def draw_order(paths: Iterable[Path], base: Path, seed: int, split: str) -> list[Path]:
    """Shuffle files by a hash of the seed, the split and each file's own path.

    A file's rank does not depend on which others there are, so a draw stays the same when files are
    added that rank behind it, and does not depend on the order that the file system lists them in.
    """

    def rank(path: Path) -> bytes:
        name = unicodedata.normalize("NFC", path.relative_to(base).as_posix())
        return hashlib.sha256(f"{seed}/{split}/{name}".encode()).digest()

    return sorted(paths, key=rank)


def select(
    dataset: Path,
    styles: Sequence[StyleConfig],
    train: int,
    test: int,
    seed: int,
    photographs: Path | None = None,
) -> list[Picture]:
    """Choose a study's pictures: each style's first paintings, and contents drawn with a seed.

    Contents are never a style image (nor a byte-for-byte copy of one), and no content is in both
    splits.

    Args:
        dataset: Its folder.
        styles: What to paint like.
        train: Number of training contents.
        test: Number of test contents.
        seed: Draws the contents.
        photographs: Draw the contents from this folder rather than from the dataset.

    Raises:
        DataError: An artist or enough pictures are missing, a photograph is also a style image, or
            pictures cannot be read; the latter are all named at once.
    """
    found = catalogue(dataset)
    paintings = first_paintings(styles, dataset, found)
    taken = {sha256(path): path for paths in paintings.values() for path in paths}
    base = photographs or dataset
    if photographs is None:
        candidates = [path for paths in found.values() for path in paths]
    elif photographs.is_dir():
        candidates = pictures_in(photographs)
    else:
        raise DataError(f"contents.source: no folder {photographs}")
    drawn: dict[str, list[Path]] = {}
    # Test first: a study that is trained on more contents is still tested on the same ones.
    for split, count in (("test", test), ("train", train)):
        drawn[split] = []
        for path in draw_order(candidates, base, seed, split):
            if len(drawn[split]) == count:
                break
            digest = sha256(path)
            if digest not in taken:
                taken[digest] = path
                drawn[split].append(path)
            elif photographs is not None and taken[digest].is_relative_to(dataset):
                raise DataError(f"{path}: a content, but also the style image {taken[digest]}")
        if len(drawn[split]) < count:
            raise DataError(
                f"{base}: {len(candidates)} pictures to draw contents from, too few for "
                f"{test} test and {train} train contents beside the style images"
            )
    return _describe(
        [
            *(
                ("style", "target", name, path, dataset)
                for name in paintings
                for path in paintings[name]
            ),
            *(
                ("content", split, "", path, base)
                for split in ("train", "test")
                for path in drawn[split]
            ),
        ]
    )


def _describe(entries: Sequence[tuple[str, str, str, Path, Path]]) -> list[Picture]:
    """Read every picture once, so that a bad one is found before anything is computed."""
    pictures: dict[str, Picture] = {}
    problems: list[str] = []
    for role, split, style, path, base in entries:
        try:
            width, height = read_image(path).size
        except ImageError as error:
            problems.append(str(error))
            continue
        name = picture_id(path)
        source = path.relative_to(base).as_posix()
        if name in pictures:
            problems.append(f"{path}: its name {name} is also that of {pictures[name].source}")
        pictures[name] = Picture(role, split, style, name, source, width, height, sha256(path))
    if problems:
        raise DataError(f"{len(problems)} unusable pictures: " + "; ".join(problems))
    return list(pictures.values())


def picture_id(path: Path) -> str:
    """Turn a file's name into an id: letters, digits, dots, hyphens and underscores of its stem."""
    name = unicodedata.normalize("NFC", path.stem)
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".-") or "picture"


def write_selection(pictures: Iterable[Picture], path: Path | str) -> None:
    """Write `selection.csv`, whole or not at all."""
    with whole(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(picture) for picture in pictures)


def read_selection(path: Path | str) -> list[Picture]:
    """Read `selection.csv`.

    Raises:
        DataError: The file is missing or is no selection.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            return [
                Picture(
                    role=row["role"],
                    split=row["split"],
                    style=row["style"],
                    id=row["id"],
                    source=row["source"],
                    width=int(row["width"]),
                    height=int(row["height"]),
                    sha256=row["sha256"],
                )
                for row in csv.DictReader(file)
            ]
    except FileNotFoundError:
        raise DataError(f"{path}: no such selection") from None
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: not a selection of pictures ({error})") from None


def find_picture(
    pictures: Iterable[Picture], wanted: str, dataset: Path, photographs: Path | None = None
) -> Path:
    """Return the file of a selected picture, which must still be the one that was selected.

    Args:
        pictures: The selection.
        wanted: The picture's id.
        dataset: Folder of the dataset.
        photographs: Folder that the contents were drawn from, if not from the dataset.

    Raises:
        DataError: There is no such picture, or its file has changed.
    """
    for picture in pictures:
        if picture.id == wanted:
            own = picture.role == "content" and photographs is not None
            path = (photographs if own and photographs else dataset) / picture.source
            if not path.is_file():
                raise DataError(f"{path}: selected as {wanted}, but no longer there")
            if sha256(path) != picture.sha256:
                raise DataError(f"{path}: has changed since it was selected; delete selection.csv")
            return path
    raise DataError(f"{wanted}: no picture of this selection")
