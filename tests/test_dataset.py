import shutil

import numpy as np
import pytest
from PIL import Image

from nstcore.config import StyleConfig
from nstcore.dataset import (
    catalogue,
    find_picture,
    picture_id,
    read_selection,
    select,
    write_selection,
)
from nstcore.errors import DataError

CSV = """id,name,years,genre,nationality,bio,wikipedia,paintings
0,Ada One,1901 - 1980,"A,B",,"\"\"x\"\"",,12
1,Bo Two,,,,,,12
"""


def paint(path, seed, size=(12, 9)):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def dataset(tmp_path):
    """Two artists with twelve paintings each, in the Kaggle dataset's layout."""
    folder = tmp_path / "dataset"
    for a, artist in enumerate(["Ada_One", "Bo_Two"]):
        for n in range(1, 13):
            paint(folder / "images" / "images" / artist / f"{artist}_{n}.png", 100 * a + n)
    (folder / "artists.csv").write_text(CSV, "utf-8")
    return folder


def style(artist="Ada One", images=3):
    return StyleConfig(artist.replace(" ", "_"), artist, images)


def ids(pictures, split):
    return [p.id for p in pictures if p.split == split]


def test_the_first_paintings_are_the_first_by_number(dataset):
    pictures = select(dataset, [style(images=11)], 2, 1, seed=1)
    assert ids(pictures, "target") == [f"Ada_One_{n}" for n in range(1, 12)]


def test_contents_are_disjoint_and_no_style_images(dataset):
    pictures = select(dataset, [style(), style("Bo Two")], 10, 5, seed=1)
    train, test, target = (set(ids(pictures, split)) for split in ("train", "test", "target"))
    assert (len(train), len(test), len(target)) == (10, 5, 6)
    assert len(train | test | target) == 10 + 5 + 6


def test_a_copy_of_a_style_image_is_no_content(dataset):
    painters = dataset / "images" / "images"
    for n in range(2, 13):
        shutil.copy(painters / "Ada_One" / "Ada_One_1.png", painters / "Bo_Two" / f"Bo_Two_{n}.png")
    pictures = select(dataset, [style(images=12)], 0, 1, seed=1)
    assert ids(pictures, "test") == ["Bo_Two_1"]


def test_the_draw_depends_on_the_seed_alone(dataset, tmp_path):
    again = tmp_path / "again"
    # Copied in another order: the file system lists the files differently.
    for path in sorted(dataset.rglob("*.png"), reverse=True):
        target = again / path.relative_to(dataset)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    one, same = (select(folder, [style()], 4, 3, seed=1) for folder in (dataset, again))
    other = select(dataset, [style()], 4, 3, seed=2)
    assert one == same
    assert ids(one, "test") != ids(other, "test")


def test_more_training_contents_leave_the_others_and_the_test_as_they_were(dataset):
    few, many = (select(dataset, [style()], count, 3, seed=1) for count in (2, 6))
    assert ids(few, "test") == ids(many, "test")
    assert ids(few, "train") == ids(many, "train")[:2]


def test_contents_come_from_a_folder_of_photographs(dataset, tmp_path):
    for n in range(4):
        paint(tmp_path / "photos" / f"my photo {n}.jpg", 1000 + n, size=(30, 20))
    pictures = select(dataset, [style()], 2, 2, seed=1, photographs=tmp_path / "photos")
    drawn = ids(pictures, "train") + ids(pictures, "test")
    assert sorted(drawn) == [f"my_photo_{n}" for n in range(4)]
    assert {(p.width, p.height) for p in pictures if p.role == "content"} == {(30, 20)}


def test_a_photograph_that_is_also_a_style_image_is_refused(dataset, tmp_path):
    (tmp_path / "photos").mkdir()
    source = dataset / "images" / "images" / "Ada_One" / "Ada_One_2.png"
    shutil.copy(source, tmp_path / "photos" / "holiday.png")
    with pytest.raises(DataError, match=r"holiday\.png: a content, but also the style image .*_2"):
        select(dataset, [style()], 1, 1, seed=1, photographs=tmp_path / "photos")


def test_flattened_copies_are_found(dataset):
    inner = dataset / "images" / "images"
    for path in list(inner.iterdir()):
        shutil.move(path, dataset / "images")
    inner.rmdir()
    assert list(catalogue(dataset)) == ["Ada_One", "Bo_Two"]


def test_an_unknown_artist_is_named_with_those_there_are(dataset):
    with pytest.raises(DataError, match=r"'Ada Won' is not in .*; allowed: Ada One, Bo Two"):
        select(dataset, [style("Ada Won")], 1, 1, seed=1)


def test_too_few_paintings_are_counted(dataset):
    with pytest.raises(DataError, match=r"Ada One: 12 paintings in .*, 30 asked"):
        select(dataset, [style(images=30)], 1, 1, seed=1)


def test_an_empty_style_folder_counts_none(dataset):
    for path in (dataset / "images" / "images" / "Ada_One").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="Ada One: 0 paintings"):
        select(dataset, [style()], 1, 1, seed=1)


def test_too_few_contents_are_counted(dataset):
    with pytest.raises(DataError, match="24 pictures to draw contents from, too few"):
        select(dataset, [style()], 20, 10, seed=1)


def test_all_unusable_pictures_are_named_at_once(dataset):
    folder = dataset / "images" / "images" / "Ada_One"
    (folder / "Ada_One_1.png").write_bytes(b"")
    (folder / "Ada_One_3.png").write_bytes(b"<html>")
    with pytest.raises(DataError, match=r"2 unusable pictures: .*_1\.png.*_3\.png"):
        select(dataset, [style()], 1, 1, seed=1)


def test_a_missing_dataset_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: no such dataset folder"):
        catalogue(tmp_path / "nowhere")


def test_a_selection_survives_its_file_and_finds_its_pictures(dataset, tmp_path):
    pictures = select(dataset, [style()], 1, 1, seed=1)
    write_selection(pictures, tmp_path / "selection.csv")
    loaded = read_selection(tmp_path / "selection.csv")
    assert loaded == pictures
    assert find_picture(loaded, "Ada_One_2", dataset).name == "Ada_One_2.png"


def test_a_picture_that_changed_after_the_selection_is_refused(dataset):
    pictures = select(dataset, [style()], 1, 1, seed=1)
    paint(dataset / "images" / "images" / "Ada_One" / "Ada_One_2.png", 7)
    with pytest.raises(DataError, match=r"Ada_One_2\.png: has changed since it was selected"):
        find_picture(pictures, "Ada_One_2", dataset)


@pytest.mark.parametrize(
    ("name", "desired"),
    [("Claude_Monet_1.jpg", "Claude_Monet_1"), ("a b/../é?.png", "é_"), (".-x.png", "x")],
)
def test_ids_are_names_that_any_shell_and_file_system_takes(name, desired, tmp_path):
    assert picture_id(tmp_path / name) == desired
