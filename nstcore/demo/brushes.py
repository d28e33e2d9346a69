"""What the demo's painters share: palettes, the run of the forms, and paint with a relief."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from nstcore.demo.scenes import Plane, soften
from nstcore.images.io import Pixels

Points = NDArray[np.float32]
"""Places on the canvas in pixels, y before x: (..., 2)."""

Ids = NDArray[np.int32]
"""The number of the stroke or dab that lies uppermost, per pixel; 0 is the bare ground."""

STEPS = 64
"""Nuances of tone, and of warmth, in a table of colours."""


class Directions(NamedTuple):
    """A unit vector per pixel; it and its opposite mean the same."""

    y: Plane
    x: Plane


def color_table(ramps: Sequence[str]) -> Pixels:
    """Mix a palette from a few colours.

    Args:
        ramps: Two or more, from cool to warm; each a row of colours "rrggbb" from dark to light.

    Returns:
        (warmth, tone, 3), `STEPS` of each, RGB, 0..1.
    """
    unit = np.linspace(0, 1, STEPS)
    rows: list[Pixels] = []
    for ramp in ramps:
        colors = np.array([list(bytes.fromhex(color)) for color in ramp.split()]) / 255
        stops = np.linspace(0, 1, len(colors))
        channels = [np.interp(unit, stops, channel) for channel in colors.T]
        rows.append(np.stack(channels, axis=-1).astype(np.float32))
    warmths = unit * (len(rows) - 1)
    cooler = np.minimum(warmths.astype(np.intp), len(rows) - 2)
    share = (warmths - cooler)[:, None, None]
    stack = np.stack(rows)
    return np.asarray(stack[cooler] * (1 - share) + stack[cooler + 1] * share, np.float32)


def mix(table: Pixels, tone: ArrayLike, warmth: ArrayLike) -> Pixels:
    """Take colours from a table: tones and warmths of any one shape give (*shape, 3)."""
    row = np.clip(np.asarray(warmth) * STEPS, 0, STEPS - 1).astype(np.intp)
    column = np.clip(np.asarray(tone) * STEPS, 0, STEPS - 1).astype(np.intp)
    return np.asarray(table[row, column])


def slopes(plane: Plane) -> tuple[Plane, Plane]:
    """The derivatives along y and x, per pixel."""
    along_y, along_x = np.gradient(plane)
    return np.asarray(along_y, np.float32), np.asarray(along_x, np.float32)


def directions(tone: Plane, filler: Plane, reach: float, weight: float) -> Directions:
    """Find how the forms run, which is across the gradient of the tone.

    Gradients are averaged as structure tensors, so that opposite ones do not cancel (Bigun and
    Granlund, "Optimal Orientation Detection of Linear Symmetry", ICCV 1987).

    Args:
        tone: (height, width).
        filler: Likewise; its contour lines give the direction where the tone is flat.
        reach: Over how many pixels gradients are averaged (sigma).
        weight: Of the filler, against the mean strength of the forms.
    """
    height, width = tone.shape
    # Half the size is plenty for something this smooth.
    dy, dx = slopes(soften(tone[::2, ::2], 1))
    even, odd = soften(dx * dx - dy * dy, reach / 2), soften(2 * dx * dy, reach / 2)
    share = np.float32(weight * np.hypot(even, odd).mean())
    dy, dx = slopes(soften(filler[::2, ::2], 6))
    square = dx * dx + dy * dy + np.float32(1e-12)
    even += share * (dx * dx - dy * dy) / square
    odd += share * 2 * dx * dy / square
    angle = 0.5 * np.arctan2(odd, even) + np.float32(np.pi / 2)
    angle = np.repeat(np.repeat(angle, 2, axis=0), 2, axis=1)[:height, :width]
    return Directions(np.sin(angle), np.cos(angle))


def scatter(rng: Generator, shape: tuple[int, int], pitch: float) -> Points:
    """Strew points about `pitch` pixels apart, in random order, a little beyond the canvas too."""
    ys, xs = np.mgrid[-pitch : shape[0] + pitch : pitch, -pitch : shape[1] + pitch : pitch]
    points = np.stack([ys.ravel(), xs.ravel()], axis=-1) + rng.uniform(0, pitch, (ys.size, 2))
    return rng.permutation(points).astype(np.float32)


def at(plane: Plane, points: Points) -> Plane:
    """Read a plane at points: (..., 2) gives (...); beyond its border its rim goes on."""
    rows = np.clip(points[..., 0], 0, plane.shape[0] - 1).astype(np.int32)
    columns = np.clip(points[..., 1], 0, plane.shape[1] - 1).astype(np.int32)
    return np.asarray(plane[rows, columns])


def trace(along: Directions, starts: Points, steps: int, step: float) -> tuple[Points, Points]:
    """Walk along the forms from every start, without ever turning back.

    Returns:
        The places and the directions of the walks, each (len(starts), steps, 2).
    """
    place, last = starts.copy(), np.zeros_like(starts)
    places, headings = [], []
    for _ in range(steps):
        ahead = np.stack([at(along.y, place), at(along.x, place)], axis=-1)
        ahead *= np.where(np.sum(ahead * last, axis=-1, keepdims=True) < 0, -1, 1)
        last = last + ahead  # a wrist bends no faster than this
        last /= np.linalg.norm(last, axis=-1, keepdims=True) + np.float32(1e-6)
        places.append(place)
        headings.append(last)
        place = place + np.float32(step) * last
    return np.stack(places, axis=1), np.stack(headings, axis=1)


def lay(
    canvas: Ids | Plane,
    ys: Plane,
    xs: Plane,
    paint: Ids | Plane,
    keep: NDArray[np.bool_] | None = None,
) -> None:
    """Lay paint on a canvas, later entries over earlier ones; what falls beside it is lost.

    Args:
        canvas: (height, width), changed in place.
        ys: Places in pixels; all arrays have one shape, or broadcast to it.
        xs: Likewise.
        paint: What to write there.
        keep: False where the brush does not touch; None if it touches everywhere.
    """
    rows, columns = ys.astype(np.int32), xs.astype(np.int32)
    height, width = canvas.shape
    touched = (ys >= 0) & (rows < height) & (xs >= 0) & (columns < width)
    if keep is not None:
        touched &= keep
    canvas.ravel()[(rows * width + columns)[touched]] = np.broadcast_to(paint, rows.shape)[touched]


def lit(colors: Pixels, relief: Plane, strength: float) -> Pixels:
    """Light paint from the upper left: rising `relief` brightens, falling darkens."""
    smooth = soften(relief, 0.7)
    slope = smooth - np.pad(smooth, ((2, 0), (2, 0)), mode="edge")[:-2, :-2]
    shade = np.clip(np.float32(strength) * slope, -0.3, 0.3)[..., None]
    shaded = np.where(shade > 0, colors + (1 - colors) * shade, colors * (1 + shade))
    return np.asarray(np.clip(shaded, 0, 1))
