"""What a study will take on this machine, by a few steps of each of its networks."""

import shutil
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nstcore.backbones.backbone import Backbone, load_backbone
from nstcore.backbones.network import Network
from nstcore.backbones.weights import is_here
from nstcore.common.formatting import format_duration
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.optimizers import Adam
from nstcore.painting.schedule import Schedule
from nstcore.painting.stylize import stylize
from nstcore.study.config import Study
from nstcore.study.demand import disk, foresee, memory, painting_memory
from nstcore.study.preflight import available_memory

# The first step builds the graph, and the next may still be slower.
_WARM, _TIMED = 2, 5
# Gram matrices have one size whatever the pictures: small ones are seen sooner.
_PAINTING_SIDE = 64


@dataclass(frozen=True)
class Here:
    """How much of a study is there already."""

    runs: int
    pictures: int
    dataset: bool
    networks: Mapping[str, bool]
    """By backbone, and `judge <name>`: whether its weights are on this machine."""


def look(study: Study) -> Here:
    """Count what is there of a study, and of what it needs."""
    results = Path(study.results)
    networks = _networks(study)
    return Here(
        runs=len(list(results.glob("training/*/*/*.csv"))),
        pictures=len(list(results.glob("stylized/*/*/*/*.png"))),
        dataset=Path(study.data.folder).is_dir() or Path(study.data.archive or "").is_file(),
        networks={
            name: is_here(network.architecture, network.weights)
            for name, network in networks.items()
        },
    )


def time_step(study: Study, name: str) -> float:
    """Measure a step of a backbone on one pair, in seconds.

    The pictures are noise; weights that are not here yet are drawn: neither changes the time.
    """
    network = study.network(name)
    if not is_here(network.architecture, network.weights):
        network = network.model_copy(update={"weights": "random"})
    backbone = load_backbone(network, name=name)
    rng = np.random.default_rng(0)
    side, batch = study.image_size, study.training.batch
    contents = rng.random((batch, side, side, 3), dtype=np.float32)
    target = _target(study, backbone, rng)
    ends: list[float] = []
    objective = Objective(aggregation=study.aggregations_of(name)[0], alpha=1.0, beta=1.0)
    schedule = Schedule(epochs=_WARM + _TIMED)
    stylize(
        contents,
        target,
        backbone,
        objective,
        Adam(),
        schedule,
        lambda *_: ends.append(time.monotonic()),
        study.canvas_of(name),
    )
    return statistics.median(np.diff(ends[_WARM:]).tolist()) / batch


def describe(study: Study, seconds: Mapping[str, float], start: float, cores: int) -> Iterator[str]:
    """Say what a study takes, line by line.

    Args:
        study: The study.
        seconds: A step of one pair, by backbone.
        start: Seconds that a program takes before its first step.
        cores: How many jobs run at once, of one thread each.
    """
    demand, here = foresee(study), look(study)
    styles = study.styles.each()
    yield (
        f"study {study.name}: {len(study.models)} models of {len(study.backbones)} backbones, "
        f"{len(styles)} styles, {study.contents.train} + {study.contents.test} contents"
    )
    yield (
        f"jobs: {demand.jobs:,} in all, of them {demand.runs:,} training runs of {demand.pairs:,} "
        f"pairs and {demand.pictures:,} pictures"
    )
    larger = (study.test_shape.side / study.image_size) ** 2
    yield (
        f"steps: at most {demand.training_steps:,} in training and {demand.painting_steps:,} in "
        f"painting, for {study.training.max_epochs} epochs"
    )
    times = ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in seconds.items())
    yield f"a step of one pair here: {times}"
    mean = statistics.fmean(seconds[backbone] for backbone, _ in study.models)
    parallel = max(1, cores // study.compute.threads)

    def shared(value: float) -> str:
        return format_duration(value / parallel)

    parts = {
        "training": demand.training_steps * mean,
        "painting": demand.painting_steps * mean * larger,
        "starting programs": demand.starts * start,
    }
    left = {
        "training": parts["training"] * (1 - here.runs / demand.runs),
        "painting": parts["painting"] * (1 - here.pictures / demand.pictures),
    }
    told = ", ".join(f"{name} {shared(value)}" for name, value in parts.items())
    yield f"time: at most {shared(sum(parts.values()))} on {cores} cores ({told})"
    if here.runs or here.pictures:
        yield (
            f"here already: {here.runs} of {demand.runs} runs, {here.pictures} of "
            f"{demand.pictures} pictures; left: at most {shared(sum(left.values()))}"
        )
    nearest = next(p for p in Path(study.results).absolute().parents if p.is_dir())
    free = shutil.disk_usage(nearest).free
    yield f"disk: results up to {disk(study) / 1e9:.1f} GB; {free / 1e9:.1f} GB free in {nearest}"
    each = max(memory(study, study.training.batch, len(styles)), painting_memory(study))
    together = each * parallel / 1000
    yield (
        f"memory: up to {each / 1000:g} GB a job, {together:g} GB for {parallel} at once; "
        f"{available_memory() / 1000:.1f} GB here"
    )
    yield f"dataset {study.data.dataset or study.data.path}: {_here(here.dataset)}"
    networks = _networks(study)
    for name, there in here.networks.items():
        yield f"weights of {name}: {networks[name].weights}, {_here(there)}"


def _networks(study: Study) -> dict[str, Network]:
    networks: dict[str, Network] = {name: study.network(name) for name in study.backbones}
    if study.judge:
        networks |= {f"judge {judge.label}": judge for judge in study.judge.networks}
    return networks


def _here(there: bool) -> str:
    return "here" if there else "not here yet"


def _target(study: Study, backbone: Backbone, rng: np.random.Generator) -> StyleTarget:
    count = max(style.images or 100 for style in study.styles.each())
    pictures = rng.random((count, _PAINTING_SIDE, _PAINTING_SIDE, 3), dtype=np.float32)
    return StyleTarget.from_images(backbone, pictures, [str(number) for number in range(count)])
