"""The dataset's archive: what is refused, and what an extracted copy looks like."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import ROOT
from kaggle_server import FIRST_DUERER, SECOND_DUERER, dataset_members, make_archive

from nstcore.common.errors import DataError
from nstcore.dataset.archive import extract, find_fault

PROGRAM = ROOT / "workflow_scripts" / "extract_dataset.py"


@pytest.fixture
def members() -> dict[str, bytes]:
    return dataset_members()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "best-artworks"


def archive_of(members: dict[str, bytes], tmp_path: Path) -> Path:
    path = tmp_path / "artworks.zip"
    path.write_bytes(make_archive(members))
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_extracting_keeps_the_table_and_the_pictures_and_makes_one_folder_of_duerers_two(
    members: dict[str, bytes], tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extract(archive_of(members, tmp_path), folder)

    desired = {
        name.replace(FIRST_DUERER, "Albrecht_D\u00fcrer"): content
        for name, content in members.items()
        if not name.startswith("resized/") and SECOND_DUERER not in name
    }
    assert files_in(folder) == desired
    assert "8 pictures, 2 duplicates left out" in capsys.readouterr().out


def test_a_new_picture_under_a_taken_name_keeps_its_own_folder(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    name = f"images/images/{SECOND_DUERER}/{SECOND_DUERER}_1.jpg"
    members[name] = b"another picture"

    extract(archive_of(members, tmp_path), folder)

    assert (folder / name).read_bytes() == b"another picture"
    first = members[f"images/images/{FIRST_DUERER}/{FIRST_DUERER}_1.jpg"]
    repaired = folder / "images/images/Albrecht_D\u00fcrer/Albrecht_D\u00fcrer_1.jpg"
    assert repaired.read_bytes() == first


def test_equal_pictures_of_one_folder_are_all_kept(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    monet = "images/images/Claude_Monet/Claude_Monet"
    members[f"{monet}_2.jpg"] = members[f"{monet}_1.jpg"]

    extract(archive_of(members, tmp_path), folder)

    assert (folder / f"{monet}_2.jpg").read_bytes() == members[f"{monet}_1.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "images/images/Monet/../../../../out.jpg",
        "/images/images/Monet/a.jpg",
        "..\\a.jpg",
        "images\\..\\..\\a.jpg",
        "\\a.jpg",
        "C:/a",
        "C:\\a",
    ],
)
def test_a_member_that_points_out_of_the_folder_is_refused(
    members: dict[str, bytes], tmp_path: Path, folder: Path, name: str
) -> None:
    members[name] = b"out"

    with pytest.raises(DataError, match="points out of the folder"):
        extract(archive_of(members, tmp_path), folder)

    assert list(folder.parent.iterdir()) == []


def test_members_beside_the_pictures_are_left_alone(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    others = ["notes.txt", "images/a.jpg", "images/images/Monet/run.sh", "images/images/M/b/c.jpg"]
    others += ["images/images/Monet/._a.jpg", "__MACOSX/images/images/Monet/a.jpg"]
    members.update(dict.fromkeys(others, b"other"))

    extract(archive_of(members, tmp_path), folder)

    assert b"other" not in files_in(folder).values()


def test_a_damaged_archive_leaves_no_folder_behind(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    archive = archive_of(members, tmp_path)
    content = bytearray(archive.read_bytes())
    content[2_000_000] ^= 1
    archive.write_bytes(content)

    with pytest.raises(DataError, match=r"damaged .*Bad CRC-32"):
        extract(archive, folder)

    assert list(folder.parent.iterdir()) == []


def test_what_a_killed_run_left_is_cleared_away(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    left = folder.with_name(f".part.{folder.name}") / "images" / "old.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"old")

    extract(archive_of(members, tmp_path), folder)

    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert b"old" not in files_in(folder).values()


def test_a_folder_that_holds_something_is_not_overwritten(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")

    with pytest.raises(DataError, match="holds something already"):
        extract(archive_of(members, tmp_path), folder)

    assert files_in(folder) == {"mine.txt": b"mine"}


def test_a_download_without_the_table_of_artists_is_at_fault(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    del members["artists.csv"]

    assert "without artists.csv" in (find_fault(archive_of(members, tmp_path)) or "")


def test_a_download_without_pictures_is_at_fault(members: dict[str, bytes], tmp_path: Path) -> None:
    archive = archive_of({"artists.csv": members["artists.csv"]}, tmp_path)

    assert "without pictures" in (find_fault(archive) or "")


def test_an_archive_without_pictures_is_refused_with_the_layouts_there_are(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    archive = archive_of({"artists.csv": members["artists.csv"]}, tmp_path)

    with pytest.raises(DataError, match=r"no pictures; expected images/images/<Artist>/"):
        extract(archive, folder)

    assert list(folder.parent.iterdir()) == []


def test_resized_pictures_stand_in_where_there_are_no_others(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    kept = {name: content for name, content in members.items() if not name.startswith("images/")}

    extract(archive_of(kept, tmp_path), folder)

    monet = folder / "images/images/Claude_Monet/Claude_Monet_1.jpg"
    assert monet.read_bytes() == members["resized/resized/Claude_Monet_1.jpg"]
    assert (folder / "images/images/Albrecht_D\u00fcrer").is_dir()


def test_an_own_tree_within_one_more_folder_is_extracted_to_the_dataset_s_layout(
    tmp_path: Path, folder: Path
) -> None:
    members = {"my styles/Late Monet/a.jpg": b"a", "my styles/Cats/b.png": b"b"}

    extract(archive_of(members, tmp_path), folder)

    pictures = folder / "images/images"
    assert files_in(pictures) == {"Late Monet/a.jpg": b"a", "Cats/b.png": b"b"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b a tar.gz", "not a zip archive; extract it yourself"),
        (b"", "damaged"),
        (make_archive(dataset_members())[:5000], "damaged"),
    ],
)
def test_what_is_no_archive_cannot_be_extracted(
    content: bytes, message: str, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "own.zip").write_bytes(content)

    with pytest.raises(DataError, match=rf"own\.zip: {message}"):
        extract(tmp_path / "own.zip", folder)

    assert list(folder.parent.iterdir()) == []


OTHERS = [
    (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b\x08", "a gzip archive, as of .tar.gz"),
    (b"BZh9", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (bytes(257) + b"ustar", "a tar archive"),
    (b"PK\5\6" + bytes(18), "an empty zip archive"),
    (b"PK\7\x08", "a zip archive in several parts"),
    (b"<html>", "a web page"),
]


@pytest.mark.parametrize(("content", "name"), OTHERS)
def test_another_kind_of_archive_is_called_what_it_is(
    content: bytes, name: str, tmp_path: Path, folder: Path
) -> None:
    path = tmp_path / "own.zip"
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"own\.zip: not a zip archive; extract it") as caught:
        extract(path, folder)

    assert f"(it is {name}" in str(caught.value)
    assert name.removeprefix("a ") in (find_fault(path) or "")


def patched(content: bytes, near: int, far: int, value: int) -> bytes:
    """Return a zip archive with a 16-bit field of each member changed.

    Args:
        content: An archive.
        near: Where the field stands in the header before a member.
        far: Where it stands in the directory at the end.
        value: The new one.
    """
    changed = bytearray(content)
    for mark, place in ((b"PK\3\4", near), (b"PK\1\2", far)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            changed[at + place : at + place + 2] = value.to_bytes(2, "little")
    return bytes(changed)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((6, 8, 1), "encrypted"),
        ((8, 10, 99), "packed in a way that is not read"),
        # Of a later version of the format, which shows when the archive is opened.
        ((4, 6, 99), "packed in a way that is not read"),
    ],
)
def test_an_archive_that_is_sound_but_not_read_is_not_called_damaged(
    members: dict[str, bytes],
    fields: tuple[int, int, int],
    message: str,
    tmp_path: Path,
    folder: Path,
) -> None:
    path = tmp_path / "own.zip"
    path.write_bytes(patched(make_archive(members), *fields))

    with pytest.raises(DataError, match=rf"{message} .*; extract it yourself and give") as caught:
        extract(path, folder)

    assert "damaged" not in str(caught.value)
    fault = find_fault(path) or ""
    assert message in fault
    assert "damaged" not in fault


def test_an_archive_with_backslashes_is_read(
    members: dict[str, bytes], tmp_path: Path, folder: Path
) -> None:
    plain = tmp_path / "plain"
    extract(archive_of(members, tmp_path), plain)
    path = tmp_path / "windows.zip"
    with ZipFile(path, "w") as opened:
        opened.writestr("images\\", b"")
        for name, content in members.items():
            opened.writestr(name.replace("/", "\\"), content)

    assert find_fault(path) is None
    extract(path, folder)

    assert files_in(folder) == files_in(plain)


def test_two_members_of_one_name_are_refused(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "own.zip"
    with ZipFile(path, "w") as opened:
        opened.writestr("Monet/1.jpg", b"a")
        with pytest.warns(UserWarning, match="Duplicate name"):
            opened.writestr("Monet/1.jpg", b"b")

    with pytest.raises(DataError, match=r"two members are called 'Monet/1\.jpg'"):
        extract(path, folder)


def test_a_sound_archive_has_no_fault(members: dict[str, bytes], tmp_path: Path) -> None:
    assert find_fault(archive_of(members, tmp_path)) is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "damaged zip archive"),
        (b"  <!DOCTYPE html>", "web page"),
        (b"Rar!", "something else"),
        (make_archive(dataset_members())[:-30], "damaged zip archive"),
    ],
)
def test_what_is_no_archive_is_called_what_it_is(
    content: bytes, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "artworks.zip"
    path.write_bytes(content)

    assert fault in (find_fault(path) or "")


def test_the_program_tells_a_bad_archive_in_one_line(tmp_path: Path, folder: Path) -> None:
    archive = tmp_path / "absent.zip"
    command = [sys.executable, str(PROGRAM), "--archive", str(archive), "--output", str(folder)]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert ended.stderr == f"error: {archive}: no such archive\n"
