"""What `nst` reads and writes: paintings, photographs, and pictures by their file's ending."""

import glob
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from nstcore.common.errors import ConfigError, DataError, ImageError
from nstcore.common.files import atomic_write
from nstcore.images.formats import SUFFIXES
from nstcore.images.io import save_png

ENDINGS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""What pictures are written as, by the ending of their name."""

_IMAGE_DESCRIPTION = 270
"""The TIFF and EXIF tag of a text on a picture."""


def find_pictures(places: Iterable[str]) -> list[Path]:
    """Return the picture files that folders, files and patterns name, each once.

    Args:
        places: Folders, whose pictures are taken with those of their subfolders in the order of
            their names; files; and patterns as a shell's, for shells that do not expand them.

    Raises:
        DataError: A place is not there, or there is no picture; a line for each.
    """
    found: list[Path] = []
    lines: list[str] = []
    for place in places:
        path = Path(place)
        if path.is_dir():
            inside = sorted(
                one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file()
            )
            if not inside:
                lines.append(f"{place}: no picture in this folder")
            found += inside
        elif path.is_file():
            found.append(path)
        elif matching := sorted(glob.glob(place, recursive=True)):  # noqa: PTH207 (absolute, too)
            found += [Path(one) for one in matching if Path(one).is_file()]
        else:
            lines.append(f"{place}: no such file or folder")
    if lines:
        raise DataError("; ".join(lines))
    unique = {path.resolve(): path for path in found}
    if not unique:
        raise DataError("no pictures; name files, folders or patterns")
    return list(unique.values())


def plan_outputs(photos: Sequence[Path], output: str | None, *, force: bool) -> list[Path]:
    """Return where the picture of each photograph goes.

    Args:
        photos: The photographs.
        output: A folder, or for one photograph a file whose ending says its format; by default the
            folder that one stands in.
        force: Whether what is there may be written over.

    Raises:
        ConfigError: The ending is none of `ENDINGS`, pictures would have one name, or one is there.
    """
    folder = Path(output or ".")
    is_file = output is not None and not folder.is_dir() and not output.endswith(("/", "\\"))
    if is_file and folder.suffix:
        if folder.suffix.lower() not in ENDINGS:
            raise ConfigError(
                f"{output}: pictures are written as {', '.join(ENDINGS)}; end a folder's name in /"
            )
        if len(photos) > 1:
            raise ConfigError(f"{output}: one file for {len(photos)} photographs; give a folder")
        outputs = [folder]
    else:
        suffix = "" if output else ".painted"
        parents = [folder if output else photo.parent for photo in photos]
        outputs = [
            parent / f"{photo.stem}{suffix}.png"
            for parent, photo in zip(parents, photos, strict=True)
        ]
    seen: dict[Path, Path] = {}
    for photo, path in zip(photos, outputs, strict=True):
        if path in seen:
            raise ConfigError(f"{photo}: would be painted to {path}, as {seen[path]}; rename one")
        seen[path] = photo
        if path.exists() and photo.exists() and path.samefile(photo):
            raise ConfigError(f"{path}: the photograph itself; give another name to -o")
        if path.exists() and not force:
            raise ConfigError(f"{path}: is there already; add --force to paint over it")
        if path.is_dir():
            raise ConfigError(f"{path}: a folder stands where the picture goes; rename it")
    return outputs


def check_writable(path: Path) -> None:
    """Refuse a file whose folder cannot be written to, before work is done for it.

    Raises:
        DataError: Names the folder.
    """
    folder = next(one for one in path.absolute().parents if one.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{path}: {folder} cannot be written to; give -o another folder")


def save(image: Image.Image, path: Path, about: Mapping[str, Any]) -> None:
    """Write a picture as its name's ending says, whole or not at all, with its provenance.

    Raises:
        ImageError: JPEG takes no picture of that size.
    """
    text = json.dumps(about)
    kind = ENDINGS[path.suffix.lower()]
    if kind == "PNG":
        save_png(image, path, {"nstcore": text})
        return
    if kind == "JPEG" and max(image.size) > 65_500:
        raise ImageError(f"{path}: JPEG takes at most 65500 pixels a side; end the name in .png")
    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = text
    with atomic_write(path) as draft:
        if kind == "JPEG":
            image.save(draft, format="JPEG", quality=95, subsampling=0, exif=exif)
        else:
            image.save(draft, format="TIFF", compression="tiff_deflate", exif=exif)
