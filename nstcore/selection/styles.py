"""The sections `styles` and `contents` of the config: what is painted like, and what is painted."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from nstcore.common.errors import ConfigError
from nstcore.common.hints import first_few, nearest, show
from nstcore.common.mistakes import Mistake, MistakesError
from nstcore.common.section import OneOf, Section, unique
from nstcore.common.texts import PathText
from nstcore.dataset.source import local_path
from nstcore.images.prepare import FITS


@dataclass(frozen=True)
class Style:
    """One style of a study: an artist, a genre, or a set of one's own, which is a list or a folder.

    One of `artist`, `genre`, `paintings` and `folder` is given, or none where the table that is to
    list the paintings does not yet.
    """

    name: str
    """As it stands in file names."""
    label: str
    """As people call it."""
    images: int | None
    """How many paintings to take; None for all."""
    artist: str | None = None
    genre: str | None = None
    paintings: tuple[str, ...] = ()
    """Ids of the dataset's pictures."""
    folder: str | None = None

    @property
    def breadth(self) -> str:
        """What kind of style it is, in the plural, for those who compare kinds."""
        if self.artist is not None:
            return "single artists"
        return "movements" if self.genre is not None else "eras and other sets"


# No dataset has more.
_MOST = 1_000_000

Count = Annotated[int, Field(ge=1, le=_MOST)]


def _check_images(value: Any) -> Any:
    counts = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if not counts and value != "all":
        raise MistakesError(f"{show(value)} is neither a whole number from 1 nor 'all'")
    if counts and value > _MOST:
        raise MistakesError(f"{show(value)} is greater than the maximum of {_MOST}")
    return value


Images = Annotated[
    int | str,
    BeforeValidator(_check_images),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": _MOST}, {"const": "all"}]}
    ),
]
Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(min_length=1, strict=False),
    AfterValidator(unique),
]


class StyleSet(Section):
    """A style of one's own: an era, a series, a school. A list, a table or a folder."""

    paintings: Names | None = None
    """Ids of pictures in catalogue.csv, that is file names without ending; all are taken."""
    table: PathText | None = None
    """A CSV file with the columns `set` and `painting`; further ones are for people. The ids in its
    rows whose `set` is this one's name are the list; rows without an id wait to be filled in."""
    folder: PathText | None = None
    """A folder of pictures, of which `images` are taken."""
    images: Images | None = None
    """How many pictures of the folder; by default as many as for the other styles."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        given = [self.paintings, self.table, self.folder]
        if sum(map(bool, given)) != 1:
            raise MistakesError("give either 'paintings', a list of ids, or 'table', or 'folder'")
        if not self.folder and self.images is not None:
            raise MistakesError("all listed paintings are taken; remove 'images'")
        return self


class Styles(Section):
    """What the study paints like: artists, genres, and sets of one's own."""

    images: Images = 30
    """Paintings per style: of an artist the first by number, of a genre drawn evenly from its
    artists; or all."""
    artists: Names | None = None
    """One style each."""
    genres: Names | None = None
    """One style each, of all artists to whom artists.csv gives the genre."""
    sets: dict[str, StyleSet] | None = None
    """One's own styles by name: an era, a series, a school."""

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        mistakes: list[Mistake | str] = []
        seen: dict[str, str] = {}
        labels = [*(self.artists or ()), *(self.genres or ()), *(self.sets or {})]
        for label in labels:
            try:
                name = style_name(label)
            except ConfigError as error:
                mistakes.append(str(error))
                continue
            if (other := seen.get(name.casefold())) is not None:
                mistakes.append(
                    f"{show(other)} and {show(label)} would have the same folder {name}; rename one"
                )
            seen[name.casefold()] = label
        if not labels:
            mistakes.append("no style; give artists, genres or sets")
        if mistakes:
            raise MistakesError(*mistakes)
        return self

    def listed(self) -> "Styles":
        """Return the same with the lists that tables hold; a table that lists none is left.

        Raises:
            MistakesError: A table cannot be read, or lists a painting twice; a line per set.
        """
        if not self.sets:
            return self
        sets = dict(self.sets)
        mistakes = []
        for label, own in self.sets.items():
            try:
                paintings = read_set(label, own.table) if own.table else ()
            except ConfigError as error:
                mistakes.append(Mistake(str(error), ("sets", label)))
                continue
            if paintings:
                sets[label] = StyleSet(paintings=paintings)
        if mistakes:
            raise MistakesError(*mistakes)
        return self.model_copy(update={"sets": sets})

    @property
    def unlisted(self) -> list[str]:
        """What is to be done before each set can be painted like whose table lists no painting."""
        return [
            f"styles.sets.{label}: {own.table} lists no painting of it yet; fill in its column"
            " 'painting' with ids of catalogue.csv"
            for label, own in (self.sets or {}).items()
            if own.table
        ]

    def each(self) -> tuple[Style, ...]:
        """Return artists first, then genres, then sets, each in the config's order."""
        return tuple(self._each())

    def _each(self) -> Iterator[Style]:
        images = _number(self.images)
        for label in self.artists or ():
            yield Style(style_name(label), label, images, artist=label)
        for label in self.genres or ():
            yield Style(style_name(label), label, images, genre=label)
        for label, own in (self.sets or {}).items():
            name = style_name(label)
            if not own.folder:
                yield Style(name, label, None, paintings=own.paintings or ())
            else:
                number = images if own.images is None else _number(own.images)
                folder = str(Path(str(own.folder)).expanduser())
                yield Style(name, label, number, folder=folder)


class DrawnContents(Section):
    """Which contents a study has."""

    source: PathText = "dataset"
    """dataset: draw from the dataset's other pictures. Anything else: a folder of photographs."""
    train: Count = 10
    """Contents that optimizer and epochs are chosen on."""
    test: Count = 5
    """Contents that are stylised with the choice."""

    @property
    def folder(self) -> str | None:
        """The folder of photographs; None where contents are drawn from the dataset itself."""
        return None if self.source == "dataset" else local_path(self.source)


class Contents(DrawnContents):
    """What the study paints: photographs, or pictures of the dataset that are no style images."""

    fit: Annotated[str, OneOf(FITS)] = "squeeze"
    """What test contents become: squeeze, a square, as all other pictures; keep, their own shape
    with test_size as the longest side; pad, that as a square, mirrored around and cut off again
    once it is painted."""
    test_size: Annotated[int, Field(ge=32, le=4096)] | None = None
    """Side of test contents, in pixels; by default image_size. Their pictures are as sharp as it
    allows, and a step takes as much longer as they have more pixels."""


def read_set(label: str, path: str) -> tuple[str, ...]:
    """Read the paintings of a set from a table.

    Args:
        label: The set's name, as the column `set` has it.
        path: A CSV file; `StyleSet.table`.

    Returns:
        Ids, in the table's order; of rows whose `painting` is empty, none.

    Raises:
        ConfigError: The file is missing or no such table, has no row of the set, or one twice.
    """
    try:
        with _locate(path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a table ({error})") from None
    own = [row for row in rows if (row.get("set") or "").strip() == label]
    if not own:
        names = dict.fromkeys((row.get("set") or "").strip() for row in rows)
        known = [name for name in names if name]
        raise ConfigError(
            f"{path}: no row whose 'set' is {label!r}; "
            + (nearest(label, known) if known else "it needs the columns set and painting")
        )
    if any("painting" not in row for row in own):
        raise ConfigError(f"{path}: has no column 'painting'")
    ids = [identifier for row in own if (identifier := (row["painting"] or "").strip())]
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice:
        raise ConfigError(f"{path}: lists {first_few(twice)} twice for {label!r}; leave one")
    return tuple(ids)


def _locate(path: str) -> Path:
    """Return the file itself, or the project's own where Snakemake runs somewhere else."""
    own, ours = Path(path).expanduser(), Path(__file__).parents[2] / path
    return ours if ours.is_file() and not own.is_file() else own


def style_name(label: str) -> str:
    """Turn an artist's, a genre's or a set's name into one that folders can have.

    Spaces become underscores, and so does what a file system or a workflow would take amiss.

    Raises:
        ConfigError: Nothing is left of it.
    """
    name = "_".join(label.split()).lstrip(".-")
    name = "".join(
        "_" if sign in '/\\:*?"<>|{}' or not sign.isprintable() else sign for sign in name
    )
    if not name or len(name.encode()) > 200:
        raise ConfigError(f"{show(label)} cannot name a folder")
    return name


def _number(images: int | str) -> int | None:
    return None if images == "all" else int(images)
