"""Pictures at a study's size, which remember what they were and get that back."""

import re
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from PIL import Image

from nstcore.common.errors import ConfigError, ImageError
from nstcore.images.decoding import MAX_PIXELS
from nstcore.images.formats import shown
from nstcore.images.io import read_image, read_text, resize, save_png, to_image, to_pixels

ORIGINAL_SIZE = "original_size"
"""Name of the text chunk that holds a prepared picture's original WIDTHxHEIGHT."""
PLACE = "place"
"""Name of the text chunk that says where in a padded square its picture is: WIDTHxHEIGHT+X+Y."""

FITS = ("squeeze", "pad", "keep")
FEWEST = 32
"""Pixels that the shorter side of a picture must be left with."""

_NUMBER = "[1-9][0-9]{0,9}"
_SIZE = re.compile(f"({_NUMBER})x({_NUMBER})", re.ASCII)
_PLACE = re.compile(rf"({_NUMBER})x({_NUMBER})\+([0-9]{{1,10}})\+([0-9]{{1,10}})", re.ASCII)


class Shape(NamedTuple):
    """What a picture becomes, in words `224`, `pad:512` or `keep:512`."""

    side: int
    """In pixels."""
    fit: str = "squeeze"
    """`squeeze` it to a square of the side; `keep` its own shape, the longest side of which becomes
    the side; or `pad` that to a square by mirroring it."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `str` writes.

        Raises:
            ConfigError: It says no shape.
        """
        fit, colon, side = text.rpartition(":")
        if not side.isdecimal() or not int(side) or (fit if colon else "squeeze") not in FITS:
            raise ConfigError(f"{text!r} is no shape; 224, pad:224 and keep:224 are")
        return cls(int(side), fit or "squeeze")

    def __str__(self) -> str:
        """Return the words."""
        return str(self.side) if self.fit == "squeeze" else f"{self.fit}:{self.side}"


def prepare(source: Path | str, output: Path | str, shape: Shape) -> None:
    """Bring a picture to a shape, as a PNG that remembers its original size.

    Args:
        source: Any picture.
        output: The PNG to write, whole or not at all.
        shape: What it becomes.

    Raises:
        ImageError: The picture cannot be used, or is too narrow for that.
    """
    image = read_image(source)
    text = {ORIGINAL_SIZE: f"{image.width}x{image.height}"}
    side = shape.side
    if shape.fit == "squeeze":
        save_png(resize(image, (side, side)), output, text)
        return
    width, height = fitted(image.size, side)
    if min(width, height) < FEWEST:
        raise ImageError(
            f"{shown(source)}: {image.width} x {image.height} pixels become {width} x {height}, "
            f"and {FEWEST} a side are needed; take another one, a larger contents.test_size, or "
            "contents.fit: squeeze"
        )
    fitting = resize(image, (width, height))
    if shape.fit == "pad":
        left, top = (side - width) // 2, (side - height) // 2
        text[PLACE] = f"{width}x{height}+{left}+{top}"
        around = ((top, side - height - top), (left, side - width - left), (0, 0))
        # More than a picture has is mirrored again.
        fitting = to_image(np.pad(to_pixels(fitting), around, "symmetric"))
    save_png(fitting, output, text)


def fitted(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return (width, height) with the longest side given, of the same shape."""
    width, height = (max(1, round(side * longest / max(size))) for side in size)
    return width, height


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


def give_back(image: Image.Image, prepared: Path | str) -> Image.Image:
    """Return what a prepared picture was painted as, without padding and at its original size.

    Args:
        image: The painting, of the prepared picture's size.
        prepared: The picture that was painted.

    Raises:
        ImageError: As `read_image` does.
    """
    left, top, width, height = _place(prepared, image.size)
    own = image.crop((left, top, left + width, top + height))
    return resize(own, original_size(prepared))


def painted_size(prepared: Path | str) -> tuple[int, int]:
    """Return the (width, height) in pixels that a picture is painted in, padding left out.

    Raises:
        ImageError: As `read_image` does.
    """
    return _place(prepared, read_image(prepared).size)[2:]


def _place(prepared: Path | str, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of what is no padding."""
    noted = _PLACE.fullmatch(read_text(prepared).get(PLACE, ""))
    if noted:
        width, height, left, top = map(int, noted.groups())
        if left + width <= size[0] and top + height <= size[1]:
            return left, top, width, height
    return 0, 0, *size
