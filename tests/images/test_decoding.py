import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import (
    BLUE,
    HEIGHT,
    RED,
    WIDTH,
    chunk,
    cyan_is_red,
    halves,
    halves_of,
    icc_profile,
    linear_grey,
    png,
    samples,
    saved,
    swapped_rgb,
    tiff,
    two_colours,
)
from PIL import Image

from nstcore.common.errors import ImageError
from nstcore.images.decoding import MAX_PIXELS, WITHOUT_END
from nstcore.images.formats import shown
from nstcore.images.io import read_image, read_text, read_with_remark, to_image, to_pixels

# Outside of a test `nstcore.images.decoding` passes them over; pytest has filters of its own.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")

SAMPLES = {sample.name: sample for sample in samples()}
ORIENTATION = 0x0112
# Where a picture's left upper corner lies in the file, by orientation (EXIF 2.32, 4.6.4).
CORNERS = {
    1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (0, 1), 7: (1, 1), 8: (1, 0)
}  # fmt: skip


def put(path, content):
    path.write_bytes(content)
    return path


def refusal(path):
    """Return what is said of a picture that cannot be read, without its name."""
    with pytest.raises(ImageError) as caught:
        read_image(path)
    message = str(caught.value)
    assert message.startswith(f"{shown(path)}: ")
    assert message.isprintable()
    return message.removeprefix(f"{shown(path)}: ")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_of_picture_has_its_colours(name, tmp_path):
    sample = SAMPLES[name]
    path = put(tmp_path / name, sample.content)
    actual = read_image(path)
    assert (actual.mode, actual.size, actual.info) == ("RGB", (WIDTH, HEIGHT), {})
    desired = [sample.left, sample.right]
    np.testing.assert_allclose(halves_of(actual), desired, atol=sample.tolerance + 0.01)
    assert read_image(path).tobytes() == actual.tobytes()


def test_the_content_tells_the_format_and_not_the_name(tmp_path):
    path = put(tmp_path / "a.jpg", SAMPLES["rgb.png"].content)
    assert read_image(path).getpixel((0, 0)) == RED


@pytest.mark.parametrize("orientation", CORNERS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_is_undone(kind, orientation, tmp_path):
    right, below = CORNERS[orientation]
    image = Image.new("RGB", (64, 32), BLUE)
    image.paste(RED, (32 * right, 16 * below, 32 * right + 32, 16 * below + 16))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    actual = read_image(put(tmp_path / "a", saved(image, kind, exif=exif, quality=95)))
    assert actual.size == ((64, 32) if orientation <= 4 else (32, 64))
    np.testing.assert_allclose(actual.getpixel((4, 4)), RED, atol=8)
    assert actual.getpixel((actual.width - 4, 4))[0] < 60
    assert actual.getpixel((4, actual.height - 4))[0] < 60


def test_the_orientation_of_a_compressed_tiff_and_of_its_first_page_counts(tmp_path):
    options = {"tiffinfo": {ORIENTATION: 6}, "compression": "tiff_lzw"}
    one = saved(two_colours(), "TIFF", **options)
    two = saved(two_colours(), "TIFF", save_all=True, append_images=[two_colours()], **options)
    for content in (one, two):
        turned = read_image(put(tmp_path / "a.tif", content))
        assert turned.size == (HEIGHT, WIDTH)
        assert (turned.getpixel((0, 0)), turned.getpixel((0, WIDTH - 1))) == (RED, BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif", [b"", b"II", b"no exif", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" * 9]
)
def test_damaged_exif_does_not_lose_the_picture(kind, exif, tmp_path):
    path = put(tmp_path / "a", saved(two_colours(), kind, exif=b"Exif\0\0" + exif))
    np.testing.assert_allclose(halves_of(read_image(path)), [RED, BLUE], atol=12)


def test_exif_that_a_tiff_points_to_wrongly_does_not_lose_the_picture(tmp_path):
    for exif, gps in ((2**31, 7), (100, 2**32 - 1)):
        content = tiff(halves(b"\x64", b"\xb4"), tag274=3, tag34665=exif, tag34853=gps)
        actual = read_image(put(tmp_path / "a.tif", content))
        np.testing.assert_array_equal(halves_of(actual), [[180] * 3, [100] * 3])


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        swapped_rgb()[:300],
        icc_profile(b"mntr", b"RGB ", b"XYZ "),  # without curves and primaries
        cyan_is_red(),
        linear_grey(),
    ],
)
def test_a_broken_profile_and_one_of_other_colours_are_passed_over(profile, tmp_path):
    path = put(tmp_path / "a.png", saved(two_colours(), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(halves_of(read_image(path)), [RED, BLUE])


def test_a_grey_picture_with_a_profile_for_rgb_stays_as_it_is(tmp_path):
    grey = saved(two_colours(100, 180, "L"), "PNG", icc_profile=swapped_rgb())
    actual = halves_of(read_image(put(tmp_path / "a.png", grey)))
    np.testing.assert_array_equal(actual, [[100] * 3, [180] * 3])


def floats(*values):
    row = halves(*(struct.pack("<f", value) for value in values))
    return tiff(row, tag258=32, tag339=3)


def integers(*values):
    row = halves(*(struct.pack("<i", value) for value in values))
    return tiff(row, tag258=32, tag339=2)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (floats(0, 1.5), "grey values from 0 to 1.5, where 0 is black and 1 is white"),
        (floats(-0.5, 1), "grey values from -0.5 to 1, where"),
        (floats(0, float("nan")), "grey values from nan to nan, where"),
        (floats(0, float("inf")), "grey values from 0 to inf, where"),
        (integers(0, 65536), "grey values from 0 to 65536, where 0 is black and 65535 is white"),
        (integers(-1, 5), "grey values from -1 to 5, where"),
    ],
)
def test_grey_values_out_of_range_are_refused_and_not_clipped(content, reason, tmp_path):
    assert refusal(put(tmp_path / "a.tif", content)).startswith(reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file, no picture"),
        (b"\0", "not a picture"),
        (b"<html>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\xff\xd8\xff", "damaged JPEG picture, or of a kind that is not read"),
        (b"BM", "damaged BMP picture, or of a kind that is not read (it ends too early)"),
        (b"II*\0", "damaged TIFF picture, or of a kind that is not read (it ends too early)"),
        (png(7, 0, b""), "damaged PNG picture, or of a kind that is not read"),
        (tiff(b"", tag256=0), f"no pixels (0 x {HEIGHT})"),
        (tiff(b"ab" * WIDTH, tag258=(16, 16), tag277=2, tag338=2), "damaged TIFF picture, or of"),
    ],
)
def test_what_is_no_sound_picture_is_refused_with_the_reason(content, reason, tmp_path):
    assert refusal(put(tmp_path / "a.jpg", content)).startswith(reason)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_side_of_zero_is_named(size, tmp_path):
    width, height = size
    files = [png(8, 0, b"\0", size=size), tiff(b"\0", tag256=width, tag257=height)]
    for content in [*files, announce("rgb.jpg", *size), announce("rgb.bmp", *size)]:
        assert refusal(put(tmp_path / "a", content)) == f"no pixels ({width} x {height})"


def announce(name, width, height, start=0):
    """Return a sample's bytes with another size where it stands first after `start`."""
    content = SAMPLES[name].content
    kind = {".gif": "<HH", ".bmp": "<ii", ".jpg": ">HH"}[Path(name).suffix]
    old, new = (WIDTH, HEIGHT), (width, height)
    if name.endswith(".jpg"):
        old, new = old[::-1], new[::-1]
    at = content.index(struct.pack(kind, *old), start)
    return content[:at] + struct.pack(kind, *new) + content[at + struct.calcsize(kind) :]


LARGE = {
    "png": png(8, 0, b"\0", size=(30000, 30000)),
    "png beyond all numbers": png(8, 0, b"\0", size=(2**31 - 1, 2**31 - 1)),
    "tiff": tiff(b"\0", tag256=30000, tag257=30000),
    "jpeg": announce("rgb.jpg", 30000, 30000),
    "gif": announce("grey.gif", 30000, 30000),
    "bmp": announce("rgb.bmp", 30000, 30000),
    # Fewer than Pillow refuses and more than it warns of.
    "png of 100 million": png(8, 0, b"\0", size=(10000, 10000)),
    "tiff of 100 million": tiff(b"\0", tag256=10000, tag257=10000),
    "gif of 100 million": announce("grey.gif", 10000, 10000),
    "gif with a first picture of 100 million": announce("clear.gif", 10000, 10000, start=10),
}


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.filterwarnings("error")
def test_an_absurdly_large_picture_is_refused_before_it_is_decoded(kind, tmp_path):
    reason = refusal(put(tmp_path / "a", LARGE[kind]))
    assert reason.startswith("absurdly large (")
    assert f"at most {MAX_PIXELS} pixels are read); scale it down" in reason


def test_a_large_webp_is_refused_with_its_pixels(tmp_path):
    vp8x = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16383).to_bytes(3, "little") * 2
    content = b"RIFF" + struct.pack("<I", 22) + b"WEBP" + vp8x
    reason = refusal(put(tmp_path / "a.webp", content))
    assert reason.startswith(f"absurdly large ({16384**2} pixels; at most {MAX_PIXELS}")


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("several")])
def test_a_picture_that_was_cut_off_is_refused(name, share, tmp_path):
    content = SAMPLES[name].content
    path = put(tmp_path / name, content[: int(len(content) * share)])
    assert refusal(path).startswith("damaged ")


SINGLE = {name: sample for name, sample in SAMPLES.items() if not name.startswith("several")}


@pytest.mark.parametrize("name", [name for name in SINGLE if name.endswith(("jpg", "png", "gif"))])
def test_a_picture_without_the_end_of_its_file_is_read_and_told(name, tmp_path):
    content = SAMPLES[name].content
    path = put(tmp_path / "a", content)
    whole, remark = read_with_remark(path)
    assert remark == ""
    told = {}
    for lost in range(1, len(content)):
        try:
            image, told[lost] = read_with_remark(put(path, content[:-lost]))
        except ImageError:
            break
        assert image.tobytes() == whole.tobytes()
    # A JPEG and a GIF end in a marker, a PNG in a chunk after that of its pixels.
    assert list(told) == list(range(1, max(told) + 1))
    assert max(told) >= {"jpg": 2, "png": 12, "gif": 1}[name[-3:]]
    assert set(told.values()) == {WITHOUT_END}


def photograph(width=240, height=160):
    return to_image(photo((width, height)))


def photo(size):
    noise = np.random.default_rng(3).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    grain = np.random.default_rng(4).normal(scale=0.03, size=(size[1], size[0], 3))
    return to_pixels(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)) + grain


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"restart_marker_blocks": 2},
        {"restart_marker_rows": 1, "progressive": True},
        {"subsampling": 0},
    ],
)
def test_of_a_cut_jpeg_the_share_that_is_missing_decides(options, tmp_path):
    content = saved(photograph(), "JPEG", quality=85, **options)
    whole = np.asarray(read_image(put(tmp_path / "a.jpg", content)), dtype=int)
    read = 0
    for lost in (2, 3, 10, 40, 60, 200, 1000, 2000, len(content) // 2, len(content) - 700):
        path = put(tmp_path / "a.jpg", content[:-lost])
        try:
            image, remark = read_with_remark(path)
        except ImageError as error:
            assert "image file is truncated: " in str(error)  # noqa: PT017
            assert lost >= 40
            continue
        read += 1
        differ = (np.asarray(image, dtype=int) != whole).any(axis=2).mean()
        assert differ <= 0.015
        assert remark == WITHOUT_END or "of its pixels are missing" in remark
        assert differ == 0 or remark != WITHOUT_END
    assert read >= 3


def test_a_jpeg_whose_end_was_reserved_and_never_came_is_measured_likewise(tmp_path):
    content = saved(photograph(), "JPEG", quality=85)
    half = content[: len(content) // 2]
    path = put(tmp_path / "a.jpg", half + bytes(len(content) - len(half)))
    assert "image file is truncated: " in refusal(path)
    image, remark = read_with_remark(put(path, content[:-2] + bytes(500)))
    assert (image.tobytes(), remark) == (read_image(put(path, content)).tobytes(), WITHOUT_END)


def test_the_text_of_a_png_without_its_end_is_refused(tmp_path):
    path = put(tmp_path / "a.png", SAMPLES["rgb.png"].content[:-1])
    with pytest.raises(ImageError, match="damaged PNG picture"):
        read_text(path)
    assert read_image(put(path, SAMPLES["rgb.png"].content + b"more")).size == (WIDTH, HEIGHT)


def boxes(major, *compatible):
    """Return the beginning of a file of boxes with these brands."""
    brands = major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(99)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (boxes(b"heic", b"mif1", b"heic"), "HEIC"),
        (boxes(b"mif1", b"mif1", b"heic"), "HEIC"),
        (boxes(b"msf1", b"hevc"), "HEIC"),
        (boxes(b"heix"), "HEIC"),
        (boxes(b"avci", b"mif1"), "HEIF with H.264"),
        (boxes(b"crx ", b"isom"), "a camera's raw data"),
        (boxes(b"qt  "), "a video"),
        (boxes(b"mp42", b"isom"), "a video"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"8BPS\0\1", "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="x"/>', "SVG"),
        (b"II*\0\x10\0\0\0CR\2\0", "a camera's raw data"),
        (b"P6\n2 2\n255\n" + bytes(12), "Netpbm"),
        (b"<!DOCTYPE html><title>404</title>", "a web page"),
        (b"PK\3\4", "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ],
)
def test_what_is_not_read_is_called_by_its_name(content, name, tmp_path):
    reason = refusal(put(tmp_path / "a.jpg", content))
    assert reason.startswith("not a picture")
    assert name in reason


def test_an_avif_of_any_brand_is_read(tmp_path):
    content = SAMPLES["rgb.avif"].content
    size = struct.unpack(">I", content[:4])[0]
    other = boxes(b"mif1", b"mif1", b"avif", b"miaf").ljust(size, b"\0")[:size]
    other = struct.pack(">I", size) + other[4:]
    assert read_image(put(tmp_path / "a.avif", other + content[size:])).size == (WIDTH, HEIGHT)


def test_what_is_no_file_is_named_for_what_it_is(tmp_path):
    assert refusal(tmp_path) == "a folder, not a picture"
    assert refusal(tmp_path / "none.jpg") == "no such picture"
    pipe, loop = tmp_path / "pipe.jpg", tmp_path / "loop.jpg"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    assert refusal(pipe).startswith("not a regular file")
    assert refusal(Path("/dev/null")).startswith("not a regular file")
    assert refusal(loop) == "cannot be read (Too many levels of symbolic links)"
    assert refusal(tmp_path / ("a" * 300)) == "cannot be read (File name too long)"
    assert refusal(tmp_path / "a\0.jpg").startswith("cannot be read (embedded null")


def test_a_file_without_permission_is_named(tmp_path):
    path = put(tmp_path / "a.png", SAMPLES["rgb.png"].content)
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # who may read everything
        os.seteuid(65534)
    try:
        assert refusal(path) == "cannot be read (Permission denied)"
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("name", ["a\nb.jpg", "a\x1b[31m.jpg", "a\udcff.jpg", "a\u2028.jpg"])
def test_an_unprintable_name_is_escaped_in_the_message(name, tmp_path):
    path = put(tmp_path / name, b"x")
    assert shown(path) == repr(str(path))
    assert refusal(path).startswith("not a picture")


def test_a_reason_with_signs_of_the_file_stays_on_one_line(tmp_path):
    broken = chunk(b"IHDR", bytes(13))[:-4] + b"\n\x1b\xff\n"
    assert refusal(put(tmp_path / "a.png", b"\x89PNG\r\n\x1a\n" + broken)).startswith("damaged PNG")


def test_remarks_of_libraries_do_not_reach_the_terminal(tmp_path):
    long = tiff(halves(b"\1", b"\2"), tag34665=(1, 2, 3), tag270=range(3))
    bad = long.replace(struct.pack("<HHI", 270, 4, 3), struct.pack("<HHI", 270, 4, 2**30))
    put(tmp_path / "warns.tif", bad)
    put(tmp_path / "logs.tif", tiff(b"\0" * WIDTH, tag277=12))
    program = "import sys; from nstcore.images.io import read_image, ImageError\n"
    program += "for path in sys.argv[1:]:\n try: read_image(path)\n except ImageError: pass"
    paths = [tmp_path / "warns.tif", tmp_path / "logs.tif"]
    command = [sys.executable, "-c", program, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_text_of_a_damaged_png_is_refused_like_its_picture(tmp_path):
    with pytest.raises(ImageError, match=r"a\.png: damaged PNG picture"):
        read_text(put(tmp_path / "a.png", SAMPLES["rgb.png"].content[:-20]))
    for name in ("several.png", "rgb.jpg", "16 bits.png"):
        assert read_text(put(tmp_path / "a.png", SAMPLES[name].content)) == {}


def test_a_png_of_which_any_bit_has_changed_is_refused_or_the_same(tmp_path, rng):
    path = tmp_path / "a.png"
    slope = np.add.outer(np.arange(120), np.arange(160))[..., None] / 300
    image = to_image(slope + 0.03 * rng.random((120, 160, 3)))
    image.save(path, compress_level=1)
    content = path.read_bytes()
    refused = 0
    for place in rng.choice(8 * len(content), 1500, replace=False).tolist():
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        try:
            found = read_image(put(path, changed))
        except ImageError:
            refused += 1
        else:
            assert found.tobytes() == image.tobytes(), f"bit {place}"
    assert refused > 1400
