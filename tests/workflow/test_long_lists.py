"""Thousands of ids: more than a command line holds, which here is made short."""

import re
import resource

import numpy as np
import pytest
import yaml
from PIL import Image
from test_config_files import call
from test_workflow import CONFIG, rows

from nstcore.images.prepare import Shape, prepare

pytestmark = pytest.mark.workflow

# Ids are 100 letters long at most. Their JSON is longer than any argument may be (128 KiB), and the
# paths of their prepared copies, under a long name, are longer than all arguments together.
COUNT, CONTENTS, STUDY = 1400, 120, "s" * 90
NET = {"architecture": "MobileNetV2", "weights": "random", "content_layer": "Conv1_relu"}
ROOM = 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a study that has come to its prepared pictures."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(3)
    ids = [f"Ada_{number:0>90}" for number in range(COUNT)]
    for place, names in (("artworks/Ada", ids), ("photographs", ids[:CONTENTS])):
        (folder / place).mkdir(parents=True)
        for name in names:
            picture = Image.fromarray(rng.integers(0, 256, (32, 32, 3)).astype(np.uint8))
            picture.save(folder / place / f"{name}.png", compress_level=0)
    config = {
        **CONFIG,
        "backbones": {"Net": {**NET, "style_layers": {"Conv1_relu": 1.0}}},
        "aggregations": ["simple"],
        "study": STUDY,
        "image_size": 32,
        "styles": {"sets": {"All": {"paintings": ids}}},
        "contents": {"source": "photographs", "train": CONTENTS // 2, "test": CONTENTS // 2},
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))
    done = call(
        folder, f"results/{STUDY}/selection.csv", "--cores", "2", "--configfile", "mine.yaml"
    )
    assert done.returncode == 0, done.stdout[-2000:]
    for row in rows(folder / f"results/{STUDY}/selection.csv"):
        copy = folder / f"results/{STUDY}/inputs/{row['id']}.png"
        prepare(folder / row["source"], copy, Shape(32))
    return folder


def test_all_of_them_become_a_target(folder, monkeypatch):
    before = resource.getrlimit(resource.RLIMIT_STACK)
    target = f"results/{STUDY}/targets/Net/All.npz"
    # Linux gives arguments a fourth of the stack.
    resource.setrlimit(resource.RLIMIT_STACK, (ROOM, before[1]))
    try:
        done = call(folder, target, "--cores", "1", "--configfile", "mine.yaml")
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, before)
    assert done.returncode == 0, done.stdout[-2000:]
    log = folder / f"results/{STUDY}/logs/build_target/Net/All.log"
    assert log.read_text().startswith(f"{COUNT - 2} paintings; ")


def test_no_command_grows_with_the_number_of_pictures(folder):
    done = call(
        folder, "--dry-run", "--printshellcmds", "--cores", "1", "--configfile", "mine.yaml"
    )
    assert done.returncode == 0, done.stdout[-2000:]
    commands = re.findall(r"python -m workflow_scripts\..*2>&1", done.stdout)
    programs = {command.split()[2].rpartition(".")[2] for command in commands}
    assert {"weigh_losses", "train", "paint", "score", "compare"} <= programs
    assert sum(map(len, commands)) > 100_000
    for command in commands:
        # What Bash's own printf writes is handed to no process.
        assert len(re.sub(r"@<\(printf '%s\\n' .*?\)", "", command)) < 2500


def test_unknown_ids_are_one_short_line(folder):
    config = yaml.safe_load((folder / "mine.yaml").read_text())
    config["styles"]["sets"]["All"]["paintings"] = [f"Bo_{number}" for number in range(5000)]
    config["study"] = "unknown"
    (folder / "unknown.yaml").write_text(yaml.safe_dump(config))
    done = call(
        folder, "results/unknown/selection.csv", "--cores", "2", "--configfile", "unknown.yaml"
    )
    assert done.returncode != 0
    (line,) = {line for line in done.stdout.splitlines() if line.startswith("error: ")}
    assert "styles.sets.All: no painting 'Bo_0', 'Bo_1', 'Bo_2' ... (5000 in all) in the" in line
    assert len(line) < 1000
