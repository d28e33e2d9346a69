"""What the client logs in with: found where the client looks, and named when it is of no use."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from kaggle_server import KaggleServer
from test_download import ARCHIVE, DATASET, PATIENCE, cache, command, kaggle, target

from nstcore.common.errors import DataError
from nstcore.dataset.download import download
from nstcore.dataset.kaggle_login import (
    client_environment,
    find_credentials,
    find_faults,
    find_obstacle,
    find_secrets,
)

__all__ = ["cache", "kaggle", "target"]  # fixtures

SECRET = "credential/nobody+may=read"  # noqa: S105
PAIR = json.dumps({"username": "someone", "key": SECRET})
TOKEN_JSON = json.dumps({"token": SECRET})
OAUTH = json.dumps(
    {
        "refresh_token": "refreshing-" + SECRET,
        "access_token": SECRET,
        "access_token_expiration": "2099-01-01T00:00:00+00:00",
        "username": "someone",
    }
)
BASIC = "Basic " + base64.b64encode(f"someone:{SECRET}".encode()).decode()
BEARER = f"Bearer {SECRET}"

# Place: variables, files below the home, what the client then sends, and what it is called.
PLACES: dict[str, tuple[dict[str, str], dict[str, str], str, str]] = {
    "variable": ({"KAGGLE_API_TOKEN": SECRET}, {}, BEARER, "KAGGLE_API_TOKEN"),
    "variable with a line's end": (
        {"KAGGLE_API_TOKEN": f"{SECRET}\n"},
        {},
        BEARER,
        "KAGGLE_API_TOKEN",
    ),
    "variable of a file": (
        {"KAGGLE_API_TOKEN": "{home}/token"},
        {"token": f"{SECRET}\n"},
        BEARER,
        "KAGGLE_API_TOKEN",
    ),
    "access_token": ({}, {".kaggle/access_token": f"{SECRET}\n"}, BEARER, "~/.kaggle/access_token"),
    "access_token.txt": (
        {},
        {".kaggle/access_token.txt": SECRET},
        BEARER,
        "~/.kaggle/access_token.txt",
    ),
    "KAGGLE_TOKEN": ({"KAGGLE_TOKEN": SECRET}, {}, BEARER, "KAGGLE_TOKEN"),
    "pair of variables": (
        {"KAGGLE_USERNAME": "someone", "KAGGLE_KEY": f"{SECRET}\r\n"},
        {},
        BASIC,
        "KAGGLE_USERNAME and KAGGLE_KEY",
    ),
    "kaggle.json": ({}, {".kaggle/kaggle.json": PAIR}, BASIC, "~/.kaggle/kaggle.json"),
    "kaggle.json, empty variables": (
        {"KAGGLE_USERNAME": "", "KAGGLE_KEY": " ", "KAGGLE_API_TOKEN": "", "KAGGLE_TOKEN": ""},
        {".kaggle/kaggle.json": PAIR},
        BASIC,
        "~/.kaggle/kaggle.json",
    ),
    "kaggle.json with a token": (
        {},
        {".kaggle/kaggle.json": TOKEN_JSON},
        BEARER,
        "~/.kaggle/kaggle.json (token)",
    ),
    "kaggle.json elsewhere": (
        {"KAGGLE_CONFIG_DIR": "{home}/mine"},
        {"mine/kaggle.json": PAIR},
        BASIC,
        "~/mine/kaggle.json",
    ),
    "kaggle.json in the home, another folder named": (
        {"KAGGLE_CONFIG_DIR": "{home}/mine"},
        {".kaggle/kaggle.json": PAIR},
        BASIC,
        "~/.kaggle/kaggle.json",
    ),
    "kaggle.json of XDG": (
        {},
        {".config/kaggle/kaggle.json": PAIR},
        BASIC,
        "~/.config/kaggle/kaggle.json",
    ),
    "kaggle auth login": (
        {},
        {".kaggle/credentials.json": OAUTH},
        BEARER,
        "~/.kaggle/credentials.json (access_token)",
    ),
    "token beside a broken kaggle.json": (
        {},
        {".kaggle/access_token": SECRET, ".kaggle/kaggle.json": "[]"},
        BEARER,
        "~/.kaggle/access_token",
    ),
    "pair of variables beside a broken kaggle.json": (
        {"KAGGLE_USERNAME": "someone", "KAGGLE_KEY": SECRET},
        {".kaggle/kaggle.json": '"text"'},
        BASIC,
        "KAGGLE_USERNAME and KAGGLE_KEY",
    ),
    "token before the rest": (
        {"KAGGLE_API_TOKEN": SECRET, "KAGGLE_USERNAME": "other", "KAGGLE_KEY": "other-key"},
        {".kaggle/access_token": "other-token", ".kaggle/kaggle.json": PAIR},
        BEARER,
        "KAGGLE_API_TOKEN",
    ),
}

Setting = Callable[[Mapping[str, str], Mapping[str, str]], Path]


@pytest.fixture
def setting(kaggle: KaggleServer, monkeypatch: pytest.MonkeyPatch) -> Setting:
    """Set variables and write files below the home."""

    def set_up(variables: Mapping[str, str], files: Mapping[str, str]) -> Path:
        monkeypatch.delenv("KAGGLE_API_TOKEN")
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace("{home}", str(Path.home())))
        for name, content in files.items():
            path = Path.home() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("latin-1"))
            path.chmod(0o600)
        return Path.home()

    return set_up


@pytest.mark.parametrize("place", PLACES)
def test_the_client_logs_in_from_every_place_which_is_named_and_kept_secret(
    place: str, kaggle: KaggleServer, setting: Setting, target: Path, cache: Path
) -> None:
    variables, files, login, name = PLACES[place]
    setting(variables, files)
    kaggle.needs_login = True
    told = [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()]
    told += [quote(SECRET, safe="").lower(), json.dumps(SECRET)[1:-1].replace("/", "\\/")]
    kaggle.api_error = (403, f"Permission denied to {{login}} of {' '.join(told)}")

    ended = subprocess.run(command(target, cache), capture_output=True, text=True, check=False)

    assert kaggle.logins == {login}
    environment = client_environment(os.environ)
    assert next(iter(find_credentials(environment))) == name
    assert find_credentials(environment)[name] == SECRET
    assert f"refused access with the credentials of {name} (403: Permission denied" in ended.stderr
    for secret in (*told, login.split()[1]):
        assert secret not in ended.stdout + ended.stderr


@pytest.mark.parametrize("place", ["access_token", "kaggle.json"])
def test_the_file_of_today_and_that_of_before_both_let_download(
    place: str, kaggle: KaggleServer, setting: Setting, target: Path, cache: Path
) -> None:
    setting(*PLACES[place][:2])
    kaggle.needs_login = True

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


UTF16 = "\xff\xfea\x00"
# Place: variables, files, what is told, and whether before Kaggle is asked.
FAULTS: dict[str, tuple[dict[str, str], dict[str, str], str, bool]] = {
    "two lines": (
        {"KAGGLE_API_TOKEN": "abcdefgh\nijklmnop"},
        {},
        "KAGGLE_API_TOKEN holds more than one line",
        True,
    ),
    "two lines in a file": (
        {},
        {".kaggle/access_token": "abcdefgh\nijklmnop\n"},
        "~/.kaggle/access_token holds more than one line",
        True,
    ),
    "white space": (
        {},
        {".kaggle/access_token": "KAGGLE_API_TOKEN = abc"},
        "~/.kaggle/access_token holds white space",
        True,
    ),
    "byte order mark": (
        {},
        {".kaggle/access_token": "\xef\xbb\xbfabcdef"},
        "~/.kaggle/access_token holds characters that no token has",
        True,
    ),
    "UTF-16": (
        {},
        {".kaggle/access_token": UTF16},
        "~/.kaggle/access_token is no plain text",
        True,
    ),
    "JSON": (
        {},
        {".kaggle/access_token": PAIR},
        "~/.kaggle/access_token holds JSON and no token; save that as ~/.kaggle/kaggle.json",
        True,
    ),
    "a folder": (
        {},
        {".kaggle/access_token/file": ""},
        "~/.kaggle/access_token cannot be read (Is a directory)",
        True,
    ),
    "no such file": (
        {"KAGGLE_API_TOKEN": "~/token"},
        {},
        "KAGGLE_API_TOKEN names a file that is not there",
        True,
    ),
    "long": ({"KAGGLE_API_TOKEN": "a" * 300}, {}, "KAGGLE_API_TOKEN is too long", True),
    "key of two lines": (
        {"KAGGLE_USERNAME": "someone", "KAGGLE_KEY": "abcd\nefgh"},
        {},
        "KAGGLE_USERNAME and KAGGLE_KEY holds more than one line",
        True,
    ),
    "kaggle.json of UTF-16": (
        {},
        {".kaggle/kaggle.json": UTF16},
        "~/.kaggle/kaggle.json is no plain text",
        True,
    ),
    "kaggle.json without an object": (
        {},
        {".kaggle/kaggle.json": '["someone", "key"]'},
        "~/.kaggle/kaggle.json is JSON but no object",
        True,
    ),
    "kaggle.json's token": (
        {},
        {".kaggle/kaggle.json": '{"token": "abcd\\n"}'},
        "~/.kaggle/kaggle.json (token) holds white space",
        True,
    ),
    "empty": ({}, {".kaggle/access_token": ""}, "~/.kaggle/access_token is empty", False),
    "blank": ({}, {".kaggle/access_token": " \n\n"}, "~/.kaggle/access_token is empty", False),
    "kaggle.json cut": (
        {},
        {".kaggle/kaggle.json": PAIR[:-5]},
        "~/.kaggle/kaggle.json is no JSON",
        False,
    ),
    "kaggle.json with a bare token": (
        {},
        {".kaggle/kaggle.json": "KGAT_0123456789"},
        "~/.kaggle/kaggle.json is no JSON; download it again, or save a bare token as "
        "~/.kaggle/access_token",
        False,
    ),
    "kaggle.json empty": ({}, {".kaggle/kaggle.json": ""}, "~/.kaggle/kaggle.json is empty", False),
    "kaggle.json with nothing in it": (
        {},
        {".kaggle/kaggle.json": '{"path": "/data"}'},
        "~/.kaggle/kaggle.json holds neither a key nor a token",
        False,
    ),
    "kaggle.json without a name": (
        {},
        {".kaggle/kaggle.json": '{"key": "abcdefgh"}'},
        "~/.kaggle/kaggle.json gives a key without a username",
        False,
    ),
    "key alone": (
        {"KAGGLE_KEY": "abcdefgh"},
        {},
        "KAGGLE_KEY gives a key without a username",
        False,
    ),
    "name alone": ({"KAGGLE_USERNAME": "me"}, {}, "KAGGLE_USERNAME is set without", False),
    "token where nobody looks": (
        {},
        {".config/kaggle/access_token": SECRET},
        "~/.config/kaggle/access_token is not where the client looks; move it to "
        "~/.kaggle/access_token",
        False,
    ),
    "kaggle.json where nobody looks": (
        {},
        {".config/kaggle/kaggle.json": PAIR, ".kaggle/other": ""},
        "~/.config/kaggle/kaggle.json is not where the client looks",
        False,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_credentials_of_no_use_are_told_as_what_they_are_at_once(
    fault: str,
    kaggle: KaggleServer,
    setting: Setting,
    target: Path,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variables, files, words, beforehand = FAULTS[fault]
    setting(variables, files)
    kaggle.needs_login = True

    with pytest.raises(DataError) as refusal:
        download(DATASET, target, cache, PATIENCE)

    assert words in str(refusal.value)
    assert "https://www.kaggle.com/settings/api" in str(refusal.value)
    assert "~/.kaggle/access_token" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "attempt 2" not in capsys.readouterr().out
    assert kaggle.logins == (set() if beforehand else {None})
    for secret in (*variables.values(), *files.values()):
        assert len(secret) < 8 or secret not in str(refusal.value) + capsys.readouterr().out


@pytest.mark.parametrize("fault", ["blank", "kaggle.json cut"])
def test_a_dataset_that_needs_no_login_comes_without_one(
    fault: str, kaggle: KaggleServer, setting: Setting, target: Path, cache: Path
) -> None:
    setting(*FAULTS[fault][:2])

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


def test_a_home_that_cannot_be_written_to_is_no_hindrance(
    kaggle: KaggleServer,
    target: Path,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Root may write anywhere, but not below a file.
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


def test_a_folder_in_the_home_that_refuses_is_named_and_not_the_cache(
    kaggle: KaggleServer, setting: Setting, target: Path, cache: Path
) -> None:
    home = setting({}, {})
    # Expired: the client asks for a new one, and cannot save it.
    outdated = {**json.loads(OAUTH), "access_token_expiration": "2020-01-01T00:00:00+00:00"}
    (home / ".kaggle").mkdir()
    file = home / ".kaggle" / "credentials.json"
    file.write_text(json.dumps(outdated))
    kaggle.on_renewal = lambda: (file.unlink(), file.mkdir())

    with pytest.raises(DataError, match=rf"^{file}: Is a directory, says the Kaggle client"):
        download(DATASET, target, cache, PATIENCE)


def test_a_refusal_while_the_client_logs_in_is_known_by_its_status(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    kaggle.token_troubles = [(401, "what a login")] * 9

    words = r"refused a login with the credentials of KAGGLE_API_TOKEN \(401\)"
    with pytest.raises(DataError, match=words):
        download(DATASET, target, cache, PATIENCE)


def test_a_busy_kaggle_while_the_client_logs_in_is_asked_again(
    kaggle: KaggleServer, target: Path, cache: Path
) -> None:
    # Each start of the client asks twice.
    kaggle.token_troubles = [(503, "Forbidden, not found")] * 4

    download(DATASET, target, cache, PATIENCE)

    assert target.read_bytes() == ARCHIVE


def test_a_login_that_the_client_deletes_when_it_is_refused_is_named(
    kaggle: KaggleServer, setting: Setting, target: Path, cache: Path
) -> None:
    outdated = {**json.loads(OAUTH), "access_token_expiration": "2020-01-01T00:00:00+00:00"}
    home = setting({}, {".kaggle/credentials.json": json.dumps(outdated)})
    kaggle.needs_login = True
    kaggle.renews = False

    words = r"refused a login with the credentials of ~/\.kaggle/credentials\.json .*\(401\)"
    with pytest.raises(DataError, match=words):
        download(DATASET, target, cache, PATIENCE)

    assert not (home / ".kaggle" / "credentials.json").exists()


def test_a_pipe_in_a_file_s_place_is_not_waited_for(
    kaggle: KaggleServer, setting: Setting, target: Path, cache: Path
) -> None:
    home = setting({}, {".kaggle/other": ""})
    os.mkfifo(home / ".kaggle" / "access_token")

    with pytest.raises(DataError, match=r"~/\.kaggle/access_token cannot be read \(not a reg"):
        download(DATASET, target, cache, PATIENCE)


def test_a_secret_that_is_no_text_is_hidden(
    kaggle: KaggleServer, target: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:own-\udcff-password@proxy:1")
    kaggle.api_error = (404, "not found by own-%ff-password")

    with pytest.raises(DataError, match=r"404: not found by \[hidden\]"):
        download(DATASET, target, cache, PATIENCE)


def test_nothing_but_kaggle_s_variables_changes_in_the_client_s_environment() -> None:
    passed_on = {
        "HOME": "/home/someone",
        "https_proxy": "http://proxy:3128",
        "KAGGLE_KEY": "k",
        "PATH": "/bin",
        "REQUESTS_CA_BUNDLE": "/etc/ca.pem",
    }
    kept_back = {"VERBOSE": "1", "VERBOSE_OUTPUT": "true", "AWS_SECRET_ACCESS_KEY": "a"}

    assert client_environment(passed_on | kept_back | {"KAGGLE_TOKEN": " "}) == passed_on
    assert client_environment({"KAGGLE_KEY": " k\n"}) == {"KAGGLE_KEY": "k"}


def test_credentials_are_found_in_the_order_in_which_the_client_looks(tmp_path: Path) -> None:
    folder = tmp_path / ".kaggle"
    folder.mkdir()
    (folder / "access_token").write_text("from-token-file\n")
    (folder / "kaggle.json").write_text(
        json.dumps({"username": "someone", "key": "from-json", "token": "from-json-token"})
    )
    (folder / "credentials.json").write_text(json.dumps({"refresh_token": "from-oauth"}))
    environment = {
        "HOME": str(tmp_path),
        "KAGGLE_API_TOKEN": "from-variable",
        "KAGGLE_TOKEN": "from-other-variable",
        "KAGGLE_USERNAME": "someone",
        "KAGGLE_KEY": "from-key",
    }

    found = find_credentials(environment)

    assert list(found.values()) == [
        "from-variable",
        "from-token-file",
        "from-other-variable",
        "from-json-token",
        "from-key",
        "from-json",
        "from-oauth",
    ]
    assert find_faults(environment) == []
    assert find_obstacle(environment) is None


def test_all_that_the_client_may_send_or_print_is_secret(tmp_path: Path) -> None:
    files = {
        ".kaggle/access_token": "first line\nsecond line",
        ".kaggle/kaggle.json": '{"username": "me", "key": "own-key", "my_secret": "own-secret"}',
        ".kaggle/credentials.json": '{"refresh_token": "own-refreshing", "client_key": "own-id"}',
        ".netrc": "machine storage.example login me password own-password\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    environment = {
        "HOME": str(tmp_path),
        "HTTPS_PROXY": "http://me:p%40ss@proxy:3128",
        "KAGGLE_IAP_TOKEN": "own-iap",
        "KAGGLE_USERNAME": "me",
    }

    secrets = find_secrets(environment)

    assert secrets >= {"own-key", "own-secret", "own-refreshing", "own-id", "own-password"}
    assert secrets >= {"first line", "second line", "p%40ss", "p@ss", "own-iap"}
    assert "me" not in secrets
