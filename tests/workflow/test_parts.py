"""Studies of which Snakemake knows parts instead of pictures: the same pictures, fewer jobs."""

import json
import shutil
from pathlib import PurePath

import pytest
from test_workflow import UNJUDGED, jobs, modified, rows, snakemake

from benchmarks.planning import BACKBONES, make_study, plan
from nstcore.demo import paint_dataset, write_photographs
from nstcore.selection.part import read_index
from nstcore.study.config import Study
from nstcore.study.demand import foresee

pytestmark = pytest.mark.workflow

PLAIN = {
    **UNJUDGED,
    "styles": {"images": 2, "artists": ["Ada Curl"]},
    "contents": {**UNJUDGED["contents"], "train": 1, "test": 3},
    "aggregations": ["simple"],
    "optimizers": {"adam": {"learning_rate": 0.02}},
}
PARTS = {**PLAIN, "compute": {"threads": 1, "pictures_per_job": 2}}
PICTURES = "results/small/stylized/Net-untrained/simple/Ada_Curl"
INDEXES = "results/small/parts/stylized/Net-untrained/simple/Ada_Curl/2"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A study that was finished without parts."""
    folder = tmp_path_factory.mktemp("plain")
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    done = snakemake(folder, config=PLAIN)
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def parted(plain, tmp_path_factory):
    """The same, gone on with in parts after the first one had lost a picture."""
    folder = tmp_path_factory.mktemp("parts") / "study"
    shutil.copytree(plain, folder)
    first_of(folder).unlink()
    done = snakemake(folder, config=PARTS)
    assert done.returncode == 0, done.stdout
    return folder, jobs(done)


def first_of(folder):
    selection = rows(folder / "results/small/selection.csv")
    first = next(row["id"] for row in selection if row["split"] == "test")
    return folder / PICTURES / f"{first}.png"


def pictures(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in (folder / "results/small").rglob("*.png")
        if ".thumbnails" not in path.parts
    }


def test_parts_paint_the_same_pictures_and_keep_those_of_a_study_without(plain, parted):
    folder, made = parted
    assert pictures(folder) == pictures(plain)
    assert made == {"prepare_part": 2, "paint_part": 2, "write_report": 1, "all": 1}
    logs = folder / "results/small/logs/paint_part/Net-untrained/simple/Ada_Curl/2"
    first, *others = (entry.file for part in (0, 1) for entry in indexed(folder, part))
    assert f"{stem(first)}: total loss" in (logs / "0.log").read_text("utf-8")
    told = "".join((logs / f"{part}.log").read_text("utf-8") for part in (0, 1))
    assert all(f"{stem(other)}: kept from before" in told for other in others)
    before = modified(plain / PICTURES)
    kept = modified(folder / PICTURES)
    for other in others:
        assert kept[folder / other] == before[plain / other]


def indexed(folder, part):
    return read_index(folder / INDEXES / f"{part}.csv")


def stem(file):
    return PurePath(file).stem


def test_a_second_run_has_nothing_to_do_until_a_picture_is_gone(parted, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(parted[0], folder)
    assert "Nothing to be done" in snakemake(folder, "--dry-run", config=PARTS).stdout
    # Without parts but for the page, which shows the config: no picture is another.
    assert jobs(snakemake(folder, "--dry-run", config=PLAIN)) == {"write_report": 1, "all": 1}
    (folder / indexed(folder, 1)[0].file).unlink()
    planned = jobs(snakemake(folder, "--dry-run", config=PARTS))
    assert planned == {"paint_part": 1, "write_report": 1, "all": 1}
    (folder / "results/small/inputs" / first_of(folder).name).unlink()
    planned = jobs(snakemake(folder, "--dry-run", config=PARTS))
    assert (planned["prepare_part"], planned["paint_part"]) == (1, 2)


def test_one_picture_of_a_part_is_painted_again_by_one_job_with_the_same_bytes(parted):
    folder = parted[0]
    picture, before = first_of(folder), modified(folder / PICTURES)
    whole = picture.read_bytes()
    done = snakemake(folder, str(picture.relative_to(folder)), "--force", config=PARTS)
    assert done.returncode == 0, done.stdout
    assert jobs(done) == {"paint_picture": 1}
    after = modified(folder / PICTURES)
    assert {path for path in after if after[path] != before.get(path)} == {picture}
    assert picture.read_bytes() == whole
    assert not list((folder / "results/small/painted").rglob("*.png"))


@pytest.mark.parametrize("per_job", [None, 10])
def test_the_plan_has_as_many_jobs_as_are_foreseen(tmp_path, per_job):
    make_study(tmp_path, styles=1, contents=25, per_job=per_job)
    config = json.loads((tmp_path / "study.yaml").read_text("utf-8"))
    # Catalogue and selection are there; what compares simple and squared is not counted, nor `all`.
    foreseen = foresee(Study.from_config(config)).jobs - 2 + BACKBONES + 1
    assert plan(tmp_path).jobs == foreseen


def test_one_content_more_is_prepared_and_painted_and_nothing_else_is(parted, tmp_path):
    folder = tmp_path / "study"
    shutil.copytree(parted[0], folder)
    # What another test has painted again is looked at again.
    assert snakemake(folder, "--touch", config=PARTS).returncode == 0
    more = {**PARTS, "contents": {**PARTS["contents"], "test": 4}}
    rerun = ("--config", "on_config_change=rerun")
    done = snakemake(folder, "results/small/selection.csv", *rerun, config=more)
    assert done.returncode == 0, done.stdout
    planned = jobs(snakemake(folder, "--dry-run", *rerun, config=more))
    assert planned == {"prepare_part": 1, "paint_part": 1, "write_report": 1, "all": 1}
