"""Pictures become what a study asks for, and get their own size back."""

import numpy as np
import pytest
from PIL import Image

from nstcore.common.errors import ConfigError, ImageError
from nstcore.images.io import read_image, save_png, to_image
from nstcore.images.prepare import (
    PLACE,
    Shape,
    fitted,
    give_back,
    original_size,
    painted_size,
    prepare,
)


@pytest.fixture
def photo(tmp_path):
    """A ramp, in which every place has its own colour: 90 x 60."""
    rows, columns = np.mgrid[0:60, 0:90]
    pixels = np.stack([rows / 59, columns / 89, 0 * rows + 0.5], axis=-1)
    save_png(to_image(pixels), tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize(
    ("words", "size", "painted"),
    [
        ("48", (48, 48), (48, 48)),
        ("keep:48", (48, 32), (48, 32)),
        ("pad:48", (48, 48), (48, 32)),
        ("keep:180", (180, 120), (180, 120)),
    ],
)
def test_every_shape_gives_the_original_size_back(photo, tmp_path, words, size, painted):
    path = tmp_path / "prepared.png"
    prepare(photo, path, Shape.read(words))
    image = read_image(path)
    assert image.size == size
    assert painted_size(path) == painted
    assert original_size(path) == (90, 60)
    back = give_back(image, path)
    assert back.size == (90, 60)
    # What was padded is cut off, and nothing is moved.
    away = np.abs(np.asarray(back, float) - np.asarray(read_image(photo), float))
    assert away.max() < 12
    assert away.mean() < 2


def test_padding_mirrors_the_picture_as_often_as_it_takes(tmp_path):
    save_png(Image.fromarray(np.full((300, 40, 3), 90, np.uint8)), tmp_path / "tall.png")
    prepare(tmp_path / "tall.png", tmp_path / "padded.png", Shape(240, "pad"))
    padded = np.asarray(read_image(tmp_path / "padded.png"))
    assert padded.shape == (240, 240, 3)
    assert (padded == 90).all()
    assert painted_size(tmp_path / "padded.png") == (32, 240)


@pytest.mark.parametrize("fit", ["keep", "pad"])
def test_a_picture_too_narrow_for_its_own_shape_is_named_with_ways_out(tmp_path, fit):
    save_png(Image.new("RGB", (900, 20)), tmp_path / "narrow.png")
    with pytest.raises(ImageError) as caught:
        prepare(tmp_path / "narrow.png", tmp_path / "out.png", Shape(224, fit))
    assert "narrow.png: 900 x 20 pixels become 224 x 5" in str(caught.value)
    assert "contents.test_size" in str(caught.value)
    assert not (tmp_path / "out.png").exists()
    prepare(tmp_path / "narrow.png", tmp_path / "out.png", Shape(224))


@pytest.mark.parametrize("noted", ["90x60", "90x60+0+9999", "0x1+0+0", "x", "9" * 500 + "x1+0+0"])
def test_a_noted_place_that_is_not_in_the_picture_is_not_believed(tmp_path, noted):
    save_png(Image.new("RGB", (90, 90)), tmp_path / "a.png", {PLACE: noted})
    assert painted_size(tmp_path / "a.png") == (90, 90)


@pytest.mark.parametrize("text", ["", "0", "-3", "keep", "keep:", "crop:20", ":20", "20:keep", "x"])
def test_what_is_no_shape_is_refused(text):
    with pytest.raises(ConfigError, match="is no shape"):
        Shape.read(text)


@pytest.mark.parametrize("words", ["224", "pad:512", "keep:512"])
def test_shapes_are_read_as_they_are_written(words):
    assert str(Shape.read(words)) == words


def test_a_fitted_size_keeps_its_shape():
    assert fitted((6000, 4000), 512) == (512, 341)
    assert fitted((10, 4000), 512) == (1, 512)
