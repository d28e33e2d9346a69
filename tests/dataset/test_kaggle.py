"""What the Kaggle client is told, and what is told of it."""

import json
from pathlib import Path

import pytest

from nstcore.dataset.kaggle import client_environment, find_credentials, redact, tell_progress


def test_the_client_gets_credentials_and_proxies_and_nothing_that_makes_it_print_them() -> None:
    passed_on = {
        "HOME": "/home/someone",
        "https_proxy": "http://proxy:3128",
        "KAGGLE_KEY": "k",
        "PATH": "/bin",
        "REQUESTS_CA_BUNDLE": "/etc/ca.pem",
    }
    kept_back = {"VERBOSE": "1", "VERBOSE_OUTPUT": "true", "AWS_SECRET_ACCESS_KEY": "a"}

    assert client_environment(passed_on | kept_back) == passed_on


def test_credentials_are_found_in_the_order_in_which_the_client_looks(tmp_path: Path) -> None:
    folder = tmp_path / ".kaggle"
    folder.mkdir()
    (folder / "access_token").write_text("from-token-file\n")
    (folder / "kaggle.json").write_text(json.dumps({"username": "someone", "key": "from-json"}))
    (folder / "credentials.json").write_text(json.dumps({"refresh_token": "from-oauth"}))
    environment = {
        "HOME": str(tmp_path),
        "KAGGLE_API_TOKEN": "from-variable",
        "KAGGLE_USERNAME": "someone",
        "KAGGLE_KEY": "from-key",
    }

    found = find_credentials(environment)

    assert list(found.values()) == [
        "from-variable",
        "from-token-file",
        "from-key",
        "from-json",
        "from-oauth",
    ]
    assert next(iter(found)) == "KAGGLE_API_TOKEN"


def test_a_token_variable_that_names_a_file_stands_for_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file")
    environment = {"HOME": str(tmp_path), "KAGGLE_API_TOKEN": str(tmp_path / "token")}

    assert find_credentials(environment) == {"KAGGLE_API_TOKEN": "from-file"}


def test_unreadable_credentials_count_as_none(tmp_path: Path) -> None:
    (tmp_path / "kaggle.json").write_text("{not json")

    assert find_credentials({"HOME": str(tmp_path), "KAGGLE_CONFIG_DIR": str(tmp_path)}) == {}


@pytest.mark.parametrize(
    ("text", "desired"),
    [
        ("the key k-1234 is wrong", "the key [hidden] is wrong"),
        ("Authorization: Basic c29tZW9uZTpr", "Authorization: [hidden]"),
        ("{'Authorization': 'Bearer abc'}", "{'Authorization': '[hidden]"),
        ("sent Bearer abcdefgh12 there", "sent Bearer [hidden] there"),
        ('{"username": "someone", "key": "other"}', '{"username": "someone", "key": "[hidden]"}'),
        (
            "for url: https://a.org/b.zip?X-Sig=12&e=3 (x)",
            "for url: https://a.org/b.zip?[hidden] (x)",
        ),
        ("with url: /b.zip?X-Sig=12", "with url: /b.zip?[hidden]"),
        ("http://someone:word@proxy:3128/", "http://[hidden]@proxy:3128/"),
        ("404 Client Error: Not Found", "404 Client Error: Not Found"),
    ],
)
def test_secrets_are_hidden_and_the_rest_is_kept(text: str, desired: str) -> None:
    assert redact(text, ["k-1234"]) == desired


@pytest.mark.parametrize(
    ("size", "total", "rate", "desired"),
    [
        (492_000_000, 2_460_000_000, 8.2e6, "492.0 of 2460.0 MB (20 %), 8.2 MB/s, 4 min left"),
        (2_459_000_000, 2_460_000_000, 8.2e6, "2459.0 of 2460.0 MB (99 %), 8.2 MB/s, 0 s left"),
        (2_000_000, 10_000_000, 2e5, "2.0 of 10.0 MB (20 %), 0.2 MB/s, 40 s left"),
        (5_000_000, 10_000_000, 0.0, "5.0 of 10.0 MB (50 %), 0.0 MB/s"),
        (5_000_000, None, 1e6, "5.0 MB, 1.0 MB/s"),
    ],
)
def test_progress_is_told_in_a_line(
    size: int, total: int | None, rate: float, desired: str
) -> None:
    assert tell_progress(size, total, rate) == desired
