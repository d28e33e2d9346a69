"""How long is painted, and on what machine: the sections `training` and `compute` of the config."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from nstcore.common.section import Section

# Years of painting, and more than any machine holds: beyond is a slip of the keyboard.
_MOST = 1_000_000

Count = Annotated[int, Field(ge=1, le=_MOST)]
Number = Annotated[int, Field(ge=0, le=_MOST)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""What NumPy's generators take."""


class Epochs(Section):
    """What an epoch is, and what the first one starts from."""

    steps_per_epoch: Count = 1
    """Optimizer updates of every picture in an epoch."""
    initial_noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    """0: start from the contents; 1: from noise; between them: from a blend."""


class Schedule(Epochs):
    """How contents are stylised."""

    epochs: Number = 100
    """Passes of `steps_per_epoch` updates; 0 gives the start back."""
    seed: Seed = 0
    """Draws the noise."""


class Training(Epochs):
    """How optimizer and epochs are chosen: the section `training` of the config."""

    max_epochs: Count = 100
    """The limit."""
    min_improvement: Annotated[float, Field(ge=0, lt=1)] = 0.001
    """Stop below this; a fraction of the previous epoch's average total loss."""
    patience: Number = 0
    """Epochs in a row that may improve by less before a run ends; 0 ends it at the first one, which
    is the published rule, but may take one bad step for the end."""
    watch: Number = 10
    """Epochs that a run goes on after the rule has ended it, only to see whether that was right;
    they change no choice."""
    batch: Count = 1
    """Pairs that are repainted at once; memory grows with it."""


class TrainingSchedule(Training):
    """How training pairs are stylised."""

    seed: Seed = 0
    """Draws the noise that pictures start from, if they do."""


class Compute(Section):
    """How jobs use the machine; changes no result, but for the threads."""

    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads of a job; another number gives other rounding. As many jobs as cores are faster
    than threads within one."""
    pairs_in_memory: Count = 60
    """Pairs whose pictures and optimizer state a training job holds in memory beside those that are
    repainted; the others wait on disk."""
    save_every: Count = 5
    """Epochs after which a training job saves where it is; a killed one goes on from there."""
    pictures_per_job: Count | None = None
    """For studies of thousands of test contents: how many of them are one job's, in one style with
    one model. Snakemake then knows of parts instead of pictures, see docs/scale.md. By default it
    knows of every picture, and all of a model's in a style are one job's."""


OnEpoch = Callable[[int, Mapping[str, float]], None]
"""Called after each epoch with its number and the average of each of `history.LOSSES`."""


def unseen(epoch: int, losses: Mapping[str, float]) -> None:
    """Show nothing of an epoch."""


@dataclass(frozen=True)
class Execution:
    """How a training run is kept and shown; changes none of its losses."""

    checkpoint: Path | None = None
    """A folder in which the run is saved, so that it goes on there if it is killed; to be removed
    once the result is safe. None saves nothing."""
    compute: Compute = field(default_factory=Compute)
    """Its threads are those of the process, which `runtime.start_tensorflow` sets."""
    progress: OnEpoch = unseen
    """Called after each epoch that an earlier process had not come to."""
