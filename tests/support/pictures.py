"""Small picture files of every format and kind of pixels, with the colours that they show."""

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageCms

WIDTH, HEIGHT = 32, 16
RED, BLUE = (200, 30, 10), (20, 60, 220)
WHITE = (255, 255, 255)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Sample:
    """A file of WIDTH x HEIGHT pixels; one colour fills the left half, another the right."""

    name: str
    content: bytes
    left: Colour
    right: Colour
    tolerance: int = 2
    """By how much a colour may be off: lossy formats and colour spaces round."""


def two_colours(left: Any = RED, right: Any = BLUE, mode: str = "RGB") -> Image.Image:
    """Return a picture of `Sample`'s kind."""
    image = Image.new(mode, (WIDTH, HEIGHT), left)
    image.paste(right, (WIDTH // 2, 0, WIDTH, HEIGHT))
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth: int, kind: int, row: bytes, *chunks: bytes, size: tuple[int, int] = (0, 0)) -> bytes:
    """Return a PNG of equal rows, as Pillow cannot write it.

    Args:
        depth: Bits per sample.
        kind: 0 grey, 2 RGB, 3 palette, 4 grey with opacity, 6 RGB with opacity.
        row: The bytes of a row.
        chunks: What stands before the pixels.
        size: To announce instead of WIDTH x HEIGHT.
    """
    width, height = size if any(size) else (WIDTH, HEIGHT)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    rows = zlib.compress((b"\0" + row) * HEIGHT)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(row: bytes, order: str = "<", **tags: int | Iterable[int]) -> bytes:
    """Return an uncompressed TIFF of equal rows, as Pillow cannot write it.

    Args:
        row: The bytes of a row.
        order: "<" or ">", of the header and the tags.
        tags: Their values by "tag<number>"; by default, 8-bit greyscale where zero is black.
    """
    data = row * HEIGHT
    known: dict[int, int | Iterable[int]] = {
        256: WIDTH, 257: HEIGHT, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: HEIGHT, 279: len(data)
    }  # fmt: skip
    known |= {int(name.removeprefix("tag")): value for name, value in tags.items()}
    lists = {tag: [v] if isinstance(v, int) else list(v) for tag, v in sorted(known.items())}
    far = 8 + len(data) + 2 + 12 * len(lists) + 4
    entries, beyond = b"", b""
    for tag, values in lists.items():
        packed = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            beyond += packed
            packed = struct.pack(f"{order}I", far + len(beyond) - len(packed))
        entries += struct.pack(f"{order}HHI", tag, 4, len(values)) + packed
    start = b"II*\0" if order == "<" else b"MM\0*"
    directory = struct.pack(f"{order}H", len(lists)) + entries + struct.pack(f"{order}I", 0)
    return start + struct.pack(f"{order}I", 8 + len(data)) + data + directory + beyond


def halves(left: bytes, right: bytes, pixels: int = 1) -> bytes:
    """Return a row of the bytes of a left and of a right pixel, or of as many pixels each."""
    return left * (WIDTH // 2 // pixels) + right * (WIDTH // 2 // pixels)


def words(*values: int, order: str = ">") -> bytes:
    """Return 16-bit values as bytes."""
    return struct.pack(f"{order}{len(values)}H", *values)


def icc_profile(kind: bytes, space: bytes, connection: bytes, **tags: bytes) -> bytes:
    """Return an ICC profile (specification ICC.1:2001-04, version 2)."""
    white = struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    tags = {"wtpt": b"XYZ \0\0\0\0" + white, **tags}
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name.encode() + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    header = struct.pack(">I4xI", start + len(data), 0x02400000) + kind + space + connection
    header += bytes(12) + b"acsp" + bytes(28) + white
    return header.ljust(128, b"\0") + table + data


def linear_grey() -> bytes:
    """Return a profile of grey values in proportion to the light."""
    curve = struct.pack(">4s4xIH", b"curv", 1, 0x0100)
    return icc_profile(b"mntr", b"GRAY", b"XYZ ", kTRC=curve)


def cyan_is_red() -> bytes:
    """Return a CMYK profile of a press whose cyan ink is sRGB's red, and all other inks black."""
    identity = struct.pack(">9i", *(0x10000 * (i % 4 == 0) for i in range(9)))
    ramp = bytes(range(256))
    paper, ink, black = (255, 128, 128), (138, 209, 198), (0, 128, 128)
    grid = bytes(paper) + bytes(black) * 7 + bytes(ink) + bytes(black) * 7
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + grid + ramp * 3
    return icc_profile(b"prtr", b"CMYK", b"Lab ", A2B0=table)


def swapped_rgb() -> bytes:
    """Return a profile whose red primary is sRGB's green, and the other way round."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")


def samples() -> Iterator[Sample]:
    """Make all files."""
    yield from _jpegs()
    yield from _pngs()
    yield from _tiffs()
    yield from _others()


def _jpegs() -> Iterator[Sample]:
    rgb, grey = two_colours(), two_colours(100, 180, "L")
    greys = (100, 100, 100), (180, 180, 180)
    exif = Image.Exif()
    exif[0x0112] = 3
    yield Sample("rgb.jpg", saved(rgb, "JPEG", quality=95), RED, BLUE, 4)
    yield Sample("progressive.jpg", saved(rgb, "JPEG", progressive=True), RED, BLUE, 6)
    yield Sample("turned.jpg", saved(rgb, "JPEG", quality=95, exif=exif), BLUE, RED, 4)
    yield Sample("grey.jpg", saved(grey, "JPEG"), *greys)
    yield Sample("cmyk.jpg", saved(rgb.convert("CMYK"), "JPEG", quality=95), RED, BLUE, 4)
    inks = two_colours((255, 0, 0, 0), (0, 0, 0, 0), "CMYK")
    press = saved(inks, "JPEG", quality=95, icc_profile=cyan_is_red())
    yield Sample("press.jpg", press, (255, 0, 0), WHITE, 6)
    linear = saved(two_colours(55, 128, "L"), "JPEG", icc_profile=linear_grey())
    yield Sample("linear.jpg", linear, (128, 128, 128), (188, 188, 188), 3)
    several = saved(rgb, "MPO", save_all=True, append_images=[grey.convert("RGB")], quality=95)
    yield Sample("several.jpg", several, RED, BLUE, 4)


def _pngs() -> Iterator[Sample]:
    rgb, grey = two_colours(), two_colours(100, 180, "L")
    left, right = (100, 100, 100), (180, 180, 180)
    half, clear = (228, 142, 132), WHITE
    yield Sample("one bit.png", saved(two_colours(0, 255, "1"), "PNG"), (0, 0, 0), WHITE, 0)
    yield Sample("grey.png", saved(grey, "PNG"), left, right, 0)
    yield Sample("clear grey.png", saved(grey, "PNG", transparency=100), clear, right, 0)
    faint = two_colours((100, 255), (100, 128), "LA")
    yield Sample("faint grey.png", saved(faint, "PNG"), left, (177, 177, 177), 1)
    yield Sample("rgb.png", saved(rgb, "PNG"), RED, BLUE, 0)
    yield Sample("clear rgb.png", saved(rgb, "PNG", transparency=RED), clear, BLUE, 0)
    faint = two_colours((*RED, 128), (*BLUE, 255), "RGBA")
    yield Sample("faint rgb.png", saved(faint, "PNG"), half, BLUE, 1)
    swapped = saved(rgb, "PNG", icc_profile=swapped_rgb())
    yield Sample("swapped rgb.png", swapped, (30, 200, 10), (60, 20, 220))
    faint_swapped = saved(
        two_colours((*RED, 255), (*RED, 0), "RGBA"), "PNG", icc_profile=swapped_rgb()
    )
    yield Sample("faint swapped rgb.png", faint_swapped, (30, 200, 10), WHITE)
    palette = rgb.quantize(2)
    clear_index = palette.getpixel((0, 0))
    alphas = bytes(128 if index == clear_index else 255 for index in range(2))
    yield Sample("palette.png", saved(palette, "PNG"), RED, BLUE, 0)
    swapped = saved(palette, "PNG", icc_profile=swapped_rgb())
    yield Sample("swapped palette.png", swapped, (30, 200, 10), (60, 20, 220))
    yield Sample(
        "clear palette.png", saved(palette, "PNG", transparency=clear_index), clear, BLUE, 0
    )
    yield Sample("faint palette.png", saved(palette, "PNG", transparency=alphas), half, BLUE, 1)
    several = saved(rgb, "PNG", save_all=True, append_images=[grey.convert("RGB")])
    yield Sample("several.png", several, RED, BLUE, 0)
    yield from _deep_pngs()


def _deep_pngs() -> Iterator[Sample]:
    middle, light = (128, 128, 128), (200, 200, 200)
    shallow = halves(b"\x55", b"\xaa", pixels=2)
    clear = chunk(b"tRNS", words(5))
    yield Sample("4 bits.png", png(4, 0, shallow), (85, 85, 85), (170, 170, 170), 0)
    yield Sample("clear 4 bits.png", png(4, 0, shallow, clear), WHITE, (170, 170, 170), 0)
    deep = halves(words(0x8080), words(0xC8C8))
    clear = chunk(b"tRNS", words(0x8080))
    yield Sample("16 bits.png", png(16, 0, deep), middle, light, 0)
    yield Sample("clear 16 bits.png", png(16, 0, deep, clear), WHITE, light, 0)
    almost = chunk(b"tRNS", words(0x8081))
    yield Sample("almost clear 16 bits.png", png(16, 0, deep, almost), middle, light, 0)
    faint = halves(words(0x8080, 0xFFFF), words(0x8080, 0x8080))
    yield Sample("faint 16 bits.png", png(16, 4, faint), middle, (191, 191, 191), 1)
    # The lower bytes are dropped.
    red, blue = (words(*(256 * value + 7 for value in colour)) for colour in (RED, BLUE))
    yield Sample("rgb 16 bits.png", png(16, 2, halves(red, blue)), RED, BLUE, 0)
    clear = chunk(b"tRNS", red)
    yield Sample("clear rgb 16 bits.png", png(16, 2, halves(red, blue), clear), WHITE, BLUE, 0)
    faint = halves(red + words(0x8080), blue + words(0xFFFF))
    yield Sample("faint rgb 16 bits.png", png(16, 6, faint), (228, 142, 132), BLUE, 1)


def _tiffs() -> Iterator[Sample]:
    rgb, grey = two_colours(), two_colours(100, 180, "L")
    left, right = (100, 100, 100), (180, 180, 180)
    for mode in ("RGB", "RGBA", "CMYK", "YCbCr"):
        yield Sample(f"{mode}.tif", saved(rgb.convert(mode), "TIFF"), RED, BLUE)
    # In 8 bits: L* in units of 100/255, a* and b* from 128 on.
    lab = two_colours((138, 209, 198), (255, 128, 128), "LAB")
    yield Sample("LAB.tif", saved(lab, "TIFF"), (255, 0, 0), WHITE, 6)
    palette = rgb.quantize(2)
    yield Sample("palette.tif", saved(palette, "TIFF"), RED, BLUE, 0)
    faint_palette = Image.merge("PA", (palette, two_colours(128, 255, "L")))
    faint_palette.putpalette(palette.getpalette())
    yield Sample("faint palette.tif", saved(faint_palette, "TIFF"), (228, 142, 132), BLUE, 1)
    yield Sample("one bit.tif", saved(two_colours(0, 255, "1"), "TIFF"), (0, 0, 0), WHITE, 0)
    yield Sample("grey.tif", saved(grey, "TIFF"), left, right, 0)
    faint = two_colours((100, 255), (100, 128), "LA")
    yield Sample("faint grey.tif", saved(faint, "TIFF"), left, (177, 177, 177), 1)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd"):
        packed = saved(rgb, "TIFF", compression=compression)
        yield Sample(f"{compression}.tif", packed, RED, BLUE, 6)
    group4 = saved(two_colours(0, 255, "1"), "TIFF", compression="group4")
    yield Sample("group4.tif", group4, (0, 0, 0), WHITE, 0)
    several = saved(rgb, "TIFF", save_all=True, append_images=[grey])
    yield Sample("several.tif", several, RED, BLUE, 0)
    inks = two_colours((255, 0, 0, 0), (0, 0, 0, 0), "CMYK")
    press = saved(inks, "TIFF", icc_profile=cyan_is_red())
    yield Sample("press.tif", press, (255, 0, 0), WHITE, 4)
    yield from _deep_tiffs()


def _deep_tiffs() -> Iterator[Sample]:
    left, right = (128, 128, 128), (200, 200, 200)
    for order, name in (("<", "little"), (">", "big")):
        row = halves(words(0x8080, order=order), words(0xC8C8, order=order))
        yield Sample(f"16 bits {name}.tif", tiff(row, order, tag258=16), left, right, 0)
        red, blue = (words(*(257 * v for v in colour), order=order) for colour in (RED, BLUE))
        deep = tiff(halves(red, blue), order, tag258=(16, 16, 16), tag262=2, tag277=3)
        yield Sample(f"rgb 16 bits {name}.tif", deep, RED, BLUE, 0)
    row = halves(words(0x8080, order="<"), words(0x3737, order="<"))
    yield Sample("16 bits white is zero.tif", tiff(row, tag258=16, tag262=0), (127,) * 3, right, 0)
    row = halves(b"\x80\x88\x08", b"\xc8\xcc\x8c", pixels=2)
    yield Sample("12 bits.tif", tiff(row, tag258=12), left, right, 0)
    row = halves(struct.pack("<f", 128 / 255), struct.pack("<f", 200 / 255))
    yield Sample("float.tif", tiff(row, tag258=32, tag339=3), left, right, 0)
    row = halves(struct.pack("<i", 0x8080), struct.pack("<i", 0xC8C8))
    yield Sample("32 bits.tif", tiff(row, tag258=32, tag339=2), left, right, 0)
    row = halves(words(*(257 * v for v in RED), 0x8080, order="<"), bytes(8))
    faint = tiff(row, tag258=(16, 16, 16, 16), tag262=2, tag277=4, tag338=2)
    yield Sample("faint rgb 16 bits.tif", faint, (228, 142, 132), WHITE, 1)


def _others() -> Iterator[Sample]:
    rgb, grey = two_colours(), two_colours(100, 180, "L")
    left, right = (100, 100, 100), (180, 180, 180)
    faint = two_colours((*RED, 128), (*BLUE, 255), "RGBA")
    half = (228, 142, 132)
    yield Sample("one bit.bmp", saved(two_colours(0, 255, "1"), "BMP"), (0, 0, 0), WHITE, 0)
    yield Sample("grey.bmp", saved(grey, "BMP"), left, right, 0)
    yield Sample("palette.bmp", saved(rgb.quantize(2), "BMP"), RED, BLUE, 0)
    yield Sample("rgb.bmp", saved(rgb, "BMP"), RED, BLUE, 0)
    # Without a header that says otherwise, the fourth byte of a pixel means nothing.
    yield Sample("four bytes.bmp", saved(faint, "BMP"), RED, BLUE, 0)
    yield Sample("grey.gif", saved(grey, "GIF"), left, right, 0)
    yield Sample("palette.gif", saved(rgb, "GIF"), RED, BLUE, 0)
    clear = two_colours((*RED, 0), (*BLUE, 255), "RGBA")
    yield Sample("clear.gif", saved(clear, "GIF"), WHITE, BLUE, 0)
    several = saved(rgb, "GIF", save_all=True, append_images=[grey])
    yield Sample("several.gif", several, RED, BLUE, 0)
    yield Sample("rgb.webp", saved(rgb, "WEBP", quality=100), RED, BLUE, 8)
    swapped = saved(faint, "WEBP", lossless=True, icc_profile=swapped_rgb())
    yield Sample("faint swapped.webp", swapped, (142, 228, 132), (60, 20, 220), 3)
    several = saved(rgb, "WEBP", save_all=True, append_images=[grey], lossless=True)
    yield Sample("several.webp", several, RED, BLUE, 0)
    yield Sample("rgb.avif", saved(rgb, "AVIF", quality=100), RED, BLUE, 4)
    yield Sample("faint.avif", saved(faint, "AVIF", quality=100), half, BLUE, 4)
    several = saved(rgb, "AVIF", save_all=True, append_images=[grey.convert("RGB")], quality=100)
    yield Sample("several.avif", several, RED, BLUE, 8)


def halves_of(image: Image.Image) -> np.ndarray:
    """Return the average colours of a picture's halves, (2, 3), without a seam of 4 pixels."""
    pixels = np.asarray(image, dtype=np.float64)
    middle = image.width // 2
    return np.stack([pixels[:, : middle - 4].mean((0, 1)), pixels[:, middle + 4 :].mean((0, 1))])
