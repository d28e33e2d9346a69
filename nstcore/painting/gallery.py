"""The pictures that one process paints, kept one by one until all of them are there."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nstcore.common.files import atomic_write, sha256
from nstcore.painting.provenance import surroundings

_IDENTITY = ".identity.json"


class Gallery:
    """A folder of pictures that appears once it is complete.

    Until then they lie beside it, in `.<name>.state`, each whole, and a process that is killed is
    followed by one that paints what is missing.

    Example:
        >>> with Gallery(folder, settings, contents) as gallery:
        ...     for content in contents:
        ...         gallery.hang(content, paint)
    """

    def __init__(
        self, folder: Path | str, settings: Mapping[str, Any], contents: Sequence[Path]
    ) -> None:
        """Take up what an earlier process has painted, if that is what would be painted now.

        Args:
            folder: Where the pictures are to be.
            settings: All that they depend on beside contents, versions and machine.
            contents: The files that are painted, whose names the pictures get.
        """
        self._folder = Path(folder)
        self._state = self._folder.with_name(f".{self._folder.name}.state")
        identity = {
            **settings,
            "contents": {path.name: sha256(path) for path in contents},
            **surroundings(),
        }
        text = json.dumps(identity, sort_keys=True)
        if not self._belongs(text):
            shutil.rmtree(self._state, ignore_errors=True)
            with atomic_write(self._state / _IDENTITY) as draft:
                draft.write_text(text, "utf-8")
        for draft in self._state.glob(".*.part.*"):
            draft.unlink()

    def _belongs(self, text: str) -> bool:
        try:
            return (self._state / _IDENTITY).read_text("utf-8") == text
        except (OSError, ValueError):
            return False

    def hang(self, content: Path, paint: Callable[[Path, Path], None]) -> None:
        """Paint a content, unless its picture is there.

        Args:
            content: One of the files.
            paint: Given it and where its picture goes, writes that whole or not at all.
        """
        path = self._state / content.name
        if path.exists():
            print(f"{content.stem}: kept from before", flush=True)
        else:
            paint(content, path)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the folder appear, if nothing went wrong."""
        if kind is None:
            (self._state / _IDENTITY).unlink()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._state.rename(self._folder)
