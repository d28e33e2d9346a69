"""A training run that is killed again and again ends with the bytes of an undisturbed one."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import ROOT
from disks import mounted

from nstcore.images.io import save_png, to_image
from nstcore.losses.style_target import StyleTarget


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, backbone, paintings, contents):
    folder = tmp_path_factory.mktemp("resume")
    backbone.save(folder / "net.weights.h5")
    for number, style in enumerate(("Bright", "Dark")):
        part = paintings[2 * number : 2 * number + 2]
        StyleTarget.from_images(backbone, part).save(folder / f"{style}.npz")
    for number, picture in enumerate(contents):
        save_png(to_image(np.asarray(picture)), folder / f"c{number}.png")
    return folder


def command(folder, output):
    return [
        *(sys.executable, "-m", "workflow_scripts.train", "--backbone", folder / "net.weights.h5"),
        *("--targets", folder / "Bright.npz", folder / "Dark.npz", "--contents"),
        *(folder / "c0.png", folder / "c1.png", folder / "c2.png", "--aggregation", "logged"),
        *("--optimizer", "adam", "--settings", '{"learning_rate": 0.002}'),
        *("--loss", '{"scaling": "calibrated", "alpha": 0}', "--training"),
        '{"max_epochs": 60, "batch": 2, "min_improvement": 0}',
        *("--compute", '{"pairs_in_memory": 3, "save_every": 4}', "--output", output),
    ]


def start(folder, output):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(  # in a group of its own, so that a kill reaches all of it
        list(map(str, command(folder, output))),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def written(state):
    """When the losses of the complete epochs were last written."""
    history = state / "history.bin"
    return history.stat().st_mtime_ns if history.exists() else None


@pytest.fixture(scope="module")
def undisturbed(inputs):
    """The bytes of a run that nothing stopped."""
    whole = inputs / "whole" / "adam.csv"
    running = start(inputs, whole)
    text, _ = running.communicate(timeout=300)
    assert running.returncode == 0, text
    assert "epoch 60/60" in text
    assert not (whole.parent / ".adam.csv.state").exists()
    return whole.read_bytes()


def test_a_run_killed_at_random_moments_gives_the_bytes_of_an_undisturbed_one(inputs, undisturbed):
    cut = inputs / "cut" / "adam.csv"
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    moments = random.Random(seed)
    kills = 0
    while kills < 4:
        process = start(inputs, cut)
        # From the first saved file on: before it there is nothing to lose.
        state = cut.parent / ".adam.csv.state"
        before = written(state)
        while process.poll() is None and written(state) == before:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 1.5))
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        kills += 1
        assert not cut.exists()
    process = start(inputs, cut)
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    assert kills, "the run ended before it could be killed"
    assert "going on at epoch" in text
    assert cut.read_bytes() == undisturbed
    assert sorted(path.name for path in cut.parent.iterdir()) == [".adam.csv.sha256", "adam.csv"]


def test_a_disk_that_is_full_while_a_run_saves_is_one_line_and_the_run_goes_on_after(
    inputs, undisturbed, tmp_path
):
    with mounted(tmp_path / "disk", "600k") as disk:
        output = disk / "adam.csv"
        process = start(inputs, output)
        text, _ = process.communicate(timeout=300)
        assert process.returncode == 1
        *_, last = text.splitlines()
        assert last.startswith(f"error: {disk}/.adam.csv.state/")
        assert "No space left on device; make room" in last
        assert not output.exists()
        assert not list(disk.rglob("*.part.*"))
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        process = start(inputs, output)
        text, _ = process.communicate(timeout=300)
        assert process.returncode == 0, text
        assert output.read_bytes() == undisturbed
