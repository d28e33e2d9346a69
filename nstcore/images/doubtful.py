"""Kinds of pictures that Pillow decodes without a word, and wrongly or by guessing.

Found by writing every kind and comparing what is read; see `tests/images/test_second_reader.py`.
"""

import re

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

# TIFF 6.0, by tag; the last is of Adobe's Digital Negative.
_SUBFILE, _OLD_SUBFILE, _BITS, _PHOTOMETRIC, _SAMPLES = 254, 255, 258, 262, 277
_PLANES, _COLOURS, _INKS, _DOTS, _EXTRA, _SIGN = 284, 320, 332, 336, 338, 339
_SUBSAMPLING, _DNG = 530, 50706
_RGB, _PALETTE, _CMYK, _YCBCR = 2, 3, 5, 6
_SIGNED, _APART, _SMALL = 2, 2, 2
# Of ITU-T H.273, for pictures brighter than a screen's white.
_BRIGHT = {16: "PQ", 18: "HLG"}
_AVIF_COLOUR = re.compile(rb"colrnclx..(..)", re.DOTALL)
_PNG_COLOUR = re.compile(rb"\0\0\0\x04cICP.(.)", re.DOTALL)
_HEADERS = 1 << 16


def find_doubt(image: ImageFile, content: bytes) -> str | None:
    """Say what kind a picture is of, if it is one that would be shown in wrong colours.

    Args:
        image: Opened, its pixels not read yet.
        content: Its file.

    Returns:
        A few words for an error message; None for a picture that is read as it is.
    """
    if isinstance(image, TiffImageFile):
        return _doubt_tiff(image)
    if isinstance(image, JpegImageFile) and image.mode == "CMYK" and "adobe" not in image.info:
        return "CMYK without Adobe's mark, which tells whether 0 is ink or paper"
    found = None
    if isinstance(image, AvifImageFile):
        found = _AVIF_COLOUR.search(content, 0, _HEADERS)
    elif isinstance(image, PngImageFile):
        found = _PNG_COLOUR.search(content, 0, _HEADERS)
    transfer = int.from_bytes(found[1], "big") if found else 0
    return f"high dynamic range ({_BRIGHT[transfer]})" if transfer in _BRIGHT else None


def _doubt_tiff(image: TiffImageFile) -> str | None:
    small = _first(image, _SUBFILE, 0) & 1 or _first(image, _OLD_SUBFILE, 0) == _SMALL
    if _DNG in image.tag_v2 or small:
        return "a small copy comes first, as in a camera's raw data"
    bits = max(_numbers(image, _BITS, (1,)))
    if _SIGNED in _numbers(image, _SIGN, ()) and bits <= 16:
        return f"signed {bits}-bit values"
    return _doubt_layout(image, bits) or _doubt_colours(image)


def _doubt_layout(image: TiffImageFile, bits: int) -> str | None:
    raw = not image.use_load_libtiff
    several = _first(image, _SAMPLES, 1) > 1
    if several and _first(image, _PLANES, 1) == _APART:
        if image.mode in {"LA", "La", "PA", "LAB", "YCbCr"}:
            return f"{image.mode} in planes of their own"
        if raw and bits > 8 and image.mode in {"RGB", "RGBA", "CMYK"}:
            return f"{bits}-bit {image.mode} in uncompressed planes of their own"
    # Without the tag, every other place has colours.
    halved = _numbers(image, _SUBSAMPLING, (2, 2)) != (1, 1)
    if several and raw and halved and _first(image, _PHOTOMETRIC, 0) == _YCBCR:
        return "uncompressed YCbCr with fewer places for colours than for brightness"
    return None


def _doubt_colours(image: TiffImageFile) -> str | None:
    photometric = _first(image, _PHOTOMETRIC, 0)
    if photometric == _PALETTE and 0 < max(_numbers(image, _COLOURS, (0,))) < 256:
        return "a palette of 8-bit colours, where TIFF has 16-bit ones"
    if photometric == _CMYK:
        first, last = (*_numbers(image, _DOTS, ()), 0, 255)[:2]
        if _first(image, _INKS, 1) != 1 or first > last:
            return "inks that are not CMYK, or inverted"
    if photometric == _RGB and _first(image, _SAMPLES, 1) == 4 and _EXTRA not in image.tag_v2:
        return "a fourth channel of which nothing tells whether it is opacity"
    return None


def _numbers(image: TiffImageFile, tag: int, default: tuple[int, ...]) -> tuple[int, ...]:
    """Return the values of a tag; the default where it is missing or holds something else."""
    value = image.tag_v2.get(tag)
    values = value if isinstance(value, tuple) else (value,)
    return values if values and all(isinstance(one, int) for one in values) else default


def _first(image: TiffImageFile, tag: int, default: int) -> int:
    return _numbers(image, tag, (default,))[0]
