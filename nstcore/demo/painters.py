"""The four hands of the demo: curved strokes, dots, shards, and carved blocks.

Each takes a scene and a table of colours (`brushes.color_table`) and returns a canvas of the same
size, (height, width, 3), RGB, in 0..1. Brushes are measured in pixels of that canvas.
"""

import numpy as np
from numpy.random import Generator

from nstcore.demo.brushes import (
    Directions,
    Ids,
    Points,
    at,
    directions,
    lay,
    lit,
    mix,
    scatter,
    slopes,
    trace,
)
from nstcore.demo.scenes import Plane, Scene, clouds, enlarge, soften
from nstcore.images.io import Pixels

SCALE = 2
"""A canvas is this many times as wide as the finished picture."""

BLACK = np.array([0.08, 0.07, 0.08], np.float32)


def paint_strokes(rng: Generator, scene: Scene, table: Pixels) -> Pixels:
    """Paint with long curved strokes that follow the forms, broad ones first.

    After Hertzmann, "Painterly Rendering with Curved Brush Strokes of Multiple Sizes" (SIGGRAPH
    1998); here a stroke is a row of bristles, each with its own colour, thickness and end.
    """
    shape = scene.tone.shape
    along = directions(scene.tone, clouds(rng, shape, shape[0] / 2), reach=7, weight=0.5)
    busy = np.hypot(*slopes(soften(scene.tone, 3)))
    canvas = np.zeros(shape, np.int32)
    colors, relief = [np.zeros((1, 3), np.float32)], [np.zeros(1, np.float32)]
    laid = 1
    # Breadth and length of the brush in pixels, and the share of the places worth its strokes.
    for breadth, length, share in ((26, 110, 1.0), (15, 90, 1.0), (8, 50, 0.6)):
        starts = scatter(rng, shape, np.sqrt(0.3 * breadth * length))
        detail = at(busy, starts)
        starts = starts[detail >= np.quantile(detail, 1 - share)]
        bristles = round(breadth / 0.9)
        single, each = (len(starts), 1), (len(starts), bristles)
        tone = at(scene.tone, starts)[:, None] + rng.normal(0, 0.06, single)
        warmth = at(scene.warmth, starts)[:, None] + rng.normal(0, 0.12, single)
        nuance = mix(table, tone + rng.normal(0, 0.05, each), warmth + rng.normal(0, 0.05, each))
        colors.append(nuance.reshape(-1, 3))
        thick = rng.normal(0, 0.45, each) + 0.6 * np.hanning(bristles)
        relief.append(thick.astype(np.float32).ravel())
        ids = np.arange(laid, laid + thick.size, dtype=np.int32).reshape(-1, 1, bristles)
        laid += thick.size
        _drag(rng, canvas, trace(along, starts, round(length / 0.9), 0.9), breadth, ids)
    ground = mix(table, scene.tone, scene.warmth)
    painted = np.where(canvas[..., None] > 0, np.concatenate(colors)[canvas], ground)
    return lit(painted, np.concatenate(relief)[canvas], 0.25)


def _drag(
    rng: Generator, canvas: Ids, walks: tuple[Points, Points], breadth: float, ids: Ids
) -> None:
    """Drag rows of bristles along walks; each bristle touches down and lifts off on its own."""
    places, headings = walks
    each = (len(places), 1, ids.shape[-1])
    offset = np.linspace(-breadth / 2, breadth / 2, ids.shape[-1], dtype=np.float32)
    ys = places[..., :1] + headings[..., 1:] * offset
    xs = places[..., 1:] - headings[..., :1] * offset
    share = np.linspace(0, 1, places.shape[1], dtype=np.float32)[:, None]
    begin, end = rng.random(each, np.float32) * 0.12, 1 - rng.random(each, np.float32) * 0.28
    lay(canvas, ys, xs, ids, (share > begin) & (share < end))


def paint_dots(rng: Generator, scene: Scene, table: Pixels) -> Pixels:
    """Paint with dabs of neighbouring and opposite colours that only the eye mixes."""
    shape = scene.tone.shape
    along = directions(scene.tone, clouds(rng, shape, shape[0] / 2), reach=6, weight=0.6)
    canvas = np.zeros(shape, np.int32)
    relief = np.zeros(shape, np.float32)
    colors = [mix(table, [0.8], [0.7])]
    laid = 1
    # Radius and pitch in pixels, and how far the warmth of a dab strays.
    for radius, pitch, stray in ((9.0, 11.0, 0.12), (6.0, 8.5, 0.3), (4.5, 9.5, 0.35)):
        centres = scatter(rng, shape, pitch)
        grid = np.arange(-radius, radius + 0.1, 0.8, dtype=np.float32)
        v, u = (part.ravel() for part in np.meshgrid(grid, grid, indexing="ij"))
        disc = u * u + v * v <= radius * radius
        u, v = u[disc], v[disc]
        dome = (np.sqrt(radius * radius - u * u - v * v) / 4).astype(np.float32)
        size = rng.uniform(0.75, 1.1, (len(centres), 1)).astype(np.float32)
        sin, cos = at(along.y, centres)[:, None], at(along.x, centres)[:, None]
        ys = centres[:, :1] + size * (1.12 * u * sin + 0.9 * v * cos)
        xs = centres[:, 1:] + size * (1.12 * u * cos - 0.9 * v * sin)
        tone = at(scene.tone, centres) + rng.normal(0, 0.09, len(centres))
        warmth = at(scene.warmth, centres) + rng.normal(0, stray, len(centres))
        colors.append(mix(table, tone, warmth))
        lay(canvas, ys, xs, np.arange(laid, laid + len(centres), dtype=np.int32)[:, None])
        lay(relief, ys, xs, dome)
        laid += len(centres)
    return lit(np.concatenate(colors)[canvas], relief + clouds(rng, shape, 8), 0.22)


def paint_shards(rng: Generator, scene: Scene, table: Pixels) -> Pixels:
    """Break the scene along straight lines, shade each shard across, and outline it in black."""
    shards, border = _break(rng, scene.tone, int(rng.integers(130, 220)))
    count = int(shards.max()) + 1
    sizes = np.bincount(shards.ravel(), minlength=count)

    def mean(plane: Plane) -> Plane:
        sums = np.bincount(shards.ravel(), plane.ravel(), count)
        return np.asarray(sums / sizes, np.float32)

    angle = rng.uniform(0, 2 * np.pi, count).astype(np.float32)
    sin, cos = np.sin(angle)[shards], np.cos(angle)[shards]
    y, x = np.indices(shards.shape).astype(np.float32)
    u, v = (x * cos + y * sin).astype(np.float32), y * cos - x * sin
    centre = mean(u)
    spread = np.sqrt(np.maximum(mean(u * u) - centre**2, 0))
    ramp = (u - centre[shards]) / (3.5 * spread + 1)[shards]
    depth = rng.uniform(0.2, 0.65, count).astype(np.float32)
    tone = (mean(scene.tone) + rng.normal(0, 0.04, count).astype(np.float32))[shards]
    tone = 0.6 * (tone + ramp * depth[shards]) + 0.4 * scene.tone
    warmth = (mean(scene.warmth) + rng.normal(0, 0.13, count).astype(np.float32))[shards]
    # Bristle marks run across the shading; one sheet of them serves all shards, turned.
    sheet = _streaks(rng, (512, 512), 14)
    marks = sheet[v.astype(np.int32) % 512, u.astype(np.int32) % 512]
    colors = mix(table, tone + 0.055 * marks, warmth)
    line = np.clip(border - 0.7, 0, 1)
    return lit(BLACK + (colors - BLACK) * line[..., None], 0.25 * marks + line, 0.18)


def _break(rng: Generator, tone: Plane, count: int) -> tuple[Ids, Plane]:
    """Split the canvas in two again and again, where most happens and along the forms there.

    Returns:
        The number of each pixel's shard, from 0, and its distance to the nearest border, in
        units of half that line's thickness.
    """
    along = directions(tone, clouds(rng, tone.shape, tone.shape[0] / 2), reach=8, weight=0.3)
    slant = np.arctan2(along.y, along.x).ravel()
    # A little is to be seen everywhere, or a flat sky would stay in one piece.
    busy = np.hypot(*slopes(soften(tone, 4))).ravel().astype(np.float64) + 0.002
    y, x = (plane.ravel() for plane in np.indices(tone.shape).astype(np.float32))
    border = np.full(tone.size, 99, np.float32)
    parts, worth = [np.arange(tone.size)], [1.0]
    while len(parts) < count and max(worth) > 0:
        next_one = worth.index(max(worth))
        part = parts.pop(next_one)
        worth.pop(next_one)
        sample = part[::7]
        spot = rng.choice(sample, p=busy[sample] / busy[sample].sum())
        angle = slant[spot] + rng.normal(0, 0.25) + rng.choice([0, np.pi / 2], p=[0.75, 0.25])
        # Halfway to the middle of the shard, lest mere slivers come off.
        middle_y, middle_x = (y[spot] + y[part].mean()) / 2, (x[spot] + x[part].mean()) / 2
        sin, cos = np.float32(np.sin(angle)), np.float32(np.cos(angle))
        side = (x[part] - middle_x) * sin - (y[part] - middle_y) * cos
        border[part] = np.minimum(border[part], np.abs(side) / np.float32(rng.uniform(0.8, 2.2)))
        for half in (part[side > 0], part[side <= 0]):
            parts.append(half)
            large = len(half) > 60
            worth.append(busy[half].sum() * len(half) ** 0.3 if large else 0)
    shards = np.empty(tone.size, np.int32)
    for number, part in enumerate(parts):
        shards[part] = number
    return shards.reshape(tone.shape), border.reshape(tone.shape)


def _streaks(rng: Generator, shape: tuple[int, int], length: float) -> Plane:
    """Noise of unit spread, a pixel high and about `length` pixels long."""
    cells = shape[0], round(shape[1] / length) + 2
    plane = enlarge(rng.standard_normal(cells, np.float32), shape)
    return np.asarray(plane / plane.std())


def paint_carvings(rng: Generator, scene: Scene, table: Pixels) -> Pixels:
    """Print a few flat colours, and over them a black block carved along the forms."""
    shape = scene.tone.shape
    y, x = np.indices(shape).astype(np.float32)
    hatching = y + rng.uniform(-1.5, 1.5) * x + 60 * clouds(rng, shape, shape[0] / 3)
    along = directions(scene.tone, hatching, reach=8, weight=0.6)
    wood = _streaks(rng, shape, 60)
    tone = soften(scene.tone, 4) + 0.12 * (clouds(rng, shape, 12) - 0.5)
    warmth = soften(scene.warmth, 6) + 0.15 * (clouds(rng, shape, 30) - 0.5)
    flat = np.floor(np.clip(tone, 0, 0.999) * 4) / 4
    inks = np.floor(np.clip(warmth, 0, 0.999) * 3) / 2
    colors = mix(table, 0.27 + 0.8 * flat + 0.025 * wood, inks)
    drawing = soften(scene.tone, 1.5)
    contour = drawing - soften(drawing, 6)
    ink = 5 * (0.4 - drawing) - 12 * contour + 0.9 * _gouges(rng, along) - 0.7
    black = np.clip(4 * ink + 0.5, 0, 1)
    block = BLACK + 0.03 * wood[..., None]
    printed = colors + (block - colors) * black[..., None]
    return lit(printed, 0.5 * black + 0.3 * clouds(rng, shape, 5), 0.12)


def _gouges(rng: Generator, along: Directions) -> Plane:
    """Noise of unit spread, smeared along the forms.

    Line integral convolution (Cabral and Leedom, SIGGRAPH 1993), at half the size of the canvas.
    """
    shape = along.y.shape
    half = Directions(along.y[::2, ::2], along.x[::2, ::2])
    noise = soften(rng.standard_normal(half.y.shape, np.float32), 0.8)
    start = np.moveaxis(np.indices(noise.shape), 0, -1).astype(np.float32)
    total = noise.copy()
    for sign in (-1, 1):
        place = start
        for _ in range(12):
            step = np.stack([at(half.y, place), at(half.x, place)], axis=-1)
            place = place + sign * step
            total += at(noise, place)
    return enlarge(total / total.std(), shape)
