"""What a step of a large picture takes, whole and tile by tile, each in a process of its own."""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STEPS = 2
"""Timed steps after the first one, which compiles."""


def time_tiles(root: Path, width: int, tile: int, threads: int) -> dict[str, Any]:
    """Step a made-up picture of 3:2 in a new process.

    Args:
        root: The project's folder.
        width: Of the picture in pixels.
        tile: Side of a tile; 0 for the whole picture at once.
        threads: CPU threads.

    Returns:
        seconds: of each step; gigabytes: the most memory that the process took; or what ended it.
    """
    words = [sys.executable, "-m", "benchmarks.tiles", *map(str, (width, tile, threads))]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"seconds": [], "gigabytes": None, "ended": lines[-1] if lines else "killed"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _step(width: int, tile: int, threads: int) -> dict[str, Any]:
    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(threads)

    import numpy as np

    from nstcore.backbones.backbone import load_backbone
    from nstcore.losses.objective import Objective
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.canvas import Canvas
    from nstcore.painting.stylize import ImageOptimization
    from nstcore.painting.tiles import TiledOptimization

    backbone = load_backbone("VGG19", "random", seed=1)
    rng = np.random.default_rng(1)
    style = StyleTarget.from_images(backbone, rng.random((2, 64, 64, 3), np.float32))
    photo = rng.random((1, round(width * 2 / 3), width, 3), np.float32)
    objective, canvas = Objective(scaling="calibrated"), Canvas(kind="pyramid")
    painting = (
        TiledOptimization(backbone, objective, photo.shape, canvas=canvas, tile=tile)
        if tile
        else ImageOptimization(backbone, objective, photo.shape, canvas=canvas)
    )
    painting.state = painting.blank_state(photo)
    targets = painting.targets(photo, style)
    seconds = []
    for _ in range(STEPS + 1):
        began = time.perf_counter()
        float(painting.step(targets).total[0])
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"seconds": seconds[1:], "gigabytes": peak}


if __name__ == "__main__":
    print(json.dumps(_step(*map(int, sys.argv[1:]))))
