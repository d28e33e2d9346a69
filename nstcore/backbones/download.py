"""Keras' ImageNet weights: fetched from where Keras says, verified, and kept in Keras' own cache.

Keras' downloader waits for a silent server for ever, writes under the file's final name, and prints
a bar that swallows the line after it. Its addresses and digests are used, but not the downloader.
"""

import fcntl
import hashlib
import http.client
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import h5py
from keras.src.utils import file_utils

from nstcore.common.errors import WeightsError
from nstcore.common.surroundings import keras_homes
from nstcore.dataset.watching import tell_progress

_PIECE = 1 << 16
# What does not change by asking again.
_FINAL = frozenset({400, 401, 403, 404, 407, 410, 451})
# What a host says that may send the file in a minute.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_CERTIFICATES = "set SSL_CERT_FILE to the certificates of your network"


@dataclass(frozen=True)
class Patience:
    """How long to bear with the host of the weights; all in seconds."""

    timeout: float = 30
    """Without a connection or a byte for so long, an attempt ends."""
    waits: tuple[float, ...] = (2, 10, 30)
    """Before the second, third ... attempt; there is one attempt more than waits."""
    slowest: float = 1000
    """Bytes a second; what comes slower counts as silence."""
    progress: float = 10


@dataclass(frozen=True)
class Published:
    """A file as Keras publishes it."""

    name: str
    url: str
    digest: str | None
    """MD5 or SHA-256, in hexadecimal digits; of some networks Keras tells none."""


class _Refused(Exception):  # noqa: N818
    """An attempt failed; the text says why."""

    def __init__(self, reason: str, *, final: bool = False, passing: bool = False) -> None:
        super().__init__(reason)
        self.final, self.passing = final, passing


def find_published(build: Callable[[], Any]) -> Published:
    """Ask Keras what it would fetch; nothing is.

    Args:
        build: Calls one of `keras.applications` with `weights="imagenet"`.

    Raises:
        WeightsError: Keras asked for no file.
    """
    found: list[Published] = []

    class _Asked(Exception):  # noqa: N818
        pass

    def note(published: Published) -> Path:
        found.append(published)
        raise _Asked

    try:
        with _fetching_by(note):
            build()
    except _Asked:
        return found[0]
    raise WeightsError("Keras fetches these weights in a way of its own; give a file of weights")


def build_with(build: Callable[[], Any], patience: Patience | None = None) -> Any:
    """Let Keras build a network, and fetch for it what is not in the cache.

    Args:
        build: Calls one of `keras.applications` with `weights="imagenet"`.
        patience: How long to wait for what.

    Raises:
        WeightsError: The weights cannot be fetched, kept or verified.
    """
    with _fetching_by(lambda published: obtain(published, patience or Patience())):
        return build()


def find_cached(published: Published) -> Path | None:
    """Return the whole file in Keras' cache, if it is there."""
    paths = (home / "models" / published.name for home in keras_homes())
    return next(
        (path for path in paths if path.is_file() and not find_fault(path, published)), None
    )


def find_fault(path: Path, published: Published) -> str | None:
    """Say what is wrong with a file that should be the published one; nothing if it is."""
    if published.digest is not None:
        kind = "md5" if len(published.digest) == 32 else "sha256"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, kind).hexdigest()
        same = digest == published.digest
        return None if same else f"its {kind.upper()} is {digest}, Keras says {published.digest}"
    try:
        # HDF5 knows where a file should end; its own lock would meet that of the draft.
        with h5py.File(path, locking=False):
            return None
    except OSError as error:
        return " ".join(str(error).split())


def find_refusal(published: Published, timeout: float = 10) -> str | None:
    """Say why a file could not be fetched now; nothing if its host would send it, or is busy."""
    try:
        with _open(published.url, {}, timeout):
            return None
    except _Refused as error:
        return None if error.passing else str(error)


def tell_missing(published: Published, reason: str) -> str:
    """Say that a file is not in the cache, or is damaged there, and why it cannot be fetched."""
    path = keras_homes()[0] / "models" / published.name
    fault = find_fault(path, published) if path.is_file() else None
    here = f"at {path} are damaged ({fault}; delete the file)" if fault else f"are not at {path}"
    return f"its ImageNet weights {here} and cannot be downloaded from {published.url} ({reason})"


def obtain(published: Published, patience: Patience) -> Path:
    """Return the path of a whole file, fetched where it is not in the cache.

    Raises:
        WeightsError: It cannot be fetched, kept or verified; says where it should be.
    """
    if cached := find_cached(published):
        return cached
    path = keras_homes()[0] / "models" / published.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path) as file:
            # Another study may have fetched it while this one waited.
            if find_cached(published) is None:
                _fetch(published, path, file, patience)
        return path
    except OSError as error:
        raise WeightsError(
            f"{path.parent}: cannot keep the weights {published.name} here ({error.strerror}); "
            "make room or set KERAS_HOME to another folder"
        ) from None


@contextmanager
def _fetching_by(fetch: Callable[[Published], Path]) -> Iterator[None]:
    """Let Keras' applications fetch by a function of ours."""

    def get_file(fname: str, origin: str, file_hash: str | None = None, **_: Any) -> str:
        return str(fetch(Published(fname, origin, file_hash)))

    own = file_utils.get_file
    file_utils.get_file = get_file
    try:
        yield
    finally:
        file_utils.get_file = own


@contextmanager
def _draft(path: Path) -> Iterator[BinaryIO]:
    """Open the one draft of a file; wait while another process writes to it."""
    draft = path.with_name(f".part.{path.name}")
    with draft.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{path.name}: waiting for another process that fetches it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # some network file systems have no locks
        try:
            yield file
        finally:
            draft.unlink(missing_ok=True)


def _fetch(published: Published, path: Path, file: BinaryIO, patience: Patience) -> None:
    """Fetch a file into its draft, verify it, and rename it."""
    print(f"{published.name}: fetching {published.url}", flush=True)
    file.truncate(0)
    whole = _Whole(file, patience)
    for number, wait in enumerate((*patience.waits, None), start=1):
        try:
            whole.receive(published)
            if fault := find_fault(Path(file.name), published):
                file.truncate(0)
                raise _Refused(f"not the file that Keras means: {fault}")
        except _Refused as error:
            print(f"{published.name}: attempt {number} failed: {error}", flush=True)
            if wait is None or error.final:
                raise WeightsError(tell_missing(published, str(error))) from None
            time.sleep(wait)
        else:
            Path(file.name).replace(path)
            return


class _Whole:
    """A file that is received in as many pieces as it takes."""

    def __init__(self, file: BinaryIO, patience: Patience) -> None:
        self._file, self._patience = file, patience
        self._validator = ""

    def receive(self, published: Published) -> None:
        """Receive what is lacking.

        Raises:
            _Refused: The host is silent, ends early, or refuses.
        """
        have = os.fstat(self._file.fileno()).st_size if self._validator else 0
        headers = {"Range": f"bytes={have}-", "If-Range": self._validator} if have else {}
        with _open(published.url, headers, self._patience.timeout) as answer:
            if answer.status != http.client.PARTIAL_CONTENT:
                self._file.truncate(0)
                have = 0
            etag = answer.headers.get("ETag") or ""
            self._validator = "" if etag.startswith("W/") else etag
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length and length.isdigit() else None
            self._copy(answer, have, total, published.name)

    def _copy(self, answer: Any, have: int, total: int | None, name: str) -> None:
        began = told = seen = time.monotonic()
        started, told_at, seen_at = have, have, have
        while piece := _read(answer):
            self._file.write(piece)
            self._file.flush()
            have += len(piece)
            now = time.monotonic()
            if now - seen >= self._patience.timeout:
                if (have - seen_at) / (now - seen) < self._patience.slowest:
                    raise _Refused(f"{have - started} bytes in {now - began:.0f} s are too few")
                seen, seen_at = now, have
            if now - told >= self._patience.progress:
                rate = (have - told_at) / (now - told)
                print(f"{name}: {tell_progress(have, total, rate)}", flush=True)
                told, told_at = now, have
        if total is not None and have < total:
            raise _Refused(f"the connection ended after {have} of {total} bytes")


def _open(url: str, headers: dict[str, str], timeout: float) -> Any:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (an address of Keras')
    try:
        return urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        raise _Refused(
            f"{error.code} {error.reason}",
            final=error.code in _FINAL,
            passing=error.code in _PASSING,
        ) from None
    except urllib.error.URLError as error:
        raise _explain(error.reason, timeout) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _explain(error, timeout) from None


def _read(answer: Any) -> bytes:
    try:
        piece: bytes = answer.read1(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise _explain(error, None) from None
    return piece


def _explain(cause: object, timeout: float | None) -> _Refused:
    """Put what a connection failed by into words."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _Refused(f"{cause.verify_message}; {_CERTIFICATES}", final=True)
    if isinstance(cause, TimeoutError):
        return _Refused("no network, or a host that is silent" if timeout else "nothing arrived")
    if isinstance(cause, socket.gaierror):
        return _Refused(f"no network: {cause.strerror}")
    if isinstance(cause, ConnectionRefusedError) or getattr(cause, "errno", None) in {101, 113}:
        return _Refused(f"no network: {getattr(cause, 'strerror', cause)}")
    if isinstance(cause, FileNotFoundError):
        return _Refused(f"no certificates at {cause.filename}; {_CERTIFICATES}", final=True)
    return _Refused(" ".join(str(cause).split()) or type(cause).__name__)
