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
    client_environment,
    find_credentials,
    find_faults,
    find_obstacle,
    find_secrets,
    has_sound_folder,
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
# credentials. The script itself may be missing, or name an interpreter that has moved.
_LAUNCHER = "import sys; sys.argv[0] = 'kaggle'; from kaggle.cli import main; main()"
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
    environment = _prepare(dataset, folder)
    before = size_of(archive)
    with tempfile.TemporaryFile(dir=folder) as output:
        with _client(dataset, folder, environment, output, lock) as process:
            os.truncate(lock, 0)
            os.write(lock, f"{process.pid}\n".encode())
            stalled = watch(process, archive, patience, total)
        whole = announced_size(archive)
        if whole and (other := find_other_version(dataset, whole, total)) and begun(archive):
            raise DataError(other)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if stalled and size_of(archive) <= before:
        return f"nothing arrived for {patience.stall_seconds:g} s; {_NO_ANSWER}"
    if stalled:
        return f"nothing arrived for {patience.stall_seconds:g} s"
    if process.returncode == 0:
        whole = archive.exists() and not resume_marker(archive).exists()
        return None if whole else ENDED_EARLY
    return _judge(dataset, folder, said, process.returncode)


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
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile() as output:
        folder = Path(name)
        archive = client_archive(dataset, folder)
        try:
            environment = _prepare(dataset, folder)
            with _client(dataset, folder, environment, output) as process:
                ended = _await_start(process, archive, limit_seconds)
            output.seek(0)
            said = output.read().decode(errors="replace")
            if archive.exists() or process.returncode == 0:
                whole = announced_size(archive) or (process.returncode == 0 and size_of(archive))
                return find_other_version(dataset, whole, total) if whole else None
            if not ended:
                return f"{dataset}: {_NO_ANSWER} ({limit_seconds:g} s)"
            trouble = _judge(dataset, folder, said, process.returncode)
        except DataError as error:
            return str(error)
    return f"{dataset}: {trouble}, {OWN_COPY}" if trouble.startswith("no network") else None


def _prepare(dataset: str, folder: Path) -> dict[str, str]:
    """Return the client's environment, after a look at what it would break off over."""
    if importlib.util.find_spec("kaggle") is None:
        raise DataError(
            "the Kaggle client is not installed; pip install --requirement requirements.lock"
        )
    environment = client_environment(os.environ)
    if obstacle := find_obstacle(environment):
        raise DataError(f"{dataset}: {obstacle}; or {NEW_TOKEN}, {OWN_COPY}")
    if not has_sound_folder(environment):
        environment["KAGGLE_CONFIG_DIR"] = str(folder)
    return environment


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


def _judge(dataset: str, folder: Path, said: str, code: int) -> str:
    """Return what went wrong in a line; raise it where another attempt cannot help."""
    environment = client_environment(os.environ)
    failure = Failure(
        dataset=dataset,
        folder=str(folder),
        said=redact(said, find_secrets(environment)),
        started=size_of(client_archive(dataset, folder)) > 0,
        credentials=find_credentials(environment),
        faults=find_faults(environment),
    )
    if refusal := find_refusal(failure):
        raise DataError(refusal)
    return find_network_fault(failure.line) or failure.words or f"exit code {code}"


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
