"""What the Kaggle client logs in with: where it looks, what it finds there, and what is wrong.

The order is that of kaggle 2.2.5 (`KaggleApi.authenticate`, `kagglesdk.kaggle_env`): a token; what
`kaggle.json` and the variables KAGGLE_* say; what `kaggle auth login` left.
"""

import errno
import json
import netrc
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

SETTINGS_PAGE = "https://www.kaggle.com/settings/api"
NEW_TOKEN = (
    f'make a token at {SETTINGS_PAGE} ("Generate New Token") and save it as ~/.kaggle/access_token'
)

# VERBOSE and VERBOSE_OUTPUT, which make the client print its Authorization header, stay outside.
_PASSED_ON = frozenset(
    {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "XDG_CONFIG_HOME"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    | {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
)
_SECRET = re.compile(r"(?i)token|key|secret|password|jwt")
# Beginnings of the faults of a JSON file over which the client looks on.
_SKIPPED = ("is empty", "is no JSON")
_LONGEST = 255  # characters: the client first takes the variable for a file's name


class Place(NamedTuple):
    """A place where the client looks, and finds something."""

    name: str
    secret: str = ""
    fault: str = ""
    """Why it is of no use."""
    stops: bool = False
    """The fault makes the client break off, instead of looking on."""


class Login(NamedTuple):
    """What the client may log in with."""

    credentials: dict[str, str]
    """Secrets by place, in the order the client looks."""
    faults: list[str]
    """What is wrong with other places that were meant to hold some."""
    obstacle: str | None
    """What would make it break off before it has asked Kaggle anything."""
    secrets: set[str]
    """All that must not be told: whatever it may read or send, usable or not."""


def client_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the client needs: paths, proxies, certificates, KAGGLE_*.

    Those of Kaggle come without white space around them, such as the line's end of a file, and not
    at all where they are empty: the client would take nothing for a name and a key.
    """
    kaggles = {k: v.strip() for k, v in environment.items() if k.startswith("KAGGLE_")}
    others = {name: value for name, value in environment.items() if name in _PASSED_ON}
    return others | {name: value for name, value in kaggles.items() if value}


def look_up(environment: Mapping[str, str]) -> Login:
    """Look where the client will.

    Args:
        environment: What `client_environment` returned.
    """
    return Login(
        find_credentials(environment),
        find_faults(environment),
        find_obstacle(environment),
        find_secrets(environment),
    )


def find_credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Map the places that hold credentials to their secrets, in the order the client looks."""
    places = _find_places(environment)
    return {place.name: place.secret for place in places if place.secret and not place.fault}


def find_faults(environment: Mapping[str, str]) -> list[str]:
    """Say of each place that was meant to hold credentials, and does not, what is wrong with it."""
    return [f"{place.name} {place.fault}" for place in _find_places(environment) if place.fault]


def find_obstacle(environment: Mapping[str, str]) -> str | None:
    """Say what would make the client break off before it has asked Kaggle anything."""
    for place in _find_places(environment):
        if place.stops:
            return f"{place.name} {place.fault}"
        if place.secret and not place.fault:
            return None
    return None


def has_sound_folder(environment: Mapping[str, str]) -> bool:
    """Tell whether the client can take its folder as it is.

    Where there is none it makes one, which a read-only home refuses; and a kaggle.json without an
    object in it makes it fail, whatever else it could log in with.
    """
    folder = _config_folder(environment)
    return _exists(folder) and not _read_json(folder / "kaggle.json")[1]


def find_secrets(environment: Mapping[str, str]) -> set[str]:
    """Return all that must not be told: whatever the client may read or send, usable or not."""
    secrets = {place.secret for place in _find_places(environment)}
    for name, value in environment.items():
        if name.startswith("KAGGLE_") and _SECRET.search(name):
            secrets.add(value)
        elif name.lower().endswith("_proxy"):
            password = _password(value)
            secrets |= {password, unquote(password)}
    home = _home(environment)
    for path in (*_json_files(environment), home / ".kaggle" / "credentials.json"):
        secrets |= {value for key, value in _secrets_of(path) if _SECRET.search(key)}
    secrets |= _netrc_passwords(home)
    return {line.strip() for secret in secrets for line in (secret, *secret.splitlines())} - {""}


def _find_places(environment: Mapping[str, str]) -> Iterator[Place]:
    yield from _find_tokens(environment)
    file = _config_folder(environment) / "kaggle.json"
    fallback = _home(environment) / ".kaggle" / "kaggle.json"
    yield from _find_pair(environment, file)
    yield from _find_oauth(environment)
    if fallback != file:
        yield from _find_pair({"HOME": environment.get("HOME", "~")}, fallback)
    yield from _find_unseen(environment, {file, fallback})


def _find_tokens(environment: Mapping[str, str]) -> Iterator[Place]:
    kernel = {"KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_DATA_PROXY_URL"} <= environment.keys()
    if kernel and (path := environment.get("KAGGLE_API_V1_TOKEN")):
        yield from _read_token("KAGGLE_API_V1_TOKEN", Path(path))
    if token := environment.get("KAGGLE_API_TOKEN"):
        if len(token) > _LONGEST:
            fault = "is too long for the client; save the token in a file, and give its path"
            yield Place("KAGGLE_API_TOKEN", token, fault, stops=True)
        elif _exists(token):
            yield from _read_token("KAGGLE_API_TOKEN", Path(token))
            return
        elif token.startswith(("/", "./", "../", "~/")):
            yield Place("KAGGLE_API_TOKEN", token, "names a file that is not there", stops=True)
        else:
            yield _check("KAGGLE_API_TOKEN", token)
    for name in ("access_token", "access_token.txt"):
        yield from _read_token(f"~/.kaggle/{name}", _home(environment) / ".kaggle" / name)


def _find_pair(environment: Mapping[str, str], file: Path) -> Iterator[Place]:
    """Look for a token, or a name and a key, in variables and in a kaggle.json."""
    name = _short(file, environment)
    values, fault = _read_json(file)
    if token := environment.get("KAGGLE_TOKEN"):
        yield _check("KAGGLE_TOKEN", token)
    if token := values.get("token"):
        yield _check(f"{name} (token)", str(token))
    user = environment.get("KAGGLE_USERNAME") or values.get("username")
    places = {"KAGGLE_USERNAME and KAGGLE_KEY": environment.get("KAGGLE_KEY")}
    places[name] = values.get("key")
    for place, key in places.items():
        if key and user:
            yield _check(place, str(key))
        elif key:
            yield Place(place, str(key), "gives a key without a username")
    if fault:
        yield Place(name, fault=fault, stops=not fault.startswith(_SKIPPED))
    elif values and not {"key", "token"} & values.keys():
        yield Place(name, fault="holds neither a key nor a token")
    elif "KAGGLE_USERNAME" in environment and not (environment.get("KAGGLE_KEY") or values):
        yield Place("KAGGLE_USERNAME", fault="is set without KAGGLE_KEY")


def _find_oauth(environment: Mapping[str, str]) -> Iterator[Place]:
    name = "~/.kaggle/credentials.json"
    values, fault = _read_json(_home(environment) / ".kaggle" / "credentials.json")
    if fault:
        yield Place(name, fault=fault, stops=not fault.startswith(_SKIPPED))
    for key in ("access_token", "refresh_token"):
        # Without the second the client has no use for the first.
        if values.get(key) and values.get("refresh_token"):
            yield Place(f"{name} ({key})", str(values[key]))


def _find_unseen(environment: Mapping[str, str], seen: set[Path]) -> Iterator[Place]:
    """Look where the client does not, but its users may save a token."""
    folders = [_xdg_folder(environment), Path(environment.get("KAGGLE_CONFIG_DIR") or "/dev/null")]
    seen = seen | {_home(environment) / ".kaggle" / "access_token"}
    for path in [folder / name for name in ("access_token", "kaggle.json") for folder in folders]:
        if path.is_file() and path not in seen:
            fault = f"is not where the client looks; move it to ~/.kaggle/{path.name}"
            yield Place(_short(path, environment), fault=fault)


def _read_token(name: str, path: Path) -> Iterator[Place]:
    try:
        text = _read(path).strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield Place(name, fault=f"cannot be read ({error.strerror})", stops=True)
    except UnicodeDecodeError:
        yield Place(name, fault="is no plain text; save the token as UTF-8", stops=True)
    else:
        yield _check(name, text) if text else Place(name, fault="is empty")


def _check(name: str, secret: str) -> Place:
    """Tell whether a secret can be sent in a header at all."""
    if secret.startswith("{"):
        fault = "holds JSON and no token; save that as ~/.kaggle/kaggle.json"
    elif len(secret.splitlines()) > 1:
        fault = "holds more than one line; leave the token alone in it"
    elif secret != "".join(secret.split()):
        fault = "holds white space; leave the token alone in it"
    elif not (secret.isascii() and secret.isprintable()):
        fault = "holds characters that no token has; save the token as plain text"
    else:
        return Place(name, secret)
    return Place(name, secret, fault, stops=True)


def _read_json(path: Path) -> tuple[dict[str, Any], str]:
    """Read a file of credentials; say what is wrong with it if it is there."""
    try:
        text = _read(path)
        if not text.strip():
            return {}, "is empty"
        values = json.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}, ""
    except OSError as error:
        return {}, f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        return {}, "is no plain text; save it as UTF-8"
    except (ValueError, RecursionError):
        return {}, "is no JSON; download it again, or save a bare token as ~/.kaggle/access_token"
    if not isinstance(values, dict):
        return {}, "is JSON but no object with a username and a key; download it again"
    return values, ""


def _read(path: Path) -> str:
    if stat.S_ISFIFO(path.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file")  # would wait for a writer
    return path.read_bytes().decode()


def _secrets_of(path: Path) -> list[tuple[str, str]]:
    return [(str(key), str(value)) for key, value in _read_json(path)[0].items()]


def _json_files(environment: Mapping[str, str]) -> set[Path]:
    folders = (
        _config_folder(environment),
        _xdg_folder(environment),
        _home(environment) / ".kaggle",
    )
    return {folder / "kaggle.json" for folder in folders}


def _config_folder(environment: Mapping[str, str]) -> Path:
    if folder := environment.get("KAGGLE_CONFIG_DIR"):
        return Path(folder)
    own = _home(environment) / ".kaggle"
    return own if _exists(own) else _xdg_folder(environment)


def _xdg_folder(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or _home(environment) / ".config", "kaggle")


def _exists(path: Path | str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 (as the client; Path's raises where it may not look)


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME", "~")).expanduser()


def _short(path: Path, environment: Mapping[str, str]) -> str:
    home = _home(environment)
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _password(proxy: str) -> str:
    try:
        return urlsplit(proxy).password or ""
    except ValueError:
        return ""


def _netrc_passwords(home: Path) -> set[str]:
    # requests sends them to the storage that Kaggle redirects to.
    passwords = set()
    for name in (".netrc", "_netrc"):
        try:
            hosts = netrc.netrc(home / name).hosts.values()
        except (OSError, ValueError, netrc.NetrcParseError):
            continue
        passwords |= {password for _, _, password in hosts if password}
    return passwords
