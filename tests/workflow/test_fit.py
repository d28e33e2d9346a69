"""Test contents that keep their shape, and are painted larger than what a study is trained on."""

import json

import pytest
from PIL import Image
from test_workflow import JUDGES, UNJUDGED, jobs, modified, rows, snakemake

from nstcore.demo import paint_dataset, write_photographs
from nstcore.images.io import read_text
from nstcore.judging.score_table import STYLIZED, read_scores

pytestmark = pytest.mark.workflow

CONFIG = {
    **UNJUDGED,
    "contents": {**UNJUDGED["contents"], "test": 2, "fit": "keep", "test_size": 96},
    "judge": {**JUDGES[1], "heldout": 2},
    "aggregations": ["simple"],
    "optimizers": {"adam": {"learning_rate": 0.02}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    done = snakemake(folder, config=CONFIG)
    assert done.returncode == 0, done.stdout
    return folder


def contents_of(results):
    return {
        row["id"]: (int(row["width"]), int(row["height"]))
        for row in rows(results / "selection.csv")
        if row["split"] == "test"
    }


def fitting(size, longest):
    return tuple(round(side * longest / max(size)) for side in size)


def check(results, prepared):
    """See what test contents were prepared, painted and scored as."""
    tests = contents_of(results)
    assert any(width != height for width, height in tests.values())
    for row in rows(results / "selection.csv"):
        expected = prepared(tests[row["id"]]) if row["id"] in tests else (48, 48)
        assert Image.open(results / "inputs" / f"{row['id']}.png").size == expected
    pictures = list((results / "stylized").rglob("*.png"))
    assert len(pictures) == 4
    for picture in pictures:
        size = tests[picture.stem]
        assert Image.open(picture).size == size
        width, height = prepared(size)
        noted = json.loads(read_text(picture)["nstcore"])["image_size"]
        assert noted == (width if width == height else [width, height])
    scores = read_scores(results / "scores.csv")
    scored = scores[scores["kind"] == STYLIZED]
    assert len(scored) == 4
    assert scored[["style_distance", "grid", "border", "content_distance"]].notna().all(axis=None)
    return pictures


def test_test_contents_keep_their_shape_and_nothing_else_changes(folder):
    results = folder / "results/small"
    check(results, lambda size: fitting(size, 96))
    assert "Nothing to be done" in snakemake(folder, config=CONFIG).stdout


def test_an_input_that_is_asked_for_before_pictures_are_selected_has_its_shape(folder, tmp_path):
    for name in ("artworks", "photographs"):
        (tmp_path / name).symlink_to(folder / name)
    tests = contents_of(folder / "results/small")
    for content in tests:
        done = snakemake(tmp_path, f"results/small/inputs/{content}.png", config=CONFIG)
        assert done.returncode == 0, done.stdout
        image = Image.open(tmp_path / f"results/small/inputs/{content}.png")
        assert image.size == fitting(tests[content], 96)


def test_another_fit_paints_test_contents_anew_and_trains_nothing(folder):
    """Padded: what is mirrored around a content is painted, and cut off from its picture."""
    results = folder / "results/small"
    trained = modified(results / "training") | modified(results / "targets")
    padded = {
        **CONFIG,
        "contents": {**CONFIG["contents"], "fit": "pad"},
        "on_config_change": "rerun",
    }
    refused = snakemake(folder, config={**padded, "on_config_change": "stop"})
    assert refused.returncode == 1
    assert "contents.fit" in refused.stdout.splitlines()[-1]
    done = snakemake(folder, config=padded)
    assert done.returncode == 0, done.stdout
    made = jobs(done)
    assert made["prepare_input"] == 2
    assert not {"train", "build_target", "load_backbone", "weigh_losses"} & set(made)
    assert modified(results / "training") | modified(results / "targets") == trained
    check(results, lambda size: (96, 96))
