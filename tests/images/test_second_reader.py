"""What is read of every kind of file, compared with a second reader or with what was written.

Kinds that Pillow gets wrong are refused; one that comes to be accepted, and wrongly, fails here.
"""

import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from pictures import RED, chunk, halves, saved, tiff, two_colours
from PIL import Image

from nstcore.common.errors import ImageError
from nstcore.images.io import read_image

WIDTH, HEIGHT = 40, 24
CHANNELS = {"minisblack": 1, "miniswhite": 1, "rgb": 3, "separated": 4}
BITS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32", "float64")
EXTRA = (None, "unassalpha", "assocalpha", "unspecified")
PACKED = ((None, False), ("zlib", False), ("zlib", True))


def shares(channels):
    """Return smooth values of 0..1, other ones in each channel."""
    coarse = np.random.default_rng(5).integers(0, 256, (5, 6, 4)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT)), dtype=np.float64) / 255
    return np.concatenate([smooth, smooth[::-1]], axis=2)[..., :channels]


def stored(values, kind):
    """Return shares as values of a type, white being its highest."""
    return (
        values.astype(kind)
        if kind.startswith("f")
        else np.rint(values * highest(kind)).astype(kind)
    )


def highest(kind):
    return 1 if kind.startswith("f") else np.iinfo(kind).max


def over_white(values, photometric, extra):
    """Return the colours, 0..255, that shares mean."""
    channels = CHANNELS[photometric]
    colour = np.repeat(values[..., :1], 3, axis=2) if channels == 1 else values[..., :3]
    if photometric == "miniswhite":
        colour = 1 - colour
    if photometric == "separated":
        colour = (1 - colour) * (1 - values[..., 3:4])
    opacity = values[..., channels : channels + 1]
    if extra == "unassalpha":
        colour = colour * opacity + 1 - opacity
    if extra == "assocalpha":
        colour = colour + 1 - opacity
    return 255 * colour.clip(0, 1)


def accepted(path):
    try:
        return np.asarray(read_image(path), dtype=np.float64)
    except ImageError:
        return None


def write_tiff(path, photometric, extra, kind, **options):
    """Write a TIFF; return the shares that are in it by the second reader, or None."""
    channels = CHANNELS[photometric]
    values = shares(channels + bool(extra))
    if extra == "assocalpha":
        values[..., :channels] *= values[..., channels:]
    array = stored(values, kind)
    if array.shape[2] == 1:
        array, options["planarconfig"] = array[..., 0], None
    elif options["planarconfig"] == "separate":
        array = np.moveaxis(array, 2, 0)
    try:
        tifffile.imwrite(
            path, array, photometric=photometric, extrasamples=[extra] if extra else None,
            metadata=None, **options
        )  # fmt: skip
    except (ValueError, NotImplementedError, RuntimeError, KeyError):
        return None  # a kind that there is not, or that the second reader cannot write
    again = tifffile.imread(path)
    if array.ndim == 2:
        again = again[..., None]
    elif options["planarconfig"] == "separate":
        again = np.moveaxis(again, 0, 2)
    return again.astype(np.float64) / highest(kind)


@pytest.mark.parametrize("kind", BITS)
@pytest.mark.parametrize("photometric", CHANNELS)
@pytest.mark.filterwarnings("ignore")
def test_a_tiff_is_read_as_a_second_reader_does_or_refused(photometric, kind, tmp_path):
    path = tmp_path / "a.tif"
    read = 0
    for extra, planes, tile, order, (packing, predicted) in itertools.product(
        EXTRA, ("contig", "separate"), (None, (16, 16)), "<>", PACKED
    ):
        values = write_tiff(
            path, photometric, extra, kind, planarconfig=planes, tile=tile, byteorder=order,
            compression=packing, predictor=predicted or None,
        )  # fmt: skip
        actual = None if values is None else accepted(path)
        if actual is not None:
            read += 1
            desired = over_white(values, photometric, extra)
            made = (extra, planes, tile, order, packing, predicted)
            np.testing.assert_allclose(actual, desired, atol=2.6, err_msg=str(made))
    # 8 bits and 16 of any common kind are not among what is refused.
    assert read >= {"uint8": 8, "uint16": 4}.get(kind, 0)


@pytest.mark.parametrize("packing", [None, "zlib"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.filterwarnings("ignore")
def test_a_tiff_in_ycbcr_shows_what_was_written_or_is_refused(planes, packing, tmp_path):
    values = stored(shares(3), "uint8")
    array = values if planes == "contig" else np.moveaxis(values, 2, 0)
    path = tmp_path / "a.tif"
    even = [(530, "H", 2, (1, 1), True)]
    tifffile.imwrite(
        path, array, photometric="ycbcr", planarconfig=planes, compression=packing, extratags=even
    )
    y, blue, red = np.moveaxis(values.astype(float), 2, 0)
    red, blue = red - 128, blue - 128
    # TIFF 6.0, section 21; green is what is left of the brightness.
    green = y - (0.299 * 1.402 * red + 0.114 * 1.772 * blue) / 0.587
    desired = np.stack([y + 1.402 * red, green, y + 1.772 * blue], axis=2).clip(0, 255)
    actual = accepted(path)
    assert (actual is None) == (planes == "separate" and packing is None)
    if actual is not None:
        np.testing.assert_allclose(actual, desired, atol=1.1)


FOUR = {"tag258": (8, 8, 8, 8), "tag277": 4}
THREE = {"tag258": (8, 8, 8), "tag277": 3}
NARROW = [value for colours in zip(RED, (0, 0, 0), strict=True) for value in (*colours, *[0] * 254)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (tiff(halves(b"\0\1\2", b"\3\4\5"), **THREE, tag262=6), "fewer places for colours"),
        (tiff(halves(b"\0", b"\1"), tag262=3, tag320=NARROW), "a palette of 8-bit colours"),
        (tiff(halves(b"\0\1\2\3", b"\0\1\2\3"), **FOUR, tag262=2), "a fourth channel"),
        (tiff(halves(b"\0\1\2\3", b"\0\1\2\3"), **FOUR, tag262=5, tag332=2), "inks that are not"),
        (tiff(halves(b"\0\1\2\3", b"\0\1\2\3"), **FOUR, tag262=5, tag336=(255, 0)), "inverted"),
        (tiff(halves(b"\0", b"\1"), tag254=1), "a small copy comes first"),
        (tiff(halves(b"\0", b"\1"), tag255=2), "a small copy comes first"),
        (tiff(halves(b"\0", b"\1"), tag50706=1), "a small copy comes first"),
        (tiff(halves(b"\0", b"\1"), tag339=2), "signed 8-bit values"),
    ],
)
def test_a_tiff_whose_colours_would_be_guessed_is_refused_with_the_mend(content, reason, tmp_path):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(ImageError, match=f"TIFF of a kind that is not read: .*{reason}") as caught:
        read_image(tmp_path / "a.tif")
    assert str(caught.value).endswith("; convert it to JPEG or PNG, 8-bit RGB")


def without(content, marker):
    """Return a JPEG without a segment of this marker."""
    at = content.index(marker)
    return content[:at] + content[at + 2 + int.from_bytes(content[at + 2 : at + 4], "big") :]


@pytest.fixture(scope="module")
def decode_jpeg():
    tensorflow = pytest.importorskip("tensorflow")

    def decode(content):
        return tensorflow.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE").numpy()

    return decode


JPEG_KINDS = {
    "even": ("RGB", {"subsampling": 0}),
    "halved": ("RGB", {"subsampling": 2}),
    "progressive": ("RGB", {"progressive": True}),
    "rgb": ("RGB", {"keep_rgb": True}),
    "grey": ("L", {}),
    "cmyk": ("CMYK", {}),
}


@pytest.mark.parametrize("name", JPEG_KINDS)
def test_a_jpeg_is_read_as_a_second_reader_does(name, decode_jpeg, tmp_path):
    mode, options = JPEG_KINDS[name]
    picture = Image.fromarray(stored(shares(3), "uint8")).convert(mode)
    content = saved(picture, "JPEG", quality=90, **options)
    files = [content]
    if mode == "CMYK":  # with Adobe's mark for YCCK, and for none
        at = content.index(b"Adobe") + 11
        files.append(content[:at] + b"\2" + content[at + 1 :])
    for file in files:
        (tmp_path / "a.jpg").write_bytes(file)
        desired = decode_jpeg(file).astype(float)
        np.testing.assert_allclose(accepted(tmp_path / "a.jpg"), desired, atol=2)


def test_a_cmyk_jpeg_of_which_nothing_tells_where_ink_is_is_refused(tmp_path):
    content = without(saved(two_colours().convert("CMYK"), "JPEG"), b"\xff\xee")
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageError, match="JPEG of a kind that is not read: CMYK without Adobe's"):
        read_image(tmp_path / "a.jpg")


@pytest.mark.parametrize(("code", "name"), [(16, "PQ"), (18, "HLG")])
def test_pictures_brighter_than_a_screen_s_white_are_refused(code, name, tmp_path):
    avif = saved(two_colours(), "AVIF")
    at = avif.index(b"colrnclx") + 10
    png = saved(two_colours(), "PNG")
    files = {
        "AVIF": avif[:at] + struct.pack(">H", code) + avif[at + 2 :],
        "PNG": png[:33] + chunk(b"cICP", bytes([9, code, 0, 1])) + png[33:],
    }
    for kind, content in files.items():
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(ImageError, match=rf"{kind} of .*: high dynamic range \({name}\)"):
            read_image(tmp_path / "a")


# Adam7: first column and row, and steps to the next ones (PNG specification, 8.2).
PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
)  # fmt: skip
PLAIN = ((0, 0, 1, 1),)


def png_of(values, depth, kind, interlaced, *chunks):
    """Return a PNG of sample values, (height, width, channels)."""
    rows = b""
    for left, top, right, down in PASSES if interlaced else PLAIN:
        part = values[top::down, left::right]
        for row in part if part.shape[1] else ():
            flat = row.ravel()
            bits = (flat[:, None] >> np.arange(depth)[::-1]) & 1
            rows += b"\0" + np.packbits(bits.astype(np.uint8)).tobytes()
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(
    ("kind", "channels", "depth"),
    [(0, 1, depth) for depth in (1, 2, 4, 8, 16)]
    + [(3, 1, depth) for depth in (1, 2, 4, 8)]
    + [(kind, channels, depth) for kind, channels in ((2, 3), (4, 2), (6, 4)) for depth in (8, 16)],
)
def test_a_png_shows_what_was_written_and_what_was_cut_is_not_whole(
    kind, channels, depth, interlaced, tmp_path
):
    top = 2**depth - 1
    values = np.rint(shares(channels) * top).astype(int)
    palette = np.random.default_rng(1).integers(0, 256, (top % 256 + 1, 3)).astype(np.uint8)
    chunks = [chunk(b"PLTE", palette.tobytes())] if kind == 3 else []
    if kind == 3:
        desired = palette[values[..., 0]].astype(float)
    else:
        name = "rgb" if kind & 2 else "minisblack"
        desired = over_white(values / top, name, "unassalpha" if kind & 4 else None)
    content = png_of(values, depth, kind, interlaced, *chunks)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    np.testing.assert_allclose(accepted(path), desired, atol=1.6)
    for lost in range(1, 40):
        path.write_bytes(content[:-lost])
        actual = accepted(path)
        if lost <= 12:
            assert actual is not None
        if actual is not None:
            np.testing.assert_allclose(actual, desired, atol=1.6, err_msg=f"{lost} bytes lost")


def bmp(rows, bits, compression=0, masks=(), colours=b"", down=False, core=False):
    """Return a BMP: the rows as they lie in the file, with one header or another."""
    if core:
        header = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
    else:
        size = 108 if len(masks) == 4 else 40
        height = -HEIGHT if down else HEIGHT
        header = struct.pack("<IiiHHI", size, WIDTH, height, 1, bits, compression)
        header += struct.pack("<IIIII", len(rows), 0, 0, len(colours) // 4, 0)
        header += struct.pack(f"<{len(masks)}I", *masks)
        header = header.ljust(size, b"\0") if size > 40 else header
    start = 14 + len(header) + len(colours)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + colours + rows


def bmp_files():
    """Return BMP files, each with the colours that it shows, 0..255."""
    colours = stored(shares(4), "uint8").astype(int)
    red, green, blue = (colours[::-1, :, channel] for channel in range(3))
    rgb = colours[..., :3]
    five = (rgb >> 3) * 255 / 31
    packed = (red >> 3 << 10 | green >> 3 << 5 | blue >> 3).astype("<u2").tobytes()
    six = np.stack([five[..., 0], (rgb[..., 1] >> 2) * 255 / 63, five[..., 2]], axis=2)
    wide = (red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype("<u2").tobytes()
    opacity = colours[::-1, :, 3]
    deep = (opacity << 24 | red << 16 | green << 8 | blue).astype("<u4").tobytes()
    turned = (opacity << 24 | blue << 16 | green << 8 | red).astype("<u4").tobytes()
    clear = over_white(colours / 255, "rgb", "unassalpha")
    plain = np.stack([blue, green, red], axis=2).astype(np.uint8)
    palette = np.random.default_rng(2).integers(0, 256, (256, 3)).astype(np.uint8)
    index = colours[..., 0].astype(np.uint8)
    four = np.pad(palette, ((0, 0), (0, 1)))[:, [2, 1, 0, 3]].tobytes()
    runs = b"".join(
        b"".join(bytes([1, value]) for value in row) + b"\0\0" for row in index[::-1]
    ) + b"\0\1"  # fmt: skip
    small = index >> 4
    pairs = (small[::-1, ::2] << 4 | small[::-1, 1::2]).tobytes()
    return {
        "555": (bmp(packed, 16), five),
        "565": (bmp(wide, 16, 3, (0xF800, 0x7E0, 0x1F)), six),
        "masks of 32": (bmp(deep, 32, 3, (0xFF0000, 0xFF00, 0xFF)), rgb),
        "masks with opacity": (bmp(deep, 32, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)), clear),
        "other masks": (bmp(turned, 32, 3, (0xFF, 0xFF00, 0xFF0000, 0xFF000000)), clear),
        "24": (bmp(plain.tobytes(), 24), rgb),
        "24 from the top": (bmp(plain[::-1].tobytes(), 24, down=True), rgb),
        "24 of OS/2": (bmp(plain.tobytes(), 24, core=True), rgb),
        "palette": (bmp(index[::-1].tobytes(), 8, colours=four), palette[index]),
        "palette of OS/2": (
            bmp(index[::-1].tobytes(), 8, colours=palette[:, ::-1].tobytes(), core=True),
            palette[index],
        ),
        "runs": (bmp(runs, 8, 1, colours=four), palette[index]),
        "palette of 16": (bmp(pairs, 4, colours=four[:64]), palette[small]),
    }


@pytest.mark.parametrize("name", bmp_files())
def test_a_bmp_shows_what_was_written_or_is_refused(name, tmp_path):
    content, desired = bmp_files()[name]
    (tmp_path / "a.bmp").write_bytes(content)
    actual = accepted(tmp_path / "a.bmp")
    assert actual is not None
    np.testing.assert_allclose(actual, np.asarray(desired, dtype=float), atol=1.6)


def test_what_the_first_picture_of_a_gif_leaves_free_is_white(tmp_path):
    content = saved(two_colours(), "GIF")
    at = content.index(b",", 13)
    size = struct.pack("<HH", 32 + 8, 16 + 6)
    moved = content[:6] + size + content[10 : at + 1] + struct.pack("<HH", 3, 5) + content[at + 5 :]
    (tmp_path / "a.gif").write_bytes(moved)
    (tmp_path / "b.gif").write_bytes(content)
    actual, inner = accepted(tmp_path / "a.gif"), accepted(tmp_path / "b.gif")
    np.testing.assert_array_equal(actual[5:21, 3:35], inner)
    actual[5:21, 3:35] = 255
    assert (actual == 255).all()


def test_an_interlaced_gif_and_a_lossless_webp_show_what_was_written(tmp_path):
    picture = Image.fromarray(stored(shares(3), "uint8")).quantize(256)
    desired = np.asarray(picture.convert("RGB"), dtype=float)
    for content in (
        saved(picture, "GIF", interlace=1),
        saved(picture, "GIF", interlace=0),
        saved(picture.convert("RGB"), "WEBP", lossless=True),
    ):
        (tmp_path / "a").write_bytes(content)
        np.testing.assert_array_equal(accepted(tmp_path / "a"), desired)
