"""Decode picture files that nobody vouches for: each becomes an 8-bit sRGB picture or an error."""

import io
import logging
import re
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from nstcore.common.errors import ImageError

MAX_PIXELS = 89_478_485
"""Pictures of more pixels are refused. Pillow warns of decompression bombs from here on; decoded,
so many fill a third of a gigabyte."""

# The most that so many pixels take: uncompressed, with opacity, in 16 bits.
_MAX_BYTES = 8 * MAX_PIXELS

# Pillow's readers, each by how its files begin. `Image.open` would try them on other files too,
# and print a warning of a large picture before its size could be looked at.
_READERS: tuple[tuple[bytes, type[ImageFile]], ...] = (
    (rb"\xff\xd8\xff", JpegImageFile),  # of several pictures (MPO) the first
    (rb"\x89PNG\r\n\x1a\n", PngImageFile),
    (rb"RIFF....WEBP", WebPImageFile),
    (rb"(II|MM)([*+]\0|\0[*+])", TiffImageFile),
    (rb"BM", BmpImageFile),
    (rb"GIF8[79]a", GifImageFile),
    (rb"....ftyp(avif|avis|mif1|msf1)", AvifImageFile),
)
FORMATS = "JPEG, PNG, WebP, TIFF, BMP, GIF and AVIF"
"""What is read, in the words of an error message."""

_PNG_END = b"IEND\xae\x42\x60\x82"
_EXIF_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TIFF_BITS = 258
_TIFF_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0

# Remarks on damaged metadata, which the caller learns of if the picture cannot be read for it.
# Only once and for these two modules: `warnings.catch_warnings` is not safe with threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.(Png|Tiff)ImagePlugin")
logging.getLogger("PIL").addHandler(logging.NullHandler())


class _RefusedError(Exception):
    """The picture cannot be used; the message says why, without its name."""


def shown(path: Path | str) -> str:
    """Return a path as error messages show it: quoted and escaped where it is not printable."""
    text = str(path)
    return text if text.isprintable() else repr(text)


@contextmanager
def decoded(path: Path | str) -> Iterator[ImageFile]:
    """Open and decode a picture; of several in the file, the first.

    Args:
        path: A file in one of the `FORMATS`, which its content tells and not its name.

    Returns:
        A context of the picture as Pillow reads it, as it lies in the file; see `to_srgb`.

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
        with _read_header(reader, content) as image:
            fault = f"damaged {reader.format} picture"
            image.load()
            # Pillow takes a PNG that ends early if the last pixel has come through.
            if isinstance(image, PngImageFile) and _PNG_END not in content:
                raise _RefusedError(f"{fault} (image file is truncated)")
            yield image
    except _RefusedError as error:
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
            raise _RefusedError("a folder, not a picture")
        # Opening a pipe would wait for someone to write to it.
        if not stat.S_ISREG(status.st_mode):
            raise _RefusedError("not a regular file (a pipe, a socket or a device)")
        if not status.st_size:
            raise _RefusedError("an empty file, no picture")
        if status.st_size > _MAX_BYTES:
            raise _RefusedError(
                f"absurdly large ({status.st_size} bytes; at most {_MAX_BYTES} are read)"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise _RefusedError("no such picture") from None
    except OSError as error:
        raise _RefusedError(f"cannot be read ({error.strerror})") from None
    except ValueError as error:  # a null character in the name
        raise _RefusedError(f"cannot be read ({error})") from None


def _find_reader(content: bytes) -> type[ImageFile]:
    for pattern, reader in _READERS:
        if re.match(pattern, content, re.DOTALL):
            return reader
    raise _RefusedError(f"not a picture, or of a format that is not read; {FORMATS} are")


def _read_header(reader: type[ImageFile], content: bytes) -> ImageFile:
    if reader is GifImageFile:
        _check_size(*_canvas_of_gif(content))
    image = reader.__new__(reader)
    try:
        # In two steps: the size stays known where it is what Pillow objects to.
        reader.__init__(image, io.BytesIO(content))
    except SyntaxError:
        if image.mode and not min(image.size):
            raise _RefusedError(f"no pixels ({image.width} x {image.height})") from None
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
        raise _RefusedError(_too_large(f"{width} x {height} pixels"))


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


def to_srgb(image: ImageFile) -> Image.Image:
    """Turn a decoded picture upright, convert it to 8-bit sRGB, and lay it over white.

    Args:
        image: Any mode that Pillow reads.

    Returns:
        A new picture of mode "RGB" that carries nothing else from the file.

    Raises:
        Exception: Whatever Pillow raises where the picture is damaged; see `decoded`.
    """
    colour, alpha = _split(image)
    rgb = _convert(colour, image.info.get("icc_profile"))
    if alpha is not None:
        white = Image.new("RGB", rgb.size, "white")
        white.paste(rgb, mask=alpha)
        rgb = white
    turn = _turn(image)
    if turn is not None:
        rgb = rgb.transpose(turn)
    # A profile with the time of its making, above all, would be written into every copy.
    rgb.info.clear()
    return rgb


def _split(image: ImageFile) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours of a picture (mode RGB, L, CMYK or LAB), and its opacity if it has one."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _split_deep(image)
    if image.has_transparency_data:
        grey = image.mode in {"1", "L", "LA", "La"}
        both = image.convert("LA" if grey else "RGBA")
        return both.convert("L" if grey else "RGB"), both.getchannel("A")
    if image.mode in {"RGB", "L", "CMYK", "LAB"}:
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _split_deep(image: ImageFile) -> tuple[Image.Image, Image.Image | None]:
    """Bring greyscale of more than 8 bits to 8; Pillow's own conversion clips."""
    values = np.asarray(image)
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    deepest = 2 ** min(16, max(tags.get(_TIFF_BITS, (16,)))) - 1
    white = 1 if image.mode == "F" else deepest
    lowest, highest = values.min(), values.max()
    # Also where one of them is not a number.
    if not 0 <= lowest <= highest <= white:
        raise _RefusedError(
            f"grey values from {lowest:g} to {highest:g}, where 0 is black and {white} is white; "
            "bring them into that range"
        )
    transparent = image.info.get("transparency")
    alpha = None if transparent is None else Image.fromarray(values != transparent).convert("L")
    shares = values.astype(np.float32) / np.float32(white)
    if tags.get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO:
        shares = 1 - shares
    return Image.fromarray(np.rint(shares * 255).astype(np.uint8)), alpha


def _convert(colour: Image.Image, profile: object) -> Image.Image:
    """Convert to sRGB by the profile; without one of the same colour space, as if it were sRGB."""
    if isinstance(profile, bytes) and colour.mode in {"RGB", "L", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(colour, source, target, outputMode="RGB")
            if converted is not None:
                return converted
        # One that is broken, or of other colours, is common and no reason to lose the picture.
        except (ImageCms.PyCMSError, OSError):
            pass
    return colour.convert("RGB")


def _turn(image: ImageFile) -> Image.Transpose | None:
    """Return how the EXIF orientation asks the picture to be turned.

    `ImageOps.exif_transpose` also writes the EXIF data anew, which fails where they are damaged.
    """
    try:
        return _TURNS.get(image.getexif().get(_EXIF_ORIENTATION, 1))
    # EXIF is parsed in Python from bytes that may be anything: better unturned than lost.
    except Exception:
        return None
