import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from nstcore.errors import ImageError
from nstcore.images import (
    load_batch,
    original_size,
    prepare,
    read_image,
    read_text,
    resize,
    save_png,
    to_image,
    to_pixels,
)

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


def test_the_exif_orientation_is_applied(tmp_path):
    image = Image.new("RGB", (40, 20), RED)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    assert read_image(save(image, tmp_path / "a.jpg", exif=exif)).size == (20, 40)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_rgb_of_the_same_brightness(mode, tmp_path):
    if mode == "I;16":
        image = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    else:
        image = Image.new("RGB", (8, 8), (128, 128, 128)).convert("L" if mode == "P" else mode)
        image = image.quantize(2) if mode == "P" else image
    path = save(image, tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    actual = read_image(path)
    assert actual.mode == "RGB"
    np.testing.assert_allclose(np.asarray(actual), 128, atol=3)


def test_transparent_pixels_lie_over_white(tmp_path):
    path = save(Image.new("RGBA", (4, 4), (*RED, 0)), tmp_path / "a.png")
    assert read_image(path).getpixel((0, 0)) == (255, 255, 255)


def test_a_colour_profile_is_converted_to_srgb(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # A colour space whose red primary is sRGB's green, and the other way round.
    swapped = profile.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    plain = Image.new("RGB", (4, 4), RED)
    tagged = save(plain, tmp_path / "a.png", icc_profile=swapped)
    red, green, blue = RED
    np.testing.assert_allclose(read_image(tagged).getpixel((0, 0)), (green, red, blue), atol=2)
    broken = save(plain, tmp_path / "b.png", icc_profile=b"no profile")
    assert read_image(broken).getpixel((0, 0)) == RED


def jpeg():
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a picture"),
        (b"<html>", "not a picture"),
        (jpeg()[:1000], "damaged picture"),
        (None, "no such picture"),
    ],
)
def test_an_unusable_picture_is_named_with_the_reason(content, reason, tmp_path):
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImageError, match=rf"bad\.jpg: {reason}"):
        read_image(path)


def test_a_prepared_picture_is_square_and_remembers_its_size(tmp_path):
    source = save(Image.new("RGB", (40, 20), RED), tmp_path / "a.png")
    prepare(source, tmp_path / "square.png", 16)
    assert Image.open(tmp_path / "square.png").size == (16, 16)
    assert original_size(tmp_path / "square.png") == (40, 20)
    assert original_size(source) == (40, 20)


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
