"""Download a dataset from Kaggle: resumed when cut, verified before anyone sees it.

The client compares sizes and nothing else, so an archive counts only once every member has been
read back.
"""

import errno
import fcntl
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nstcore.common.disk import telling
from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write, sha256
from nstcore.dataset.archive import find_fault, require_space
from nstcore.dataset.kaggle import ENDED_EARLY, attempt, find_hindrance
from nstcore.dataset.kaggle_errors import OWN_COPY, dataset_page
from nstcore.dataset.watching import (
    Patience,
    announced_size,
    client_archive,
    resume_marker,
    size_of,
)

SIZES = {"ikarus777/best-artworks-of-all-time/1": 2_460_161_668}
"""Bytes of the archives whose size is known beforehand."""

_DATASET = re.compile(r"[\w-]+/[\w-]+/[1-9]\d*", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")


def download(dataset: str, archive: Path, cache: Path, patience: Patience | None = None) -> None:
    """Download a dataset, resuming what an earlier run left in the cache.

    The partial archive lives in `cache/<owner>/<slug>/<version>/`, with the SHA-256 of the first
    sound one beside it. An archive that is not sound is renamed to `*.bad` there, and the download
    begins anew, once. Progress is printed.

    Args:
        dataset: "owner/slug/version", as in ikarus777/best-artworks-of-all-time/1.
        archive: Where the zip file is to appear, whole and verified.
        cache: A folder that survives when a failed job's outputs are deleted.
        patience: How long to wait for what.

    Raises:
        DataError: Kaggle refuses (login, access, unknown dataset), cannot be reached, or sends
            something else, another version included; a disk is too full or cannot be written to;
            or another download uses the cache.
    """
    _check_name(dataset)
    folder = cache / dataset
    with telling(folder):
        folder.mkdir(parents=True, exist_ok=True)
        archive.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder) as lock:
            _obtain(dataset, archive, cache, patience or Patience(), lock)
            with telling(archive):
                _move(client_archive(dataset, folder), archive)
        print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB, verified", flush=True)


def foresee_download(
    dataset: str, archive: Path, cache: Path, limit_seconds: float = 20
) -> str | None:
    """Say in seconds, without downloading, what would keep a download from ending well.

    Args:
        dataset: "owner/slug/version".
        archive: Where the zip file is to appear.
        cache: The folder of partial downloads.
        limit_seconds: How long to wait for Kaggle.

    Returns:
        A line with the mend: no network, a login that is missing or refused, no such dataset ...;
        nothing where the download can begin, or Kaggle need not be asked.
    """
    try:
        _check_name(dataset)
    except DataError as error:
        return str(error)
    if archive.exists() or _needs_no_client(client_archive(dataset, cache / dataset)):
        return None
    return find_hindrance(dataset, SIZES.get(dataset), limit_seconds)


def find_needed_space(dataset: str, archive: Path, cache: Path) -> list[tuple[Path, int]]:
    """Tell the bytes that a download, and what is extracted of it, still need.

    Args:
        dataset: "owner/slug/version".
        archive: Where the zip file is to appear; as much again is extracted beside it.
        cache: The folder of partial downloads.

    Returns:
        Folders that exist, each on a disk of its own, with bytes; nothing if no size is known.
    """
    size = SIZES.get(dataset)
    if size is None:
        return []
    goal = _nearest(archive.parent)
    if archive.exists():
        return [(goal, size)]
    draft = client_archive(dataset, cache / dataset)
    rest = max(0, size - (draft.stat().st_size if draft.exists() else 0))
    start = _nearest(draft.parent)
    if start.stat().st_dev == goal.stat().st_dev:
        return [(start, rest + size)]
    return [(start, rest), (goal, 2 * size)]


def _check_name(dataset: str) -> None:
    if not _DATASET.fullmatch(dataset):
        raise DataError(
            f"{dataset!r} is no dataset with its version; write owner/slug/version, as in "
            f"{next(iter(SIZES))}"
        )


def _obtain(dataset: str, archive: Path, cache: Path, patience: Patience, lock: int) -> None:
    """Bring a sound archive to where the client writes it."""
    draft = client_archive(dataset, cache / dataset)
    if _needs_no_client(draft):
        # A run that was killed before it had verified left this.
        if not (fault := _find_leftover_fault(dataset, draft)):
            return
        _set_aside(draft, fault)
    elif draft.exists() and announced_size(draft) != SIZES.get(dataset, announced_size(draft)):
        _set_aside(draft, "a part of another version")
    for _ in range(2):
        for folder, needed in find_needed_space(dataset, archive, cache):
            require_space(folder, needed)
        _fetch(dataset, draft, patience, lock)
        print(f"{draft}: verifying", flush=True)
        if not (fault := find_fault(draft)):
            # Another sound archive would come again: it stays, for the case that it is wanted.
            if difference := _find_difference(dataset, draft):
                raise DataError(f"{dataset}: Kaggle sent {difference}, {OWN_COPY}")
            return
        _set_aside(draft, fault)
    raise DataError(
        f"{dataset}: twice Kaggle sent {fault}; see whether {dataset_page(dataset)} lets you "
        f"download it in a browser, {OWN_COPY}"
    )


def _fetch(dataset: str, draft: Path, patience: Patience, lock: int) -> None:
    """Run the client until it ends well, or the archive is as long as was announced."""
    heard, size, anew = time.monotonic(), size_of(draft), False
    for number, wait in enumerate((*patience.waits, None), start=1):
        at = f", {size / 1e6:.1f} MB are here" if size else ""
        print(f"{dataset}: attempt {number}{at}", flush=True)
        left = patience.silence_seconds - (time.monotonic() - heard)
        bounded = replace(patience, stall_seconds=min(patience.stall_seconds, max(left, 0)))
        failure = attempt(dataset, draft.parent, bounded, SIZES.get(dataset), lock)
        if not failure or _is_complete(draft):
            return
        print(f"{dataset}: attempt {number} failed: {failure}", flush=True)
        grown = size_of(draft) > size
        if failure == ENDED_EARLY and draft.exists() and not grown and not anew:
            # It takes the part for the whole of what Kaggle has by now.
            _set_aside(draft, "a part of another archive than Kaggle has now")
            anew, size = True, 0
            continue
        heard = time.monotonic() - _age(draft) if grown else heard
        size = size_of(draft)
        silent = time.monotonic() - heard
        if wait is None or silent + wait >= patience.silence_seconds:
            break
        print(f"{dataset}: next attempt in {wait:g} s", flush=True)
        time.sleep(wait)
    attempts = "attempts" if number > 1 else "attempt"
    raise DataError(
        f"{dataset}: {number} {attempts} failed, the last with: {failure}; run again to resume, "
        f"delete {draft.parent} to begin anew, {OWN_COPY}"
    )


def _age(file: Path) -> float:
    """Return the seconds since a file was written to."""
    return max(0.0, time.time() - file.stat().st_mtime)


def _needs_no_client(draft: Path) -> bool:
    """Tell whether a file has to be looked at first: all is there, or nothing tells what is not."""
    return draft.exists() and (announced_size(draft) is None or _is_complete(draft))


def _is_complete(draft: Path) -> bool:
    announced = announced_size(draft)
    return announced is not None and size_of(draft) >= announced


def _find_leftover_fault(dataset: str, draft: Path) -> str | None:
    print(f"{draft}: verifying", flush=True)
    announced = announced_size(draft)
    if announced is not None and draft.stat().st_size > announced:
        return f"longer than the {announced:,} bytes that Kaggle announced"
    return find_fault(draft) or _find_difference(dataset, draft)


def _find_difference(dataset: str, draft: Path) -> str | None:
    """Say in what a sound archive is not the known one; if in nothing, record its SHA-256."""
    size, known = draft.stat().st_size, SIZES.get(dataset)
    if known is not None and size != known:
        return (
            f"another version, of {size:,} bytes and not {known:,}; compare it with "
            f"{dataset_page(dataset)}"
        )
    record = draft.with_name(f"{draft.name}.sha256")
    digest = sha256(draft)
    recorded = _read_digest(record)
    if recorded is None:
        with telling(record), atomic_write(record) as file:
            file.write_text(f"{digest}  {draft.name}\n", encoding="utf-8")
    elif recorded != digest:
        return f"an archive with another SHA-256 than {record} says; delete that if it is outdated"
    return None


def _read_digest(record: Path) -> str | None:
    """Return what was recorded; None where a power cut, say, has left no digest."""
    if not record.exists():
        return None
    digest = record.read_bytes().decode(errors="replace")[:64]
    return digest if _DIGEST.fullmatch(digest) else None


def _set_aside(draft: Path, fault: str) -> None:
    bad = draft.with_name(f"{draft.name}.bad")
    draft.replace(bad)
    resume_marker(draft).unlink(missing_ok=True)
    print(f"{draft}: {fault}; set aside as {bad.name}", flush=True)


def _move(draft: Path, archive: Path) -> None:
    # First: a marker without its file is nothing, but one beside a later file would tell of it.
    resume_marker(draft).unlink(missing_ok=True)
    try:
        draft.replace(archive)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_write(archive) as copy:
            shutil.copyfile(draft, copy)
        draft.unlink()


def _nearest(folder: Path) -> Path:
    """Return the nearest folder that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Keep other downloads out of a folder; yield the descriptor that holds the lock.

    The client inherits it, so one that outlives a killed run still keeps others out.
    """
    with (folder / "lock").open("a+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            number = file.read().strip() or "unknown"
            raise DataError(
                f"{folder}: another download is at work here; wait until its client (process "
                f"{number}) has ended, or end it"
            ) from None
        except OSError as error:
            # Some network file systems have no locks; a single user does without.
            print(f"{folder}: not locked ({error.strerror})", flush=True)
        yield file.fileno()
