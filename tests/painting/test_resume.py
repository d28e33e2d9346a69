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


def test_a_run_killed_at_random_moments_gives_the_bytes_of_an_undisturbed_one(inputs):
    whole, cut = inputs / "whole" / "adam.csv", inputs / "cut" / "adam.csv"
    undisturbed = start(inputs, whole)
    text, _ = undisturbed.communicate(timeout=300)
    assert undisturbed.returncode == 0, text
    assert "epoch 60/60" in text
    assert not (whole.parent / ".adam.csv.state").exists()
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
    assert cut.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in cut.parent.iterdir()) == ["adam.csv"]
