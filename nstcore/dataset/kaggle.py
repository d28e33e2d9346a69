"""Kaggle's own command line client, run as a subprocess that is watched and kept quiet.

The `kaggle` package is never imported here: importing it logs in, over the network and without
a time limit. As a subprocess it can be killed when it hangs on a server that stalls; a marker file
beside its partial archive lets the next run
resume.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nstcore.common.errors import DataError

SETTINGS_PAGE = "https://www.kaggle.com/settings"
OWN_COPY = "or use a copy of your own: data: {source: directory, path: ...} in the config"

_HIDDEN = "[hidden]"
# Begins as the console script does, by its name in argv: only then does the client try without
# credentials. The script itself may be missing, or name an interpreter that has moved.
_LAUNCHER = "import sys; sys.argv[0] = 'kaggle'; from kaggle.cli import main; main()"

# VERBOSE and VERBOSE_OUTPUT, which make the client print its Authorization header, stay outside.
_PASSED_ON = frozenset(
    {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "XDG_CONFIG_HOME"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    | {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
)

_REDACTIONS = [
    (re.compile(r"(?i)(authorization\W{1,4})[^\r\n]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"""(?i)(["'](?:key|\w*token)["']\s*:\s*["'])[^"']*"""), rf"\1{_HIDDEN}"),
    (re.compile(r"""\?[^\s'"<>]*=[^\s'"<>]*"""), f"?{_HIDDEN}"),  # signed addresses
    (re.compile(r"//[^/\s@]+@"), f"//{_HIDDEN}@"),  # proxies with a password
]

# The client tells a status only by its words: an answer in JSON even loses its number.
_LOCAL = re.compile(r"\[Errno \d+\] (No space|Permission denied|Read-only|Disk quota)", re.I)
_PROXY = re.compile(r"ProxyError|Tunnel connection failed")
_LOGIN = re.compile(
    r"required to call the Kaggle API|401 Client Error|Unauth(enticat|oriz)ed", re.I
)
_FORBIDDEN = re.compile(
    r"403 Client Error|\bForbidden|\bPermission .*denied|You don't have access", re.I
)
# What version 2.2.5 adds behind an empty line to the words of Kaggle or of its storage.
_HINT = re.compile(
    r"You don't have access to this|The resource was not found|You have been rate limited"
    r"|This is a problem on Kaggle's side"
)
_UNKNOWN = re.compile(r"404 Client Error|\bNot ?Found\b", re.I)


@dataclass(frozen=True)
class Patience:
    """How long to bear with the client and with Kaggle; all in seconds."""

    stall_seconds: float = 120
    """The client is killed once its file has not grown for so long; its own waits take up to 60."""
    waits: tuple[float, ...] = (5, 15, 45, 135)
    """Before the second, third ... attempt; there is one attempt more than waits."""
    poll_seconds: float = 1
    progress_seconds: float = 10


def client_archive(dataset: str, folder: Path) -> Path:
    """Return the path of the archive that the client writes, from its first byte on."""
    return folder / f"{dataset.split('/')[1]}.zip"


def resume_marker(archive: Path) -> Path:
    """Return the path of the file that the client keeps beside an archive while it is partial."""
    return archive.with_name(f"{archive.name}.kaggle-partial")


def dataset_page(dataset: str) -> str:
    """Return the address of a dataset's page; `dataset` is "owner/slug/version"."""
    owner, slug, _ = dataset.split("/")
    return f"https://www.kaggle.com/datasets/{owner}/{slug}"


def attempt(
    dataset: str, folder: Path, patience: Patience, total: int | None, lock: int
) -> str | None:
    """Let the client download a dataset, or resume its download.

    Args:
        dataset: "owner/slug/version".
        folder: Where the client writes `client_archive`.
        patience: When to kill it, and how often to print how far it is.
        total: Bytes of the whole archive if they are known.
        lock: A descriptor of a file that the client keeps open while it lives, with its number in.

    Returns:
        Nothing if the client ended well, which proves little about the bytes it wrote; else what
        went wrong, in a line without secrets, where another attempt may help.

    Raises:
        DataError: Another attempt cannot help: no such dataset, no access, no login, no client,
            or a disk that cannot be written to.
    """
    if importlib.util.find_spec("kaggle") is None:
        raise DataError(
            "the Kaggle client is not installed; pip install --requirement requirements.lock"
        )
    environment = client_environment(os.environ)
    archive = client_archive(dataset, folder)
    command = [sys.executable, "-u", "-P", "-c", _LAUNCHER, "datasets", "download", dataset]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*command, "--path", str(folder), "--quiet"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[lock],
        )
        os.truncate(lock, 0)
        os.write(lock, f"{process.pid}\n".encode())
        try:
            stalled = _watch(process, archive, patience, total)
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    if stalled:
        return f"nothing arrived for {patience.stall_seconds:g} s"
    if process.returncode == 0:
        whole = archive.exists() and not resume_marker(archive).exists()
        return None if whole else "the client ended early"
    credentials = find_credentials(environment)
    words = redact(_last_line(said), credentials.values()) or f"exit code {process.returncode}"
    if refusal := _refusal(dataset, folder, said, words, credentials):
        raise DataError(refusal)
    return words


def client_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the client needs: paths, proxies, certificates, KAGGLE_*."""
    return {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith("KAGGLE_")
    }


def find_credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Map the places that hold credentials to their secrets, in the order the client looks."""
    home = Path(environment.get("HOME", "~")).expanduser()
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    token = environment.get("KAGGLE_API_TOKEN", "")
    # The variable may also name a file.
    secrets = {"KAGGLE_API_TOKEN": _read(Path(token)) or token if token else ""}
    for name in ("access_token", "access_token.txt"):
        secrets[f"~/.kaggle/{name}"] = _read(home / ".kaggle" / name)
    secrets["KAGGLE_USERNAME and KAGGLE_KEY"] = environment.get("KAGGLE_KEY", "")
    for folder in (environment.get("KAGGLE_CONFIG_DIR"), home / ".kaggle", config / "kaggle"):
        if folder:
            path = Path(folder, "kaggle.json")
            secrets[str(path)] = _read_json(path).get("key", "")
    oauth = _read_json(home / ".kaggle" / "credentials.json")
    for name in ("access_token", "refresh_token"):
        secrets[f"~/.kaggle/credentials.json ({name})"] = oauth.get(name, "")
    return {place: secret for place, secret in secrets.items() if secret}


def redact(text: str, secrets: Iterable[str]) -> str:
    """Hide secrets, and whatever looks like one: login headers, the query part of addresses."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


def _watch(
    process: subprocess.Popen[bytes], archive: Path, patience: Patience, total: int | None
) -> bool:
    """Wait for the client to end; stop waiting, and return True, once it has stalled."""
    size = told_size = _size(archive)
    grown = told = time.monotonic()
    while True:
        try:
            process.wait(timeout=patience.poll_seconds)
        except subprocess.TimeoutExpired:
            pass
        else:
            return False
        now = time.monotonic()
        if (new_size := _size(archive)) != size:
            size, grown = new_size, now
        elif now - grown >= patience.stall_seconds:
            return True
        if now - told >= patience.progress_seconds:
            whole = total or _announced_size(archive)
            # A client that begins anew makes the file shorter.
            rate = max(0, size - told_size) / (now - told)
            print(f"{archive.name}: {tell_progress(size, whole, rate)}", flush=True)
            told, told_size = now, size


def tell_progress(size: int, total: int | None, rate: float) -> str:
    """Say how far a download is.

    Args:
        size: Bytes that are there.
        total: Bytes of the whole, if they are known.
        rate: Bytes a second of late.

    Example:
        >>> tell_progress(492_000_000, 2_460_000_000, 8.2e6)
        '492.0 of 2460.0 MB (20 %), 8.2 MB/s, 4 min left'
    """
    speed = f"{rate / 1e6:.1f} MB/s"
    if not total:
        return f"{size / 1e6:.1f} MB, {speed}"
    done = f"{size / 1e6:.1f} of {total / 1e6:.1f} MB ({100 * size // total} %), {speed}"
    if rate <= 0:
        return done
    left = max(0, total - size) / rate
    return f"{done}, {left / 60:.0f} min left" if left >= 60 else f"{done}, {left:.0f} s left"


def _refusal(
    dataset: str, folder: Path, said: str, words: str, credentials: Mapping[str, str]
) -> str | None:
    page = dataset_page(dataset)
    used = f"with the credentials of {next(iter(credentials))}" if credentials else "anonymously"
    if _LOCAL.search(said):
        return f"{folder}: the Kaggle client cannot write here ({words})"
    if _PROXY.search(said):
        return None  # its 403 or 407 is not Kaggle's
    if _LOGIN.search(said) and credentials:
        return (
            f"{dataset}: Kaggle refused a login {used} (401); make a new token at {SETTINGS_PAGE} "
            f"to download {page}, {OWN_COPY}"
        )
    if _LOGIN.search(said):
        return (
            f"{dataset}: Kaggle asks for a login and there are no credentials (401); make a token "
            f"at {SETTINGS_PAGE} and save it as ~/.kaggle/access_token to download {page}, "
            f"{OWN_COPY}"
        )
    if _FORBIDDEN.search(said):
        return (
            f"{dataset}: Kaggle refused access {used} (403: {words}); log in at {page} and see "
            f"whether it can be downloaded there, renew the token at {SETTINGS_PAGE}, {OWN_COPY}"
        )
    if _UNKNOWN.search(said):
        return (
            f"{dataset}: Kaggle knows no such dataset or version (404: {words}); compare it with "
            f"{page}, {OWN_COPY}"
        )
    return None


def _last_line(text: str) -> str:
    """Return the last line of what the client said, before the hint that may follow it."""
    *before, last = re.split(r"\n[ \t]*\n", text.strip())
    told = before[-1] if before and _HINT.match(last.strip()) else last
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _announced_size(archive: Path) -> int | None:
    size = _read_json(resume_marker(archive)).get("size", "")
    return int(size) if size.isdigit() else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _read_json(path: Path) -> dict[str, str]:
    try:
        values = json.loads(_read(path))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in values.items()} if isinstance(values, dict) else {}
