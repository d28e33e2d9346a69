"""From a picture as it lies in its file to an upright one in 8-bit sRGB, laid over white."""

import io

import numpy as np
from PIL import Image, ImageCms
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from nstcore.images.refusal import RefusedError

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


def to_srgb(image: ImageFile) -> Image.Image:
    """Turn a decoded picture upright, convert it to 8-bit sRGB, and lay it over white.

    Args:
        image: Any mode that Pillow reads.

    Returns:
        A new picture of mode "RGB" that carries nothing else from the file.

    Raises:
        Exception: Whatever Pillow raises where the picture is damaged; see `decoding.decoded`.
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
    if isinstance(image, GifImageFile) and (beside := _beside_first_picture(image)):
        both = image.convert("RGBA")
        for box in beside:
            both.paste((0, 0, 0, 0), box)
        return both.convert("RGB"), both.getchannel("A")
    if image.has_transparency_data:
        grey = image.mode in {"1", "L", "LA", "La"}
        both = image.convert("LA" if grey else "RGBA")
        return both.convert("L" if grey else "RGB"), both.getchannel("A")
    if image.mode in {"RGB", "L", "CMYK", "LAB"}:
        return image, None
    return image.convert("L" if image.mode == "1" else "RGB"), None


def _beside_first_picture(image: GifImageFile) -> list[tuple[int, int, int, int]]:
    """Return what the first picture of a GIF leaves free of its canvas; Pillow colours it in."""
    width, height = image.size
    left, top, right, bottom = image.dispose_extent or (0, 0, width, height)
    boxes = [
        (0, 0, width, top),
        (0, bottom, width, height),
        (0, top, left, bottom),
        (right, top, width, bottom),
    ]
    return [box for box in boxes if box[0] < box[2] and box[1] < box[3]]


def _split_deep(image: ImageFile) -> tuple[Image.Image, Image.Image | None]:
    """Bring greyscale of more than 8 bits to 8; Pillow's own conversion clips."""
    values = np.asarray(image)
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    deepest = 2 ** min(16, max(tags.get(_TIFF_BITS, (16,)))) - 1
    white = 1 if image.mode == "F" else deepest
    lowest, highest = values.min(), values.max()
    # Also where one of them is not a number.
    if not 0 <= lowest <= highest <= white:
        raise RefusedError(
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
