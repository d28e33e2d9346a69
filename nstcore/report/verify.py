"""Whether a crate of a study is as it was packed: `python -m nstcore.report.verify crate.zip`.

`sha256sum --check manifest-sha256.txt`, once it is unpacked, does most of it without this project.
"""

import argparse
import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from nstcore.common.errors import DataError, SeveralError, StudyError
from nstcore.common.hints import in_part, printable, show
from nstcore.common.program import run

METADATA = "ro-crate-metadata.json"
"""The description of a crate."""

MANIFEST = "manifest-sha256.txt"
"""The digests of all other files, as `sha256sum` writes them."""

# What the zip module raises on bytes that are not what a checksum or a header promises.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def verify_crate(path: Path) -> int:
    """Compare a crate with what it says of itself.

    Args:
        path: The archive, from anywhere: nothing of it is extracted.

    Returns:
        How many files were compared.

    Raises:
        DataError: It is no crate.
        StudyError: A line for each file that was changed, is missing or was added.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            found = {name: _digest(archive, name) for name in names}
            manifest = dict(_read_manifest(archive))
            # Of one that was changed nothing is to be known.
            sound = METADATA in found and found[METADATA] == manifest.get(METADATA)
            described = dict(_read_description(archive)) if sound else manifest
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    except (KeyError, TypeError, AttributeError, ValueError, *_DAMAGE) as error:
        words = printable(" ".join(str(error).split())[:200])
        raise DataError(f"{path}: no crate of a study, or a damaged one ({words})") from None
    lines = [f"{show(name)} is there twice" for name in found if names.count(name) > 1]
    for name in sorted(manifest.keys() | found.keys() - {MANIFEST}):
        if name not in found:
            lines.append(f"{show(name)} is missing")
        elif name not in manifest:
            lines.append(f"{show(name)} was added")
        elif found[name] != manifest[name]:
            lines.append(f"{show(name)} was changed")
        elif name != METADATA and described.get(name) != manifest[name]:
            lines.append(f"{show(name)} is not what {METADATA} describes")
    if lines:
        raise SeveralError(*(StudyError(f"{path}: {line}") for line in in_part(lines)))
    return len(manifest)


def _digest(archive: zipfile.ZipFile, name: str) -> str | None:
    """Return the SHA-256 of a member as it is unpacked; None where that fails."""
    digest = hashlib.sha256()
    try:
        with archive.open(name) as member:
            while piece := member.read(1 << 20):
                digest.update(piece)
    except _DAMAGE:
        return None
    return digest.hexdigest()


def _read_manifest(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Yield names and digests."""
    for line in archive.read(MANIFEST).decode("utf-8").splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{MANIFEST} has the line {show(line)}")
        yield match[2], match[1]


def _read_description(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Likewise, as the metadata describe the files."""
    for entity in json.loads(archive.read(METADATA))["@graph"]:
        if "sha256" in entity:
            yield unquote(entity["@id"]), entity["sha256"]


def main() -> None:
    """Verify the crate that the command line names."""
    parser = argparse.ArgumentParser(description="Compare a crate with the digests in it.")
    parser.add_argument("crate", type=Path, help="crate.zip")
    args = parser.parse_args()
    count = verify_crate(args.crate)
    print(f"{args.crate}: {count} files, all as they were packed")


if __name__ == "__main__":
    run(main)
