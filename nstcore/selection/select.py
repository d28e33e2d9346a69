"""Choose a study's pictures: paintings of each style, and contents drawn with a seed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from nstcore.dataset.passed_over import PassedOver, look_through
from nstcore.dataset.source import OnBadImage
from nstcore.selection.pictures import Alike, Census, Notes, Picture, Skipped, Supply
from nstcore.selection.styles import DrawnContents, Style, Styles
from nstcore.selection.taking import Taker


def select(
    catalogue: Catalogue,
    styles: Styles,
    contents: DrawnContents,
    seed: int,
    *,
    on_bad_image: OnBadImage = "stop",
    heldout: int = 0,
) -> tuple[list[Picture], Notes]:
    """Choose a study's pictures: the paintings of each style, and contents drawn with a seed.

    An artist's and a folder's paintings are the first by number. A genre's are drawn, evenly from
    its artists. Of a list, all are taken. Contents are never a style image, nor a copy of one or a
    picture that looks like one, be it mirrored, framed or cut, and no content is there twice. What
    is drawn for one style or split does not change when another is added, unless both would have
    the same content.

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
    taker = Taker(on_bad_image)
    used: list[_Used] = []
    supplies = []
    passed_over = {"dataset": list(catalogue.passed_over)}
    for style in styles.each():
        if style.folder is None:
            candidates = _paintings(style, catalogue, seed)
            beside = _beside(candidates, catalogue)
        else:
            candidates, beside = _look_into(Path(style.folder), style.name, ids)
            passed_over[style.label] = beside
        for split, artworks in taker.take_paintings(candidates, style, heldout, beside).items():
            used += (_Used("style", split, style.name, artwork) for artwork in artworks)
        announced = candidates[0].announced if style.artist else ""
        supplies.append(Supply(style.name, len(candidates), announced))
    folder = contents.folder
    pool: Sequence[Artwork] = catalogue.artworks
    beside = list(catalogue.passed_over)
    if folder is not None:
        pool, beside = _look_into(Path(folder), "", ids)
        passed_over["contents"] = beside
    told = {entry.source for entry in taker.skipped}
    order = draw_order(
        (entry for entry in pool if entry.source not in told), f"{seed}/contents drawn"
    )
    taken = taker.take_contents(order, [entry.artwork for entry in used], contents, beside)
    for split, artworks in taken.items():
        used += (_Used("content", split, "", artwork) for artwork in artworks)
    if taker.skipped and on_bad_image == "stop":
        raise DataError(
            f"{len(taker.skipped)} unusable pictures: "
            + "; ".join(f"{entry.source}: {entry.reason}" for entry in taker.skipped)
            + "; mend or remove them, or set on_bad_image: skip in the config's data"
        )
    notes = Notes(
        _count(catalogue),
        tuple(taker.skipped),
        tuple(_find_alike(used)),
        tuple(supplies),
        tuple(
            Skipped(use, one.source, one.reason)
            for use, found in passed_over.items()
            for one in found
        ),
        tuple(_remarks(used, {style.name: style.label for style in styles.each()})),
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


def _paintings(style: Style, catalogue: Catalogue, seed: int) -> list[Artwork]:
    """Return a style's paintings in the dataset, the first of which are to be taken."""
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


def _look_into(folder: Path, style: str, ids: set[str]) -> tuple[list[Artwork], list[PassedOver]]:
    """Look at the pictures right within a folder; their ids differ from those that are taken."""
    paths, passed_over = look_through(folder)
    entries = [Artwork(style, "", "", "", picture_id(path, style), str(path)) for path in paths]
    return list(unique_ids(look_at(entries), ids)), passed_over


def _beside(paintings: Iterable[Artwork], catalogue: Catalogue) -> list[PassedOver]:
    """Return what was passed over in the folders that paintings come from."""
    folders = {Path(painting.source).parent for painting in paintings}
    return [one for one in catalogue.passed_over if Path(one.source).parent in folders]


def _remarks(used: Iterable[_Used], labels: Mapping[str, str]) -> Iterator[Skipped]:
    """Tell what the files of used pictures lack; styles are called by their labels."""
    for entry in used:
        if entry.artwork.remark:
            use = labels.get(entry.style, "contents")
            yield Skipped(use, entry.artwork.source, entry.artwork.remark)


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
