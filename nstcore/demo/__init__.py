"""The embedded demo's data: a dataset of invented artists, and photographs to repaint.

Both are written from what is installed alone, without any network.
"""

import csv
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from nstcore.common.errors import ConfigError, DataError
from nstcore.demo.brushes import color_table
from nstcore.demo.painters import SCALE, paint_carvings, paint_dots, paint_shards, paint_strokes
from nstcore.demo.scenes import CREDITS, MODELS, Scene, compose, photograph
from nstcore.images.io import Pixels, resize, save_png, to_image

LABEL = "SOURCES.txt"
"""Stands in both folders, says where their pictures come from, and marks them as replaceable."""

JPEG_QUALITY = 92

MAX_SIDE = 640
"""Photographs are scaled down to this many pixels."""


@dataclass(frozen=True)
class InventedArtist:
    """An invented artist: a row of `artists.csv` and a hand that paints."""

    name: str
    years: str
    genre: str
    bio: str
    paint: Callable[[Generator, Scene, Pixels], Pixels]
    palette: tuple[str, ...]
    """See `brushes.color_table`."""

    @property
    def folder(self) -> str:
        """The name as the dataset's folders and files have it."""
        return self.name.replace(" ", "_")


ARTISTS = (
    InventedArtist(
        "Ada Curl",
        "1901 - 1980",
        "Post-Impressionism",
        'An invented artist. Of her "curls", long strokes that follow every form, it is said that '
        "no wind was ever calm enough for her.",
        paint_strokes,
        (
            "0a1238 16399a 3f86d4 9fd3e6 f2f2d8",
            "14202c 2c5a4c 7d9a4a d9c552 fbeeb0",
            "2a1410 8a3a12 e08a1c f9c92e fff2a6",
        ),
    ),
    InventedArtist(
        "Mina Dapple",
        "1874 \u2013 1951",
        "Pointillism,Post-Impressionism",
        'An invented artist. She counted "dots, not days", and never mixed two colours herself.',
        paint_dots,
        (
            "4a4098 7f8fe0 9fc9f0 c9ecf0 f8fbf2",
            "3c6a98 4fb8b0 9ce0b8 d8f0c0 fbfbe0",
            "8a3a98 d070b0 f4a4b4 fbd0c0 fdf3e0",
            "a02a50 e8603c f8984c fcc860 fdf0b8",
        ),
    ),
    InventedArtist(
        "Anton Shard",
        "1889 \u2013 1962",
        "Cubism",
        'An invented artist. A glazier by trade, he called a whole pane "a picture unpainted".',
        paint_shards,
        (
            "14181f 3b4a5c 7d8c96 b9bfb8 ece6d4",
            "1b1712 55483a 948468 c7b795 efe4c8",
            "220e0a 7a2a18 b9623a ddaa78 f5e4c4",
        ),
    ),
    InventedArtist(
        "Hugo Gouge",
        "1912 - 1993",
        "Expressionism",
        'An invented artist. He carved teal, cream and vermilion, then "let the black in".',
        paint_carvings,
        (
            "0f3f4a 1b7f84 62b9ac cfe3cc f4ecd6",
            "5a3a20 c9a04a e6cf9a f2e6c8 f7efdc",
            "6e1414 c92a1e e65a38 f3b27c f7e6cc",
        ),
    ),
)

PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "hubble": "hubble_deep_field.jpg",
    "rocket": "rocket.jpg",
}
"""What each content shows, and its file in scikit-image."""

_PAINTED = " All pictures by this hand are painted by the program workflow_scripts/paint_demo.py."


def paint(artist: InventedArtist, seed: int, number: int) -> Image.Image:
    """Paint one picture, about 350 x 270 pixels, landscape or portrait.

    It follows from its arguments alone, whatever else is painted.
    """
    rng = np.random.default_rng([seed, zlib.crc32(artist.name.encode()), number])
    long = int(rng.integers(304, 353))
    short = round(long / rng.choice([1.2, 1.25, 1.33, 1.41]))
    width, height = (short, long) if rng.random() < 0.4 else (long, short)
    scene = compose(rng, (height * SCALE, width * SCALE))
    canvas = artist.paint(rng, scene, color_table(artist.palette))
    return resize(to_image(canvas), (width, height))


def _nothing(message: str) -> None:
    pass


def paint_dataset(
    folder: Path, seed: int, paintings: int = 12, progress: Callable[[str], None] = _nothing
) -> None:
    """Write a dataset in the layout of "Best Artworks of All Time", whole or not at all.

    That is `artists.csv` and `images/images/<Artist>/<Artist>_<number>.jpg`. Same seed, same bytes.

    Args:
        folder: The dataset's; replaced if an earlier run wrote it.
        seed: 0 or more; another seed gives other pictures by the same artists.
        paintings: Pictures per artist.
        progress: Called with a line after each artist.

    Raises:
        ConfigError: The seed or the number of paintings is out of range.
        DataError: The folder holds something else, or cannot be written.
    """
    if seed < 0:
        raise ConfigError(f"seed {seed}: give 0 or more")
    if paintings < 1:
        raise ConfigError(f"{paintings} paintings: give 1 or more")
    with _whole_folder(folder) as draft:
        for count, artist in enumerate(ARTISTS, start=1):
            place = draft / "images" / "images" / artist.folder
            place.mkdir(parents=True)
            for number in range(1, paintings + 1):
                path = place / f"{artist.folder}_{number}.jpg"
                image = paint(artist, seed, number)
                image.save(path, quality=JPEG_QUALITY, subsampling="4:4:4")
            progress(f"{artist.name}: {paintings} paintings ({count} of {len(ARTISTS)} artists)")
        _write_artists(draft / "artists.csv", paintings)
        lines = [f"{file}: {CREDITS[file]}" for file in (*MODELS, "horse.png")]
        _label(draft, "Invented landscapes, and parts of these pictures of scikit-image:", lines)


def _write_artists(path: Path, paintings: int) -> None:
    columns = ["id", "name", "years", "genre", "nationality", "bio", "wikipedia", "paintings"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for number, artist in enumerate(ARTISTS):
            about = (artist.name, artist.years, artist.genre, "Invented", artist.bio + _PAINTED, "")
            writer.writerow((number, *about, paintings))


def write_photographs(folder: Path) -> None:
    """Write the demo's contents as PNG files named by what they show, whole or not at all.

    Args:
        folder: Replaced if an earlier run wrote it.

    Raises:
        DataError: The folder holds something else, or cannot be written.
        ImageError: The installed scikit-image lacks a photograph.
    """
    with _whole_folder(folder) as draft:
        for name, file in PHOTOGRAPHS.items():
            image = photograph(file)
            scale = min(1, MAX_SIDE / max(image.size))
            size = round(image.width * scale), round(image.height * scale)
            save_png(resize(image, size), draft / f"{name}.png")
        lines = [f"{name}.png: {CREDITS[file]}" for name, file in PHOTOGRAPHS.items()]
        _label(draft, "Photographs from scikit-image:", lines)


def _label(folder: Path, title: str, lines: Sequence[str]) -> None:
    (folder / LABEL).write_text("\n".join([title, *lines, ""]), encoding="utf-8", newline="\n")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a new folder beside `folder` to fill; put it in its place once the block ended well.

    What stood there is deleted only if it is empty or bears the label.
    """
    final = folder.resolve()
    if final.exists() and not (final / LABEL).is_file() and not _is_empty(final):
        raise DataError(f"{folder}: holds other files; name a new folder, or empty it yourself")
    draft = final.with_name(f".{os.getpid()}.part.{final.name}")
    former = final.with_name(f".{os.getpid()}.former.{final.name}")
    try:
        draft.mkdir(parents=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from None
    try:
        yield draft
        if final.exists():
            final.replace(former)
        draft.replace(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
