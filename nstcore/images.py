"""Read, check, resize and save pictures.

Pictures are float32 arrays of shape (height, width, 3), RGB, in 0..1; batches of them have shape
(batch, height, width, 3).
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from nstcore.errors import ImageError
from nstcore.files import whole

Pixels = NDArray[np.float32]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"})
"""Endings (lower case) of the files that count as pictures in a folder."""

MAX_PIXELS = 300_000_000
"""Larger pictures are refused: decoded they would fill a gigabyte."""

ORIGINAL_SIZE = "original_size"
"""Name of the text chunk that holds a prepared picture's original WIDTHxHEIGHT."""

# One filter for every resize of the study: windowed sinc, the sharpest Pillow has.
RESAMPLING = Image.Resampling.LANCZOS


def read_image(path: Path | str) -> Image.Image:
    """Read a picture upright, in 8-bit sRGB, without transparency.

    The EXIF orientation is applied, an embedded colour profile is converted to sRGB where Pillow
    can, palettes, greyscale, CMYK and 16-bit pictures become RGB, and transparent pixels are laid
    over white.

    Args:
        path: A file in any format that Pillow reads; of an animation, the first frame.

    Returns:
        A Pillow image of mode "RGB".

    Raises:
        ImageError: The file is missing, empty, truncated, too large or no picture.
    """
    path = Path(path)
    try:
        # Pillow's own guard against decompression bombs warns first and raises at twice its limit.
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(
                    f"{path}: {image.width} x {image.height} pixels; at most {MAX_PIXELS} are read"
                )
            image.load()
            upright = _to_srgb(ImageOps.exif_transpose(image))
    except FileNotFoundError:
        raise ImageError(f"{path}: no such picture") from None
    except UnidentifiedImageError:
        raise ImageError(f"{path}: not a picture that Pillow can read") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path}: damaged picture ({error})") from None
    # What else the file told of itself, a profile with the time of its making above all, would
    # otherwise be written into every copy.
    upright.info.clear()
    return upright


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(white, rgba).convert("RGB")
    if profile and image.mode in {"RGB", "L", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            # A broken profile is common and no reason to lose the picture: read it as sRGB.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit greyscale to 8 bits; Pillow's own conversion clips instead."""
    values = np.asarray(image, dtype=np.float64)
    full = 1.0 if image.mode == "F" and values.max(initial=0) <= 1 else 65535.0
    return Image.fromarray(np.rint(np.clip(values / full, 0, 1) * 255).astype(np.uint8))


def resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize to exactly `size` = (width, height) with the Lanczos filter, sides free to change."""
    return image if image.size == size else image.resize(size, RESAMPLING)


def to_pixels(image: Image.Image) -> Pixels:
    """Turn a Pillow image into float32 (height, width, 3) in 0..1."""
    return np.asarray(image.convert("RGB"), dtype=np.float32) / np.float32(255)


def read_pixels(path: Path | str) -> Pixels:
    """Read a picture as float32 (height, width, 3) in 0..1.

    Raises:
        ImageError: It cannot be read.
    """
    return to_pixels(read_image(path))


def to_image(pixels: NDArray[np.floating]) -> Image.Image:
    """Turn (height, width, 3) in 0..1 into an 8-bit Pillow image; values outside are clipped."""
    return Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8), "RGB")


def load_batch(paths: Sequence[Path | str], size: tuple[int, int] | None = None) -> Pixels:
    """Read pictures into one batch.

    Args:
        paths: One or more pictures.
        size: (width, height) to resize them to; without it all must have the same size.

    Returns:
        float32, (len(paths), height, width, 3), RGB, 0..1.

    Raises:
        ImageError: A picture cannot be read, or the sizes differ.
    """
    if not paths:
        raise ImageError("no pictures to load")
    batch: list[Pixels] = []
    for path in paths:
        image = read_image(path)
        pixels = to_pixels(resize(image, size or image.size))
        if batch and pixels.shape != batch[0].shape:
            height, width, _ = batch[0].shape
            raise ImageError(
                f"{path}: {image.width} x {image.height} pixels, but {paths[0]} has "
                f"{width} x {height}; give all one size"
            )
        batch.append(pixels)
    return np.stack(batch)


def save_png(image: Image.Image, path: Path | str, text: Mapping[str, str] | None = None) -> None:
    """Write a PNG, whole or not at all, with `text` in its text chunks; same input, same bytes."""
    chunks = PngInfo()
    for key, value in (text or {}).items():
        chunks.add_itxt(key, value)
    with whole(path) as draft:
        image.save(draft, format="PNG", pnginfo=chunks)


def read_text(path: Path | str) -> dict[str, str]:
    """Return the text chunks of a PNG.

    Raises:
        ImageError: The file is missing or no picture.
    """
    try:
        with Image.open(path) as image:
            image.load()  # text may stand behind the pixels
            return {key: str(value) for key, value in getattr(image, "text", {}).items()}
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{path}: cannot read its text chunks ({error})") from None


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
    """Return the (width, height) in pixels that a prepared picture had, or has if none is noted.

    Raises:
        ImageError: The file is missing or no picture.
    """
    noted = read_text(prepared).get(ORIGINAL_SIZE, "")
    width, _, height = noted.partition("x")
    if width.isdecimal() and height.isdecimal():
        return int(width), int(height)
    return read_image(prepared).size
