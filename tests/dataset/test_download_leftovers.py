"""Whatever a killed run or a replaced archive leaves in the cache: the next run ends well."""

import json
import os
from pathlib import Path

import pytest
from kaggle_server import Answer, KaggleServer, dataset_members, make_archive
from test_download import ARCHIVE, DATASET, MEBIBYTE, PATIENCE, cache, client_file, kaggle, target

from nstcore.common.errors import DataError
from nstcore.dataset.download import SIZES, download

__all__ = ["cache", "kaggle", "target"]  # fixtures

OTHER = make_archive({**dataset_members(), "images/images/Claude_Monet/new.jpg": b"x" * 300_000})
SIZE = len(ARCHIVE)
SOUND = b'{"validator": "\\"version-1\\"", "size": %d}' % SIZE
LONGER = b'{"validator": "\\"version-0\\"", "size": %d}' % (3 * SIZE)


def leave(cache: Path, content: bytes | None = None, marker: bytes | None = None) -> Path:
    archive = client_file(cache)
    archive.parent.mkdir(parents=True)
    if content is not None:
        archive.write_bytes(content)
    if marker is not None:
        archive.with_name(f"{archive.name}.kaggle-partial").write_bytes(marker)
    return archive.parent


@pytest.mark.parametrize(
    ("content", "marker", "aside"),
    [
        (ARCHIVE, SOUND, False),
        (ARCHIVE, b"", False),
        (ARCHIVE, b"{", False),
        (ARCHIVE, b'{"size": null}', False),
        (ARCHIVE, b"\xff\xfe\x00", False),
        (ARCHIVE[:MEBIBYTE] + b"\x00" * 9 + ARCHIVE[MEBIBYTE + 9 :], SOUND, True),
        (ARCHIVE + b"more", SOUND, True),
        (OTHER, SOUND, True),
        (ARCHIVE * 2, LONGER, True),
        (ARCHIVE, LONGER, True),
        (ARCHIVE[:MEBIBYTE], LONGER, False),
        (bytes(MEBIBYTE), SOUND, True),
        (ARCHIVE[:MEBIBYTE], b"[]", True),
        (ARCHIVE[:MEBIBYTE], None, True),
        (b"", None, True),
        (b"", SOUND, False),
        (None, SOUND, False),
        (None, b"", False),
    ],
    ids=[
        "complete, its marker not removed",
        "complete, marker empty",
        "complete, marker cut",
        "complete, marker without a size",
        "complete, marker no text",
        "complete, bytes wrong",
        "longer than announced",
        "longer than announced and sound",
        "longer than Kaggle's, of a longer one",
        "as long as Kaggle's, of a longer one",
        "part of another archive",
        "part with wrong bytes",
        "part, marker no object",
        "part without marker",
        "nothing, without marker",
        "nothing, with marker",
        "marker alone",
        "empty marker alone",
    ],
)
def test_what_is_left_in_the_cache_leads_to_the_archive(
    content: bytes | None,
    marker: bytes | None,
    aside: bool,
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
) -> None:
    folder = leave(cache, content, marker)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    left = {"lock", "small-artworks.zip.sha256"} | ({"small-artworks.zip.bad"} if aside else set())
    assert {path.name for path in folder.iterdir()} == left


def test_a_complete_archive_with_its_marker_needs_no_network(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    leave(cache, ARCHIVE, SOUND)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert kaggle.logins == set()


def test_an_archive_that_was_replaced_by_a_shorter_one_midway_is_begun_anew_once(
    kaggle: KaggleServer, target: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(cache, OTHER[: SIZE + 1000], json.dumps({"validator": "a", "size": len(OTHER)}).encode())
    kaggle.etag = '"version-2"'

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    printed = capsys.readouterr().out
    assert "attempt 1 failed: the client ended early" in printed
    assert "a part of another archive than Kaggle has now; set aside" in printed
    assert "attempt 3" not in printed


@pytest.mark.parametrize("record", [b"", b"\xff\x00", b"0123  small-artworks.zip\n"])
def test_a_digest_that_was_not_written_to_its_end_is_written_anew(
    record: bytes, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    folder = leave(cache)
    (folder / "small-artworks.zip.sha256").write_bytes(record)
    (folder / "lock").write_bytes(b"\xff\n")
    (folder / "small-artworks.zip.bad").write_bytes(b"of an earlier run")

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    digest = (folder / "small-artworks.zip.sha256").read_text().split()[0]
    assert len(digest) == 64


def test_an_archive_of_another_digest_is_taken_once_the_outdated_record_is_deleted(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    record = leave(cache) / "small-artworks.zip.sha256"
    record.write_text(f"{'0' * 64}  small-artworks.zip\n")
    with pytest.raises(DataError, match=r"another SHA-256 .*delete that if it is outdated"):
        download(DATASET, target, cache, PATIENCE)
    # Not downloaded twice: another sound archive would come again.
    assert kaggle.ranges == [None]
    record.unlink()

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert kaggle.ranges == [None]


@pytest.mark.parametrize("leftover", [None, OTHER[:MEBIBYTE], OTHER], ids=["no", "part", "whole"])
def test_another_version_than_the_known_one_is_refused_in_a_line(
    leftover: bytes | None,
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SIZES, DATASET, SIZE + 5)
    kaggle.archive = OTHER
    marker = json.dumps({"validator": '"version-1"', "size": len(OTHER)}).encode()
    leave(cache, leftover, marker if leftover is not None and leftover != OTHER else None)

    words = rf"{len(OTHER):,} bytes and not (the )?{SIZE + 5:,}.*datasets/someone/small-artworks"
    with pytest.raises(DataError, match=words) as refusal:
        download(DATASET, target, cache, PATIENCE)

    assert "\n" not in str(refusal.value)
    assert not target.exists()
    # Begun once and ended early, or not at all.
    assert kaggle.ranges in ([None], [None, f"bytes={MEBIBYTE}-"])


def test_an_archive_of_the_known_size_is_taken(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, DATASET, SIZE)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


def test_a_marker_that_cannot_be_removed_ends_in_a_line(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    folder = leave(cache, ARCHIVE)
    os.mkdir(folder / "small-artworks.zip.kaggle-partial")  # noqa: PTH102

    with pytest.raises(DataError, match=r"kaggle-partial: Is a directory; .*move it away"):
        download(DATASET, target, cache, PATIENCE)


def test_a_part_of_another_version_is_not_taken_for_what_kaggle_sends_now(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, DATASET, SIZE)
    leave(cache, OTHER[:MEBIBYTE], b'{"validator": "old", "size": %d}' % len(OTHER))
    kaggle.api_troubles = [503]

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


def test_an_archive_that_never_ends_is_ended_at_the_known_size(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, DATASET, MEBIBYTE)
    # Without a length, so that nothing is announced.
    kaggle.answers = [Answer(stall=True, length=False)]

    with pytest.raises(DataError, match=r"Kaggle sends [\d,]+ bytes and not the 1,048,576"):
        download(DATASET, target, cache, PATIENCE)
