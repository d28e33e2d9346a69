"""Jobs and GPUs: what is asked for where there is one, and what is said where it is of no use.

No GPU is at hand: `nvidia-smi`, by which one is found, is a stand-in.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from processes import see
from test_workflow import UNJUDGED

from nstcore.demo import paint_dataset, write_photographs

pytestmark = pytest.mark.workflow


@pytest.fixture
def with_gpu(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine whose driver lists a GPU."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho NVIDIA H200\n")
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{program.parent}:/usr/bin:/bin"}


def test_jobs_that_use_a_gpu_ask_for_one_where_there_is_one(
    with_gpu: dict[str, str], tmp_path: Path
) -> None:
    paint_dataset(tmp_path / "artworks", seed=1, paintings=2)
    write_photographs(tmp_path / "photographs")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(UNJUDGED), "utf-8")
    command = [
        *(Path(sys.executable).parent / "snakemake", "--dry-run", "--cores", "2"),
        *("--snakefile", ROOT / "Snakefile", "--directory", tmp_path),
        *("--configfile", tmp_path / "study.yaml"),
    ]
    asked = {}
    for name, environment in {
        "with": with_gpu,
        "without": {**with_gpu, "PATH": "/usr/bin:/bin"},
    }.items():
        said = see(command, env=environment).stdout
        blocks = re.findall(r"^rule (\w+):\n((?: {4}.*\n)+)", said, re.M)
        asked[name] = {
            rule for rule, block in blocks if re.search(r"resources: .*\bgpu=1\b", block)
        }
    assert asked == {"with": {"build_target", "train"}, "without": set()}


def test_a_gpu_that_tensorflow_cannot_use_is_told_in_one_line(with_gpu: dict[str, str]) -> None:
    code = "from nstcore.common.runtime import start_tensorflow as start; start()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=with_gpu, capture_output=True, text=True, check=True
    )
    (line,) = done.stderr.splitlines()
    assert re.match(
        r"note: on the processor, since TensorFlow finds no way to use NVIDIA H200; pip install "
        r"'tensorflow\[and-cuda\]==[\d.]+' brings what it needs$",
        line,
    )
