"""Choose a study's pictures: paintings of each style, and contents drawn with a seed."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest
from pathlib import Path

from nstcore.common.errors import DataError
from nstcore.common.hints import first_few, nearest
from nstcore.dataset.catalogue import (
    Artwork,
    Catalogue,
    look_at,
    picture_id,
    same_picture,
    unique_ids,
)
from nstcore.dataset.layout import pictures_in
from nstcore.dataset.source import OnBadImage
from nstcore.selection.pictures import Alike, Census, Notes, Picture, Skipped, Supply
from nstcore.selection.styles import Contents, Style, Styles


def select(
    catalogue: Catalogue,
    styles: Styles,
    contents: Contents,
    seed: int,
    *,
    on_bad_image: OnBadImage = "stop",
    heldout: int = 0,
) -> tuple[list[Picture], Notes]:
    """Choose a study's pictures: the paintings of each style, and contents drawn with a seed.

    An artist's and a folder's paintings are the first by number. A genre's are drawn, evenly from
    its artists. Of a list, all are taken. Contents are never a style image, nor a copy of one or a
    picture that looks like one, and no content is there twice. What is drawn for one style or split
    does not change when another is added, unless both would have the same content.

    Args:
        catalogue: The dataset.
        styles: What to paint like.
        contents: What to paint: how many, from the dataset or from a folder.
        seed: Draws the contents, and the paintings of genres.
        on_bad_image: "skip" lets the next picture take the place of one that cannot be used.
        heldout: Number of paintings per style to set aside for the judge: the next ones by number,
            or where all are asked for the last of these; none that looks like a target.

    Raises:
        DataError: An artist or enough pictures are missing, or pictures cannot be used; the latter
            are all named at once.
    """
    ids = {artwork.id.casefold() for artwork in catalogue.artworks}
    taker = _Taker(on_bad_image)
    used: list[_Used] = []
    supplies = []
    for style in styles.each():
        candidates = _paintings(style, catalogue, seed, ids)
        for split, artworks in taker.take_paintings(candidates, style, heldout).items():
            used += (_Used("style", split, style.name, artwork) for artwork in artworks)
        announced = candidates[0].announced if style.artist else ""
        supplies.append(Supply(style.name, len(candidates), announced))
    folder = contents.folder
    pool = catalogue.artworks if folder is None else _look_into(Path(folder), "", ids)
    told = {entry.source for entry in taker.skipped}
    order = draw_order(
        (entry for entry in pool if entry.source not in told), f"{seed}/contents drawn"
    )
    taken = taker.take_contents(order, [entry.artwork for entry in used], contents)
    for split, artworks in taken.items():
        used += (_Used("content", split, "", artwork) for artwork in artworks)
    if taker.skipped and on_bad_image == "stop":
        raise DataError(
            f"{len(taker.skipped)} unusable pictures: "
            + "; ".join(f"{entry.source}: {entry.reason}" for entry in taker.skipped)
            + "; mend or remove them, or set on_bad_image: skip in the config's data"
        )
    notes = Notes(
        _count(catalogue), tuple(taker.skipped), tuple(_find_alike(used)), tuple(supplies)
    )
    return [entry.picture for entry in used], notes


@dataclass(frozen=True)
class _Used:
    role: str
    split: str
    style: str
    artwork: Artwork

    @property
    def picture(self) -> Picture:
        artwork = self.artwork
        return Picture(
            self.role,
            self.split,
            self.style,
            artwork.id,
            artwork.source,
            artwork.width,
            artwork.height,
            artwork.sha256,
        )


def _paintings(style: Style, catalogue: Catalogue, seed: int, ids: set[str]) -> list[Artwork]:
    """Return a style's paintings, the first of which are to be taken."""
    if style.folder is not None:
        return _look_into(Path(style.folder), style.name, ids)
    if style.paintings:
        return _listed(style, catalogue)
    if style.genre is None and style.artist is None:
        raise DataError(f"styles.sets.{style.label}: its table lists no painting yet; fill it in")
    if style.genre is not None:
        by_artist = catalogue.of_genre(style.genre)
        if not by_artist:
            allowed = catalogue.genres
            raise DataError(
                f"styles.genres: no artist of {style.genre!r} in the dataset; "
                + (nearest(style.genre, allowed) if allowed else "it has no artists.csv")
            )
        drawn = [draw_order(artworks, f"{seed}/{style.name}") for artworks in by_artist.values()]
        # One of each artist, then a second one of each ...
        return [
            artwork for round_ in zip_longest(*drawn) for artwork in round_ if artwork is not None
        ]
    artworks = catalogue.of_artist(style.label)
    if not artworks:
        known = [group[0].artist or name for name, group in catalogue.by_style.items()]
        raise DataError(
            f"styles.artists: {style.label!r} is not in the dataset; {nearest(style.label, known)}"
        )
    return artworks


def _listed(style: Style, catalogue: Catalogue) -> list[Artwork]:
    known = {artwork.id: artwork for artwork in catalogue.artworks}
    unknown = [identifier for identifier in style.paintings if identifier not in known]
    if unknown:
        raise DataError(
            f"styles.sets.{style.label}: no painting {first_few(unknown)} in the dataset; "
            f"{nearest(unknown[0], list(known))}"
        )
    return [known[identifier] for identifier in style.paintings]


def _look_into(folder: Path, style: str, ids: set[str]) -> list[Artwork]:
    """Look at the pictures right within a folder; their ids differ from those that are taken."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of pictures")
    try:
        paths = [folder / name for name in pictures_in(folder)]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror})") from None
    if not paths:
        raise DataError(f"{folder}: no pictures; expected .jpg, .png ... right within it")
    entries = [Artwork(style, "", "", "", picture_id(path, style), str(path)) for path in paths]
    return list(unique_ids(look_at(entries), ids))


class _Taker:
    """Takes pictures, and keeps what is wrong with those that cannot be used."""

    def __init__(self, on_bad_image: OnBadImage) -> None:
        self._stop = on_bad_image == "stop"
        self.skipped: list[Skipped] = []

    def take_paintings(
        self, candidates: Sequence[Artwork], style: Style, heldout: int
    ) -> dict[str, list[Artwork]]:
        """Take as many paintings as the style asks for, the first of them, and set some aside.

        Raises:
            DataError: There are fewer.
        """
        if style.images is None:
            taken = self._take(candidates, len(candidates), style.label)
            aside = _last_unlike_others(taken, heldout)
            targets = [artwork for artwork in taken if artwork not in aside]
        else:
            targets = self._take(candidates, style.images, style.label)
            rest = candidates[candidates.index(targets[-1]) + 1 :] if targets else []
            aside = self._take(_new(rest, list(targets)), heldout, style.label)
        if len(targets) < (style.images or 1) or len(aside) < heldout:
            bad = sum(bool(artwork.fault) for artwork in candidates)
            wanted = "all" if style.images is None else str(style.images)
            raise DataError(
                f"{style.label}: {len(candidates)} paintings"
                + (f", {bad} of them unusable" if bad else "")
                + f", {wanted} asked"
                + (f" and {heldout} to set aside that look like no other" if heldout else "")
                + "; lower styles.images"
                + (" or judge.heldout" if heldout else "")
                + " in the config, or add paintings"
            )
        return {"target": targets, "heldout": aside}

    def take_contents(
        self, order: Sequence[Artwork], paintings: Iterable[Artwork], wanted: Contents
    ) -> dict[str, list[Artwork]]:
        """Take contents, by split, that neither look like a painting nor like one another.

        Raises:
            DataError: There are too few.
        """
        used = list(paintings)
        # From both ends, so that no split decides which pictures the other gets.
        tests = self._take(_new(order, used), wanted.test, "contents")
        trains = self._take(_new(order[::-1], used), wanted.train, "contents")
        if len(tests) < wanted.test or len(trains) < wanted.train:
            raise DataError(
                f"contents: {len(order)} pictures to draw from, too few for {wanted.train} "
                f"training and {wanted.test} test contents; style images, unusable pictures and "
                "those that look like another do not count"
            )
        return {"train": trains, "test": tests}

    def _take(self, candidates: Iterable[Artwork], wanted: int, use: str) -> list[Artwork]:
        taken: list[Artwork] = []
        for artwork in candidates if wanted else ():
            if artwork.fault:
                self.skipped.append(Skipped(use, artwork.source, artwork.fault))
            # One that stops the study keeps its place: only what the study needs is judged.
            if self._stop or not artwork.fault:
                taken.append(artwork)
            if len(taken) == wanted:
                break
        return taken


def _last_unlike_others(artworks: Sequence[Artwork], count: int) -> list[Artwork]:
    """Return the last pictures, in their order, that look like no other one."""
    alone = [
        artwork
        for artwork in reversed(artworks)
        if not any(same_picture(artwork, other) for other in artworks if other is not artwork)
    ]
    return alone[:count][::-1]


def _new(candidates: Iterable[Artwork], used: list[Artwork]) -> Iterator[Artwork]:
    """Yield pictures that neither are nor look like one that is used; from then they are used."""
    for artwork in candidates:
        if not any(same_picture(artwork, other) for other in used):
            used.append(artwork)
            yield artwork


def draw_order(artworks: Iterable[Artwork], salt: str) -> list[Artwork]:
    """Shuffle pictures by a hash of the salt and each one's own key.

    A picture's rank depends neither on which others there are nor on the layout of the dataset, so
    a draw stays the same when pictures are added that rank behind it.
    """
    return sorted(
        artworks, key=lambda artwork: hashlib.sha256(f"{salt}/{artwork.key}".encode()).hexdigest()
    )


def _find_alike(used: Sequence[_Used]) -> Iterator[Alike]:
    """Find pictures that one style, or the contents, hold twice."""
    for first, second in combinations(used, 2):
        if first.style == second.style and same_picture(first.artwork, second.artwork):
            same_bytes = first.artwork.sha256 == second.artwork.sha256
            yield Alike(first.artwork.id, second.artwork.id, same_bytes)


def _count(catalogue: Catalogue) -> Census:
    artworks = catalogue.artworks
    return Census(
        pictures=len(artworks),
        styles=len(catalogue.by_style),
        duplicates=sum(bool(artwork.duplicate_of) for artwork in artworks),
        look_alikes=sum(bool(artwork.look_alikes) for artwork in artworks),
        unusable=sum(bool(artwork.fault) for artwork in artworks),
    )
