import os
import struct
import tracemalloc

import numpy as np
import pytest
from pictures import chunk, png, saved, two_colours
from PIL import Image

from nstcore.common.errors import ImageError
from nstcore.images.io import (
    load_batch,
    read_image,
    read_leading_text,
    read_pixels,
    read_text,
    resize,
    save_png,
    to_image,
    to_pixels,
)
from nstcore.images.prepare import ORIGINAL_SIZE, Shape, original_size, prepare

RED = (200, 30, 10)


def save(image, path, **options):
    image.save(path, **options)
    return path


def test_pixels_and_images_are_each_others_inverse(rng):
    pixels = rng.integers(0, 256, (5, 7, 3)).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(to_pixels(to_image(pixels)), pixels)


def test_values_outside_0_to_1_are_clipped():
    np.testing.assert_array_equal(
        np.asarray(to_image(np.array([[[-1.0, 0.5, 2.0]]]))), [[[0, 128, 255]]]
    )


def test_a_prepared_picture_is_square_and_remembers_its_size(tmp_path):
    source = save(Image.new("RGB", (40, 20), RED), tmp_path / "a.png")
    prepare(source, tmp_path / "square.png", Shape(16))
    assert Image.open(tmp_path / "square.png").size == (16, 16)
    assert original_size(tmp_path / "square.png") == (40, 20)
    assert original_size(source) == (40, 20)


@pytest.mark.parametrize(
    "noted",
    ["0x5", "5x0", "0x0", "-4x5", "20x10x5", "4 x 5", "٣x٣", "9" * 5000 + "x1", "99999x99999", ""],
)
def test_a_noted_size_that_no_picture_has_is_not_believed(noted, tmp_path):
    save_png(Image.new("RGB", (4, 6), RED), tmp_path / "a.png", {ORIGINAL_SIZE: noted})
    assert original_size(tmp_path / "a.png") == (4, 6)


def test_sizes_of_pictures_without_notes_are_their_own(tmp_path):
    assert original_size(save(Image.new("RGB", (4, 6), RED), tmp_path / "a.jpg")) == (4, 6)
    for read in (original_size, read_text, read_image, read_pixels):
        with pytest.raises(ImageError, match=r"none\.png: no such picture"):
            read(tmp_path / "none.png")


def test_a_study_gets_pictures_as_it_says(tmp_path):
    path = save(Image.new("RGBA", (300, 100), (*RED, 255)), tmp_path / "a.png")
    prepare(path, tmp_path / "b.png", Shape(224))
    batch = load_batch([tmp_path / "b.png"])
    assert (batch.shape, batch.dtype) == ((1, 224, 224, 3), np.float32)
    np.testing.assert_array_equal(batch[0, 0, 0], np.float32(RED) / np.float32(255))


def test_resizing_filters_and_does_not_pick_pixels():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = np.asarray(resize(Image.fromarray(stripes), (16, 16)))
    np.testing.assert_allclose(small[:, 2:-2], 127, atol=2)


def test_the_same_picture_gives_the_same_bytes_and_keeps_its_text(tmp_path):
    image = Image.new("RGB", (4, 4), RED)
    for name in ("a.png", "b.png"):
        save_png(image, tmp_path / name, {"nstcore": "Dürer 1"})
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert read_text(tmp_path / "a.png") == {"nstcore": "Dürer 1"}


def test_a_batch_has_one_size(tmp_path):
    small = save(Image.new("RGB", (4, 6), RED), tmp_path / "a.png")
    large = save(Image.new("RGB", (8, 6), RED), tmp_path / "b.png")
    assert load_batch([small, large], size=(5, 3)).shape == (2, 3, 5, 3)
    with pytest.raises(ImageError, match=r"b\.png: 8 x 6 pixels, but .*a\.png has 4 x 6"):
        load_batch([small, large])


def test_resizing_changes_both_sides_freely():
    assert resize(Image.new("RGB", (30, 10)), (7, 9)).size == (7, 9)


def test_leading_text_is_read_without_the_pixels(tmp_path):
    path = tmp_path / "a.png"
    text = {"nstcore": '{"style": "ملصق 🎨 <b>"}', "other": "x" * 5000}
    save_png(Image.new("RGB", (64, 64), "red"), path, text)
    assert read_leading_text(path) == read_text(path) == text
    path.write_bytes(path.read_bytes()[:-40])
    assert read_leading_text(path) == text
    with pytest.raises(ImageError):
        read_text(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIH",
        saved(two_colours(), "JPEG"),
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR" + bytes(40),
    ],
)
def test_what_does_not_begin_as_a_png_has_no_leading_text(tmp_path, content):
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"bad\.png: damaged PNG picture") as error:
        read_leading_text(path)
    assert "\n" not in str(error.value)
    with pytest.raises(ImageError, match=r"gone\.png"):
        read_leading_text(tmp_path / "gone.png")


def test_of_a_picture_that_was_cut_off_all_leading_text_is_read_or_none(tmp_path):
    path = tmp_path / "a.png"
    text = {"nstcore": "Dürer", "other": "1"}
    save_png(Image.new("RGB", (8, 8), RED), path, text)
    content = path.read_bytes()
    pixels = content.index(b"IDAT") + 4
    for end in range(len(content)):
        path.write_bytes(content[:end])
        if end < pixels:
            with pytest.raises(ImageError, match=r"a\.png: ") as error:
                read_leading_text(path)
            assert str(error.value).isprintable()
        else:
            assert read_leading_text(path) == text


@pytest.mark.parametrize("kind", [b"iTXt", b"tEXt", b"zTXt", b"iCCP", b"eXIf", b"none"])
def test_no_memory_is_asked_for_that_a_chunk_announces(kind, tmp_path):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + b"\xff\xff\xff\xff" + kind + bytes(50))
    os.truncate(path, 2**26)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=r"a\.png: damaged PNG picture"):
            read_leading_text(path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_leading_text_is_read_of_a_picture_that_is_too_large_to_decode(tmp_path):
    text = chunk(b"iTXt", b"nstcore\0\0\0\0\0{}")
    path = tmp_path / "a.png"
    path.write_bytes(png(8, 0, b"\0", text, size=(30000, 30000)))
    assert read_leading_text(path) == {"nstcore": "{}"}
    with pytest.raises(ImageError, match="absurdly large"):
        read_text(path)
