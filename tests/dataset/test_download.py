"""The download, by the real Kaggle client, from a stand-in for Kaggle on this machine."""

import base64
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import lockless
import pytest
from conftest import ROOT
from kaggle_server import (
    SIGNATURE,
    Answer,
    KaggleServer,
    dataset_members,
    make_archive,
    serve,
)
from processes import as_from_a_terminal

from nstcore.common.errors import DataError
from nstcore.common.files import sha256
from nstcore.dataset.download import SIZES, download
from nstcore.dataset.kaggle import Patience

DATASET = "someone/small-artworks/1"
TOKEN = "token-nobody-may-read"  # noqa: S105
ARCHIVE = make_archive(dataset_members())
MEBIBYTE = 2**20  # the client writes no less at a time
PAGE = b"<html><title>503 Service Unavailable</title></html>"
PROGRAM = ROOT / "workflow_scripts" / "download_dataset.py"
# Long enough for the client's start on a busy machine, short enough to wait for.
PATIENCE = Patience(stall_seconds=5, waits=(0.05, 0.05), poll_seconds=0.1, progress_seconds=1)
# Where the client waits before it goes on, up to 5 s, and is not to be disturbed.
LONG_PATIENCE = replace(PATIENCE, stall_seconds=60)


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KaggleServer]:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("KAGGLE_"):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    with serve(KaggleServer(ARCHIVE)) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data" / "artworks.zip"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def client_file(cache: Path) -> Path:
    return cache / DATASET / "small-artworks.zip"


def leave_partial(cache: Path, content: bytes) -> None:
    """Leave in the cache what a client leaves there that was killed on the way."""
    client_file(cache).parent.mkdir(parents=True)
    client_file(cache).write_bytes(content)
    marker = {"validator": '"version-1"', "size": len(ARCHIVE)}
    client_file(cache).with_name("small-artworks.zip.kaggle-partial").write_text(json.dumps(marker))


def set_aside_file(cache: Path) -> Path:
    return client_file(cache).with_name("small-artworks.zip.bad")


def command(target: Path, cache: Path) -> list[str]:
    arguments = ["--dataset", DATASET, "--cache", str(cache), "--output", str(target)]
    return [sys.executable, str(PROGRAM), *arguments]


def start_program(
    target: Path, cache: Path, size: int = 0, stderr: int | None = None
) -> subprocess.Popen[bytes]:
    """Start the program and wait until its client has written so many bytes."""
    program = subprocess.Popen(
        command(target, cache),
        stderr=stderr,
        preexec_fn=as_from_a_terminal,
    )
    archive = client_file(cache)
    while program.poll() is None and not (archive.exists() and archive.stat().st_size >= size):
        time.sleep(0.05)
    return program


def test_an_undisturbed_download_moves_the_archive_into_place_and_records_its_digest(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    record = client_file(cache).with_name("small-artworks.zip.sha256")
    assert record.read_text() == f"{sha256(target)}  small-artworks.zip\n"
    assert sorted(path.name for path in record.parent.iterdir()) == ["lock", record.name]
    assert kaggle.logins == {f"Bearer {TOKEN}"}


def test_a_cut_body_is_resumed_where_it_was_cut(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE + 1000)]

    download(DATASET, target, cache, LONG_PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert kaggle.ranges == [None, f"bytes={2 * MEBIBYTE}-"]


def test_a_stalled_body_is_given_up_and_resumed(
    kaggle: KaggleServer, target: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE + 1000, stall=True)]

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    # The second run of the client asks for the whole first, then for the rest.
    assert kaggle.ranges == [None, None, f"bytes={2 * MEBIBYTE}-"]
    printed = capsys.readouterr().out
    assert "small-artworks.zip: 2.1 of 3.5 MB" in printed
    assert "nothing arrived for 5 s" in printed


def test_what_a_killed_run_left_is_resumed(kaggle: KaggleServer, target: Path, cache: Path) -> None:
    leave_partial(cache, ARCHIVE[:MEBIBYTE])

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert kaggle.ranges[-1] == f"bytes={MEBIBYTE}-"


@pytest.mark.parametrize("status", [503, 429, 403])
def test_an_error_instead_of_the_rest_is_no_part_of_the_archive(
    status: int, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE + 1000), Answer(status=status, body=PAGE)]

    download(DATASET, target, cache, LONG_PATIENCE)

    assert target.read_bytes() == ARCHIVE
    rest = f"bytes={2 * MEBIBYTE}-"
    assert kaggle.ranges == [None, rest, rest]


def test_an_error_page_that_an_older_client_left_is_no_part_of_an_archive(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    leave_partial(cache, PAGE)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert set_aside_file(cache).read_bytes().startswith(PAGE)


def test_a_whole_archive_in_the_cache_is_used_without_asking_kaggle(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    client_file(cache).parent.mkdir(parents=True)
    client_file(cache).write_bytes(ARCHIVE)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert kaggle.ranges == []


def test_wrong_bytes_of_the_right_size_are_set_aside_and_downloaded_anew(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    wrong = ARCHIVE[:MEBIBYTE] + bytes([ARCHIVE[MEBIBYTE] ^ 1]) + ARCHIVE[MEBIBYTE + 1 :]
    kaggle.answers = [Answer(body=wrong)]

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert set_aside_file(cache).read_bytes() == wrong


def test_a_web_page_instead_of_the_archive_is_refused_after_a_second_try(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(body=b"<!DOCTYPE html><title>Kaggle</title>")] * 2

    with pytest.raises(DataError, match=r"twice Kaggle sent a web page .*source: directory"):
        download(DATASET, target, cache, PATIENCE)

    assert not target.exists()
    assert not client_file(cache).exists()
    assert kaggle.ranges == [None, None]


def test_an_archive_that_differs_from_the_recorded_digest_is_refused(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    record = client_file(cache).with_name("small-artworks.zip.sha256")
    record.parent.mkdir(parents=True)
    record.write_text(f"{'0' * 64}  small-artworks.zip\n")

    with pytest.raises(DataError, match=r"another SHA-256 than .*small-artworks\.zip\.sha256"):
        download(DATASET, target, cache, PATIENCE)

    assert not target.exists()


@pytest.mark.parametrize(
    ("api_error", "words"),
    [
        ((401, "Unauthenticated"), r"credentials of KAGGLE_API_TOKEN \(401\).*kaggle.com/settings"),
        ((403, "Permission 'datasets.get' was denied"), r"refused access .*\(403: Permission"),
        ((404, "Dataset not found"), r"no such dataset or version \(404: Dataset not found\)"),
    ],
)
def test_a_refusal_ends_at_once_with_the_page_and_the_alternative(
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    api_error: tuple[int, str],
    words: str,
) -> None:
    kaggle.api_error = api_error

    with pytest.raises(DataError, match=words) as refusal:
        download(DATASET, target, cache, PATIENCE)

    assert "https://www.kaggle.com/datasets/someone/small-artworks" in str(refusal.value)
    assert "data: {source: directory, path: ...}" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "attempt 2" not in capsys.readouterr().out


def test_missing_credentials_end_at_once_with_the_page_where_to_get_some(
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    kaggle.needs_login = True

    with pytest.raises(DataError, match=r"there are no credentials.*www\.kaggle\.com/settings"):
        download(DATASET, target, cache, PATIENCE)

    assert kaggle.logins == {None}
    assert "attempt 2" not in capsys.readouterr().out


def test_a_server_in_trouble_is_asked_again_until_the_attempts_are_used_up(
    kaggle: KaggleServer, target: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle.api_error = (503, "Try again later")

    with pytest.raises(DataError, match="3 attempts failed, the last with: Try again later"):
        download(DATASET, target, cache, PATIENCE)

    assert "next attempt in 0.05 s" in capsys.readouterr().out


def test_no_credential_and_no_signed_address_reaches_the_output(
    kaggle: KaggleServer, target: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The client prints the address of the storage, and this server's message as it is.
    kaggle.answers = [Answer(status=500, body=b"")] * 3

    with pytest.raises(DataError, match=r"500 Server Error.*archive\.zip\?\[hidden\]") as failure:
        download(DATASET, target, cache, PATIENCE)
    kaggle.api_error = (404, f"not found with Authorization: Bearer {TOKEN} or {TOKEN}")
    with pytest.raises(DataError, match=r"Authorization: \[hidden\]") as refusal:
        download(DATASET, target, cache, PATIENCE)

    printed = "".join(capsys.readouterr()) + str(failure.value) + str(refusal.value)
    assert "attempt 3 failed" in printed
    assert TOKEN not in printed
    assert SIGNATURE not in printed


@pytest.mark.parametrize("place", ["token", "key", "kaggle.json"])
def test_a_login_that_kaggle_sends_back_stays_out_of_the_programs_one_line(
    place: str, kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place != "token":
        monkeypatch.delenv("KAGGLE_API_TOKEN")
    if place == "key":
        monkeypatch.setenv("KAGGLE_USERNAME", "someone")
        monkeypatch.setenv("KAGGLE_KEY", TOKEN)
    elif place == "kaggle.json":
        file = Path.home() / ".kaggle" / "kaggle.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"username": "someone", "key": TOKEN}))
    kaggle.api_error = (403, f"Permission denied to {{login}} with {TOKEN}")

    ended = subprocess.run(command(target, cache), capture_output=True, text=True, check=False)

    # The server had something to tell.
    basic = base64.b64encode(f"someone:{TOKEN}".encode()).decode()
    assert kaggle.logins == {f"Bearer {TOKEN}" if place == "token" else f"Basic {basic}"}
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert "Permission denied to" in ended.stderr
    for secret in (TOKEN, basic):
        assert secret not in ended.stdout + ended.stderr


def test_a_killed_program_is_started_again_and_resumes_where_its_client_was(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE + 1000, stall=True)]
    program = start_program(target, cache, 2 * MEBIBYTE)
    client = int((client_file(cache).parent / "lock").read_text())
    for number in (program.pid, client):
        os.kill(number, signal.SIGKILL)
    program.wait()
    assert not target.exists()

    subprocess.run(command(target, cache), check=True)

    assert target.read_bytes() == ARCHIVE
    assert kaggle.ranges[-1] == f"bytes={2 * MEBIBYTE}-"


@lockless.known
def test_a_cache_on_a_file_system_without_locks_is_used_and_told(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    done = subprocess.run(
        command(target, cache),
        preexec_fn=lockless.without_locks,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "not locked (No locks available)" in done.stdout
    assert target.read_bytes() == ARCHIVE


def test_a_client_that_outlived_its_killed_run_keeps_others_out_and_is_named(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE + 1000, stall=True)]
    program = start_program(target, cache)
    program.kill()
    program.wait()
    client = int((client_file(cache).parent / "lock").read_text())
    try:
        with pytest.raises(DataError, match=rf"at work here.*\(process {client}\)"):
            download(DATASET, target, cache, PATIENCE)
    finally:
        os.kill(client, signal.SIGKILL)


def test_a_disk_that_is_too_full_is_told_before_anything_is_downloaded(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, DATASET, 10**18)

    with pytest.raises(DataError, match=r"2000000000\.0 GB needed"):
        download(DATASET, target, cache, PATIENCE)

    assert kaggle.logins == set()


@pytest.mark.parametrize(("lacking", "suffices"), [(0, True), (1, False)])
def test_a_partial_archive_counts_as_room_that_is_not_needed_any_more(
    lacking: int,
    suffices: bool,
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave_partial(cache, ARCHIVE[:MEBIBYTE])
    monkeypatch.setitem(SIZES, DATASET, len(ARCHIVE))
    free = 2 * len(ARCHIVE) - MEBIBYTE - lacking
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))

    with nullcontext() if suffices else pytest.raises(DataError, match="make room"):
        download(DATASET, target, cache, PATIENCE)

    assert target.exists() == suffices
    assert bool(kaggle.ranges) == suffices


def test_a_cache_on_another_file_system_is_copied_from(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse_to_leave_the_cache(path: Path, destination: Path) -> Path:
        if path == client_file(cache):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(path, destination)

    client_file(cache).parent.mkdir(parents=True)
    client_file(cache).write_bytes(ARCHIVE)
    monkeypatch.setattr(Path, "replace", refuse_to_leave_the_cache)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert not client_file(cache).exists()


@pytest.mark.parametrize("name", ["artworks", "someone/artworks", "someone/artworks/latest"])
def test_a_dataset_without_its_version_is_refused(name: str, target: Path, cache: Path) -> None:
    with pytest.raises(DataError, match="write owner/slug/version"):
        download(name, target, cache)


def test_the_program_ends_its_client_when_it_is_ended(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(stop_after=2 * MEBIBYTE + 1000, stall=True)]
    program = start_program(target, cache)
    program.terminate()

    assert program.wait() == 128 + signal.SIGTERM
    # A client that lived on would keep others out.
    download(DATASET, target, cache, PATIENCE)
    assert target.read_bytes() == ARCHIVE


def test_the_programs_need_nothing_but_the_standard_library() -> None:
    names = "{'PIL', 'kaggle', 'numpy', 'tensorflow'}"
    modules = "nstcore.dataset.archive, nstcore.dataset.download"
    code = f"import sys, {modules}; print({names} & sys.modules.keys())"

    printed = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert printed == "set()\n"
