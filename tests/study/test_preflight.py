"""What would end a run after hours is told before its first job."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from nstcore.study import preflight
from nstcore.study.config import Study
from nstcore.study.demand import disk, foresee, memory
from nstcore.study.preflight import Job, Machine, available_memory, find_hindrances

VALUES = {
    "study": "small",
    "image_size": 64,
    "data": {"path": "pictures"},
    "styles": {"images": 3, "artists": ["A", "B"]},
    "contents": {"source": "photographs", "train": 2, "test": 1},
    "backbones": {"Net": {"architecture": "MobileNetV2", "weights": "random"}},
    "aggregations": ["simple", "squared"],
    "training": {"max_epochs": 10},
}


def study(**values: object) -> Study:
    return Study.read({**VALUES, **values}, "config")


def hindrances(*jobs: Job, machine: Machine, of: Study | None = None) -> list[str]:
    return find_hindrances(of or study(), jobs, machine)


def test_jobs_that_fit_are_let_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = [Job("train", 1, 500, "Net")] * 4 + [Job("load_backbone", 1, 100, "Net")]
    assert hindrances(*jobs, machine=Machine(2)) == []


def test_jobs_that_run_at_once_are_counted_by_cores_threads_and_limit() -> None:
    there = available_memory()
    jobs = [Job("choose", 1, 10)] * 9 + [Job("train", 2, there // 3 + 1)] * 6
    assert hindrances(*jobs, machine=Machine(4)) == []
    (line,) = hindrances(*jobs, machine=Machine(6))
    assert re.match(rf"train: 3 jobs at once take .* GB; add --resources mem_mb={there}, ", line)
    assert hindrances(*jobs, machine=Machine(6, memory=there)) == []
    # One job is as many as there are.
    assert hindrances(*jobs[-1:], machine=Machine(6)) == []


def test_a_job_that_never_fits_is_told_whatever_the_limit() -> None:
    job = Job("train", 1, 2 * available_memory())
    (line,) = hindrances(job, machine=Machine(1, memory=100))
    assert "lower image_size or training.batch" in line


def test_space_is_counted_by_disk_and_what_is_there_counts_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    needed = disk(study())
    free = {"free": needed - 1}
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(**free))
    (line,) = hindrances(Job("train", 1, 1), machine=Machine(1))
    assert line.startswith(f"{tmp_path}: 0.1 GB needed on this disk")
    assert hindrances(Job("report", 1, 1), machine=Machine(1)) == []
    (tmp_path / "results/small").mkdir(parents=True)
    (tmp_path / "results/small/done.png").write_bytes(b"12")
    assert hindrances(Job("train", 1, 1), machine=Machine(1)) == []


def test_a_download_needs_room_beside_the_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(preflight, "foresee_download", lambda *_: None)
    known = study(
        data={"dataset": "ikarus777/best-artworks-of-all-time/1"},
        styles={"images": 3, "artists": ["Claude Monet"]},
    )
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4_900_000_000))
    jobs = [Job("download_dataset", 1, 1), Job("extract_dataset", 1, 1)]
    (line,) = hindrances(*jobs, machine=Machine(1), of=known)
    assert ": 4.9 GB needed on this disk for downloads and results" in line


def test_weights_are_asked_for_only_where_a_job_loads_them() -> None:
    there = study(backbones={"Net": {"architecture": "VGG16", "weights": "package:none/a.h5"}})
    job = Job("load_backbone", 1, 1, "Net")
    assert hindrances(Job("train", 1, 1, "Net"), machine=Machine(1), of=there) == []
    (line,) = hindrances(job, machine=Machine(1), of=there)
    assert "the Python package none is not installed; pip install it" in line


def test_the_counts_are_those_of_the_config() -> None:
    demand = foresee(study())
    assert (demand.pairs, demand.runs, demand.pictures) == (4, 6, 4)
    assert (demand.training_steps, demand.painting_steps) == (6 * 4 * 10, 4 * 10)
    # 9 inputs, 1 network, 2 targets, loss weights, 6 runs, 2 + 1 choices, 4 pictures in 4 jobs that
    # paint; catalogue, selection and report.
    assert demand.jobs == 9 + 1 + 2 + 1 + 6 + 3 + 4 + 4 + 3
    assert demand.starts == 1 + 2 + 1 + 6 + 4


JUDGES = [
    {"architecture": "VGG16", "weights": "package:none/a.h5", "heldout": 5},
    {"architecture": "VGG16", "weights": "package:neither/b.h5", "name": "Second"},
]


def test_each_judge_s_jobs_are_counted() -> None:
    alone = foresee(study()).jobs
    # 10 paintings set aside; by judge the network, its likeness, its bounds and 2 models' scores;
    # scores and findings.
    assert foresee(study(judge=JUDGES[0])).jobs == alone + 10 + 5 + 2
    # The likeness of the two judges, too.
    assert foresee(study(judge=JUDGES)).jobs == alone + 10 + 2 * 5 + 1 + 2


def test_the_weights_of_each_judge_are_asked_for() -> None:
    jobs = [Job("load_judge", 1, 1, judge=name) for name in ("VGG16", "Second")]
    lines = hindrances(*jobs, machine=Machine(1), of=study(judge=JUDGES))
    for package, line in zip(("none", "neither"), lines, strict=True):
        assert f"the Python package {package} is not installed; pip install it" in line
    (line,) = hindrances(jobs[1], machine=Machine(1), of=study(judge=JUDGES))
    assert "package neither" in line


@pytest.mark.parametrize(
    "change", [{"image_size": 512}, {"styles": {"images": 300, "genres": ["A"]}}]
)
def test_memory_and_disk_grow_with_what_they_are_taken_by(change: dict[str, object]) -> None:
    assert memory(study(**change), 2, 2) > memory(study(), 2, 2)
    assert disk(study(**change)) > disk(study())
    assert memory(study(), 20, 2) > memory(study(), 1, 2)
