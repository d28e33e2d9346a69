"""Read, check, resize and save pictures.

Pictures are float32 arrays of shape (height, width, 3), RGB, in 0..1; batches of them have shape
(batch, height, width, 3).
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from nstcore.common.errors import ImageError
from nstcore.common.files import atomic_write
from nstcore.images.conversion import to_srgb
from nstcore.images.decoding import decoded
from nstcore.images.formats import shown
from nstcore.images.refusal import RefusedError

Pixels = NDArray[np.float32]

# Of a file's beginning; a picture's provenance takes about 1,500 bytes.
_MOST_TEXT = 1 << 18

# One filter for every resize of the study: windowed sinc, the sharpest Pillow has.
RESAMPLING = Image.Resampling.LANCZOS


def read_image(path: Path | str) -> Image.Image:
    """Read a picture upright, in 8-bit sRGB, without transparency.

    The EXIF orientation is applied, an embedded colour profile (RGB, grey or CMYK) is converted to
    sRGB, palettes, greyscale, CMYK, Lab, YCbCr and 16-bit pictures become RGB, and transparent
    pixels are laid over white. Damaged EXIF data and profiles are passed over, and so is a missing
    end behind the pixels.

    Args:
        path: A JPEG, PNG, WebP, TIFF, BMP, GIF or AVIF file, which its content tells and not its
            name; of an animation or of several pages, the first.

    Returns:
        A Pillow image of mode "RGB".

    Raises:
        ImageError: The file is missing, unreadable, empty, truncated or otherwise damaged, has no
            pixels or more than `MAX_PIXELS`, holds grey values out of range (beyond 0..1 in
            floating point, beyond 0..65535 in integers), is no picture in one of these formats, or
            of a kind that would be shown in wrong colours (see `doubtful`).
    """
    return read_with_remark(path)[0]


def read_with_remark(path: Path | str) -> tuple[Image.Image, str]:
    """Read a picture as `read_image` does, and say what its file lacks though it can be used.

    Returns:
        The picture, and a few words, none for most pictures.

    Raises:
        ImageError: As `read_image` does.
    """
    with decoded(path) as (image, remark):
        return to_srgb(image), remark


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
    return Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))


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
                f"{shown(path)}: {image.width} x {image.height} pixels, but {shown(paths[0])} has "
                f"{width} x {height}; give all one size"
            )
        batch.append(pixels)
    return np.stack(batch)


def save_png(image: Image.Image, path: Path | str, text: Mapping[str, str] | None = None) -> None:
    """Write a PNG, whole or not at all, with `text` in its text chunks; same input, same bytes."""
    chunks = PngInfo()
    for key, value in (text or {}).items():
        chunks.add_itxt(key, value)
    with atomic_write(path) as draft:
        image.save(draft, format="PNG", pnginfo=chunks)


def read_text(path: Path | str) -> dict[str, str]:
    """Return the text chunks of a PNG; of an animated one and of other formats, nothing.

    Raises:
        ImageError: As `read_image` does, apart from the range of grey values; a PNG also where
            only its end is missing.
    """
    with decoded(path) as (image, remark):
        # A picture of our own that was cut counts as not written.
        if remark and isinstance(image, PngImageFile):
            raise RefusedError(f"damaged PNG picture ({remark})")
        # Pillow would decode every picture of an animation to look behind the last.
        if isinstance(image, PngImageFile) and not image.is_animated:
            return {key: str(value) for key, value in image.text.items()}
        return {}


def read_leading_text(path: Path | str) -> dict[str, str]:
    """Return the text chunks that stand before a PNG's pixels, where `save_png` puts them.

    Takes a hundredth of the time of `read_text`, since the pixels are left alone; whether they can
    be read is not told.

    Raises:
        ImageError: The file cannot be read, or does not begin as a PNG.
    """
    try:
        with Path(path).open("rb") as file:
            head = io.BytesIO(file.read(_MOST_TEXT))
        with PngImageFile(head) as image:
            return {str(key): value for key, value in image.info.items() if isinstance(value, str)}
    # Pillow's readers meet hostile bytes with whatever exception these happen to cause.
    except Exception as error:
        raise ImageError(f"{shown(path)}: damaged PNG picture ({error})") from None
