"""Squeeze pictures to the study's square, and remember what they were."""

import re
from pathlib import Path

from nstcore.images.decoding import MAX_PIXELS
from nstcore.images.io import read_image, read_text, resize, save_png

ORIGINAL_SIZE = "original_size"
"""Name of the text chunk that holds a prepared picture's original WIDTHxHEIGHT."""

_SIZE = re.compile(r"([1-9][0-9]{0,9})x([1-9][0-9]{0,9})", re.ASCII)


def prepare(source: Path | str, output: Path | str, side: int) -> None:
    """Squeeze a picture to a square PNG that remembers its original size.

    Args:
        source: Any picture.
        output: The PNG to write, whole or not at all.
        side: In pixels.

    Raises:
        ImageError: The picture cannot be used.
    """
    image = read_image(source)
    text = {ORIGINAL_SIZE: f"{image.width}x{image.height}"}
    save_png(resize(image, (side, side)), output, text)


def original_size(prepared: Path | str) -> tuple[int, int]:
    """Return the (width, height) in pixels that a prepared picture had before.

    Where none is noted, or none that a picture can have, it is the picture's own.

    Raises:
        ImageError: As `read_image` does.
    """
    noted = _SIZE.fullmatch(read_text(prepared).get(ORIGINAL_SIZE, ""))
    if noted:
        width, height = int(noted[1]), int(noted[2])
        if width * height <= MAX_PIXELS:
            return width, height
    return read_image(prepared).size
