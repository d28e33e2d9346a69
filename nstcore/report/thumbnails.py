"""Small copies of pictures, to be embedded in a page.

Making them is what a report takes longest for, so they are kept beside the study for the next one.
"""

import base64
import hashlib
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from nstcore.common.files import atomic_write, sha256
from nstcore.images.io import read_image, resize

_SETTINGS: dict[str, Any] = {"format": "WEBP", "quality": 80, "method": 4}


@dataclass(frozen=True)
class Wanted:
    """A copy that is to be made."""

    path: Path
    """The picture."""
    side: int
    """Of the square that the copy fits into, in pixels; it is never enlarged beyond `shape`."""
    shape: tuple[int, int] | None = None
    """(width, height) that the picture had before it was squeezed; without it, its own."""


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of a picture."""

    data: bytes
    """WebP."""
    width: int
    """In pixels."""
    height: int

    @property
    def source(self) -> str:
        """The copy as a data URI."""
        return f"data:image/webp;base64,{base64.b64encode(self.data).decode()}"


def make_thumbnails(
    wanted: Iterable[Wanted], kept: Path | None = None, threads: int = 1
) -> dict[Wanted, Thumbnail]:
    """Make copies of pictures; the same files give the same bytes.

    Args:
        wanted: What to make.
        kept: A folder for copies, which are taken from it where picture and wish are the same as
            last time; what is not wanted any more is deleted from it. None keeps nothing.
        threads: Pictures that are worked on at once.

    Raises:
        ImageError: A picture cannot be read.
    """
    wanted = list(dict.fromkeys(wanted))
    with ThreadPoolExecutor(threads) as pool:
        made = list(pool.map(lambda wish: _take_or_make(wish, kept), wanted))
    if kept is not None and kept.is_dir():
        used = {name for name, _ in made}
        for path in kept.iterdir():
            if path.name not in used:
                with suppress(OSError):
                    path.unlink()
    return {wish: thumbnail for wish, (_, thumbnail) in zip(wanted, made, strict=True)}


def affordable_side(count: int, most: int, least: int, budget: float) -> int:
    """Choose how large copies can be so that all of them stay within a budget.

    Args:
        count: The number of copies.
        most: In pixels.
        least: In pixels; stands even where the budget is then exceeded.
        budget: For all data URIs together, in bytes. Stylised pictures were measured to take 0.27
            bytes per pixel of their square.

    Returns:
        A multiple of 16 between the limits, or one of them; in pixels.
    """
    side = int((budget / (0.27 * max(count, 1))) ** 0.5) // 16 * 16
    return min(most, max(least, side))


def _take_or_make(wanted: Wanted, kept: Path | None) -> tuple[str, Thumbnail]:
    """Return a copy with the name of its file in `kept`: a checksum, then the copy."""
    if kept is None:
        return "", _make(wanted)
    try:
        # By their contents, since dates say nothing of bytes; and by their paths, since two threads
        # must not write one file.
        picture = f"{wanted.path} {sha256(wanted.path)}"
    except OSError:
        # Says what is wrong with the picture.
        return "", _make(wanted)
    wish = f"{picture} {wanted.side} {wanted.shape} {sorted(_SETTINGS.items())}"
    path = kept / hashlib.sha256(wish.encode("utf-8", "surrogateescape")).hexdigest()
    with suppress(OSError):
        checksum, data = _split(path.read_bytes())
        if checksum == hashlib.sha256(data).digest():
            with Image.open(io.BytesIO(data)) as image:
                return path.name, Thumbnail(data, *image.size)
    thumbnail = _make(wanted)
    # A study that cannot be written to can still be read.
    with suppress(OSError), atomic_write(path) as draft:
        draft.write_bytes(hashlib.sha256(thumbnail.data).digest() + thumbnail.data)
    return path.name, thumbnail


def _split(content: bytes) -> tuple[bytes, bytes]:
    size = hashlib.sha256().digest_size
    return content[:size], content[size:]


def _make(wanted: Wanted) -> Thumbnail:
    image = read_image(wanted.path)
    width, height = wanted.shape or image.size
    scale = min(1.0, wanted.side / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    file = io.BytesIO()
    resize(image, size).save(file, **_SETTINGS)
    return Thumbnail(file.getvalue(), *size)
