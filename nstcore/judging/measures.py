"""The measures that pictures are scored by: what each is, how it is computed and spoken of.

Nothing here needs TensorFlow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nstcore.common.formatting import format_name
from nstcore.judging.features import Paintings, PictureFeatures
from nstcore.judging.functional import (
    Array,
    chroma_excess,
    color_distance,
    mean_change,
    perceptual_distance,
    structural_similarity,
)

_NOTHING = 1e-6
# Added to both sides of a ratio of grids, since many paintings have none: what chance can make.
_NO_GRID = 0.001
# Of the paintings: files of some have blocks or a canvas that repeats, which is no fault then.
_MOST = 0.9


@dataclass(frozen=True)
class Case:
    """A picture, and what it is measured against."""

    picture: PictureFeatures
    contents: Sequence[PictureFeatures]
    """What it is to show, of its size; measures are averaged over several."""
    paintings: Paintings
    """The held-out ones of the style that it is to be in."""
    style: str
    distances: Mapping[str, float]
    """The kernel distance to the held-out paintings of every style."""

    def mean(self, measure: Callable[[PictureFeatures, PictureFeatures], float]) -> float:
        """Average a measure of picture and content over the contents."""
        return float(np.mean([measure(self.picture, content) for content in self.contents]))


@dataclass(frozen=True)
class Wording:
    """How two ways of painting are compared by a measure."""

    place: int
    """Of the measure among those that are compared."""
    label: str
    """What is compared: "style reached"."""
    more: str
    """How the first relates to the second where its value is the higher one: "is grainier than"."""
    less: str
    """How it does where its value is the lower one."""
    scaled: bool = False
    """Compare on the scale from the own untouched content (0) by the way to real paintings (1)."""
    ratio: bool = False
    """Compare shares, whose sizes span decades, by their ratio."""


@dataclass(frozen=True)
class Measure:
    """Something that is measured of every picture; a column of `score_table.csv`."""

    description: str
    """What it is, with unit or range."""
    compute: Callable[[Case], float]
    better: Literal["lower", "higher", "near 1", ""] = ""
    """Which values are those of a picture as one wants it; empty where neither are."""
    by_judge: bool = False
    """Whether it needs the judge's network, and is another one for each judge."""
    of_content: bool = False
    """Whether it tells the picture from its content, so that an untouched one has a fixed value."""
    wording: Wording | None = None
    """None: ways of painting are not compared by it."""


def _right_artist(case: Case) -> float:
    if len(case.distances) < 2:
        return float("nan")
    return float(min(case.distances, key=lambda name: case.distances[name]) == case.style)


def _grid(case: Case) -> float:
    theirs = np.quantile(case.paintings.grid, _MOST, axis=0)
    return float(((case.picture.grid + _NO_GRID) / (theirs + _NO_GRID)).max())


def _border(case: Case) -> float:
    content = float(np.mean([content.border for content in case.contents]))
    return case.picture.border / max(content, float(np.median(case.paintings.border)))


def _saturation(case: Case) -> float:
    theirs: Array = case.paintings.reach.max(axis=0)
    return case.mean(lambda a, b: chroma_excess(a.pixels, np.maximum(theirs, b.reach)))


MEASURES: dict[str, Measure] = {
    "content_distance": Measure(
        "perceptual distance to the content by the judge's features, 0 to 4",
        lambda case: case.mean(lambda a, b: perceptual_distance(a.features, b.features)),
        better="lower",
        by_judge=True,
        of_content=True,
        wording=Wording(
            1,
            "content lost",
            "keeps less of the content than",
            "keeps more of the content than",
            scaled=True,
        ),
    ),
    "similarity": Measure(
        "structural similarity to the content, up to 1; no network",
        lambda case: case.mean(lambda a, b: structural_similarity(a.pixels, b.pixels)),
        better="higher",
        of_content=True,
    ),
    "change": Measure(
        "mean absolute difference to the content, 0 to 1; no network",
        lambda case: case.mean(lambda a, b: mean_change(a.pixels, b.pixels)),
        of_content=True,
        wording=Wording(
            3, "change", "changes the pixels more than", "changes the pixels less than"
        ),
    ),
    "style_distance": Measure(
        "kernel distance of textures to those of the artist's held-out paintings by the judge's "
        "features",
        lambda case: case.distances[case.style],
        better="lower",
        by_judge=True,
        wording=Wording(
            0,
            "style reached",
            "goes further towards the held-out paintings than",
            "goes less far towards the held-out paintings than",
            scaled=True,
        ),
    ),
    "right_artist": Measure(
        "1 if of all artists' held-out paintings this artist's are nearest, else 0",
        _right_artist,
        better="higher",
        by_judge=True,
    ),
    "color_distance": Measure(
        "distance to the colours of the held-out paintings, in CIELAB; no network",
        lambda case: color_distance(case.picture.colors, list(case.paintings.colors)),
        better="lower",
        wording=Wording(
            2,
            "colours reached",
            "comes nearer to the artists' colours than",
            "stays farther from the artists' colours than",
            scaled=True,
        ),
    ),
    "grain": Measure(
        "finest variation over that of the held-out paintings; no network",
        lambda case: case.picture.grain / max(float(np.median(case.paintings.grain)), _NOTHING),
        better="near 1",
        wording=Wording(4, "grain", "is grainier than", "is less grainy than", ratio=True),
    ),
    "grid": Measure(
        "what repeats like a grid over that of the held-out paintings; no network",
        _grid,
        better="near 1",
        wording=Wording(
            5, "grid", "shows more of a grid than", "shows less of a grid than", ratio=True
        ),
    ),
    "border": Measure(
        "steepness in the outer 8 pixels over that inside, relative to the content or the held-out "
        "paintings, whichever has more; no network",
        _border,
        better="near 1",
        wording=Wording(
            6,
            "fringes at the edges",
            "shows more of a fringe at its edges than",
            "shows less of a fringe at its edges than",
            ratio=True,
        ),
    ),
    "saturation": Measure(
        "chroma beyond that of both the content and the held-out paintings, hue by hue, in CIELAB; "
        "no network",
        _saturation,
        better="lower",
        of_content=True,
        wording=Wording(
            7,
            "garish colours",
            "has more garish colours than",
            "has less garish colours than",
        ),
    ),
}
"""By the name of their column, in the order of the tables. To add one: an entry here; raise
`versions.SCORES_VERSION`, since pictures are then scored anew."""


def say(name: str) -> str:
    """Write a measure's name for readers.

    Example:
        >>> say("color_distance")
        'colour distance'
    """
    return format_name(name).replace("color", "colour")


COMPARED: dict[str, tuple[str, Wording]] = {
    wording.label: (name, wording)
    for name, wording in sorted(
        ((name, one.wording) for name, one in MEASURES.items() if one.wording),
        key=lambda entry: entry[1].place,
    )
}
"""What ways of painting are compared by: measure and wording by label, in their order."""
