"""The styles of a study: artists, genres, and sets of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstcore.common.errors import ConfigError


@dataclass(frozen=True)
class StyleConfig:
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


def read_styles(styles: Mapping[str, Any]) -> tuple[StyleConfig, ...]:
    """Read the section `styles` of a config, whose form has been checked.

    Returns:
        Artists first, then genres, then sets, each in the config's order.

    Raises:
        ConfigError: There is no style, two have one name, or a set is neither a list nor a folder.
    """
    images = _number(styles["images"])
    found = [
        *(
            StyleConfig(style_name(one), one, images, artist=one)
            for one in styles.get("artists", ())
        ),
        *(StyleConfig(style_name(one), one, images, genre=one) for one in styles.get("genres", ())),
        *(_read_set(name, one, images) for name, one in styles.get("sets", {}).items()),
    ]
    if not found:
        raise ConfigError("config: styles: no style; give artists, genres or sets")
    seen: dict[str, StyleConfig] = {}
    for style in found:
        other = seen.setdefault(style.name.casefold(), style)
        if other is not style:
            raise ConfigError(
                f"config: styles: {other.label!r} and {style.label!r} would have the same folder "
                f"{style.name}; rename one"
            )
    return tuple(found)


def _read_set(label: str, values: Mapping[str, Any], images: int | None) -> StyleConfig:
    where = f"config: styles.sets.{label}"
    paintings, folder = tuple(values.get("paintings", ())), values.get("folder", "")
    if bool(paintings) == bool(folder):
        raise ConfigError(f"{where}: give either 'paintings', a list of ids, or 'folder'")
    if paintings and "images" in values:
        raise ConfigError(f"{where}: all listed paintings are taken; remove 'images'")
    if paintings:
        return StyleConfig(style_name(label), label, None, paintings=paintings)
    own = _number(values["images"]) if "images" in values else images
    return StyleConfig(style_name(label), label, own, folder=str(Path(folder).expanduser()))


def _number(images: int | str) -> int | None:
    return None if images == "all" else int(images)


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
        raise ConfigError(f"config: styles: {label!r} cannot name a folder")
    return name
