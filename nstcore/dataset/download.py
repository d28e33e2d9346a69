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
from pathlib import Path

from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write, sha256
from nstcore.dataset.archive import find_fault, require_space
from nstcore.dataset.kaggle import (
    OWN_COPY,
    Patience,
    attempt,
    client_archive,
    dataset_page,
    resume_marker,
)

SIZES = {"ikarus777/best-artworks-of-all-time/1": 2_460_161_668}
"""Bytes of the archives whose size is known beforehand."""

_DATASET = re.compile(r"[\w-]+/[\w-]+/[1-9]\d*", re.ASCII)


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
            something else; the disk is too full; or another download uses the cache.
    """
    if not _DATASET.fullmatch(dataset):
        raise DataError(
            f"{dataset!r} is no dataset with its version; write owner/slug/version, as in "
            f"{next(iter(SIZES))}"
        )
    folder = cache / dataset
    folder.mkdir(parents=True, exist_ok=True)
    archive.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder) as lock:
        draft = client_archive(dataset, folder)
        _obtain(dataset, draft, archive, patience or Patience(), lock)
        _move(draft, archive)
    print(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB, verified", flush=True)


def _obtain(dataset: str, draft: Path, archive: Path, patience: Patience, lock: int) -> None:
    """Bring a sound archive to `draft`."""
    if draft.exists() and not resume_marker(draft).exists():
        # A run that was killed before it had verified left this.
        if not (fault := _verify(draft)):
            return
        _set_aside(draft, fault)
    for _ in range(2):
        _require_space(dataset, draft, archive)
        _fetch(dataset, draft, patience, lock)
        if not (fault := _verify(draft)):
            return
        _set_aside(draft, fault)
    raise DataError(
        f"{dataset}: twice Kaggle sent {fault}; see whether {dataset_page(dataset)} lets you "
        f"download it in a browser, {OWN_COPY}"
    )


def _fetch(dataset: str, draft: Path, patience: Patience, lock: int) -> None:
    """Run the client until it ends well."""
    for number, wait in enumerate((*patience.waits, None), start=1):
        at = f", {draft.stat().st_size / 1e6:.1f} MB are here" if draft.exists() else ""
        print(f"{dataset}: attempt {number}{at}", flush=True)
        failure = attempt(dataset, draft.parent, patience, SIZES.get(dataset), lock)
        if not failure:
            return
        print(f"{dataset}: attempt {number} failed: {failure}", flush=True)
        if wait is not None:
            print(f"{dataset}: next attempt in {wait:g} s", flush=True)
            time.sleep(wait)
    raise DataError(
        f"{dataset}: {number} attempts failed, the last with: {failure}; run again to resume, "
        f"delete {draft.parent} to begin anew, {OWN_COPY}"
    )


def _verify(draft: Path) -> str | None:
    """Say what is wrong with an archive; if nothing, record its SHA-256 or compare it."""
    print(f"{draft}: verifying", flush=True)
    if fault := find_fault(draft):
        return fault
    record = draft.with_name(f"{draft.name}.sha256")
    digest = sha256(draft)
    if not record.exists():
        with atomic_write(record) as file:
            file.write_text(f"{digest}  {draft.name}\n", encoding="utf-8")
    elif record.read_text(encoding="utf-8").split()[:1] != [digest]:
        return f"an archive with another SHA-256 than {record} says (delete that if it is outdated)"
    return None


def _set_aside(draft: Path, fault: str) -> None:
    bad = draft.with_name(f"{draft.name}.bad")
    draft.replace(bad)
    resume_marker(draft).unlink(missing_ok=True)
    print(f"{draft}: {fault}; set aside as {bad.name}", flush=True)


def _require_space(dataset: str, draft: Path, archive: Path) -> None:
    """Check for room for the rest of the archive, and as much again for what is extracted."""
    size = SIZES.get(dataset)
    if size is None:
        return
    rest = size - (draft.stat().st_size if draft.exists() else 0)
    if draft.parent.stat().st_dev == archive.parent.stat().st_dev:
        require_space(draft.parent, rest + size)
    else:
        require_space(draft.parent, rest)
        require_space(archive.parent, 2 * size)


def _move(draft: Path, archive: Path) -> None:
    try:
        draft.replace(archive)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_write(archive) as copy:
            shutil.copyfile(draft, copy)
        draft.unlink()


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Keep other downloads out of a folder; yield the descriptor that holds the lock.

    The client inherits it, so one that outlives a killed run still keeps others out.
    """
    with (folder / "lock").open("a+", encoding="utf-8") as file:
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
