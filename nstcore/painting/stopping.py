"""When a training run ends, and whether that was right.

Nothing here needs TensorFlow: curves go in, decisions come out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator

from nstcore.painting.schedule import Training

Status = Literal["plateau", "rise", "limit", "stalled", "diverged"]
STATUSES: dict[Status, str] = {
    "plateau": "the loss still fell, but by less than the threshold",
    "rise": "the loss rose: the rule ended the run, which need not have converged",
    "limit": "the epoch limit came first: more epochs would lower the loss further",
    "stalled": "the loss never fell below that of the start",
    "diverged": "the loss became infinite or not a number",
}
"""How a run ended; in each case its whole curve is kept."""

PATIENCES = (0, 1, 3, 5, 10)
"""What else might have been set, told in hindsight; 0 is the published rule."""

Loss = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]


class End(NamedTuple):
    """Where a run ended."""

    epoch: int
    reason: Literal["plateau", "rise", "limit", "diverged"]


def find_end(totals: Sequence[float], training: Training) -> End | None:
    """Find where a run ends, or None where it goes on.

    It ends once more than `patience` epochs in a row have improved the average total loss by less
    than `min_improvement`, (previous - current) / previous; a loss that rises improves by less than
    nothing. With patience 0 the first such epoch ends it, which is the published rule. The end is a
    rise where the loss is above that before these epochs, else a plateau.

    Args:
        totals: The average total loss of each epoch so far, that of the start first; what comes
            after the end plays no part.
        training: The rule.
    """
    weak = 0
    for epoch, current in enumerate(totals):
        if not math.isfinite(current):
            return End(epoch, "diverged")
        if epoch:
            previous = totals[epoch - 1]
            # Not divided by `previous`, which is 0 where a content is its own style.
            too_little = previous - current < training.min_improvement * previous
            weak = weak + 1 if too_little or current == previous == 0 else 0
            if weak > training.patience:
                return End(epoch, "rise" if current > totals[epoch - weak] else "plateau")
        if epoch == training.max_epochs:
            return End(epoch, "limit")
    return None


def last_epoch(totals: Sequence[float], training: Training) -> int | None:
    """Return the epoch after which nothing more is to be painted, or None where it is not known.

    A run that the rule has ended goes on for `watch` epochs, one that came to the limit or diverged
    for none, and none goes on from a loss that is not finite.
    """
    end = find_end(totals, training)
    if end is None:
        return None
    if end.reason in {"limit", "diverged"}:
        return end.epoch
    for epoch in range(end.epoch, min(len(totals), end.epoch + training.watch)):
        if not math.isfinite(totals[epoch]):
            return epoch
    return end.epoch + training.watch


def lowest(totals: Sequence[float]) -> int:
    """Return the epoch of the lowest loss; of equals, the first."""
    finite = [total if math.isfinite(total) else math.inf for total in totals]
    return finite.index(min(finite))


@dataclass(frozen=True)
class Alternative:
    """What another patience would have come to, as far as the curve reaches."""

    patience: int
    stop: int | None
    """The epoch at which it would have stopped; None where the curve ends before."""
    epochs: int
    """What it would have chosen, or would have by the end of the curve."""
    total_loss: Loss


@dataclass(frozen=True)
class Hindsight:
    """Whether the rule was right to end a run, by the epochs that were watched after it."""

    stop: int
    """The epoch at which the rule ended it."""
    stop_loss: Loss
    """The average total loss there."""
    epochs: int
    """The epoch of the lowest loss by then, which the run is judged by."""
    total_loss: Loss
    """The loss there."""
    watched: int
    """Epochs that were painted after the stop."""
    later_loss: Loss
    """The loss after the last of these; not a number where it diverged."""
    too_early: bool
    """Whether going on would have paid by the rule's own measure: whether the lowest loss of the
    watched epochs is below `total_loss` by `min_improvement` for each epoch from the stop on."""
    alternatives: tuple[Alternative, ...]
    """Other patiences, `PATIENCES`."""


def look_back(totals: Sequence[float], training: Training) -> Hindsight | None:
    """Tell whether a run was ended rightly; None where the rule ended none, or nobody looked.

    Args:
        totals: The average total loss after 0, 1, 2 ... epochs, the watched ones too.
        training: What it ran under.
    """
    end = find_end(totals, training)
    watched = len(totals) - 1 - end.epoch if end else 0
    if end is None or end.reason in {"limit", "diverged"} or watched < 1:
        return None
    epochs = lowest(totals[: end.epoch + 1])
    chosen = totals[epochs]
    enough = (chosen * (1 - training.min_improvement) ** after for after in range(1, watched + 1))
    return Hindsight(
        stop=end.epoch,
        stop_loss=totals[end.epoch],
        epochs=epochs,
        total_loss=chosen,
        watched=watched,
        later_loss=totals[-1] if math.isfinite(totals[-1]) else math.nan,
        too_early=any(
            later < bound for later, bound in zip(totals[end.epoch + 1 :], enough, strict=True)
        ),
        alternatives=tuple(_try(patience, totals, training) for patience in PATIENCES),
    )


def _try(patience: int, totals: Sequence[float], training: Training) -> Alternative:
    rule = training.model_copy(update={"patience": patience})
    end = find_end(totals, rule)
    epochs = lowest(totals if end is None else totals[: end.epoch + 1])
    return Alternative(patience, end.epoch if end else None, epochs, totals[epochs])
