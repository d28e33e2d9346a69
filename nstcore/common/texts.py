"""Texts of the config that become names of files: refused where a file system or a shell would."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from nstcore.common.hints import holds_login, show
from nstcore.common.mistakes import MistakesError

# What Linux takes of a path, and of each part; in bytes.
_LONGEST_PATH, _LONGEST_NAME = 4095, 255


def _check_path(text: str) -> str:
    """Refuse what cannot be looked for; whether it is there is another question."""
    if not text.isprintable():
        raise MistakesError(f"{show(text)} holds a line break or another unprintable sign")
    if holds_login(text):
        raise MistakesError(
            f"{show(text)} holds a login, which would be in all records; download the file and "
            "give its path"
        )
    parts = Path(text).parts
    if len(os.fsencode(text)) > _LONGEST_PATH or any(
        len(os.fsencode(part)) > _LONGEST_NAME for part in parts
    ):
        raise MistakesError(f"{show(text)} is too long for a path")
    try:
        Path(text).expanduser()
    except RuntimeError:
        raise MistakesError(f"{parts[0]} is the home of nobody here") from None
    return text


FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
"""A name that files and folders are given, on any system."""

PathText = Annotated[str, Field(min_length=1), AfterValidator(_check_path)]
"""A path of the user's, that need not exist."""


def is_folder_name(name: str) -> bool:
    """Tell whether a name can be one folder's or file's, shown and not hidden, and no path."""
    return bool(name) and name.isprintable() and not name.startswith(".") and "/" not in name
