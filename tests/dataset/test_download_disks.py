"""A disk that refuses, wherever it does: one line with path, reason and mend."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from disks import mounted
from kaggle_server import KaggleServer
from test_download import ARCHIVE, DATASET, PATIENCE, cache, client_file, command, kaggle, target

from nstcore.common.disk import find_unwritable
from nstcore.common.errors import DataError
from nstcore.dataset.archive import extract
from nstcore.dataset.download import download

__all__ = ["cache", "kaggle", "target"]  # fixtures


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one mebibyte."""
    with mounted(tmp_path / "disk", "1m") as folder:
        yield folder


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


def fill(disk: Path) -> None:
    (disk / "full").write_bytes(bytes(shutil.disk_usage(disk).free))


def run_program(target: Path, cache: Path) -> str:
    """Run the program, which fails, and return its one line."""
    ended = subprocess.run(command(target, cache), capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("error: ")
    return ended.stderr.rstrip()


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_a_file_where_a_folder_of_the_cache_has_to_be(
    depth: int, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    place = cache.joinpath(*DATASET.split("/")[:depth])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"")

    assert "a file is where a folder has to be; move it away" in run_program(target, cache)
    assert kaggle.logins == set()


@pytest.mark.parametrize("place", ["lock", "small-artworks.zip"])
def test_a_folder_where_a_file_of_the_cache_has_to_be(
    place: str, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    (client_file(cache).parent / place).mkdir(parents=True)

    told = run_program(target, cache)

    assert f"{place}: Is a directory; a folder is where a file has to be; move it away" in told


def test_a_file_where_the_folder_of_the_output_has_to_be(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    target.parent.write_bytes(b"")

    assert f"error: {target.parent}: File exists; a file is where" in run_program(target, cache)


def test_a_folder_where_the_output_has_to_be_leaves_the_archive_in_the_cache(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    target.mkdir(parents=True)

    assert f"error: {target}: Is a directory" in run_program(target, cache)
    assert client_file(cache).read_bytes() == ARCHIVE
    target.rmdir()
    download(DATASET, target, cache, PATIENCE)
    assert len(kaggle.ranges) == 1


@pytest.mark.parametrize("started", [False, True])
def test_a_read_only_cache(started: bool, disk: Path, kaggle: KaggleServer, target: Path) -> None:
    if started:
        (disk / DATASET).mkdir(parents=True)
        (disk / DATASET / "lock").write_bytes(b"")
    make_read_only(disk)

    told = run_program(target, disk)

    assert f"error: {disk}/someone" in told
    assert told.endswith("Read-only file system; make it writable, or choose another folder")


def test_a_read_only_output(disk: Path, kaggle: KaggleServer, cache: Path) -> None:
    make_read_only(disk)

    told = run_program(disk / "artworks.zip", cache)

    assert told.startswith(f"error: {disk}/")
    assert told.endswith("Read-only file system; make it writable, or choose another folder")
    assert client_file(cache).read_bytes() == ARCHIVE


def test_a_disk_that_is_full_at_the_lock(disk: Path, kaggle: KaggleServer, target: Path) -> None:
    (disk / DATASET).mkdir(parents=True)
    fill(disk)

    assert "No space left on device; make room" in run_program(target, disk)


def test_a_disk_that_is_full_midway_ends_without_further_attempts(
    disk: Path, kaggle: KaggleServer, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError, match=rf"{disk}/{DATASET}: No space left on device; make room"):
        download(DATASET, target, disk, PATIENCE)

    assert "attempt 2" not in capsys.readouterr().out


def test_a_disk_that_is_full_at_the_copy_from_another_one(
    disk: Path, kaggle: KaggleServer, cache: Path
) -> None:
    told = run_program(disk / "artworks.zip", cache)

    assert f"error: {disk}/" in told
    assert "artworks.zip: No space left on device; make room" in told
    assert os.listdir(disk) == []  # noqa: PTH208
    assert client_file(cache).read_bytes() == ARCHIVE


def test_a_disk_that_is_full_at_the_record_of_the_digest(
    disk: Path, kaggle: KaggleServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nstcore.dataset.download.find_fault", lambda _: None)
    folder = disk / DATASET
    folder.mkdir(parents=True)
    (folder / "lock").write_bytes(b"1\n")
    (folder / "small-artworks.zip").write_bytes(b"")
    fill(disk)

    with pytest.raises(DataError, match=r"\.sha256: No space left on device; make room"):
        download(DATASET, target, disk, PATIENCE)


@pytest.mark.parametrize("trouble", ["full", "read-only", "file", "file above"])
def test_what_cannot_be_extracted_to_is_named(trouble: str, disk: Path, tmp_path: Path) -> None:
    archive = tmp_path / "own.zip"
    archive.write_bytes(ARCHIVE)
    folder = disk / "data" / "artworks"
    if trouble == "read-only":
        make_read_only(disk)
    elif trouble == "file above":
        folder.parent.write_bytes(b"")
    elif trouble == "file":
        folder.parent.mkdir()
        folder.write_bytes(b"mine")
    program = ROOT / "workflow_scripts" / "extract_dataset.py"

    ended = subprocess.run(
        [sys.executable, program, "--archive", archive, "--output", folder],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(f"error: {disk}/data")
    assert archive.read_bytes() == ARCHIVE
    assert not folder.exists() or trouble == "file"


def test_a_disk_that_fills_up_while_extracting_is_named_and_left_clean(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "own.zip"
    archive.write_bytes(ARCHIVE)
    # As where others fill the disk meanwhile.
    monkeypatch.setattr("nstcore.dataset.archive.require_space", lambda *_: None)

    with pytest.raises(DataError, match=rf"^{disk}/artworks: No space left on device; make room"):
        extract(archive, disk / "artworks")

    assert os.listdir(disk) == []  # noqa: PTH208


def test_what_could_not_be_made_is_found_without_making_anything(
    disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    make_read_only(disk)
    wanted = [tmp_path / "new" / "a.zip", tmp_path / "file" / "b.zip", disk / "c" / "d.zip"]

    lines = find_unwritable([*wanted, disk / "e"])

    assert lines == [
        f"{tmp_path}/file: not a folder; a file is where a folder has to be; move it away",
        f"{disk}: not writable; make it writable, or choose another folder",
    ]
    assert not (tmp_path / "new").exists()
