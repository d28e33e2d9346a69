"""What a study takes, foreseen from its config alone: jobs, steps, memory and disk.

Upper bounds by what was measured; see docs/performance.md.
"""

import math
from dataclasses import dataclass

from nstcore.painting.canvas import WHOLE
from nstcore.study.config import Study

# Of a program that has started TensorFlow and loaded a network.
_BASE_MB = 600
# Of one picture of 224 x 224 pixels that is repainted: VGG19's activations and their gradients.
_PICTURE_MB = 300
# Of a picture in tiles, what its pixels take beyond those of a tile, relative to that: its copies.
_COPIES_SHARE = 0.05
# Of one painting: the Gram matrices of five layers of up to 512 channels, in double precision ...
_PAINTING_MB = 5
# ... and in a file, in single.
_PAINTING_BYTES = 2_700_000
# A stylised picture in its content's size, as PNG: 1.5 megapixels.
_STYLIZED_BYTES = 3_000_000
_REPORT_BYTES = 60_000_000
_SPARE = 1.3
# Of one step of one picture of 224 x 224 pixels: VGG19 on one thread of a slow, busy processor.
_STEP_SECONDS = 1.5
# Of starting, compiling a step, and waiting for a file system.
_START_MINUTES = 10
# What "all" paintings of a style count as before anybody has looked.
_ALL = 100


@dataclass(frozen=True)
class Demand:
    """Counts of a study's parts."""

    pairs: int
    """Training pairs of a style and a content."""
    runs: int
    """Training jobs."""
    pictures: int
    """Stylised test pictures: each a job that takes it from those painted together, or in parts."""
    training_steps: int
    """Steps of single pairs, at most: no run ends before its limit."""
    painting_steps: int
    """Steps of single pictures, at most."""
    jobs: int
    """All jobs."""
    starts: int
    """Of these, those that start TensorFlow."""


def foresee(study: Study) -> Demand:
    """Count what a whole study takes, nothing of it being there."""
    styles = study.styles.each()
    networks, models = len(study.files), len(study.models)
    pairs = len(styles) * study.contents.train
    runs = models * len(study.optimizers)
    pictures = models * len(styles) * study.contents.test
    epochs = _epochs(study)
    measured = sum(study.objective(name).measures for name in study.backbones)
    size = study.compute.pictures_per_job
    parts = math.ceil(study.contents.test / size) if size else 1
    prepared = prepared_pictures(study) - (study.contents.test - parts if size else 0)
    taken = 0 if size else pictures
    jobs = (
        2  # catalogue, selection
        + prepared
        + networks * (1 + len(styles))
        + measured
        + runs
        + models
        + models * len(styles) * parts
        + taken
        + 2  # choices, report
    )
    if study.judge:
        judges = len(study.judge.networks)
        tables = models * (len(styles) * parts if size else 1)
        # Each is loaded, compared with backbones and other judges, shown what scores lie between.
        jobs += judges * (1 + networks + 1 + tables) + math.comb(judges, 2)
        jobs += 2  # scores, findings
    light = prepared + taken + models + 4
    steps = runs * pairs * epochs
    return Demand(pairs, runs, pictures, steps, pictures * epochs, jobs, jobs - light)


def prepared_pictures(study: Study) -> int:
    """Count the pictures that are prepared: paintings, those set aside for the judge, contents."""
    heldout = study.judge.heldout if study.judge else 0
    paintings = sum(_paintings(style.images) + heldout for style in study.styles.each())
    return paintings + study.contents.train + study.contents.test


def memory(study: Study, pictures: int, styles: int) -> int:
    """Return the most memory that a job holds which repaints pictures, in MB of 10^6 bytes.

    Args:
        study: The study.
        pictures: How many are repainted at once.
        styles: How many styles' paintings it holds.
    """
    return _memory(study, pictures * _painted_pixels(study, study.image_size), styles)


def painting_memory(study: Study) -> int:
    """Return the most memory that a job holds which paints test contents, in MB of 10^6 bytes.

    Large ones are painted in tiles where every backbone can see in them, and what is left then is
    some copies of the picture.
    """
    pixels = _painted_pixels(study, study.test_shape.side)
    tiled = all(
        (backbone.architecture or "").startswith("VGG") and not study.canvas_of(name).shifts
        for name, backbone in study.backbones.items()
    )
    if tiled and pixels > WHOLE:
        pixels = WHOLE + (pixels - WHOLE) * _COPIES_SHARE
    return _memory(study, pixels, 1)


def _painted_pixels(study: Study, side: int) -> float:
    # A canvas may be larger than its picture.
    around = max(study.canvas_of(name).padding for name in study.backbones)
    return (side + 2 * around) ** 2


def _memory(study: Study, pixels: float, styles: int) -> int:
    each = max((_paintings(style.images) for style in study.styles.each()), default=0)
    held = _BASE_MB + _PAINTING_MB * each * styles + _PICTURE_MB * pixels / 224**2
    return math.ceil(_SPARE * held / 500) * 500


def training_minutes(study: Study) -> int:
    """Return the most minutes that a training job takes on one slow thread."""
    pairs = len(study.styles.each()) * study.contents.train
    return _minutes(study, pairs * _epochs(study), study.image_size)


def painting_minutes(study: Study) -> int:
    """Return the most minutes that a job takes which paints all test contents, or a part."""
    most = min(study.contents.test, study.compute.pictures_per_job or study.contents.test)
    return _minutes(study, most * _epochs(study), study.test_shape.side)


def _epochs(study: Study) -> int:
    return study.training.max_epochs * study.training.steps_per_epoch


def _minutes(study: Study, steps: int, side: int) -> int:
    step = _STEP_SECONDS * _painted_pixels(study, side) / 224**2
    return _START_MINUTES + math.ceil(steps * step / 60)


def disk(study: Study) -> int:
    """Return the bytes that the results of a study take, at most."""
    demand = foresee(study)
    paintings = sum(_paintings(style.images) for style in study.styles.each())
    picture = 3 * max(study.image_size, study.test_shape.side) ** 2
    return (
        len(study.files) * paintings * _PAINTING_BYTES
        + prepared_pictures(study) * picture
        + demand.pictures * _STYLIZED_BYTES
        # Losses, and what running jobs save: pictures and two optimizer states in single precision.
        + demand.runs * demand.pairs * study.training.max_epochs * 100
        + demand.pairs * picture * 12
        + _REPORT_BYTES
    )


def _paintings(images: int | None) -> int:
    return _ALL if images is None else images
