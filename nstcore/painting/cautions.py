"""What is to be known of a model's training before its pictures are judged.

Nothing here needs TensorFlow.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nstcore.painting.choose import Run
from nstcore.painting.stopping import Hindsight

FAR = 0.5
"""A run that has fallen by less than this share of what another aggregation of its backbone has,
both as logarithms of the loss, has ended far above it."""

RISE, STALLED, EARLY, ABOVE = "ended on a rise", "stalled", "stopped too early", "ended far above"
"""The kinds of cautions, which their texts begin with."""


@dataclass(frozen=True)
class Course:
    """How the run went that a model was chosen by."""

    run: Run
    start: float
    """The average total loss at epoch 0."""
    hindsight: Hindsight | None = None

    @property
    def fall(self) -> float:
        """By what the loss fell: the logarithm of start over end; 0 where that is not known."""
        values = self.start, self.run.total_loss
        known = all(math.isfinite(value) and value > 0 for value in values)
        return math.log(self.start / self.run.total_loss) if known else 0.0


def find_cautions(
    courses: Mapping[tuple[str, str], Course],
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Find what readers are to know of each model's training.

    Losses of two backbones cannot be compared, those of a backbone's aggregations nearly: a run
    that fell by less than half as much as another aggregation's did not end there because the
    network can do no more.

    Args:
        courses: Of each model, by backbone and aggregation, how its chosen run went.

    Returns:
        By model, a few words each; an empty tuple where there is nothing to be said.
    """
    cautions: dict[tuple[str, str], tuple[str, ...]] = {}
    for (backbone, aggregation), course in courses.items():
        told = []
        if course.run.status == "rise":
            told.append(RISE)
        if course.run.status == "stalled":
            told.append(f"{STALLED}: never below its start")
        if course.hindsight and course.hindsight.too_early:
            told.append(f"{EARLY}: fell further while watched")
        others = {name[1]: other.fall for name, other in courses.items() if name[0] == backbone}
        best = max(others, key=lambda name: others[name])
        if best != aggregation and course.fall < FAR * others[best]:
            told.append(f"{ABOVE} where {best} got")
        cautions[backbone, aggregation] = tuple(told)
    return cautions
