"""What large pictures take: a step of one, and the way to a loss, each in a process of its own.

So the most memory that a process took is that of one way. PyTorch's Python need not have nstcore.
"""

import json
import math
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

STEPS = 2
"""Timed steps after the first one, which compiles."""

TILE, COARSEST = 512, 256
"""`nst`'s own: `painting.tiles.TILE`, and the longest side of its first size."""

KILOBYTES = 6.0
"""Of a pixel in a step of the whole picture, about: VGG's activations and their gradients."""


@dataclass(frozen=True)
class Large:
    """One way of painting a picture of 3:2."""

    way: str
    """One of `WAYS`."""
    width: int
    """In pixels."""
    threads: int
    steps: int = STEPS
    """That are timed, or 0 for the first one; of `coarse`, at the first size; of `single`, at
    most."""
    goal: float = 0.0
    """The total loss at which `single` ends."""
    coarsest: int = COARSEST
    tile: int = TILE

    @property
    def height(self) -> int:
        """In pixels."""
        return round(self.width * 2 / 3)

    @property
    def gigabytes(self) -> float:
        """What a step of the whole picture takes, about."""
        return self.width * self.height * KILOBYTES / 1e6


def measure(root: Path, case: Large, python: str = sys.executable) -> dict[str, Any]:
    """Paint in a new process.

    Args:
        root: The project's folder.
        case: How.
        python: Whose.

    Returns:
        gigabytes: the most memory that the process took, and what the way returns; or what ended
        it.
    """
    words = [python, "-m", "benchmarks.large", json.dumps(asdict(case))]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"ended": lines[-1] if lines else "killed"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _step(case: Large) -> dict[str, Any]:
    """Time steps of VGG19 on noise, whole or in tiles."""
    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(case.threads)

    import numpy as np

    from nstcore.backbones.backbone import load_backbone
    from nstcore.losses.objective import Objective
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.canvas import Canvas
    from nstcore.painting.optimization import ImageOptimization
    from nstcore.painting.tiles import TiledOptimization

    backbone = load_backbone("VGG19", "random", seed=1)
    rng = np.random.default_rng(1)
    style = StyleTarget.from_images(backbone, rng.random((2, 64, 64, 3), np.float32))
    photo = rng.random((1, case.height, case.width, 3), np.float32)
    how = (backbone, Objective(scaling="calibrated"), photo.shape)
    canvas = Canvas(kind="pyramid")
    painting = (
        TiledOptimization(*how, canvas=canvas, tile=case.tile)
        if case.way == "tiles"
        else ImageOptimization(*how, canvas=canvas)
    )
    painting.state = painting.blank_state(photo)
    targets = painting.targets(photo, style)
    return {"seconds": _timed(lambda: float(painting.step(targets).total[0]), case.steps)}


def _torch(case: Large) -> dict[str, Any]:
    """Time steps of VGG19 in PyTorch on a square of as many pixels, whole."""
    import torch

    torch.set_num_threads(case.threads)

    from benchmarks.cases import Case
    from benchmarks.pytorch import make

    side = round(math.sqrt(case.width * case.height) / 16) * 16
    return {"seconds": _timed(make(Case("pytorch", paintings=2, size=side)), case.steps)}


def _timed(step: Any, steps: int) -> list[float]:
    seconds = []
    for _ in range(steps + 1):
        began = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - began)
    return seconds[1:] or seconds


def _paint(case: Large) -> dict[str, Any]:
    """Paint scikit-image's coffee like the demo's Ada Curl, by `nst`'s network and settings."""
    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(case.threads)

    from PIL import Image
    from skimage import data

    from nstcore.app.networks import named
    from nstcore.app.paint import content_share
    from nstcore.backbones.backbone import load_backbone
    from nstcore.demo import ARTISTS
    from nstcore.demo import paint as paint_demo
    from nstcore.images.io import resize, to_pixels
    from nstcore.losses.objective import Objective
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.canvas import Canvas
    from nstcore.painting.coarse_to_fine import Manner, Scale, paint, plan
    from nstcore.painting.optimizers import Adam

    backbone = load_backbone(named("HED"))
    paintings = [to_pixels(paint_demo(ARTISTS[0], 1, number)) for number in range(4)]
    style = StyleTarget.from_images(backbone, paintings)
    size = (case.width, case.height)
    photo = to_pixels(resize(Image.fromarray(data.coffee()), size))
    objective = Objective(scaling="calibrated", content_share=content_share(0.5))
    coarse = case.way == "coarse"
    canvas = Canvas(kind="pyramid") if coarse else Canvas()
    manner = Manner(backbone, objective, Adam(learning_rate=0.02), canvas)
    scales = plan(*size, case.steps, case.coarsest) if coarse else [Scale(*size, case.steps)]
    began, ended = time.perf_counter(), 0.0
    taken, loss = 0, math.inf
    for step in paint(photo, style, manner, scales):
        # Of the picture before the step, which a step more would have told.
        taken, loss, ended = step.number, step.losses["total_loss"], time.perf_counter()
        if step.number == 0:
            began = ended  # What compiling took is left out, once on either side.
        if loss <= case.goal:
            break
    return {"seconds": [ended - began], "steps": taken, "loss": loss}


WAYS = {"whole": _step, "tiles": _step, "pytorch": _torch, "coarse": _paint, "single": _paint}

if __name__ == "__main__":
    _case = Large(**json.loads(sys.argv[1]))
    _found = WAYS[_case.way](_case)
    # Linux tells kilobytes.
    _peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({**_found, "gigabytes": _peak}))
