"""Remove one study's results, and nothing else: `make clean-study STUDY=name`."""

import argparse
import json
import os
import shutil
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nstcore.common.errors import DataError
from nstcore.common.formatting import format_bytes
from nstcore.common.hints import show
from nstcore.common.program import run
from nstcore.common.texts import is_folder_name

RESULTS = "results"
"""The folder of all studies."""

# Where Snakemake keeps what it knows of files, and which it works on.
_KNOWN = (".snakemake/metadata", ".snakemake/incomplete")
_LOCKS = ".snakemake/locks"


@dataclass(frozen=True)
class Removed:
    """What was removed."""

    files: int
    bytes: int
    records: int
    """Of Snakemake's, on these files."""


def remove_study(name: str, root: Path | str = ".") -> Removed:
    """Remove `results/<name>`, and what Snakemake noted of it.

    What studies share stays: `data/`, the caches of weights, other studies. The folder loses its
    name at once, so that no half of a study is left where this is interrupted.

    Args:
        name: The study's, or the path of its folder.
        root: Where Snakemake runs.

    Raises:
        DataError: That is no study's folder, or one that a run works on; nothing is removed.
    """
    root = Path(root)
    name = name.rstrip("/").removeprefix("./").removeprefix(f"{RESULTS}/")
    folder = root / RESULTS / name
    if not is_folder_name(name):
        raise DataError(f"{show(name)} is no study's name; give STUDY=name, as in its config")
    _check(folder, name)
    if any(file.startswith(f"{RESULTS}/{name}/") for file in _locked(root)):
        raise DataError(
            f"{folder}: a run is at work here, or was killed; wait for its end, or call snakemake "
            "--unlock with the study's config"
        )
    doomed = folder.with_name(f".removed.{name}.{os.getpid()}")
    try:
        files = [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]
        size = sum(path.lstat().st_size for path in files)
        folder.rename(doomed)
        # Also what an earlier call was interrupted in.
        for left in folder.parent.glob(f".removed.{name}.*"):
            shutil.rmtree(left)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: cannot be removed ({error.strerror})"
        ) from None
    return Removed(len(files), size, _forget(root, f"{RESULTS}/{name}/"))


def _check(folder: Path, name: str) -> None:
    """Refuse what is no study's folder.

    Raises:
        DataError: Says why.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise DataError(f"{folder}: leads to another folder; remove that by hand")
    if not folder.is_dir():
        known = sorted(path.parent.name for path in folder.parent.glob("*/config.json"))
        raise DataError(f"{folder}: no such study; there are {', '.join(known) or 'none'}")
    record = folder / "config.json"
    try:
        recorded = json.loads(record.read_text("utf-8"))["config"]["study"]
    except FileNotFoundError:
        raise DataError(f"{folder}: no study's folder, it has no config.json") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise DataError(f"{record}: no study's record; remove the folder by hand") from None
    if recorded != name:
        raise DataError(
            f"{folder}: its config.json is that of the study {show(recorded)}; remove the folder "
            "by hand, or give it that name"
        )


def _locked(root: Path) -> Iterator[str]:
    """Yield the files that a run of Snakemake reads or writes."""
    for lock in sorted((root / _LOCKS).glob("*.lock")):
        yield from lock.read_text("utf-8", errors="replace").splitlines()


def _forget(root: Path, begin: str) -> int:
    """Remove Snakemake's records of files whose path begins so; return how many."""
    count = 0
    for place in (root / one for one in _KNOWN):
        for path in sorted(place.rglob("*")):
            # A long name is cut into folders that begin with a sign of their own.
            code = "".join(part.removeprefix("@") for part in path.relative_to(place).parts)
            try:
                file = urlsafe_b64decode(code).decode("utf-8")
            except ValueError:
                continue
            if path.is_file() and file.startswith(begin):
                path.unlink()
                count += 1
    return count


def main() -> None:
    """Remove the study that the command line names, and tell what was removed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", help="its name, as in its config")
    args = parser.parse_args()
    removed = remove_study(args.study)
    print(
        f"{RESULTS}/{args.study.rstrip('/').removeprefix(f'{RESULTS}/')}: removed "
        f"{removed.files} files, {format_bytes(removed.bytes)}, and {removed.records} records of "
        "Snakemake's; data/ and other studies stay"
    )


if __name__ == "__main__":
    run(main)
