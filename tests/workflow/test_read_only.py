"""A project, a home or a folder for results that cannot be written to, each a mount of its own."""

import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from disks import read_only
from processes import see
from test_workflow import UNJUDGED

from nstcore.demo import paint_dataset, write_photographs

pytestmark = pytest.mark.workflow

SNAKEMAKE = Path(sys.executable).parent / "snakemake"


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    paint_dataset(folder / "artworks", seed=1, paintings=2)
    write_photographs(folder / "photographs")
    (folder / "study.yaml").write_text(yaml.safe_dump(UNJUDGED), "utf-8")
    return folder


def test_project_and_home_need_not_be_written_to(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with (
        read_only(ROOT, tmp_path / "project") as project,
        read_only(tmp_path / "home", tmp_path / "read-only-home") as home,
    ):
        done = see(
            [
                *(SNAKEMAKE, "results/small/selection.csv", "--cores", "2"),
                *("--snakefile", project / "Snakefile", "--directory", inputs),
                *("--configfile", inputs / "study.yaml"),
            ],
            env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        )
    assert done.returncode == 0, done.stdout
    assert (inputs / "results/small/selection.csv").is_file()


@pytest.mark.parametrize("named", [True, False])
def test_a_folder_that_snakemake_cannot_run_in_is_told_in_one_line(
    named: bool, inputs: Path, tmp_path: Path
) -> None:
    with read_only(inputs, tmp_path / "read-only") as folder:
        done = see(
            [
                *(SNAKEMAKE, "--cores", "2", "--configfile", inputs / "study.yaml"),
                *("--snakefile", ROOT / "Snakefile"),
                *(["--directory", folder] if named else []),
            ],
            cwd=ROOT if named else folder,
        )
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        f"error: {folder}: Snakemake cannot keep its records there (Read-only file system); name a "
        "folder that can be written to: --directory <folder>"
    )
    assert "Traceback" not in done.stdout


def test_results_that_cannot_be_made_anew_are_told_in_one_line(
    inputs: Path, tmp_path: Path
) -> None:
    catalogue = "results/small/catalogue.csv"
    command = [
        *(SNAKEMAKE, catalogue, "--cores", "2", "--configfile", inputs / "study.yaml"),
        *("--snakefile", ROOT / "Snakefile", "--directory", inputs),
    ]
    assert see(command).returncode == 0
    (inputs / "results").rename(tmp_path / "made")
    with read_only(tmp_path / "made", inputs / "results"):
        assert see([*command, "--dry-run"]).returncode == 0
        done = see([*command, "--force"])
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(
        f"error: {catalogue}: it would be made anew, and cannot be written to; make it and its"
    )
    assert "Traceback" not in done.stdout
