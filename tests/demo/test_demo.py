import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from nstcore import demo
from nstcore.common.errors import ConfigError, DataError
from nstcore.common.files import sha256
from nstcore.demo import ARTISTS, LABEL, paint_dataset, write_photographs
from nstcore.demo.scenes import photograph
from nstcore.images.io import read_image, resize, to_pixels

PAINTINGS = 4


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "artworks"
    paint_dataset(folder, seed=1, paintings=PAINTINGS)
    return folder


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "photographs"
    write_photographs(folder)
    return folder


BLANK = Image.new("RGB", (1, 1))


@pytest.fixture
def no_painting(monkeypatch):
    """Let every picture be a blank one, where it does not matter what it shows."""
    monkeypatch.setattr(demo, "paint", lambda artist, seed, number: BLANK)


def files(folder):
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_dataset_has_the_layout_of_the_real_one(dataset):
    pictures = {
        f"images/images/{name}/{name}_{number}.jpg"
        for name in ("Ada_Curl", "Mina_Dapple", "Anton_Shard", "Hugo_Gouge")
        for number in range(1, PAINTINGS + 1)
    }
    assert set(files(dataset)) == pictures | {"artists.csv", LABEL}


def test_the_table_of_artists_survives_a_csv_reader(dataset):
    text = (dataset / "artists.csv").read_bytes()
    assert b"\r" not in text
    rows = list(csv.DictReader(text.decode("utf-8").splitlines()))
    assert ",".join(rows[0]) == "id,name,years,genre,nationality,bio,wikipedia,paintings"
    assert [row["name"] for row in rows] == [artist.name for artist in ARTISTS]
    assert {row["paintings"] for row in rows} == {str(PAINTINGS)}
    assert rows[0]["years"] == "1901 - 1980"
    assert rows[1]["years"] == "1874 \u2013 1951"
    assert rows[1]["genre"].split(",") == ["Pointillism", "Post-Impressionism"]
    for row in rows:
        assert row["bio"].startswith("An invented artist.")
        assert '"' in row["bio"]
        assert "," in row["bio"]


def test_the_same_seed_gives_the_same_bytes_however_many_are_painted(dataset, tmp_path):
    paint_dataset(tmp_path / "again", seed=1, paintings=1)
    again, first = files(tmp_path / "again"), files(dataset)
    pictures = [name for name in again if name.endswith(".jpg")]
    assert len(pictures) == len(ARTISTS)
    assert {name: again[name] for name in pictures} == {name: first[name] for name in pictures}


def test_another_seed_and_another_number_give_another_picture():
    artist = ARTISTS[1]
    pictures = [demo.paint(artist, 1, 1), demo.paint(artist, 2, 1), demo.paint(artist, 1, 2)]
    assert len({picture.tobytes() for picture in pictures}) == 3


def test_paintings_are_of_both_formats_and_of_a_size_to_learn_from(dataset):
    sizes = [read_image(path).size for path in dataset.rglob("*.jpg")]
    assert all(304 <= max(size) <= 352 and min(size) >= 214 for size in sizes)
    assert {width > height for width, height in sizes} == {True, False}


def test_every_painting_is_closest_to_the_others_by_its_own_artist(dataset):
    traits = {
        artist.name: np.stack(
            [
                hand_of(path)
                for path in sorted((dataset / "images/images" / artist.folder).iterdir())
            ]
        )
        for artist in ARTISTS
    }
    right = 0
    for name, own in traits.items():
        for number, trait in enumerate(own):
            centres = {other: rows.mean(axis=0) for other, rows in traits.items()}
            centres[name] = np.delete(own, number, axis=0).mean(axis=0)
            distances = {other: np.abs(trait - at).sum() for other, at in centres.items()}
            right += min(distances, key=distances.__getitem__) == name
    assert right >= 0.9 * len(ARTISTS) * PAINTINGS


def hand_of(path):
    """A histogram of coarse colours, and one of the steepness of the tone."""
    pixels = to_pixels(read_image(path))
    colors = np.minimum(pixels * 4, 3).astype(int) @ [16, 4, 1]
    steepness = np.hypot(*np.gradient(pixels.mean(axis=-1)))
    bins = np.histogram(steepness, [0, 0.01, 0.02, 0.04, 0.08, 0.16, 1])[0]
    return np.concatenate([np.bincount(colors.ravel(), minlength=64), bins]) / colors.size


def test_progress_names_each_artist_once(no_painting, tmp_path):
    lines: list[str] = []
    paint_dataset(tmp_path / "artworks", seed=1, paintings=2, progress=lines.append)
    assert lines[0] == "Ada Curl: 2 paintings (1 of 4 artists)"
    assert len(lines) == len(ARTISTS)


@pytest.mark.parametrize(
    ("seed", "paintings", "message"),
    [(-1, 12, "seed -1: give 0 or more"), (1, 0, "0 paintings: give 1 or more")],
)
def test_numbers_out_of_range_are_refused(seed, paintings, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        paint_dataset(tmp_path / "artworks", seed, paintings)


def test_a_run_that_fails_leaves_nothing_behind(monkeypatch, tmp_path):
    fail_at_the_third_painting(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        paint_dataset(tmp_path / "artworks", seed=1)
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_leaves_the_former_dataset_as_it_was(monkeypatch, dataset, tmp_path):
    folder = tmp_path / "artworks"
    shutil.copytree(dataset, folder)
    fail_at_the_third_painting(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        paint_dataset(folder, seed=2)
    assert files(folder) == files(dataset)
    assert list(tmp_path.iterdir()) == [folder]


def fail_at_the_third_painting(monkeypatch):
    def paint(artist, seed, number):
        if number == 3:
            raise KeyboardInterrupt
        return BLANK

    monkeypatch.setattr(demo, "paint", paint)


def test_a_new_run_replaces_the_former_dataset(no_painting, dataset, tmp_path):
    folder = tmp_path / "artworks"
    shutil.copytree(dataset, folder)
    paint_dataset(folder, seed=2, paintings=1)
    assert len(list(folder.rglob("*.jpg"))) == len(ARTISTS)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("write", [lambda folder: paint_dataset(folder, 1), write_photographs])
def test_what_was_not_written_by_the_demo_is_never_replaced(write, tmp_path):
    (tmp_path / "artworks").mkdir()
    (tmp_path / "artworks" / "thesis.tex").touch()
    with pytest.raises(DataError, match="holds other files"):
        write(tmp_path / "artworks")
    with pytest.raises(DataError, match="holds other files"):
        write(tmp_path / "artworks" / "thesis.tex")
    assert (tmp_path / "artworks" / "thesis.tex").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        write_photographs(tmp_path / "file" / "photographs")


def test_photographs_are_coloured_pictures_of_moderate_size(photographs):
    names = ["astronaut", "cat", "coffee", "hubble", "rocket"]
    assert sorted(path.stem for path in photographs.glob("*.png")) == names
    for name in names:
        image = read_image(photographs / f"{name}.png")
        assert image.mode == "RGB"
        assert 400 <= max(image.size) <= 640
        pixels = to_pixels(image)
        assert pixels.std() > 0.05
        assert np.ptp(pixels, axis=-1).max() > 0.2


def test_photographs_keep_their_proportions_and_small_ones_their_pixels(photographs):
    assert read_image(photographs / "hubble.png").size == (640, 558)
    np.testing.assert_array_equal(
        to_pixels(read_image(photographs / "cat.png")), to_pixels(photograph("chelsea.png"))
    )


def test_photographs_carry_no_profile_since_that_would_hold_the_time(photographs):
    for path in photographs.glob("*.png"):
        with Image.open(path) as image:
            assert "icc_profile" not in image.info


def test_photographs_are_written_with_the_same_bytes_again(photographs, tmp_path):
    write_photographs(tmp_path / "photographs")
    assert files(tmp_path / "photographs") == files(photographs)


def test_no_painting_is_a_near_copy_of_a_photograph(dataset, photographs):
    """Compared as small grey pictures of one size, upright and mirrored."""

    def thumbnail(path):
        grey = to_pixels(resize(read_image(path), (32, 32))).mean(axis=-1)
        return (grey - grey.mean()) / grey.std()

    contents = [thumbnail(path) for path in photographs.glob("*.png")]
    contents += [content[:, ::-1] for content in contents]
    for path in dataset.rglob("*.jpg"):
        painting = thumbnail(path)
        assert max((painting * content).mean() for content in contents) < 0.9, path.name
