"""The sections `styles` and `contents` of the config: what is painted like, and what is painted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from nstcore.common.errors import ConfigError
from nstcore.common.section import Mistake, MistakesError, Section, unique
from nstcore.dataset.source import local_path


@dataclass(frozen=True)
class Style:
    """One style of a study: an artist, a genre, or a set of one's own, which is a list or a folder.

    One of `artist`, `genre`, `paintings` and `folder` is given.
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


def _check_images(value: Any) -> Any:
    counts = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    if counts or value == "all":
        return value
    raise MistakesError(f"{value!r} is neither a whole number from 1 nor 'all'")


Images = Annotated[
    int | str,
    BeforeValidator(_check_images),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}),
]
Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    Field(min_length=1, strict=False),
    AfterValidator(unique),
]


class StyleSet(Section):
    """A style of one's own: an era, a series, a school. Either a list or a folder."""

    paintings: Names | None = None
    """Ids of pictures in catalogue.csv, that is file names without ending; all are taken."""
    folder: Annotated[str | None, Field(min_length=1)] = None
    """A folder of pictures, of which `images` are taken."""
    images: Images | None = None
    """How many pictures of the folder; by default as many as for the other styles."""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if bool(self.paintings) == bool(self.folder):
            raise MistakesError("give either 'paintings', a list of ids, or 'folder'")
        if self.paintings and self.images is not None:
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
                    f"{other!r} and {label!r} would have the same folder {name}; rename one"
                )
            seen[name.casefold()] = label
        if not labels:
            mistakes.append("no style; give artists, genres or sets")
        if mistakes:
            raise MistakesError(*mistakes)
        return self

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
            if own.paintings:
                yield Style(name, label, None, paintings=own.paintings)
            else:
                number = images if own.images is None else _number(own.images)
                folder = str(Path(str(own.folder)).expanduser())
                yield Style(name, label, number, folder=folder)


class Contents(Section):
    """What the study paints: photographs, or pictures of the dataset that are no style images."""

    source: Annotated[str, Field(min_length=1)] = "dataset"
    """dataset: draw from the dataset's other pictures. Anything else: a folder of photographs."""
    train: Annotated[int, Field(ge=1)] = 10
    """Contents that optimizer and epochs are chosen on."""
    test: Annotated[int, Field(ge=1)] = 5
    """Contents that are stylised with the choice."""

    @property
    def folder(self) -> str | None:
        """The folder of photographs; None where contents are drawn from the dataset itself."""
        return None if self.source == "dataset" else local_path(self.source)


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
        raise ConfigError(f"{label!r} cannot name a folder")
    return name


def _number(images: int | str) -> int | None:
    return None if images == "all" else int(images)
