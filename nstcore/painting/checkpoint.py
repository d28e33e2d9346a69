"""The saved state of a training run, from which a killed one goes on to the same bytes.

A run advances parts (batches of pairs) in lockstep, epoch by epoch. Beside its output lies a folder
with what the run depends on, the losses of all complete epochs, and a file per part with its epoch,
the losses of that epoch and its arrays. Every file appears whole, and the losses are written at the
end of every epoch, so no part is ever more than one epoch ahead of them. Complete epochs are told
from the losses alone; in the first that is not, parts that are behind catch up. Steps are
deterministic, so that gives the same bytes.
"""

import json
import shutil
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nstcore.common.arrays import check_size
from nstcore.common.files import atomic_write

State = list[NDArray[Any]]
"""What the next step of a part depends on."""
LossRows = NDArray[np.float32]
"""The losses of a part's pairs at one epoch: (pairs, 3)."""
Step = Callable[[int, State], tuple[State, LossRows]]
"""Advances a part to an epoch, given its state at the epoch before; tells its losses there."""

FORMAT = 1
"""Version of the saved files."""


def _print(line: str) -> None:
    print(line, flush=True)


class _UselessError(Exception):
    """A file is damaged or not of this run: nothing must be taken from it."""


@dataclass(frozen=True)
class _Part:
    epoch: int
    rows: LossRows
    state: State


class Checkpoint:
    """The parts of a run, in memory as far as they may be and on disk beyond that.

    Example:
        >>> checkpoint = Checkpoint(folder, identity, sizes=[2, 2], in_memory=2, save_every=5)
        >>> for epoch in range(epochs + 1):
        ...     rows = [checkpoint.advance(part, epoch, start, step) for part in range(2)]
        ...     checkpoint.finish(epoch, rows)
    """

    def __init__(
        self,
        folder: Path | str | None,
        identity: Mapping[str, Any],
        sizes: Sequence[int],
        *,
        in_memory: int,
        save_every: int,
        say: Callable[[str], None] = _print,
    ) -> None:
        """Take up a run where it was, or begin it.

        Args:
            folder: Where it is saved; None saves nothing and holds all parts in memory.
            identity: All that its results depend on, as plain values for JSON. What was saved of
                another run, or is damaged, is thrown away.
            sizes: The number of pairs of each part.
            in_memory: Parts are held while they come to no more pairs than this.
            save_every: Epochs after which the parts that are held are saved; others always are.
            say: Called with one line where something saved was found.
        """
        self._folder = None if folder is None else Path(folder)
        self._offsets = np.cumsum([0, *sizes])
        self._holds = [folder is None or bool(end <= in_memory) for end in self._offsets[1:]]
        self._save_every = save_every
        self._say = say
        self._held: dict[int, _Part] = {}
        self._history: list[LossRows] = []
        about = {"format": FORMAT, "sizes": list(sizes), "run": dict(identity)}
        text = json.dumps(about, sort_keys=True)
        # A file of another run, where removing it failed, does not pass for one of this run.
        self._key = zlib.crc32(text.encode())
        if self._folder is not None:
            self._open(self._folder, text)

    @property
    def complete(self) -> int:
        """The number of epochs whose losses are known: the next to be worked on."""
        return len(self._history)

    def advance(self, number: int, epoch: int, start: Callable[[], State], step: Step) -> LossRows:
        """Bring a part to an epoch and return its losses there.

        Nothing is computed for a complete epoch, nor for a part that was saved at this one.

        Args:
            number: The part.
            epoch: 0, 1, 2 ..., one after the other.
            start: Makes the state before epoch 0.
            step: Advances it by one epoch.
        """
        if epoch < self.complete:
            return self._history[epoch][self._offsets[number] : self._offsets[number + 1]]
        part = self._take(number, epoch)
        reached = -1 if part is None else part.epoch
        part = part or _Part(-1, np.empty((0, 3), np.float32), start())
        for current in range(reached + 1, epoch + 1):
            state, rows = step(current, part.state)
            part = _Part(current, rows, state)
        if self._holds[number]:
            self._held[number] = part
        elif self._folder is not None and reached < epoch:
            self._save(self._folder, number, part)
        return part.rows

    def finish(self, epoch: int, rows: Sequence[LossRows]) -> None:
        """End an epoch, of which the losses of all parts are given."""
        if epoch < self.complete:
            return
        self._history.append(np.concatenate(rows))
        if self._folder is None:
            return
        _write(self._folder / "history.bin", self._key, [np.stack(self._history)])
        if epoch % self._save_every == 0:
            for number, part in self._held.items():
                self._save(self._folder, number, part)

    def _open(self, folder: Path, text: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for draft in folder.glob(".*.part.*"):
            draft.unlink()
        if any(folder.iterdir()):
            try:
                _compare(folder / "about.json", text)
                if (folder / "history.bin").exists():
                    self._history = list(_read(folder / "history.bin", self._key)[0])
                self._say(f"going on at epoch {self.complete}, with what was saved in {folder}")
                return
            except _UselessError as error:
                self._say(f"starting anew, not with what was saved in {folder}: {error}")
                remove(folder)
        with atomic_write(folder / "about.json") as draft:
            draft.write_text(text, "utf-8")

    def _take(self, number: int, epoch: int) -> _Part | None:
        """Fetch a part as it was last, if it can be of use for this epoch."""
        if number in self._held:
            return self._held[number]
        if self._folder is None:
            return None
        path = _path(self._folder, number)
        if not path.exists():
            return None
        try:
            reached, rows, *state = _read(path, self._key)
            if reached > epoch:
                raise _UselessError(f"{path.name} is ahead of the losses")
            return _Part(int(reached), rows, state)
        except _UselessError as error:
            # The other parts are none the worse for it.
            self._say(f"starting batch {number} anew: {error}")
            return None

    def _save(self, folder: Path, number: int, part: _Part) -> None:
        arrays = [np.array(part.epoch), part.rows, *part.state]
        _write(_path(folder, number), self._key, arrays)


def complete_epochs(folder: Path | str) -> int | None:
    """Tell how many epochs a run has come to that is under way, or was when it was stopped.

    Args:
        folder: In which it saves itself.

    Returns:
        0 where only the start is done; None where nothing usable is saved.
    """
    folder = Path(folder)
    try:
        key = zlib.crc32((folder / "about.json").read_bytes())
        return len(_read(folder / "history.bin", key)[0]) - 1
    except (OSError, _UselessError):
        return None


def remove(folder: Path | str) -> None:
    """Delete what was saved of a run, if anything was."""
    # Without its description no half-removed folder is taken for a run.
    (Path(folder) / "about.json").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number}.bin"


def _compare(path: Path, text: str) -> None:
    """Check that a description of a run is the given one.

    Raises:
        _UselessError: It is not; says what differs.
    """
    try:
        saved = path.read_text("utf-8")
        if saved == text:
            return
        old, new = json.loads(saved), json.loads(text)
        if old["format"] != new["format"]:
            raise _UselessError(f"format {old['format']} instead of {new['format']}")
        keys = sorted(old["run"].keys() | new["run"].keys())
        changed = [key for key in keys if old["run"].get(key) != new["run"].get(key)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _UselessError(f"{path.name} is missing or damaged") from None
    raise _UselessError(f"it was made with other {', '.join(changed) or 'batches'}")


def _write(path: Path, key: int, arrays: Sequence[NDArray[Any]]) -> None:
    """Write a checksum of 4 bytes and then the arrays, one after the other as NumPy saves them."""
    buffer = BytesIO()
    for values in arrays:
        np.save(buffer, values, allow_pickle=False)
    data = buffer.getbuffer()
    with atomic_write(path) as draft, draft.open("wb") as file:
        file.write(zlib.crc32(data, key).to_bytes(4, "little"))
        file.write(data)


def _read(path: Path, key: int) -> list[NDArray[Any]]:
    """Read what `_write` wrote with this key.

    Raises:
        _UselessError: The file cannot be read, is damaged, or was written with another key.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _UselessError(f"{path.name}: {error.strerror}") from None
    if len(data) <= 4 or zlib.crc32(memoryview(data)[4:], key).to_bytes(4, "little") != data[:4]:
        raise _UselessError(f"{path.name} is damaged")
    buffer = BytesIO(data)
    buffer.seek(4)
    arrays: list[NDArray[Any]] = []
    try:
        while (start := buffer.tell()) < len(data):
            check_size(buffer, len(data) - start)
            buffer.seek(start)
            arrays.append(np.load(buffer, allow_pickle=False))
    except ValueError as error:
        raise _UselessError(f"{path.name} is damaged ({error})") from None
    return arrays
