"""A default that changes changes results: it raises NUMERICS_VERSION.

Programs are handed what does not equal the defaults, so Snakemake sees nothing of such a change.
After one, `python tests/study/test_defaults.py` writes the defaults down anew.
"""

import json
from pathlib import Path

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.backbones.network import BackboneNetwork
from nstcore.common.versions import NUMERICS_VERSION
from nstcore.losses.objective import Objective
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimizers import OPTIMIZERS
from nstcore.painting.schedule import TrainingSchedule
from nstcore.selection.styles import Contents, Styles

WRITTEN = Path(__file__).with_name("defaults.json")
SECTIONS = {
    "network": BackboneNetwork,
    "loss": Objective,
    "training": TrainingSchedule,
    "canvas": Canvas,
    "styles": Styles,
    "contents": Contents,
    **{f"optimizers.{name}": kind for name, kind in OPTIMIZERS.items()},
}


def today():
    defaults = {
        f"{name}.{key}": field.default
        for name, section in SECTIONS.items()
        for key, field in section.model_fields.items()
    }
    layers = {f"layers.{name}": list(one.layers) for name, one in ARCHITECTURES.items()}
    return {"numerics": NUMERICS_VERSION, "defaults": {**defaults, **layers}}


def test_no_default_has_changed_under_the_same_version():
    written, now = json.loads(WRITTEN.read_text("utf-8")), today()
    mend = f"raise NUMERICS_VERSION, and run python {Path(__file__).name} to write this down"
    assert written["numerics"] == now["numerics"], mend
    for key, default in written["defaults"].items():
        assert now["defaults"][key] == default, f"{key}: {mend}"


def test_a_new_option_is_written_down():
    assert json.loads(WRITTEN.read_text("utf-8"))["defaults"].keys() == today()["defaults"].keys()


if __name__ == "__main__":
    WRITTEN.write_text(json.dumps(today(), indent=1) + "\n", "utf-8")
