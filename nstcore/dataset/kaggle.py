"""Kaggle's own command line client, run as a subprocess that is watched and kept quiet.

The `kaggle` package is never imported here: importing it logs in, over the network and without
a time limit. As a subprocess it can be killed when it hangs on a server that stalls; a marker file
beside its partial archive lets the next run resume.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from nstcore.common.errors import DataError
from nstcore.dataset.kaggle_errors import (
    OWN_COPY,
    Failure,
    dataset_page,
    find_network_fault,
    find_refusal,
)
from nstcore.dataset.kaggle_login import (
    NEW_TOKEN,
    Login,
    client_environment,
    find_secrets,
    has_sound_folder,
    look_up,
)
from nstcore.dataset.redaction import redact
from nstcore.dataset.watching import (
    Patience,
    announced_size,
    begun,
    client_archive,
    resume_marker,
    size_of,
    watch,
)

ENDED_EARLY = "the client ended early"

# Begins as the console script does, by its name in argv: only then does the client try without
# credentials. The script itself may be missing, or name an interpreter that has moved. An answer
# while it logs in ends the client with a traceback that lacks the status.
_LAUNCHER = """\
import sys
sys.argv[0] = "kaggle"
from kaggle.cli import main
from requests import HTTPError
try:
    main()
except HTTPError as error:
    status = getattr(error.response, "status_code", 0)
    sys.exit(f"{status} {'Client' if status < 500 else 'Server'} Error: {error}")
"""
_NO_ANSWER = "no network, or Kaggle does not answer; behind a proxy set HTTPS_PROXY"


def find_other_version(dataset: str, size: int, total: int | None) -> str | None:
    """Say that an archive is not that of the dataset's version, which has `total` bytes."""
    if total is None or size == total:
        return None
    return (
        f"{dataset}: Kaggle sends {size:,} bytes and not the {total:,} of this version, so another "
        f"one; compare it with {dataset_page(dataset)}, {OWN_COPY}"
    )


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
        DataError: Another attempt cannot help: no such dataset, another version of it, no access,
            no login, no client, a server that is not trusted, or a disk that cannot be written.
    """
    archive = client_archive(dataset, folder)
    login, environment = _prepare(dataset, folder)
    before = size_of(archive)
    with tempfile.TemporaryFile(dir=folder) as output:
        with _client(dataset, folder, environment, output, lock) as process:
            os.truncate(lock, 0)
            os.write(lock, f"{process.pid}\n".encode())
            stalled = watch(process, archive, patience, total)
        announced = announced_size(archive)
        sent = announced or size_of(archive)
        if total and begun(archive) and (sent > total or announced not in {None, total}):
            raise DataError(find_other_version(dataset, sent, total))
        output.seek(0)
        said = output.read().decode(errors="replace")
    if stalled and size_of(archive) <= before:
        return f"nothing arrived for {patience.stall_seconds:.0f} s; {_NO_ANSWER}"
    if stalled:
        return f"nothing arrived for {patience.stall_seconds:.0f} s"
    if process.returncode == 0:
        whole = archive.exists() and not resume_marker(archive).exists()
        return None if whole else ENDED_EARLY
    return _judge(dataset, folder, login, said, process.returncode)


def find_hindrance(dataset: str, total: int | None = None, limit_seconds: float = 20) -> str | None:
    """Say in seconds what would keep a dataset from being downloaded.

    The client begins a download and is ended before the first bytes are written: what lets it come
    so far are credentials that Kaggle accepts, or needs not, and a storage that answers.

    Args:
        dataset: "owner/slug/version".
        total: Bytes of the whole archive if they are known.
        limit_seconds: How long to wait for the client's start, Kaggle and its storage together.

    Returns:
        A line with the mend; nothing where the download can begin, or where Kaggle is only busy.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            trouble = _try(dataset, Path(folder), total, limit_seconds)
    except DataError as error:
        return str(error)
    except OSError:
        return None  # no place to try it in; the download has its own
    return f"{dataset}: {trouble}, {OWN_COPY}" if trouble.startswith("no network") else None


def _try(dataset: str, folder: Path, total: int | None, limit_seconds: float) -> str:
    """Begin a download; return what went wrong in a line, nothing if it began."""
    archive = client_archive(dataset, folder)
    login, environment = _prepare(dataset, folder)
    with tempfile.TemporaryFile(dir=folder) as output:
        with _client(dataset, folder, environment, output) as process:
            ended = _await_start(process, archive, limit_seconds)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if archive.exists() or process.returncode == 0:
        whole = announced_size(archive) or (process.returncode == 0 and size_of(archive))
        if whole and (other := find_other_version(dataset, whole, total)):
            raise DataError(other)
        return ""
    if not ended:
        return f"{_NO_ANSWER} ({limit_seconds:g} s)"
    return _judge(dataset, folder, login, said, process.returncode)


def _prepare(dataset: str, folder: Path) -> tuple[Login, dict[str, str]]:
    """Return what the client may log in with, and its environment.

    Before it runs: it deletes a login that Kaggle refuses.
    """
    if importlib.util.find_spec("kaggle") is None:
        raise DataError(
            "the Kaggle client is not installed; pip install --requirement requirements.lock"
        )
    environment = client_environment(os.environ)
    login = look_up(environment)
    if login.obstacle:
        raise DataError(f"{dataset}: {login.obstacle}; or {NEW_TOKEN}, {OWN_COPY}")
    if not has_sound_folder(environment):
        environment["KAGGLE_CONFIG_DIR"] = str(folder)
    return login, environment


@contextmanager
def _client(
    dataset: str,
    folder: Path,
    environment: Mapping[str, str],
    output: IO[bytes],
    *descriptors: int,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a client, which does not outlive the block."""
    command = [sys.executable, "-u", "-P", "-c", _LAUNCHER, "datasets", "download", dataset]
    process = subprocess.Popen(
        [*command, "--path", str(folder), "--quiet"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=descriptors,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _judge(dataset: str, folder: Path, login: Login, said: str, code: int) -> str:
    """Return what went wrong in a line; raise it where another attempt cannot help."""
    # What was renewed meanwhile is secret, too.
    secrets = login.secrets | find_secrets(client_environment(os.environ))
    failure = Failure(
        dataset=dataset,
        folder=str(folder),
        said=redact(said, secrets),
        started=size_of(client_archive(dataset, folder)) > 0,
        credentials=login.credentials,
        faults=login.faults,
    )
    if refusal := find_refusal(failure):
        raise DataError(refusal)
    end = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return find_network_fault(failure.line) or failure.words or end


def _await_start(process: "subprocess.Popen[bytes]", archive: Path, limit_seconds: float) -> bool:
    """Wait until the client has ended, and return True, or has got something to write."""
    until = time.monotonic() + limit_seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            return True
        if archive.exists():
            if announced_size(archive) is None:
                # Whole already, if it is small; or of a server by which no part can be resumed.
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
            return process.poll() is not None
        time.sleep(0.05)
    return False
