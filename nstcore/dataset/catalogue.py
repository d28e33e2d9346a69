"""Every picture of a dataset, looked at once: whose it is, whether it is sound, what equals it."""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from nstcore.common.errors import ImageError
from nstcore.common.files import sha256
from nstcore.common.tables import read_rows, write_rows
from nstcore.dataset.artists import find_artist, fold, read_artists, same_name, split_list
from nstcore.dataset.layout import repair_name
from nstcore.dataset.passed_over import PassedOver, look_through_dataset
from nstcore.images.fingerprint import find_look_alikes, fingerprint, look_alike, look_same
from nstcore.images.formats import shown
from nstcore.images.io import read_with_remark

_LONGEST_ID = 100


@dataclass(frozen=True)
class Artwork:
    """A picture that a study may use; one row of `catalogue.csv`."""

    style: str
    """The artist with underscores for spaces, or the name of the folder; empty for a photograph."""
    artist: str
    """As `artists.csv` has it; empty for a picture of nobody whom it lists."""
    genres: str
    """The artist's genres, with commas between."""
    announced: str
    """How many paintings `artists.csv` announces of the artist, if it does."""
    id: str
    """Unique in the catalogue; the name of the prepared copy."""
    source: str
    """The file."""
    width: int = 0
    """In pixels, upright; 0 where the file is no usable picture."""
    height: int = 0
    sha256: str = ""
    fingerprint: str = ""
    """See `images.fingerprint`; of older versions its first 64 digits alone."""
    duplicate_of: str = ""
    """The id of the first picture with the same bytes, if it is not this one."""
    look_alikes: str = ""
    """Ids of pictures with other bytes that look the same, mirrored or not, with spaces between."""
    fault: str = ""
    """Why the file cannot be used; empty where it can."""
    remark: str = ""
    """What the file lacks though it is used."""

    @property
    def key(self) -> str:
        """What a draw knows the picture by: the same in every layout of the dataset."""
        name = unicodedata.normalize("NFC", repair_name(Path(self.source).name))
        return f"{self.style}/{name}" if self.style else name


@dataclass(frozen=True)
class Catalogue:
    """A dataset's pictures, by style in alphabetical order and in natural order within it."""

    artworks: tuple[Artwork, ...]
    passed_over: tuple[PassedOver, ...] = ()
    """Files that look like pictures and are none of these."""

    @cached_property
    def by_style(self) -> dict[str, list[Artwork]]:
        """The pictures by style."""
        by_style: dict[str, list[Artwork]] = {}
        for artwork in self.artworks:
            by_style.setdefault(artwork.style, []).append(artwork)
        return by_style

    def of_artist(self, name: str) -> list[Artwork]:
        """Return the pictures of an artist or of a folder, in natural order; none if unknown."""
        exact = self.by_style.get("_".join(name.split()))
        matching = (artworks for style, artworks in self.by_style.items() if same_name(style, name))
        return exact or next(matching, [])

    def of_genre(self, genre: str) -> dict[str, list[Artwork]]:
        """Return the pictures of a genre's artists, by style."""
        return {
            style: artworks
            for style, artworks in self.by_style.items()
            if any(same_name(genre, own) for own in split_list(artworks[0].genres))
        }

    @property
    def genres(self) -> list[str]:
        """All genres that pictures have."""
        lists = {artwork.genres for artwork in self.artworks}
        return sorted({genre for names in lists for genre in split_list(names)})


def write_catalogue(catalogue: Catalogue, path: Path | str) -> None:
    """Write `catalogue.csv`, whole or not at all.

    What was passed over stands at its end, in rows without an id.
    """
    passed_over = (
        Artwork("", "", "", "", "", one.source, fault=one.reason) for one in catalogue.passed_over
    )
    write_rows(Artwork, (*catalogue.artworks, *passed_over), path)


def read_catalogue(path: Path | str) -> Catalogue:
    """Read `catalogue.csv`, of older versions too: these have no remarks.

    Raises:
        DataError: The file is missing or is no catalogue.
    """
    rows = read_rows(Artwork, path, added=1)
    return Catalogue(
        tuple(row for row in rows if row.id),
        tuple(PassedOver(row.source, row.fault) for row in rows if not row.id),
    )


def make_catalogue(
    dataset: Path, threads: int = 1, say: Callable[[str], None] | None = None
) -> Catalogue:
    """Look at every picture of a dataset.

    Folders whose names mean one artist (Dürer's two) are one style; of those, pictures of the
    second that are also in the first are left out, since they would be numbered twice.

    Args:
        dataset: A folder in one of the layouts that `layout.arrange` knows; it is only read.
        threads: How many pictures are looked at at once.
        say: Takes a line now and then that tells how far it is.

    Raises:
        DataError: There is no such folder, no picture in it, or its table cannot be read.
    """
    layout, passed_over = look_through_dataset(dataset)
    artists = read_artists(dataset / layout.table) if layout.table else ()
    entries: list[Artwork] = []
    homes: dict[str, str] = {}
    for folder, names in layout.folders.items():
        artist = find_artist(folder, artists)
        label = artist.name if artist else repair_name(folder).replace("_", " ")
        style = "_".join(label.encode(errors="replace").decode().split())
        genres = ",".join(artist.genres) if artist else ""
        announced = str(artist.paintings) if artist and artist.paintings is not None else ""
        for name in names:
            source = os.path.join(dataset, name)  # noqa: PTH118 (thousands of them)
            homes[source] = folder
            identifier = picture_id(Path(name), style)
            entries.append(
                Artwork(style, artist.name if artist else "", genres, announced, identifier, source)
            )
    # Two folders of one artist are neighbours from here on.
    entries.sort(key=lambda entry: entry.style)
    looked_at = look_at(entries, threads, say)
    artworks = relate(list(_without_repeats(looked_at, homes, say)))
    return Catalogue(tuple(artworks), tuple(passed_over))


def look_at(
    entries: Sequence[Artwork], threads: int = 1, say: Callable[[str], None] | None = None
) -> list[Artwork]:
    """Read pictures, each once: size, digest, fingerprint, or what is wrong with the file."""
    done = []
    with ThreadPoolExecutor(threads) as pool:
        for number, artwork in enumerate(pool.map(_look_at, entries), start=1):
            done.append(artwork)
            if say and (number % 1000 == 0 or number == len(entries)):
                say(f"{number} of {len(entries)} pictures looked at")
    return done


def _look_at(entry: Artwork) -> Artwork:
    path = Path(entry.source)
    try:
        entry.source.encode()
    except UnicodeEncodeError:
        escaped = entry.source.encode(errors="backslashreplace").decode()
        return replace(entry, source=escaped, fault="its name is not UTF-8; rename it")
    try:
        image, remark = read_with_remark(path)
        digest = sha256(path)
    except ImageError as error:
        return replace(entry, fault=str(error).removeprefix(f"{shown(path)}: "))
    except OSError as error:
        return replace(entry, fault=f"cannot be read ({error.strerror})")
    return replace(
        entry,
        width=image.width,
        height=image.height,
        sha256=digest,
        fingerprint=fingerprint(image),
        remark=remark,
    )


def relate(artworks: Sequence[Artwork]) -> list[Artwork]:
    """Give pictures unique ids, and name their duplicates and look-alikes."""
    unique = list(unique_ids(artworks, set()))
    first: dict[str, str] = {}
    for artwork in unique:
        if artwork.sha256:
            first.setdefault(artwork.sha256, artwork.id)
    usable = [artwork for artwork in unique if not artwork.fault]
    alike = {}
    for artwork, places in zip(
        usable, find_look_alikes([picture.fingerprint for picture in usable]), strict=True
    ):
        others = (usable[place] for place in places)
        alike[artwork.id] = " ".join(other.id for other in others if other.sha256 != artwork.sha256)
    related = []
    for artwork in unique:
        original = first.get(artwork.sha256, artwork.id)
        twin = original if original != artwork.id else ""
        related.append(replace(artwork, duplicate_of=twin, look_alikes=alike.get(artwork.id, "")))
    return related


def same_picture(artwork: Artwork, other: Artwork) -> bool:
    """Tell whether two pictures have the same bytes or look the same; unusable ones never do."""
    if artwork.fault or other.fault:
        return False
    return artwork.sha256 == other.sha256 or look_same(artwork.fingerprint, other.fingerprint)


def shows_same(artwork: Artwork, other: Artwork) -> bool:
    """Tell whether two pictures are the `same_picture`, or one shows the other framed or cut."""
    if artwork.fault or other.fault:
        return False
    return artwork.sha256 == other.sha256 or look_alike(artwork.fingerprint, other.fingerprint)


def _without_repeats(
    artworks: Sequence[Artwork], homes: Mapping[str, str], say: Callable[[str], None] | None
) -> Iterator[Artwork]:
    """Leave out what a style's second folder repeats of its first; `homes` tells the folders."""
    first: dict[tuple[str, str], str] = {}
    left_out: Counter[str] = Counter()
    for artwork in artworks:
        home = homes.get(artwork.source, "")
        if not artwork.sha256 or first.setdefault((artwork.style, artwork.sha256), home) == home:
            yield artwork
        else:
            left_out[home] += 1
    for folder, count in left_out.items():
        if say:
            say(f"{folder}: {count} pictures left out, another folder of the artist has them")


def picture_id(path: Path, style: str = "") -> str:
    """Turn a file's name into an id: letters, digits, dots, hyphens and underscores of its stem.

    The style's name stands before a stem that does not begin with it.
    """
    stem = unicodedata.normalize("NFC", repair_name(path.stem))
    if style and not fold(stem).startswith(fold(style)):
        stem = f"{style}_{stem}"
    safe = re.sub(r"[^\w.-]+", "_", stem).lstrip(".-") or "picture"
    return safe if len(safe) <= _LONGEST_ID else f"{safe[:_LONGEST_ID]}-{_short(safe)}"


def unique_ids(artworks: Iterable[Artwork], taken: set[str]) -> Iterator[Artwork]:
    """Tell pictures of one id apart by a digest of their names; the first keeps its own.

    Args:
        artworks: In an order that does not change.
        taken: Other pictures' ids, case folded; those that are given out are added.
    """
    for artwork in artworks:
        identifier = artwork.id
        # Many file systems do not tell Monet.png from monet.png.
        if identifier.casefold() in taken:
            identifier = f"{artwork.id}-{_short(artwork.source)}"
        taken.add(identifier.casefold())
        yield artwork if identifier == artwork.id else replace(artwork, id=identifier)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
