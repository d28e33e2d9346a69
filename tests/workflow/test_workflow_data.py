"""From whatever holds the pictures to selection.csv and inputs/, as users run it."""

import io
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from catalogues import state
from kaggle_server import FIRST_DUERER, SECOND_DUERER, KaggleServer, make_archive, serve
from PIL import Image
from test_workflow import UNJUDGED, jobs, rows, snakemake

from nstcore.selection.pictures import read_notes

pytestmark = pytest.mark.workflow

MARKER = "credential-nobody-may-read"
TARGETS = ("results/small/selection.csv", "results/small/inputs/Claude_Monet_2.png")
STYLES = {"images": 2, "artists": ["Claude Monet", "Albrecht D\u00fcrer"]}


def picture(seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def dataset_members():
    """The dataset's exact layout in small, both Dürers included, with real pictures."""
    members = {"artists.csv": b"id,name,genre\n0,Claude Monet,Impressionism\n"}
    members["artists.csv"] += "1,Albrecht D\u00fcrer,Northern Renaissance\n".encode()
    for number in range(1, 6):
        for seed, artist in enumerate(["Claude_Monet", FIRST_DUERER, SECOND_DUERER]):
            content = picture(10 * min(seed, 1) + number)
            members[f"images/images/{artist}/{artist}_{number}.jpg"] = content
            members[f"resized/resized/{artist}_{number}.jpg"] = content
    return members


@pytest.fixture
def dataset(tmp_path):
    """The dataset as an extracted folder."""
    folder = tmp_path / "copy"
    for name, content in dataset_members().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def run(folder, data, *arguments, styles=STYLES, targets=TARGETS, **others):
    contents = {"source": "dataset", "train": 2, "test": 1}
    config = {**UNJUDGED, "data": data, "styles": styles, "contents": contents, **others}
    return snakemake(folder, *targets, *arguments, config=config)


def selected(folder):
    return {row["id"] for row in rows(folder / "results/small/selection.csv")}


def test_the_kaggle_dataset_comes_in_without_a_trace_of_the_credentials(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("KAGGLE_"):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_API_TOKEN", MARKER)
    study = tmp_path / "study"
    study.mkdir()
    with serve(KaggleServer(make_archive(dataset_members()))) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        done = run(study, {"source": "kaggle", "dataset": "someone/small-artworks/1"})
        assert server.logins == {f"Bearer {MARKER}"}
    assert done.returncode == 0, done.stdout
    assert len(selected(study)) == 7
    files = [path for path in study.rglob("*") if path.is_file()]
    assert any(path.name == "small-artworks-1.download.log" for path in files)
    assert not [path for path in files if MARKER.encode() in path.read_bytes()]
    assert MARKER not in done.stdout


def test_a_refused_download_ends_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLE_API_TOKEN", MARKER)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serve(KaggleServer(b"", api_error=(403, "Forbidden"))) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        done = run(tmp_path, {"source": "kaggle", "dataset": "someone/small-artworks/1"})
    assert done.returncode != 0
    (error,) = {line for line in done.stdout.splitlines() if line.startswith("error: ")}
    assert error.startswith("error: someone/small-artworks/1: Kaggle refused access")
    assert "source: directory" in done.stdout
    assert not list((tmp_path / "data").rglob("*.zip"))
    assert not any(MARKER.encode() in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("blocked", "words"),
    [
        ("data", "{folder}/data: not a folder; a file is where a folder has to be; move it away"),
        ("data/kaggle", "{folder}/data/kaggle: not a folder; a file is where"),
        ("results", "{folder}/results: not a folder; a file is where"),
        ("cache", "{folder}/cache: not a folder; a file is where a folder has to be"),
    ],
)
def test_a_folder_that_cannot_be_written_to_ends_in_one_line(tmp_path, blocked, words, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).write_bytes(b"")
    data = {"source": "kaggle", "dataset": "someone/small-artworks/1", "cache": "cache/kept"}
    with serve(KaggleServer(b"")) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        done = run(tmp_path, data)
    assert done.returncode != 0
    errors = {line for line in done.stdout.splitlines() if line.startswith("error: ")}
    assert len(errors) == 1
    assert errors.pop().startswith(f"error: {words.format(folder=tmp_path)}")
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "results/small/runs.json").exists()


def test_every_form_of_an_own_copy_gives_the_same_pictures(dataset, tmp_path):
    """Nested, flattened, resized alone, zipped within a folder; none of them is touched."""
    flat, resized, archive = tmp_path / "flat", tmp_path / "resized only", tmp_path / "my copy.zip"
    shutil.copytree(dataset / "images" / "images", flat / "images")
    shutil.copytree(dataset / "resized", resized)
    for folder in (flat, resized):
        shutil.copy(dataset / "artists.csv", folder)
    with zipfile.ZipFile(archive, "w") as opened:
        for path in dataset.rglob("*.*"):
            opened.write(path, Path("best-artworks", path.relative_to(dataset)))
    # Another file system, where there is one.
    memory = Path("/dev/shm")  # noqa: S108
    elsewhere = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))
    try:
        shutil.copytree(dataset, elsewhere / "nested")
        copies = [elsewhere / "nested", flat, resized, archive]
        found = []
        for number, copy in enumerate(copies):
            before = state(copy)
            study = tmp_path / f"study{number}"
            study.mkdir()
            done = run(study, {"source": "directory", "path": str(copy)})
            assert done.returncode == 0, done.stdout
            assert jobs(done).get("extract_dataset", 0) == (copy == archive)
            assert state(copy) == before
            found.append(
                [
                    (row["split"], row["style"], row["id"], row["sha256"])
                    for row in rows(study / "results/small/selection.csv")
                ]
            )
    finally:
        shutil.rmtree(elsewhere)
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) == 7


def test_a_tree_of_one_s_own_with_lists_and_folders_for_styles(tmp_path):
    for number in range(8):
        for style in ("Late works", "Cats & dogs"):
            path = tmp_path / "mine" / style / f"no {number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(sum(style.encode()) + number))
    cats = tmp_path / "mine" / "Cats & dogs"
    (cats / "no 1.jpg").rename(cats / "no 1.jfif")
    (cats / "no 8.heic").write_bytes(b"\0\0\0\x10ftypheic\0\0\0\0")
    styles = {
        "images": "all",
        "artists": ["Late works"],
        "sets": {
            "Two cats": {"paintings": ["Cats___dogs_no_0", "Cats___dogs_no_4"]},
            "Dogs": {"folder": "mine/Cats & dogs", "images": 3},
        },
    }
    targets = ("results/small/selection.csv", "results/small/inputs/Late_works_no_1.png")
    data = {"source": "directory", "path": "mine/"}
    done = run(tmp_path, data, styles=styles, targets=targets)
    # Three of the cats and dogs belong to no style.
    assert done.returncode == 0, done.stdout
    table = rows(tmp_path / "results/small/selection.csv")
    styles = [row["style"] for row in table]
    assert (styles.count("Late_works"), styles.count("Two_cats"), styles.count("Dogs")) == (8, 2, 3)
    contents = {row["id"] for row in table if row["role"] == "content"}
    assert len(contents) == 3
    notes = read_notes(tmp_path / "results/small/selection.json")
    assert [(one.use, Path(one.source).name) for one in notes.passed_over] == [
        ("dataset", "no 8.heic"),
        ("Dogs", "no 8.heic"),
    ]
    log = (tmp_path / "results/small/logs/catalogue_dataset.log").read_text()
    assert "passed over: mine/Cats & dogs/no 8.heic: HEIC, a format that is not read" in log


def test_bad_pictures_stop_the_study_by_name_or_are_skipped_and_told(dataset, tmp_path):
    monet = dataset / "images" / "images" / "Claude_Monet"
    (monet / "Claude_Monet_1.jpg").write_bytes(b"")
    whole = (monet / "Claude_Monet_3.jpg").read_bytes()
    (monet / "Claude_Monet_2.jpg").write_bytes(whole[: len(whole) // 2])
    data = {"source": "directory", "path": str(dataset)}

    done = run(tmp_path, data, targets=("results/small/selection.csv",))
    assert done.returncode != 0
    (error,) = {line for line in done.stdout.splitlines() if line.startswith("error: ")}
    assert error.startswith("error: 2 unusable pictures: ")
    assert "Claude_Monet_1.jpg: " in error
    assert "Claude_Monet_2.jpg: damaged" in error
    assert "on_bad_image: skip" in error
    assert "Traceback" not in done.stdout

    data["on_bad_image"] = "skip"
    done = run(tmp_path, data, targets=("results/small/selection.csv",))
    assert done.returncode == 0, done.stdout
    assert {"Claude_Monet_3", "Claude_Monet_4"} <= selected(tmp_path)
    skipped = read_notes(tmp_path / "results/small/selection.json").skipped
    assert [Path(one.source).name for one in skipped] == [
        "Claude_Monet_1.jpg",
        "Claude_Monet_2.jpg",
    ]


def test_a_missing_source_is_one_line_and_runs_nothing(tmp_path):
    done = run(tmp_path, {"source": "directory", "path": "nowhere"})
    assert done.returncode != 0
    assert (
        done.stdout.strip()
        .splitlines()[-1]
        .startswith("error: nowhere: no such folder or archive; mend data.path")
    )
    assert not (tmp_path / "results").exists()
