import csv
from dataclasses import replace
from pathlib import Path

import pytest
from catalogues import paint, state
from conftest import write_unreadable_name
from PIL import Image, ImageOps

from nstcore.common.errors import DataError
from nstcore.common.files import drop_checksum
from nstcore.dataset.catalogue import (
    Artwork,
    make_catalogue,
    picture_id,
    read_catalogue,
    unique_ids,
    write_catalogue,
)
from nstcore.images.decoding import WITHOUT_END

TABLE = """\
name,genre,paintings
Ada One,"Cubism,Surrealism",12
Bo Two,Cubism,3
Albrecht D\u00fcrer,Northern Renaissance,3
"""
GARBLED = ("Albrecht_DuΓòá├¬rer", "Albrecht_Du╠êrer")


@pytest.fixture
def dataset(tmp_path):
    """Three artists in the dataset's layout, the last of them in two folders."""
    pictures = tmp_path / "dataset" / "images" / "images"
    for n in range(1, 12):
        paint(pictures / "Ada_One" / f"Ada_One_{n}.png", n)
    for n in range(1, 4):
        paint(pictures / "Bo_Two" / f"Bo_Two_{n}.png", 100 + n)
        paint(pictures / GARBLED[0] / f"{GARBLED[0]}_{n}.png", 200 + n)
    for n in range(1, 3):
        paint(pictures / GARBLED[1] / f"{GARBLED[1]}_{n}.png", 200 + n)
    paint(pictures / GARBLED[1] / f"{GARBLED[1]}_3.png", 300)
    (tmp_path / "dataset" / "artists.csv").write_text(TABLE, "utf-8")
    return tmp_path / "dataset"


def test_pictures_stand_by_style_and_number(dataset):
    catalogue = make_catalogue(dataset, threads=2)
    assert list(catalogue.by_style) == ["Ada_One", "Albrecht_D\u00fcrer", "Bo_Two"]
    ada = catalogue.by_style["Ada_One"]
    assert [one.id for one in ada] == [f"Ada_One_{n}" for n in range(1, 12)]
    assert (ada[0].artist, ada[0].genres, ada[0].announced) == (
        "Ada One",
        "Cubism,Surrealism",
        "12",
    )
    assert (ada[0].width, ada[0].height, ada[0].fault) == (48, 36, "")


def test_two_folders_of_one_artist_are_one_style_without_what_is_there_twice(dataset, capsys):
    catalogue = make_catalogue(dataset, say=print)
    duerer = catalogue.by_style["Albrecht_D\u00fcrer"]
    assert [one.id for one in duerer[:3]] == [f"Albrecht_D\u00fcrer_{n}" for n in (1, 2, 3)]
    # The second folder's third picture is another one: it stays, under a name of its own.
    assert duerer[3].id.startswith("Albrecht_D\u00fcrer_3-")
    assert len(duerer) == 4
    assert "2 pictures left out, another folder of the artist has them" in capsys.readouterr().out


def test_nothing_is_changed_in_the_dataset(dataset):
    before = state(dataset)
    make_catalogue(dataset)
    assert state(dataset) == before


def test_a_tree_of_one_s_own_needs_no_table(tmp_path):
    for name in ("Late works/a.png", "Late works/b.png", "Cats/a.png"):
        paint(tmp_path / "own" / name, len(name))
    catalogue = make_catalogue(tmp_path / "own")
    assert [one.id for one in catalogue.artworks] == ["Cats_a", "Late_works_a", "Late_works_b"]
    assert {one.artist for one in catalogue.artworks} == {""}


def test_artists_and_genres_are_found_as_one_writes_them(dataset):
    catalogue = make_catalogue(dataset)
    assert catalogue.of_artist("Ada One") == catalogue.by_style["Ada_One"]
    assert catalogue.of_artist("ada-one") == catalogue.by_style["Ada_One"]
    assert catalogue.of_artist("albrecht duerer") == catalogue.by_style["Albrecht_D\u00fcrer"]
    assert catalogue.of_artist("Nobody") == []
    assert list(catalogue.of_genre("cubism")) == ["Ada_One", "Bo_Two"]
    assert catalogue.genres == ["Cubism", "Northern Renaissance", "Surrealism"]


def test_duplicates_and_look_alikes_are_named_and_kept(dataset):
    bo = dataset / "images" / "images" / "Bo_Two"
    first = bo / "Bo_Two_1.png"
    (bo / "Bo_Two_8.png").write_bytes(first.read_bytes())
    Image.open(first).resize((31, 23)).save(bo / "Bo_Two_9.jpg", quality=70)
    found = {one.id: one for one in make_catalogue(dataset).artworks}
    assert found["Bo_Two_8"].duplicate_of == "Bo_Two_1"
    assert found["Bo_Two_9"].look_alikes == "Bo_Two_1 Bo_Two_8"
    assert found["Bo_Two_1"].look_alikes == "Bo_Two_9"
    assert found["Bo_Two_1"].duplicate_of == ""
    assert found["Bo_Two_2"].look_alikes == ""


def test_files_that_cannot_be_used_are_told_and_stop_nothing(dataset):
    bo = dataset / "images" / "images" / "Bo_Two"
    (bo / "Bo_Two_2.png").write_bytes(b"<html>")
    (bo / "Bo_Two_3.png").write_bytes((bo / "Bo_Two_1.png").read_bytes()[:100])
    one, two, three = make_catalogue(dataset).by_style["Bo_Two"]
    assert one.fault == ""
    assert "picture" in two.fault
    assert str(bo) not in two.fault
    assert "damaged" in three.fault


def test_a_name_that_is_not_utf_8_is_told(dataset):
    write_unreadable_name(dataset / "images" / "images" / "Bo_Two")
    faults = [one.fault for one in make_catalogue(dataset).by_style["Bo_Two"] if one.fault]
    assert faults == ["its name is not UTF-8; rename it"]


def test_a_catalogue_survives_its_file(dataset, tmp_path):
    catalogue = make_catalogue(dataset)
    write_catalogue(catalogue, tmp_path / "catalogue.csv")
    assert read_catalogue(tmp_path / "catalogue.csv") == catalogue


@pytest.mark.parametrize(
    ("folder", "message"),
    [("nowhere", "no such dataset folder"), (".", "no pictures; expected images/images/<Artist>")],
)
def test_a_folder_without_pictures_is_named(folder, message, tmp_path):
    with pytest.raises(DataError, match=message):
        make_catalogue(tmp_path / folder)


@pytest.mark.parametrize(
    ("name", "style", "desired"),
    [
        ("Claude_Monet_1.jpg", "Claude_Monet", "Claude_Monet_1"),
        ("1.jpg", "Claude_Monet", "Claude_Monet_1"),
        ("é? {x}.png", "", "é_x_"),
        (".-x.png", "", "x"),
        ("Albrecht_Du╠êrer_1.jpg", "Albrecht_D\u00fcrer", "Albrecht_D\u00fcrer_1"),
        ("$(rm -rf).png", "", "_rm_-rf_"),
        ("...png", "", "picture"),
    ],
)
def test_ids_are_names_that_any_shell_and_file_system_takes(name, style, desired, tmp_path):
    assert picture_id(tmp_path / name, style) == desired


def test_ids_of_long_names_are_cut_and_stay_apart():
    names = ["x" * 150 + end + ".png" for end in "ab"]
    ids = {picture_id(Path(name)) for name in names}
    assert len(ids) == 2
    assert max(map(len, ids)) < 120


def test_ids_that_differ_in_case_alone_are_told_apart():
    entries = [Artwork("", "", "", "", name, f"{name}.png") for name in ("Sea", "sea", "bay")]
    taken = {"bay"}
    ids = [one.id for one in unique_ids(entries, taken)]
    assert ids[0] == "Sea"
    assert len({one.casefold() for one in ids} | {"bay"}) == 4
    assert taken >= {one.casefold() for one in ids}


def test_the_dataset_s_shape_in_small(tmp_path):
    """50 artists with up to 88 pictures each, a fifth of the real one's number."""
    pictures = tmp_path / "images" / "images"
    image = Image.new("RGB", (4, 4))
    counts = {f"Artist {number}": 1 + 37 * number % 88 for number in range(49)}
    counts["Vincent van Gogh"] = 88
    for seed, (artist, count) in enumerate(counts.items()):
        folder = artist.replace(" ", "_")
        (pictures / folder).mkdir(parents=True)
        for n in range(1, count + 1):
            image.putpixel((0, 0), (seed, n, 0))
            image.save(pictures / folder / f"{folder}_{n}.png")
    with (tmp_path / "artists.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name"], *([artist] for artist in counts)])
    catalogue = make_catalogue(tmp_path, threads=2)
    assert len(catalogue.artworks) == sum(counts.values())
    for artist, count in counts.items():
        found = catalogue.of_artist(artist)
        folder = artist.replace(" ", "_")
        assert [one.id for one in found] == [f"{folder}_{n}" for n in range(1, count + 1)]


def test_a_catalogue_of_an_older_version_is_read(dataset, tmp_path):
    path = tmp_path / "catalogue.csv"
    catalogue = make_catalogue(dataset)
    write_catalogue(catalogue, path)
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[-1] == "remark"
    short = header.index("fingerprint")
    for row in rows:
        row[short] = row[short][:64]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row[:-1] for row in (header, *rows))
    drop_checksum(path)
    assert [replace(one, fingerprint=one.fingerprint[:64]) for one in catalogue.artworks] == list(
        read_catalogue(path).artworks
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row[:-2] for row in (header, *rows))
    with pytest.raises(DataError, match=r"catalogue\.csv: expected the columns style, artist"):
        read_catalogue(path)


def test_a_mirrored_copy_is_named_and_a_cut_file_remarked(dataset):
    bo = dataset / "images" / "images" / "Bo_Two"
    ImageOps.mirror(Image.open(bo / "Bo_Two_1.png")).save(bo / "Bo_Two_8.jpg", quality=80)
    whole = (bo / "Bo_Two_2.png").read_bytes()
    (bo / "Bo_Two_2.png").write_bytes(whole[:-12])
    found = {one.id: one for one in make_catalogue(dataset).artworks}
    assert found["Bo_Two_8"].look_alikes == "Bo_Two_1"
    assert (found["Bo_Two_2"].fault, found["Bo_Two_2"].remark) == ("", WITHOUT_END)
    assert found["Bo_Two_1"].remark == ""
