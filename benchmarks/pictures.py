"""What it takes to look at a dataset's pictures: ours against Pillow's bare decoding."""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from nstcore.dataset.catalogue import Artwork, look_at

SIZE = (1000, 800)
"""Width and height, about those of the dataset's pictures."""


def time_pictures(count: int, rounds: int, threads: int) -> Mapping[str, list[float]]:
    """Decode and look at made-up photographs, in turns.

    Args:
        count: How many.
        rounds: How often each way is timed; a round before the first does not count.
        threads: How many pictures are looked at at once, besides one.

    Returns:
        Seconds per picture and round, by what was done.
    """
    with tempfile.TemporaryDirectory() as folder:
        entries = [_make(Path(folder), number) for number in range(count)]
        ways: dict[str, Callable[[], object]] = {
            "Pillow decodes": lambda: [_decode(entry.source) for entry in entries],
            "the catalogue, 1 thread": lambda: look_at(entries),
        }
        if threads > 1:
            ways[f"the catalogue, {threads} threads"] = lambda: look_at(entries, threads)
        seconds_by_way: dict[str, list[float]] = {what: [] for what in ways}
        for _ in range(rounds + 1):
            for what, way in ways.items():
                began = time.perf_counter()
                way()
                seconds_by_way[what].append((time.perf_counter() - began) / count)
    return {what: seconds[1:] for what, seconds in seconds_by_way.items()}


def _make(folder: Path, number: int) -> Artwork:
    """Save clouds with the grain of a photograph."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (20, 25, 3)).astype(np.uint8)
    clouds = np.asarray(Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC), np.float32)
    grain = rng.normal(scale=6, size=clouds.shape)
    path = folder / f"{number}.jpg"
    Image.fromarray(np.clip(clouds + grain, 0, 255).astype(np.uint8)).save(path, quality=90)
    return Artwork("", "", "", "", str(number), str(path))


def _decode(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")
