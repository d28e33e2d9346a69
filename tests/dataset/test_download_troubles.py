"""A download through every trouble: the right archive in the end, or none and one clear line."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from kaggle_server import SIGNATURE, Answer, KaggleServer, dataset_members, make_archive
from test_download import (
    ARCHIVE,
    DATASET,
    MEBIBYTE,
    PATIENCE,
    PROGRAM,
    cache,
    kaggle,
    target,
)

from nstcore.common.errors import DataError
from nstcore.dataset.download import download

__all__ = ["cache", "kaggle", "target"]  # fixtures

CUT = 2 * MEBIBYTE + 1000
PAGE = b"<html><title>503 Service Unavailable</title>" + b" " * 1000 + b"</html>"
MARKER = "credential-nobody-may-read"


@pytest.mark.parametrize(
    ("answers", "api_troubles"),
    [
        ([Answer(stop_after=CUT, ranges=False), Answer(ranges=False)], []),
        ([Answer(stop_after=CUT), Answer(status=503, body=PAGE)], []),
        ([Answer(stop_after=CUT), Answer(status=503, body=PAGE), Answer(stop_after=CUT)], []),
        ([Answer(status=429, body=b"")], []),
        ([Answer(status=500, body=PAGE)], []),
        ([Answer(stop_after=0)], []),
        ([Answer(body=ARCHIVE[:CUT])], []),
        ([Answer(body=ARCHIVE[: len(ARCHIVE) - 30])], []),
        ([Answer(body=ARCHIVE[:CUT] + bytes(len(ARCHIVE) - CUT))], []),
        ([], [429, 429]),
        ([], [500]),
        ([], [503, 500]),
        ([], [None]),
    ],
    ids=[
        "cut, no ranges",
        "cut, then 503",
        "cut, then 503, then cut",
        "429 of the storage",
        "500 of the storage",
        "nothing at first",
        "truncated at two thirds",
        "truncated at the end",
        "right size, wrong bytes",
        "429 of the API",
        "500 of the API",
        "503 and 500 of the API",
        "silence of the API",
    ],
)
def test_a_passing_trouble_ends_with_the_right_archive(
    answers: list[Answer],
    api_troubles: list[int | None],
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
) -> None:
    kaggle.answers, kaggle.api_troubles = list(answers), list(api_troubles)

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE
    assert not kaggle.answers
    assert not kaggle.api_troubles


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (ARCHIVE[:CUT], r"a damaged zip archive"),
        (b"", "a damaged zip archive|attempts failed"),
        (b"Rar!" + bytes(5000), "something else than an archive"),
        (make_archive({**dataset_members(), "../../out.jpg": b"x"}), r"points out of its folder"),
        (make_archive({**dataset_members(), "/etc/out.jpg": b"x"}), r"points out of its folder"),
        (make_archive({"artists.csv": b"name\n"}), "a zip archive without pictures"),
    ],
    ids=["truncated", "empty", "another kind", "dots", "absolute", "no pictures"],
)
def test_a_lasting_trouble_ends_with_one_line_and_no_archive(
    body: bytes, fault: str, kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.answers = [Answer(body=body)] * 9

    with pytest.raises(DataError, match=fault) as refusal:
        download(DATASET, target, cache, PATIENCE)

    assert "\n" not in str(refusal.value)
    assert "source: directory" in str(refusal.value)
    assert not target.exists()


@pytest.mark.parametrize("place", ["token", "token file", "key", "kaggle.json"])
@pytest.mark.parametrize("api_error", [None, (401, "Unauthenticated"), (403, "Forbidden")])
def test_no_place_of_credentials_leaves_a_trace(
    place: str,
    api_error: tuple[int, str] | None,
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    secrets = tmp_path / "home" / ".kaggle"
    secrets.mkdir()
    if place == "token":
        monkeypatch.setenv("KAGGLE_API_TOKEN", MARKER)
    elif place == "token file":
        (secrets / "access_token").write_text(MARKER)
    elif place == "key":
        monkeypatch.setenv("KAGGLE_USERNAME", "someone")
        monkeypatch.setenv("KAGGLE_KEY", MARKER)
    else:
        (secrets / "kaggle.json").write_text(json.dumps({"username": "someone", "key": MARKER}))
        (secrets / "kaggle.json").chmod(0o600)
    # What makes the client print the header with which it logs in.
    monkeypatch.setenv("VERBOSE", "1")
    monkeypatch.setenv("VERBOSE_OUTPUT", "true")
    kaggle.api_error = api_error

    ended = subprocess.run(
        [sys.executable, PROGRAM, "--dataset", DATASET, "--cache", cache, "--output", target],
        capture_output=True,
        check=False,
    )

    assert (ended.returncode == 0) == (api_error is None), ended.stdout + ended.stderr
    assert kaggle.logins - {None}
    traces = [ended.stdout, ended.stderr]
    for folder in (cache, target.parent):
        traces += [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    basic = base64.b64encode(f"someone:{MARKER}".encode())
    for trace in traces:
        for secret in (MARKER.encode(), basic, SIGNATURE.encode()):
            assert secret not in trace
