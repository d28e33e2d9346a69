"""Same config, same machine, same number of threads: same bytes, in processes of their own."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

PROGRAM = """
import hashlib
import sys
import numpy as np
from nstcore.common.runtime import start_tensorflow

start_tensorflow(threads=int(sys.argv[1]), seed=0)
from nstcore.backbones.backbone import load_backbone
from nstcore.losses.style_target import StyleTarget
from nstcore.losses.objective import Objective
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimizers import OPTIMIZERS
from nstcore.painting.schedule import Schedule
from nstcore.painting.stylize import stylize

rng = np.random.default_rng(0)
paintings = rng.random((12, 64, 64, 3), np.float32) * rng.random((12, 1, 1, 3), np.float32)
contents = rng.random((2, 64, 64, 3), np.float32)
digest = hashlib.sha256()
for architecture in ("VGG16", "MobileNetV2"):
    backbone = load_backbone(architecture, "random", seed=3)
    target = StyleTarget.from_images(backbone, paintings)
    for aggregation, optimizer in (
        ("simple", "sgd"), ("squared", "adam"), ("logged", "rmsprop"), ("logged", "lbfgs")
    ):
        objective = Objective(aggregation=aggregation, alpha=0.1, scaling="calibrated")
        done = stylize(
            contents, target, backbone, objective, OPTIMIZERS[optimizer](), Schedule(epochs=4)
        )
        digest.update(done.images.tobytes())
        digest.update(done.history.to_csv().encode())
    for canvas, optimizer in (
        (Canvas(kind="pyramid", levels=4, shifts=4, padding=8), "adam"),
        (Canvas(kind="fourier", shifts=3, shift_pixels=9, padding=4), "lbfgs"),
        (Canvas(shifts=4, padding=8), "rmsprop"),
    ):
        schedule = Schedule(epochs=5, seed=2)
        how = (contents, target, backbone, Objective(aggregation="squared"))
        done = stylize(*how, OPTIMIZERS[optimizer](), schedule, canvas=canvas)
        digest.update(done.images.tobytes())
        digest.update(done.history.to_csv().encode())
print(digest.hexdigest())
"""


def digest(threads: int, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(threads)],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(("threads", "times"), [(1, 4), (2, 3)])
def test_processes_of_the_same_number_of_threads_give_the_same_bytes(threads, times, tmp_path):
    digests = [digest(threads, tmp_path) for _ in range(times)]
    assert len(digests[0]) == len(hashlib.sha256().hexdigest())
    assert len(set(digests)) == 1
