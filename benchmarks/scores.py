"""What it takes to score a stylised picture, step by step."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

STYLES, HELDOUT = 6, 20
"""As in the full study."""


def time_scores(count: int, rounds: int, threads: int, side: int) -> Mapping[str, list[float]]:
    """Read, look at and score made-up pictures, in turns.

    Args:
        count: How many.
        rounds: How often each way is timed; a round before the first does not count.
        threads: CPU threads of TensorFlow.
        side: Of the square that pictures are scored at, in pixels.

    Returns:
        Seconds per picture and round, by how far the scoring went.
    """
    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(threads)

    from nstcore.backbones.backbone import load_backbone
    from nstcore.images.io import Pixels, read_image, resize, to_pixels
    from nstcore.judging.features import Paintings
    from nstcore.judging.judge import Reference, extract_features

    def read(path: Path) -> Pixels:
        return to_pixels(resize(read_image(path), (side, side)))

    judge = load_backbone("MobileNetV2", "random", name="judge")
    with tempfile.TemporaryDirectory() as folder:
        paths = [_make(Path(folder), number) for number in range(count)]
        seen = [extract_features(judge, read(path)) for path in paths[:4]]
        paintings = Paintings.from_pictures([seen[number % len(seen)] for number in range(HELDOUT)])
        reference = Reference({f"style {number}": paintings for number in range(STYLES)})
        ways: dict[str, Callable[[Path], object]] = {
            "read and shrunk": read,
            "and seen by the judge": lambda path: extract_features(judge, read(path)),
            "and scored": lambda path: reference.score(
                extract_features(judge, read(path)), "style 0", seen[:1]
            ),
        }
        seconds_by_way: dict[str, list[float]] = {what: [] for what in ways}
        for _ in range(rounds + 1):
            for what, way in ways.items():
                began = time.perf_counter()
                for path in paths:
                    way(path)
                seconds_by_way[what].append((time.perf_counter() - began) / count)
    return {what: seconds[1:] for what, seconds in seconds_by_way.items()}


def _make(folder: Path, number: int) -> Path:
    """Save clouds with the grain of a painting."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (20, 25, 3)).astype(np.uint8)
    clouds = Image.fromarray(coarse).resize((640, 480), Image.Resampling.BICUBIC)
    grain = rng.normal(scale=12, size=(480, 640, 3))
    path = folder / f"{number}.png"
    Image.fromarray(np.clip(np.asarray(clouds) + grain, 0, 255).astype(np.uint8)).save(path)
    return path
