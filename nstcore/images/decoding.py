"""Decode picture files that nobody vouches for: each becomes an 8-bit sRGB picture or an error."""

import io
import logging
import re
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from nstcore.common.errors import ImageError
from nstcore.images.cut_jpeg import MOST_MISSING, ended, lacks_end, missing_share
from nstcore.images.doubtful import find_doubt
from nstcore.images.formats import CONVERT, HEAD, recognise, shown, why_not_read
from nstcore.images.refusal import RefusedError

MAX_PIXELS = 89_478_485
"""Pictures of more pixels are refused. Pillow warns of decompression bombs from here on; decoded,
so many fill a third of a gigabyte."""

# The most that so many pixels take: uncompressed, with opacity, in 16 bits.
_MAX_BYTES = 8 * MAX_PIXELS

# `Image.open` would try its readers on other files too, and print a warning of a large picture
# before its size could be looked at.
_READERS: dict[str, type[ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "AVIF": AvifImageFile,
}

WITHOUT_END = "its file lacks its end, the picture is whole"
"""What to tell of a picture that was cut behind its pixels."""

_MEND = f"{CONVERT}, 8-bit RGB"
_PNG_BEGIN = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xae\x42\x60\x82"

# Remarks on damaged metadata, which the caller learns of if the picture cannot be read for it.
# Only once and for these two modules: `warnings.catch_warnings` is not safe with threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.(Png|Tiff)ImagePlugin")
logging.getLogger("PIL").addHandler(logging.NullHandler())


class Decoded(NamedTuple):
    """A picture as Pillow reads it."""

    image: ImageFile
    remark: str
    """What its file lacks though the picture is whole; mostly empty."""


@contextmanager
def decoded(path: Path | str) -> Iterator[Decoded]:
    """Open and decode a picture; of several in the file, the first.

    Args:
        path: A file in one of the `FORMATS`, which its content tells and not its name.

    Returns:
        A context of the picture as it lies in the file; see `conversion.to_srgb`.

    Raises:
        ImageError: The file is missing or unreadable, or the picture is damaged, too large, or of a
            kind that is not read. What the block raises itself counts as damage of the picture.
    """
    name = shown(path)
    fault = ""
    try:
        content = _read_file(Path(path))
        reader = _find_reader(content)
        fault = f"damaged {reader.format} picture, or of a kind that is not read"
        content, remark = _made_whole(reader, content)
        with _read_header(reader, content) as image:
            if doubt := find_doubt(image, content):
                raise RefusedError(f"{reader.format} of a kind that is not read: {doubt}; {_MEND}")
            fault = f"damaged {reader.format} picture"
            image.load()
            if isinstance(image, PngImageFile) and _has_changed(content):
                raise RefusedError(f"{fault} (its pixels are not those of its checksum)")
            yield Decoded(image, remark or _missing_end(image, content))
    except RefusedError as error:
        raise ImageError(f"{name}: {error}") from None
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        size = f"{pixels[0]} pixels" if pixels else "a size"
        raise ImageError(f"{name}: {_too_large(size)}") from None
    # Pillow's decoders meet hostile bytes with whatever exception these happen to cause.
    except Exception as error:
        raise ImageError(f"{name}: {fault} ({_reason(error)})") from None


def _read_file(path: Path) -> bytes:
    """Return the bytes of a file of reasonable size.

    All at once: from a file, Pillow asks for as many as the next chunk announces, up to 4 GB.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise RefusedError("a folder, not a picture")
        # Opening a pipe would wait for someone to write to it.
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError("not a regular file (a pipe, a socket or a device)")
        if not status.st_size:
            raise RefusedError("an empty file, no picture")
        if status.st_size > _MAX_BYTES:
            raise RefusedError(
                f"absurdly large ({status.st_size} bytes; at most {_MAX_BYTES} are read)"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise RefusedError("no such picture") from None
    except OSError as error:
        raise RefusedError(f"cannot be read ({error.strerror})") from None
    except ValueError as error:  # a null character in the name
        raise RefusedError(f"cannot be read ({error})") from None


def _find_reader(content: bytes) -> type[ImageFile]:
    found = recognise(content[:HEAD])
    if found is None or found.name not in _READERS:
        raise RefusedError(why_not_read(content[:HEAD]))
    return _READERS[found.name]


def _made_whole(reader: type[ImageFile], content: bytes) -> tuple[bytes, str]:
    """Give a JPEG picture the end that its file lacks, unless the picture itself was cut."""
    if reader is not JpegImageFile or not lacks_end(content):
        return content, ""

    # Whatever else is wrong with it comes first, its size above all.
    with _read_header(reader, content):
        pass
    missing = missing_share(content, lambda file: np.asarray(_read_header(reader, file)))
    if missing > MOST_MISSING:
        share = f"{100 * missing:.0f} % of its pixels are" if missing < 1 else "much of it is"
        raise RefusedError(
            f"damaged JPEG picture (image file is truncated: {share} missing); get it again"
        )
    if not missing:
        return ended(content), WITHOUT_END
    return ended(content), f"its file was cut: {100 * missing:.1g} % of its pixels are missing"


def _has_changed(content: bytes) -> bool:
    """Whether a chunk of a PNG's pixels is another than was written.

    Pillow compares the checksums of all chunks but these, libpng those too.
    """
    place = len(_PNG_BEGIN)
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            break
        if kind == b"IDAT":
            (told,) = struct.unpack_from(">I", content, end)
            if zlib.crc32(memoryview(content)[place + 4 : end]) != told:
                return True
        place = end + 4
    return False


def _missing_end(image: ImageFile, content: bytes) -> str:
    """Say whether a file ends behind the pixels of its picture, which Pillow takes for whole."""
    if isinstance(image, PngImageFile):
        lacks = _PNG_END not in content
    else:
        lacks = isinstance(image, GifImageFile) and not content.rstrip(b"\0").endswith(b";")
    return WITHOUT_END if lacks else ""


def _read_header(reader: type[ImageFile], content: bytes) -> ImageFile:
    if reader is GifImageFile:
        _check_size(*_canvas_of_gif(content))
    image = reader.__new__(reader)
    try:
        # In two steps: the size stays known where it is what Pillow objects to.
        reader.__init__(image, io.BytesIO(content))
    except SyntaxError:
        if image.mode and not min(image.size):
            raise RefusedError(f"no pixels ({image.width} x {image.height})") from None
        raise
    _check_size(image.width, image.height)
    _fit_transparency(image)
    return image


def _canvas_of_gif(content: bytes) -> tuple[int, int]:
    """Return the size that Pillow will give a GIF: it widens the canvas to the first picture."""
    canvas = struct.unpack_from("<2H", content, 6)
    place = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
    while content[place] != ord(","):
        if content[place] == ord("!"):  # an extension: a label, then blocks until an empty one
            place += 2
            while content[place]:
                place += content[place] + 1
        place += 1
    left, top, width, height = struct.unpack_from("<4H", content, place + 1)
    return max(canvas[0], left + width), max(canvas[1], top + height)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise RefusedError(_too_large(f"{width} x {height} pixels"))


def _too_large(size: str) -> str:
    return f"absurdly large ({size}; at most {MAX_PIXELS} pixels are read); scale it down"


def _reason(error: BaseException) -> str:
    """Put an exception of Pillow's into a few words on one line."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, Exception):
        error = cause
    if isinstance(error, struct.error | IndexError | EOFError):
        return "it ends too early"
    text = " ".join(str(error).split())
    text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)[:200]
    telling = text and isinstance(error, OSError | SyntaxError | ValueError)
    return text if telling else f"{type(error).__name__}: {text}".removesuffix(": ")


def _fit_transparency(image: ImageFile) -> None:
    """Bring the transparent colour of a PNG to 8 bits like its pixels; Pillow leaves it alone."""
    colour = image.info.get("transparency")
    if not isinstance(image, PngImageFile) or not image.tile:
        return
    match image.tile[0].args, colour:
        case "L;2", int():
            image.info["transparency"] = colour * 0x55
        case "L;4", int():
            image.info["transparency"] = colour * 0x11
        case "RGB;16B", tuple():
            image.info["transparency"] = tuple(value >> 8 for value in colour)
