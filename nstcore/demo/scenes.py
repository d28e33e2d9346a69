"""What the demo's painters look at: invented landscapes, and parts cut out of photographs.

A scene has no colours, only light and dark, warm and cool; each painter turns these into the
colours of a palette. Everything follows from the random generator that is handed in.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import skimage
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from skimage.filters import gaussian

from nstcore.images.io import read_image, to_pixels

Plane = NDArray[np.float32]
"""One number per pixel: (height, width)."""

CREDITS = {
    "astronaut.png": "NASA; public domain",
    "camera.png": "Lav Varshney; CC0",
    "chelsea.png": "Stefan van der Walt; CC0",
    "coffee.png": "Rachel Michetti, courtesy of Pikolo Espresso Bar; CC0",
    "horse.png": "Andreas Preuss; CC0",
    "hubble_deep_field.jpg": "NASA; public domain",
    "rocket.jpg": "SpaceX; public domain",
}
"""Whose pictures these files of scikit-image are, by the documentation of `skimage.data`."""

MODELS = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg")
"""Photographs that painters cut parts out of.

Only those in the public domain or under CC0, since a painting is an altered copy; of these, the
ones that show something to paint. The horse of the landscapes is CC0 as well.
"""


@dataclass(frozen=True)
class Scene:
    """Light and warmth of a picture: two planes of one shape, in 0..1."""

    tone: Plane
    """0 dark, 1 light."""
    warmth: Plane
    """0 for the coolest colours of a palette, 1 for the warmest."""


def photograph(name: str) -> Image.Image:
    """Read one of the pictures that lie in scikit-image's own wheel; no network is involved.

    Args:
        name: Its file name, such as "coffee.png".

    Raises:
        ImageError: The installed scikit-image has no such file.
    """
    return read_image(Path(skimage.__file__).parent / "data" / name)


def compose(rng: Generator, shape: tuple[int, int]) -> Scene:
    """Compose a scene of `shape` (height, width), somewhat more often a landscape."""
    return landscape(rng, shape) if rng.random() < 0.6 else cut_out(rng, shape)


def soften(plane: Plane, sigma: float) -> Plane:
    """Blur with a Gaussian of `sigma` pixels."""
    return np.asarray(gaussian(plane, sigma, mode="nearest"), np.float32)


def enlarge(plane: Plane, shape: tuple[int, int], margin: int = 0) -> Plane:
    """Scale a plane without `margin` cells on every side to `shape`, smoothly."""
    height, width = plane.shape
    box = (margin, margin, width - margin, height - margin)
    size = shape[1], shape[0]
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC, box))


def clouds(rng: Generator, shape: tuple[int, int], size: float, stretch: float = 1) -> Plane:
    """Draw fractal noise in 0..1, about 0.5 on average.

    Args:
        rng: The source of chance.
        shape: (height, width).
        size: Height of its largest blots in pixels.
        stretch: How many times wider than high the blots are.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(4):
        blot = max(size / 2**octave, 1)
        cells = round(shape[0] / blot) + 3, round(shape[1] / blot / stretch) + 3
        # Without its outermost cells, since interpolation runs flat into a border.
        total += enlarge(rng.standard_normal(cells, np.float32), shape, 1) / 2**octave
    return np.clip(0.5 + total / 4, 0, 1)


def cut_out(rng: Generator, shape: tuple[int, int]) -> Scene:
    """Cut a tilted, perhaps mirrored part out of a photograph and even out its light."""
    pixels = to_pixels(_tilted_part(rng, _model(str(rng.choice(MODELS))), shape))
    light = pixels @ np.array([0.3, 0.59, 0.11], np.float32)
    redness = soften(pixels[..., 0] - pixels[..., 2], 3)
    mood = clouds(rng, shape, shape[0] / 2)
    tone = 0.5 * light + 0.5 * _ranks(light + 0.02 * mood)
    # Grey photographs have no redness: there the mood alone decides.
    warmth = 0.65 * _ranks(redness + 0.05 * mood) + 0.35 * _ranks(mood)
    return Scene(tone, warmth)


@cache
def _model(name: str) -> Image.Image:
    return photograph(name)


def _tilted_part(rng: Generator, image: Image.Image, shape: tuple[int, int]) -> Image.Image:
    """Fill `shape` from a rectangle within the image that is tilted by up to 12 degrees."""
    height, width = shape
    angle = np.deg2rad(rng.uniform(-12, 12))
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    # Half the sides of the upright box around the tilted rectangle.
    reach_x, reach_y = (width * cos + height * abs(sin)) / 2, (width * abs(sin) + height * cos) / 2
    scale = min(image.width / 2 / reach_x, image.height / 2 / reach_y) * rng.uniform(0.5, 0.85)
    x = rng.uniform(scale * reach_x, image.width - scale * reach_x)
    y = rng.uniform(scale * reach_y, image.height - scale * reach_y)
    mirror = rng.choice([-1, 1])
    a, b, d, e = scale * cos * mirror, -scale * sin, scale * sin * mirror, scale * cos
    matrix = (a, b, x - a * width / 2 - b * height / 2, d, e, y - d * width / 2 - e * height / 2)
    method = Image.Transform.AFFINE
    return image.transform((width, height), method, matrix, Image.Resampling.BICUBIC)


def _ranks(plane: Plane) -> Plane:
    """Spread values evenly over 0..1, keeping their order."""
    shares = np.linspace(0, 1, 65)
    values = np.quantile(plane[::4, ::4], shares)
    return np.interp(plane, values, shares).astype(np.float32)


def landscape(rng: Generator, shape: tuple[int, int]) -> Scene:
    """Invent a landscape: sun and clouds, hills, water or fields, and trees or a horse."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    horizon = rng.uniform(0.4, 0.62)
    water = rng.random() < 0.3
    scene = _sky(rng, x, y, horizon)
    for depth in np.linspace(0, 1, int(rng.integers(2, 5))):
        _hills(rng, scene, y, horizon, float(depth))
    if not water:
        _fields(rng, scene, x, y, horizon)
    if not water and rng.random() < 0.4:
        _horse(rng, scene)
    else:
        for _ in range(int(rng.integers(1, 5))):
            foot = horizon + 0.02 if water else rng.uniform(horizon + 0.05, 0.98)
            _tree(rng, scene, x, y, foot, tall=foot - horizon + 0.2)
    if water:
        _water(rng, scene, horizon)
    return Scene(np.clip(scene.tone, 0, 1), np.clip(scene.warmth, 0, 1))


def _sky(rng: Generator, x: Plane, y: Plane, horizon: float) -> Scene:
    drift = clouds(rng, x.shape, x.shape[0] / 3, stretch=2.5)
    sun_x, sun_y = rng.uniform(0.15, 0.85) * float(x.max()), rng.uniform(0.1, 0.7) * horizon
    distance = np.hypot(x - np.float32(sun_x), y - np.float32(sun_y))
    glow = np.exp(-distance / rng.uniform(0.12, 0.35))
    disc = np.clip((rng.uniform(0.04, 0.1) - distance) * 60 + 0.5, 0, 1)
    tone = 0.3 + 0.25 * y / horizon + 0.9 * (drift - 0.5) + 0.4 * glow
    warmth = 0.05 + rng.uniform(0.4, 0.8) * glow + 0.6 * np.maximum(drift - 0.55, 0)
    return Scene(tone * (1 - disc) + disc, warmth * (1 - disc) + disc)


def _hills(rng: Generator, scene: Scene, y: Plane, horizon: float, depth: float) -> None:
    """Lay a range of hills before what is there; `depth` runs from 0, far, to 1, near."""
    shape = y.shape
    rough = clouds(rng, (1, shape[1]), shape[0] / 3, stretch=1.5)
    mask = y > horizon - (0.56 - 0.48 * depth) * (rough - 0.25)
    slope = clouds(rng, shape, shape[0] / 5)
    light = 0.62 - 0.35 * depth + 0.8 * (slope - 0.5) - 0.5 * (y - horizon)
    scene.tone[mask] = light[mask]
    scene.warmth[mask] = (0.15 + 0.35 * depth + 0.5 * (slope - 0.5))[mask]


def _water(rng: Generator, scene: Scene, horizon: float) -> None:
    """Mirror what stands above the horizon, in ripples that grow towards the viewer."""
    height, width = scene.tone.shape
    shore = int(horizon * height)
    below = np.arange(height - shore)[:, None]
    ripples = clouds(rng, (height - shore, width), 14, stretch=6)
    jump = (ripples - 0.5) * (0.07 * height + 0.7 * below)
    rows = np.clip(shore - 1 - 0.8 * below + jump, 0, shore - 1).astype(np.intp)
    columns = np.arange(width)[None, :]
    scene.tone[shore:] = scene.tone[rows, columns] * 0.85 + 0.35 * (ripples - 0.5)
    scene.warmth[shore:] = scene.warmth[rows, columns] * 0.8


def _fields(rng: Generator, scene: Scene, x: Plane, y: Plane, horizon: float) -> None:
    """Draw patches of furrows that run together at the horizon."""
    nearness = np.maximum(y - horizon, 1e-3).astype(np.float32)
    across = (x - np.float32(rng.uniform(0, 1) * x.max())) / (nearness + 0.05)
    bends = 6 * clouds(rng, x.shape, x.shape[0] / 4)
    furrows = np.sin(across * rng.uniform(10, 22) + bends)
    patches = np.floor(across * rng.uniform(0.5, 1.1)).astype(np.intp)
    patches += 8 * np.floor(np.sqrt(nearness) * 4).astype(np.intp)
    values = rng.permutation(97).astype(np.float32) / 97
    mask = y > horizon
    scene.tone[mask] = (0.3 + 0.45 * values[patches % 97] + 0.18 * furrows)[mask]
    scene.warmth[mask] = (0.4 + 0.6 * values[(patches + 13) % 97] + 0.08 * furrows)[mask]


def _tree(rng: Generator, scene: Scene, x: Plane, y: Plane, foot: float, tall: float) -> None:
    """Set a dark tree like a flame before what is there, about `tall` above its `foot`."""
    tall *= rng.uniform(0.7, 1.5)
    middle = rng.uniform(0.05, 0.95) * float(x.max())
    up = np.clip((foot - y) / tall, 0, 1)
    ragged = clouds(rng, y.shape, y.shape[0] / 10)
    half = tall * rng.uniform(0.1, 0.22) * up**0.25 * (1 - up) ** 0.8 * (0.6 + 1.6 * ragged)
    mask = np.abs(x - middle) < half
    side = (x - middle)[mask] / half[mask]
    scene.tone[mask] = 0.2 - 0.12 * side + 0.5 * (ragged[mask] - 0.5)
    scene.warmth[mask] = 0.4 - 0.15 * side


def _horse(rng: Generator, scene: Scene) -> None:
    """Let a horse stand on the ground, lit from above."""
    height, width = scene.tone.shape
    size = int(height * rng.uniform(0.35, 0.6))
    drawing = _model("horse.png").convert("L").resize((round(size * 400 / 328), size))
    horse = np.asarray(drawing)[:, :: int(rng.choice([-1, 1]))][:, : width - 4] < 128
    left = int(rng.integers(0, width - horse.shape[1]))
    top = int(height * rng.uniform(0.9, 0.97)) - size
    shadow = soften(horse.astype(np.float32), size / 18)
    light = 0.85 - 0.7 * np.roll(shadow, size // 30, axis=0)
    window = np.s_[top : top + size, left : left + horse.shape[1]]
    scene.tone[window][horse] = light[horse]
    scene.warmth[window][horse] = rng.uniform(0.5, 1)
