"""Results on a file system that has neither locks nor hard links."""

import errno
import subprocess
import sys
from pathlib import Path

import lockless
import pytest
import yaml
from conftest import ROOT
from processes import see
from test_workflow import JUDGES, UNJUDGED

from nstcore.demo import paint_dataset, write_photographs

pytestmark = [pytest.mark.workflow, lockless.known]

TRIES = """
import errno, fcntl, os
with open("file", "w") as file:
    for call in (
        lambda: fcntl.flock(file, fcntl.LOCK_EX),
        lambda: fcntl.lockf(file, fcntl.LOCK_EX),
        lambda: os.link("file", "link"),
    ):
        try:
            call()
            print(0)
        except OSError as error:
            print(error.errno)
"""


def test_such_a_file_system_is_what_programs_see(tmp_path: Path) -> None:
    refused = [errno.ENOLCK, errno.ENOLCK, errno.EPERM]
    for refuse, codes in ((lockless.without_locks, refused), (None, [0, 0, 0])):
        tries = [sys.executable, "-c", TRIES]
        done = subprocess.run(
            tries, cwd=tmp_path, preexec_fn=refuse, capture_output=True, text=True, check=True
        )
        assert [int(line) for line in done.stdout.split()] == codes


def test_a_study_comes_to_its_report_there(tmp_path: Path) -> None:
    """As does its download, see tests/dataset; HDF5 would open none of the networks."""
    config = {
        **UNJUDGED,
        "aggregations": ["simple"],
        "optimizers": {"adam": {"learning_rate": 0.02}},
        "judge": JUDGES[0],
    }
    paint_dataset(tmp_path / "artworks", seed=1, paintings=4)
    write_photographs(tmp_path / "photographs")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config), "utf-8")
    done = see(
        [
            *(Path(sys.executable).parent / "snakemake", "--cores", "2"),
            *("--snakefile", ROOT / "Snakefile", "--directory", tmp_path),
            *("--configfile", tmp_path / "study.yaml"),
        ],
        preexec_fn=lockless.without_locks,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "results/small/report.html").is_file()
    assert len(list((tmp_path / "results/small/stylized").rglob("*.png"))) == 2
