import os
import re
import weakref
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nstcore.painting import checkpoint as saved
from nstcore.painting.checkpoint import Checkpoint, complete_epochs, remove

SIZES = [2, 1, 2]
EPOCHS = 5
IDENTITY = {"optimizer": ["adam", {"learning_rate": 0.02}], "rate": 3.9}
WAYS = [(0, 1), (2, 1), (2, 3), (5, 1), (5, 3)]
"""Pairs in memory (none, one batch, all) and epochs between saves of those."""


class KilledError(Exception):
    pass


class Study:
    """A run of chaotic pictures, which may be killed at its n-th moment."""

    def __init__(self, folder, way=(2, 3), kill_at=None, **identity):
        self.folder, self.way, self.kill_at = folder, way, kill_at
        self.identity = IDENTITY | identity
        self.said = []
        self.moments = self.steps = self.most_alive = 0
        self.pictures = []

    def moment(self):
        self.moments += 1
        if self.moments == self.kill_at:
            raise KilledError

    def start(self):
        return [np.linspace(0.1, 0.7, 12).reshape(2, 6), np.int64(0)]

    def step(self, epoch, state):
        """The logistic map: one epoch too many, or one wrong bit, soon gives other losses."""
        self.moment()
        self.steps += 1
        pixels, count = state
        assert count == epoch
        assert count.shape == ()
        self.pictures.append(weakref.ref(pixels))
        alive = {id(ref()) for ref in self.pictures if ref() is not None}
        self.most_alive = max(self.most_alive, len(alive))
        new = self.identity["rate"] * pixels * (1 - pixels)
        self.pictures.append(weakref.ref(new))
        return [new, count + 1], pixels

    def advance(self, store, number, epoch):
        def step(epoch, state):
            state, pixels = self.step(epoch, state)
            shift = np.arange(SIZES[number])[:, None] + number
            return state, (pixels[0, :3] + shift).astype(np.float32)

        self.moment()
        return store.advance(number, epoch, self.start, step)

    def run(self, epochs=EPOCHS):
        in_memory, save_every = self.way
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(saved, "atomic_write", self.atomic_write)
            store = Checkpoint(
                self.folder,
                self.identity,
                SIZES,
                in_memory=in_memory,
                save_every=save_every,
                say=self.said.append,
            )
            history = []
            for epoch in range(epochs):
                rows = [self.advance(store, number, epoch) for number in range(len(SIZES))]
                store.finish(epoch, rows)
                history.append(np.concatenate(rows))
        return np.stack(history).tobytes()

    def is_killed(self):
        try:
            self.run()
        except KilledError:
            return True
        return False

    @contextmanager
    def atomic_write(self, path):
        """Write as `files.atomic_write` does, but leave behind what a killed process leaves."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".123.part.{path.name}")
        self.moment()
        yield draft
        if self.moments + 1 == self.kill_at:
            os.truncate(draft, draft.stat().st_size // 2)
        self.moment()
        # Some file systems wait for the disk when a file is replaced, and this happens often here.
        path.unlink(missing_ok=True)
        draft.replace(path)
        self.moment()


@pytest.fixture(scope="module")
def undisturbed():
    return Study(None).run()


def stop_at(folder, epoch, way=(2, 3)):
    """Save a run that was stopped after this epoch; return its folder."""
    Study(folder, way).run(epoch + 1)
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("way", WAYS)
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bytes(way, tmp_path, undisturbed):
    kill_at = 1
    while Study(tmp_path / str(kill_at), way, kill_at).is_killed():
        again = Study(tmp_path / str(kill_at), way)
        assert again.run() == undisturbed, f"killed at moment {kill_at}"
        assert not any("anew" in line for line in again.said)
        assert not [name for name in names(again.folder) if name.startswith(".")]
        kill_at += 1
    # At least before and in every step, and three times for every file that all ways write.
    assert kill_at > 2 * EPOCHS * len(SIZES) + 3 * (1 + EPOCHS + len(SIZES))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=6), st.lists(st.sampled_from(WAYS), min_size=7))
def test_a_run_killed_again_and_again_goes_on_to_the_same_bytes(undisturbed, moments, ways):
    with TemporaryDirectory() as folder:
        for kill_at, way in zip(moments, ways, strict=False):
            Study(Path(folder), way, kill_at).is_killed()
        assert Study(Path(folder), ways[-1]).run() == undisturbed


@pytest.mark.parametrize("way", WAYS)
def test_no_more_than_the_epochs_since_the_last_save_are_computed_again(way, tmp_path):
    in_memory, save_every = way
    stop_at(tmp_path, 2, way)
    again = Study(tmp_path, way)
    again.run(epochs=4)
    held = {0: 0, 2: 1, 5: 3}[in_memory]
    # Those that are held were last saved after epoch 2, or 0.
    lost = 2 % save_every
    assert again.steps == len(SIZES) + held * lost
    assert again.said == [f"going on at epoch 3, with what was saved in {tmp_path}"]


def test_of_a_run_that_was_at_its_end_nothing_is_computed_again(tmp_path, undisturbed):
    stop_at(tmp_path, EPOCHS - 1)
    again = Study(tmp_path)
    assert again.run() == undisturbed
    assert again.steps == 0


def test_it_tells_how_many_epochs_are_complete(tmp_path):
    def complete(folder):
        return Checkpoint(folder, IDENTITY, SIZES, in_memory=2, save_every=3, say=str).complete

    assert complete(tmp_path) == 0
    assert complete(stop_at(tmp_path, 3)) == 4
    assert complete(None) == 0


DAMAGE = {
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "zeroed": lambda data: bytes(len(data)),
    "with zeros at its end": lambda data: data[:-8] + bytes(8),
    "with a bit flipped": lambda data: data[:90] + bytes([data[90] ^ 4]) + data[91:],
    "too long": lambda data: data + b"\0",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "about.json",
            r"starting anew, not with what was saved in .*: about\.json is missing or damaged",
        ),
        ("history.bin", "starting anew, not with what was saved in .*: history.bin is damaged"),
        ("0.bin", "starting batch 0 anew: 0.bin is damaged"),
        ("2.bin", "starting batch 2 anew: 2.bin is damaged"),
    ],
)
def test_a_damaged_file_is_thrown_away_with_a_word(name, said, damage, tmp_path, undisturbed):
    path = stop_at(tmp_path, 3) / name
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    again = Study(tmp_path)
    assert again.run() == undisturbed
    lines = [line for line in again.said if "anew" in line]
    assert len(lines) == 1
    assert re.fullmatch(said, lines[0])


@pytest.mark.parametrize("gone", ["about.json", "history.bin", "0.bin", "2.bin"])
def test_a_missing_file_costs_time_alone(gone, tmp_path, undisturbed):
    (stop_at(tmp_path, 3) / gone).unlink()
    assert Study(tmp_path).run() == undisturbed


def test_the_files_of_a_run_cannot_stand_for_each_other(tmp_path, undisturbed):
    folder = stop_at(tmp_path, 4)
    old = stop_at(tmp_path / "old", 1)
    (folder / "history.bin").write_bytes((old / "history.bin").read_bytes())
    again = Study(folder)
    assert again.run() == undisturbed
    assert "starting batch 2 anew: 2.bin is ahead of the losses" in again.said


def test_another_run_starts_anew_and_says_what_differs(tmp_path):
    stop_at(tmp_path, 3)
    other = Study(tmp_path, rate=3.8)
    assert other.run() == Study(None, rate=3.8).run()
    assert other.said == [
        f"starting anew, not with what was saved in {tmp_path}: it was made with other rate"
    ]


def test_another_format_starts_anew_and_says_so(tmp_path, monkeypatch, undisturbed):
    stop_at(tmp_path, 3)
    monkeypatch.setattr(saved, "FORMAT", saved.FORMAT + 1)
    again = Study(tmp_path)
    assert again.run() == undisturbed
    assert again.said[0].endswith(": format 1 instead of 2")


def test_another_run_takes_nothing_even_if_the_old_files_cannot_be_removed(tmp_path, monkeypatch):
    stop_at(tmp_path, 0)
    monkeypatch.setattr(saved.shutil, "rmtree", lambda *_, **__: None)
    assert Study(tmp_path, rate=3.8).run() == Study(None, rate=3.8).run()


def test_a_run_may_be_longer_than_the_one_that_was_saved(tmp_path, undisturbed):
    assert Study(stop_at(tmp_path, 2)).run() == undisturbed


def test_a_run_may_be_shorter_than_the_one_that_was_saved(tmp_path, undisturbed):
    start = undisturbed[: len(undisturbed) * 3 // EPOCHS]
    assert Study(stop_at(tmp_path, 5)).run(epochs=3) == start


@pytest.mark.parametrize(("in_memory", "held"), [(0, 0), (1, 0), (2, 1), (3, 2), (5, 3)])
def test_no_more_batches_than_allowed_are_held_beside_the_one_at_work(in_memory, held, tmp_path):
    study = Study(tmp_path, (in_memory, 2))
    study.run()
    assert study.most_alive == min(held + 1, len(SIZES))


def test_without_a_folder_all_batches_are_held_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = Study(None, (0, 1))
    study.run()
    assert study.most_alive == len(SIZES)
    assert names(tmp_path) == []


def test_nothing_is_left_of_a_removed_run(tmp_path):
    folder = stop_at(tmp_path / "state", 3)
    assert names(folder) == ["0.bin", "1.bin", "2.bin", "about.json", "history.bin"]
    remove(folder)
    assert names(tmp_path) == []
    remove(folder)


def test_the_epochs_of_a_run_under_way_can_be_told(tmp_path):
    folder = tmp_path / "state"
    assert complete_epochs(folder) is None
    run = Checkpoint(folder, {"a": 1}, [2], in_memory=2, save_every=1, say=lambda line: None)
    assert complete_epochs(folder) is None
    for epoch in range(4):
        rows = run.advance(
            0, epoch, lambda: [np.zeros(1)], lambda _, state: (state, np.ones((2, 3), np.float32))
        )
        run.finish(epoch, [rows])
        assert complete_epochs(folder) == epoch
    history = folder / "history.bin"
    history.write_bytes(history.read_bytes()[:-1])
    assert complete_epochs(folder) is None


def test_the_epochs_of_another_run_do_not_count(tmp_path):
    folder = stop_at(tmp_path / "state", 3)
    assert complete_epochs(folder) == 3
    about = folder / "about.json"
    other = stop_at(tmp_path / "other", 1)
    assert complete_epochs(other) == 1
    (other / "about.json").write_text(about.read_text().replace("3.9", "3.8"))
    assert complete_epochs(other) is None
    about.unlink()
    assert complete_epochs(folder) is None


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_epochs_of_damaged_losses_do_not_count(damage, tmp_path):
    path = stop_at(tmp_path, 3) / "history.bin"
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert complete_epochs(tmp_path) is None
