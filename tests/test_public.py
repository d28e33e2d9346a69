"""What `import nstcore` gives, and what it costs."""

import ast
import subprocess
import sys

import pytest
from conftest import ROOT

import nstcore

NAMES = [
    alias.asname
    for node in ast.parse((ROOT / "nstcore" / "__init__.pyi").read_text("utf-8")).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
]


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there(name):
    assert name in dir(nstcore)
    assert getattr(nstcore, name) is not None


def test_the_names_of_the_first_version_are_kept():
    first = {"Backbone", "StyleTarget", "Stylized", "aggregate", "gram_matrix", "load_backbone"}
    assert first | {"stylize", "train", "NUMERICS_VERSION", "CONFIG_VERSION"} <= set(NAMES)


@pytest.mark.parametrize(
    "code",
    [
        "import nstcore",
        "from nstcore import Objective, Schedule, Adam, TrainingSchedule, BackboneNetwork",
        "from nstcore.study.config import Study",
        "from nstcore.report.render import write_report",
        "from nstcore.losses.aggregation import AGGREGATIONS",
    ],
)
def test_tensorflow_starts_when_it_is_needed(code):
    probe = f"{code}; import sys; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
