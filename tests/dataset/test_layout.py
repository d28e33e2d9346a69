import pytest

from nstcore.dataset.layout import (
    archive_name,
    arrange,
    list_files,
    natural,
    pictures_in,
    repair_name,
)

MONET = ("Claude_Monet_1.jpg", "Claude_Monet_2.jpg", "Claude_Monet_10.jpg")


def at(root, names=MONET):
    return tuple(f"{root}{name}" for name in names)


@pytest.mark.parametrize(
    "root",
    [
        "images/images/Claude_Monet/",
        "images/Claude_Monet/",
        "Claude_Monet/",
        "resized/resized/",
        "resized/",
        "images/",
        "",
        "best-artworks-of-all-time/images/images/Claude_Monet/",
        "archive/resized/",
    ],
)
def test_a_copy_of_the_dataset_is_found_in_whatever_layout(root):
    layout = arrange([*reversed(at(root)), "README.txt"])
    assert layout.folders == {"Claude_Monet": at(root)}
    assert layout.table is None


def test_full_size_pictures_are_preferred_to_resized_ones():
    names = [*at("resized/resized/"), *at("images/images/Claude_Monet/"), "artists.csv"]
    layout = arrange(names)
    assert layout.folders == {"Claude_Monet": at("images/images/Claude_Monet/")}
    assert layout.table == "artists.csv"


def test_resized_pictures_count_where_there_are_no_others():
    names = [*at("resized/resized/"), "images/images/notes.txt", "resized/resized/cover.jpg"]
    assert arrange(names).folders == {"Claude_Monet": at("resized/resized/")}


def test_a_tree_of_one_s_own_has_any_names():
    names = ["Late works/a.JPG", "Late works/b.webp", "Cats/1.png", "list.csv"]
    assert arrange(names).folders == {
        "Cats": ("Cats/1.png",),
        "Late works": ("Late works/a.JPG", "Late works/b.webp"),
    }


def test_the_table_is_found_within_a_folder_of_its_own():
    names = ["a/artists.csv", "a/images/images/M/M_1.jpg"]
    assert arrange(names).table == "a/artists.csv"


def test_hidden_files_and_those_in_other_places_are_left_aside():
    names = [
        "images/images/M/M_1.jpg",
        "images/images/M/._M_1.jpg",
        "images/images/M/deep/M_3.jpg",
        "images/images/M/run.sh",
        "__MACOSX/images/images/M/M_2.jpg",
        ".cache/images/M/M_2.jpg",
    ]
    assert arrange(names).folders == {"M": ("images/images/M/M_1.jpg",)}


@pytest.mark.parametrize("names", [[], ["artists.csv"], ["a/x.jpg/b.txt"], ["photo.jpg"]])
def test_nothing_is_found_where_nothing_is(names):
    assert arrange(names).folders == {}


def test_numbers_are_sorted_as_numbers():
    names = ["M_10.jpg", "M_9.jpg", "M_010.jpg", "M.jpg", f"M_{'9' * 5000}.jpg", "10_M.jpg"]
    assert [name[:9] for name in sorted(names, key=natural)] == [
        "10_M.jpg",
        "M.jpg",
        "M_9.jpg",
        "M_010.jpg",
        "M_10.jpg",
        "M_9999999",
    ]


def test_files_are_listed_as_deep_as_a_dataset_can_be_and_links_are_followed(tmp_path):
    for name in ("a/images/images/M/1.jpg", "a/b/c/d/e/too_deep.jpg", ".git/x", "top.jpg"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).touch()
    (tmp_path / "data" / "linked").symlink_to(tmp_path / "data" / "a" / "images", True)
    (tmp_path / "data" / "a" / "loop").symlink_to(tmp_path / "data", True)
    found = {name for name in list_files(tmp_path / "data") if "loop" not in name}
    assert found == {"a/images/images/M/1.jpg", "top.jpg", "linked/images/M/1.jpg"}


def test_pictures_of_a_folder_are_those_right_within_it(tmp_path):
    for name in ("b.png", "a10.jpg", "a9.JPG", ".a.jpg", "a.txt", "inner/c.jpg", "x.jpg/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert pictures_in(tmp_path) == ["a9.JPG", "a10.jpg", "b.png"]


def test_what_is_extracted_is_named_by_the_archive_and_its_size(tmp_path):
    path = tmp_path / "my.zip"
    path.write_bytes(b"1")
    name = archive_name(path)
    path.write_bytes(b"2")
    assert archive_name(path) == name
    assert name.startswith("my-")
    path.write_bytes(b"22")
    assert archive_name(path) != name


@pytest.mark.parametrize(
    ("garbled", "name"),
    [
        ("Albrecht_Du╠êrer", "Albrecht_D\u00fcrer"),
        ("Albrecht_DuΓòá├¬rer", "Albrecht_D\u00fcrer"),
        ("Albrecht_Du\u0308rer", "Albrecht_D\u00fcrer"),
        ("Albrecht_D\u00c3\u00bcrer", "Albrecht_D\u00fcrer"),  # read as cp1252
        ("Albrecht_Du#U2560#U00earer", "Albrecht_D\u00fcrer"),  # as Info-ZIP escapes
        ("Albrecht_D\u00fcrer", "Albrecht_D\u00fcrer"),
        ("a#Ud800#Lffffff", "a#Ud800#Lffffff"),
        ("Pierre-Auguste_Renoir", "Pierre-Auguste_Renoir"),
        ("葛飾北斎", "葛飾北斎"),
        ("Édouard #1", "Édouard #1"),
    ],
)
def test_garbled_names_are_repaired_and_others_kept(garbled, name):
    assert repair_name(garbled) == name
