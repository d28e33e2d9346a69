"""The README's config for own pictures, as it stands there, with own pictures."""

import re

import pytest
import yaml
from catalogues import paint
from conftest import ROOT
from test_workflow import jobs, rows, snakemake

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A folder with paintings by two people and some photographs, and the README's config."""
    folder = tmp_path_factory.mktemp("mine")
    for number in range(1, 5):
        paint(folder / "paintings" / "Aunt Ada" / f"{number}.jpg", number)
        paint(folder / "paintings" / "Uncle Bob" / f"{number}.jpg", 10 + number)
    for number in range(1, 7):
        paint(folder / "photographs" / f"{number}.jpg", 20 + number)
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    for name in ("paintings", "photographs"):
        assert f"/home/me/{name}" in block
        block = block.replace(f"/home/me/{name}", str(folder / name))
    return folder, yaml.safe_load(block)


def test_it_selects_the_pictures_and_knows_every_job(mine):
    folder, config = mine
    done = snakemake(folder, "results/mine/selection.csv", config=config)
    assert done.returncode == 0, done.stdout
    selected = rows(folder / "results/mine/selection.csv")
    assert [row["split"] for row in selected].count("target") == 8
    assert [row["split"] for row in selected].count("train") == 3
    assert [row["split"] for row in selected].count("test") == 2
    planned = jobs(snakemake(folder, "--dry-run", config=config))
    # Two backbones, three aggregations, three optimizers; two contents in two styles.
    assert (planned["train"], planned["choose"]) == (18, 6)
    assert (planned["paint"], planned["stylize"]) == (12, 24)


def test_it_paints(mine):
    """Smaller, for one of its models, and without what cannot be downloaded here."""
    folder, config = mine
    small = config | {"study": "small", "image_size": 48, "training": {"max_epochs": 2}}
    small["backbones"] = {"MobileNetV2": {"architecture": "MobileNetV2", "weights": "random"}}
    picture = "results/small/stylized/MobileNetV2/squared/Uncle_Bob/"
    done = snakemake(folder, "results/small/selection.csv", config=small)
    assert done.returncode == 0, done.stdout
    content = next(
        row["id"] for row in rows(folder / "results/small/selection.csv") if row["split"] == "test"
    )
    done = snakemake(folder, f"{picture}{content}.png", config=small)
    assert done.returncode == 0, done.stdout
    (choice,) = rows(folder / "results/small/choices/MobileNetV2/squared.csv")
    # The losses are weighed by what is measured: the total starts near 1 and falls.
    assert 0.1 < float(choice["total_loss"]) < 1
    assert choice["status"] in {"limit", "plateau", "rise"}
