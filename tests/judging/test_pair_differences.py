"""By how much pictures of two aggregations differ, on the originals."""

import numpy as np
import pytest

from nstcore.common.errors import DataError, ImageError
from nstcore.images.io import save_png, to_image
from nstcore.judging.pair_differences import (
    COLUMNS,
    measure_differences,
    read_differences,
    write_differences,
)


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(1)
    first = rng.integers(0, 200, (12, 20, 3)) / 255
    paths = [tmp_path / "simple.png", tmp_path / "squared.png"]
    for path, pixels in zip(paths, (first, first + 51 / 255), strict=True):
        save_png(to_image(pixels.astype(np.float32)), path)
    return paths


def test_a_difference_is_that_of_all_pixels_of_the_originals(files, tmp_path):
    table = measure_differences("Net", [("Monet", "1", *files), ("NA", "2", files[0], files[0])])
    assert list(table.columns) == COLUMNS
    assert table["difference"].tolist() == pytest.approx([0.2, 0], abs=1e-6)
    write_differences(table, tmp_path / "Net.csv")
    again = read_differences([tmp_path / "Net.csv"] * 2)
    assert again["style"].tolist() == ["Monet", "NA"] * 2
    assert again["content_id"].tolist() == ["1", "2"] * 2
    assert again["difference"].tolist() == table["difference"].tolist() * 2


def test_no_tables_are_an_empty_one():
    assert list(read_differences([]).columns) == COLUMNS


def test_pictures_of_two_sizes_or_none_are_named(files, tmp_path):
    save_png(to_image(np.zeros((4, 4, 3), np.float32)), tmp_path / "small.png")
    with pytest.raises(DataError, match=r"simple\.png and .*small\.png are not of one size"):
        measure_differences("Net", [("Monet", "1", files[0], tmp_path / "small.png")])
    with pytest.raises(ImageError, match=r"none\.png"):
        measure_differences("Net", [("Monet", "1", files[0], tmp_path / "none.png")])


@pytest.mark.parametrize("text", [None, "", "a,b\n1,2\n", ",".join(COLUMNS) + "\na,b,c,d\n"])
def test_what_is_no_table_of_differences_is_named(text, tmp_path):
    path = tmp_path / "Net.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=r"Net\.csv: "):
        read_differences([path])
