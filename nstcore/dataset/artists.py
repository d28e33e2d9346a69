"""The dataset's table of artists, and how its names are matched to folders."""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from nstcore.common.errors import DataError
from nstcore.dataset.layout import repair_name

_TRANSLITERATED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa"})


@dataclass(frozen=True)
class Artist:
    """A row of `artists.csv`."""

    name: str
    genres: tuple[str, ...]
    paintings: int | None
    """How many the table announces, which is no count of files."""


def read_artists(path: Path | str) -> tuple[Artist, ...]:
    """Read `artists.csv`: UTF-8, with a row of column names of which `name` alone is needed.

    Args:
        path: The table.

    Returns:
        Its artists in its order.

    Raises:
        DataError: The file cannot be read as a table of artists, or names an artist twice.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if "name" not in (rows.fieldnames or ()):
                raise DataError(f"{path}: not a table of artists; it has no column 'name'")
            artists = []
            for row in rows:
                if not (row["name"] or "").strip():
                    raise DataError(f"{path}: line {rows.line_num}: an artist without a name")
                artists.append(_artist(row))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from None
    except (OSError, csv.Error) as error:
        raise DataError(f"{path}: not a table of artists ({error})") from None
    seen: dict[str, Artist] = {}
    for artist in artists:
        if (key := fold(artist.name)) in seen:
            raise DataError(f"{path}: {artist.name!r} stands there twice; leave one row")
        seen[key] = artist
    return tuple(artists)


def _artist(row: dict[str, str | None]) -> Artist:
    def text(column: str) -> str:
        return unicodedata.normalize("NFC", row.get(column) or "").strip()

    paintings = text("paintings")
    return Artist(
        name=text("name"),
        genres=split_list(text("genre")),
        paintings=int(paintings) if re.fullmatch("[0-9]{1,9}", paintings) else None,
    )


@cache
def known_artists(dataset: str) -> dict[str, list[str]] | None:
    """Return the genres of each artist of a dataset that is known without its files.

    Args:
        dataset: "owner/name/version".

    Returns:
        None where the dataset is not known.
    """
    table = json.loads(
        resources.files("nstcore.dataset").joinpath("artists.json").read_text("utf-8")
    )
    artists: dict[str, list[str]] | None = table.get(dataset)
    return artists


def split_list(text: str) -> tuple[str, ...]:
    """Split a list of the table: `"Symbolism,Art Nouveau"` has two entries."""
    entries = (entry.strip() for entry in text.split(","))
    return tuple(dict.fromkeys(entry for entry in entries if entry))


def fold(name: str) -> str:
    """Reduce a name to what people agree on: no case, no accents, any gap the same.

    Example:
        >>> fold("Pierre-Auguste_Renoir") == fold("pierre auguste renoir")
        True
    """
    letters = unicodedata.normalize("NFKD", repair_name(name).casefold())
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    # A name without any letter or digit stays what it is, else all of these would be one.
    return " ".join(re.split(r"[\W_]+", plain)).strip() or name


def same_name(name: str, other: str) -> bool:
    """Tell whether two names mean the same, "Duerer" and "Dürer" among them; see `fold`."""
    return not _keys(name).isdisjoint(_keys(other))


def find_artist(name: str, artists: Iterable[Artist]) -> Artist | None:
    """Find the artist whom a folder or a user means: the name itself counts first."""
    known = {artist.name: artist for artist in artists}
    plain = " ".join(repair_name(name).replace("_", " ").split())
    if plain in known:
        return known[plain]
    return next((artist for artist in known.values() if same_name(name, artist.name)), None)


@cache
def _keys(name: str) -> frozenset[str]:
    spelled = repair_name(name).casefold().translate(_TRANSLITERATED)
    return frozenset({fold(name), fold(spelled)})
