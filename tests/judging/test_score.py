"""Scoring in files, as the workflow does it."""

from dataclasses import replace

import pandas as pd
import pytest

from nstcore.backbones.backbone import load_backbone
from nstcore.common.errors import DataError
from nstcore.demo import ARTISTS, paint, write_photographs
from nstcore.images.io import read_image, resize, save_png
from nstcore.images.prepare import Shape, prepare
from nstcore.judging.fitness import read_fitness, write_fitness
from nstcore.judging.score import JudgeFiles, measure_bounds, score_pictures
from nstcore.judging.score_table import PAINTING, ROW_COLUMNS, UNTOUCHED, read_job_scores
from nstcore.selection.pictures import Picture

SIDE = 64
CONTENTS = ("cat", "coffee")


def judging(folder, **changed):
    files = JudgeFiles(folder / "judge.weights.h5", folder / "reference.npz", SIDE)
    return replace(files, **changed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two artists with three held-out paintings each, and two contents, all measured."""
    folder = tmp_path_factory.mktemp("study")
    write_photographs(folder / "photographs")
    selection = []
    for name in CONTENTS:
        prepare(
            folder / "photographs" / f"{name}.png", folder / "inputs" / f"{name}.png", Shape(SIDE)
        )
        selection.append(Picture("content", "test", "", name, "", 1, 1, ""))
    for artist in ARTISTS[:2]:
        for number in range(3):
            name = f"{artist.folder}_{number}"
            save_png(paint(artist, 1, number), folder / f"{name}.png")
            prepare(folder / f"{name}.png", folder / "inputs" / f"{name}.png", Shape(SIDE))
            selection.append(Picture("style", "heldout", artist.folder, name, "", 1, 1, ""))
    load_backbone("MobileNetV2", "random", name="judge").save(folder / "judge.weights.h5")
    rows, fitness = measure_bounds("Judge", judging(folder), selection, folder / "inputs")
    write_fitness(fitness, folder / "fitness.json")
    pd.DataFrame(rows, columns=ROW_COLUMNS).to_csv(folder / "bounds.csv")
    return folder


@pytest.fixture
def pictures(folder, tmp_path):
    """Stylised pictures of which one is an untouched content."""
    found = []
    for artist in ARTISTS[:2]:
        for name in CONTENTS:
            path = tmp_path / artist.folder / f"{name}.png"
            image = read_image(folder / "inputs" / f"{name}.png")
            if found:
                image = image.rotate(90 * len(found))
            size = read_image(folder / "photographs" / f"{name}.png").size
            save_png(resize(image, size), path)
            found.append((artist.folder, name, path))
    return found


@pytest.fixture
def score(folder, pictures, tmp_path):
    """Score the pictures; return how many had to be, and whether TensorFlow was asked for."""

    def run(**changed):
        started = []
        arguments = {
            "judging": judging(folder),
            "pictures": pictures,
            "contents": {name: folder / "inputs" / f"{name}.png" for name in CONTENTS},
            "told": ("Judge", "Net", "simple"),
            "table": tmp_path / "simple.csv",
            "start": lambda: started.append(True),
        }
        return score_pictures(**arguments | changed), bool(started)

    return run


def test_floor_and_ceiling_are_measured_like_pictures(folder):
    table = pd.read_csv(folder / "bounds.csv", keep_default_na=False)
    assert table["kind"].value_counts().to_dict() == {PAINTING: 6, UNTOUCHED: 4}
    floor = table[table["kind"] == UNTOUCHED]
    assert (floor["content_distance"] == 0).all()
    assert (floor["change"] == 0).all()
    assert (table.loc[table["kind"] == PAINTING, "content_distance"] > 0).all()
    assert set(table["judge"]) == {"Judge"}


def test_the_judge_s_fitness_is_told_from_the_same_rows(folder):
    table = pd.read_csv(folder / "bounds.csv", keep_default_na=False)
    fitness = read_fitness(folder / "fitness.json")
    # Three pairs of each of two artists, and nine of both.
    assert (fitness.same, fitness.different) == (6, 9)
    for style, rows in table.groupby("style"):
        distances = {kind: own["style_distance"] for kind, own in rows.groupby("kind")}
        nearer = [
            painting < content
            for painting in distances[PAINTING]
            for content in distances[UNTOUCHED]
        ]
        assert fitness.photographs[style] == pytest.approx(sum(nearer) / len(nearer))
    assert list(fitness.gaps) == list(dict.fromkeys(table["style"]))


def test_every_picture_has_a_row_and_the_untouched_one_the_floor_s(folder, score, tmp_path):
    assert score() == (4, True)
    table = read_job_scores(tmp_path / "simple.csv")
    assert table[["judge", "backbone", "aggregation"]].drop_duplicates().to_numpy().tolist() == [
        ["Judge", "Net", "simple"]
    ]
    first = table.iloc[0]
    assert first["content_distance"] == first["change"] == 0
    floor = pd.read_csv(folder / "bounds.csv").iloc[0]
    assert first["style_distance"] == pytest.approx(floor["style_distance"], rel=1e-5)
    assert (table.iloc[1:]["change"] > 0).all()


def test_only_a_picture_that_has_changed_is_scored_again(score, pictures, tmp_path):
    score()
    before = (tmp_path / "simple.csv").read_bytes()
    assert score() == (0, False)
    assert (tmp_path / "simple.csv").read_bytes() == before
    rows = read_job_scores(tmp_path / "simple.csv")
    _, _, path = pictures[2]
    save_png(read_image(path).rotate(180), path)
    assert score() == (1, True)
    again = read_job_scores(tmp_path / "simple.csv")
    changed = (rows != again).any(axis=1)
    assert changed.to_list() == [False, False, True, False]


def test_another_judge_scores_all_pictures_anew(score, folder, tmp_path):
    score()
    other = tmp_path / "other.weights.h5"
    load_backbone("MobileNetV2", "random", name="judge", seed=9).save(other)
    assert score(judging=judging(folder, network=other)) == (4, True)


def test_an_interrupted_or_damaged_table_only_costs_its_time(score, tmp_path):
    score()
    before = (tmp_path / "simple.csv").read_bytes()
    (tmp_path / "simple.csv").write_bytes(before[: len(before) // 2])
    scored, _ = score()
    assert scored > 0
    assert (tmp_path / "simple.csv").read_bytes() == before


def test_a_picture_that_is_missing_is_named(score, pictures):
    pictures[1][2].unlink()
    with pytest.raises(DataError, match=r"coffee\.png: no such picture"):
        score()


def test_without_paintings_set_aside_there_is_no_judging(folder, tmp_path):
    content = Picture("content", "test", "", "cat", "", 1, 1, "")
    with pytest.raises(DataError, match="no held-out paintings"):
        measure_bounds(
            "Judge", judging(folder, reference=tmp_path / "r.npz"), [content], folder / "inputs"
        )
