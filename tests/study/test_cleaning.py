"""One study's results are removed, and nothing else."""

import os
import subprocess
from base64 import urlsafe_b64encode

import pytest
from conftest import ROOT

from nstcore.common.errors import DataError
from nstcore.study.cleaning import remove_study
from nstcore.study.usage import measure_usage


def encode(file, most=40):
    """As Snakemake names its record of a file."""
    code = urlsafe_b64encode(file.encode()).decode()
    parts = [code[start : start + most] for start in range(0, len(code), most)]
    return "/".join([*(f"@{part}" for part in parts[:-1]), parts[-1]])


@pytest.fixture
def root(tmp_path):
    for name in ("mine", "mine-too"):
        for file in ("config.json", "stylized/a/b.png", ".hidden/state.bin"):
            path = tmp_path / "results" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'{{"config_version": 3, "config": {{"study": "{name}"}}}}')
            for place in ("metadata", "incomplete"):
                record = tmp_path / ".snakemake" / place / encode(f"results/{name}/{file}")
                record.parent.mkdir(parents=True, exist_ok=True)
                record.write_text("{}")
    (tmp_path / ".snakemake" / "metadata" / "no code").write_text("{}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "picture.png").write_text("shared")
    return tmp_path


def files(root):
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("name", ["mine", "results/mine", "results/mine/", "./results/mine"])
def test_a_study_goes_and_all_else_stays(root, name):
    (root / "results/mine/link").symlink_to(root / "data")
    before = files(root)
    removed = remove_study(name, root)
    assert removed.files == 4
    assert removed.records == 6
    gone = {"config.json", "stylized/a/b.png", ".hidden/state.bin"}
    records = {
        f".snakemake/{place}/{encode(f'results/mine/{file}')}"
        for place in ("metadata", "incomplete")
        for file in gone
    }
    after = files(root)
    assert before.keys() - after.keys() == {f"results/mine/{file}" for file in gone} | records
    assert all(before[name] == content for name, content in after.items())
    assert not (root / "results/mine").exists()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("other", "no such study; there are mine, mine-too"),
        ("results", "no such study"),
        *(
            (name, "is no study's name")
            for name in ("", ".", "..", "../data", "/", "mine/stylized", "/etc", "results/../data")
        ),
    ],
)
def test_what_is_no_study_is_refused(root, name, line):
    before = files(root)
    with pytest.raises(DataError, match=line):
        remove_study(name, root)
    assert files(root) == before


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "it has no config.json"),
        ("{}", "no study's record"),
        ("[" * 100_000, "no study's record"),
        ('{"config": {"study": "another"}}', "is that of the study 'another'"),
    ],
)
def test_a_folder_without_its_record_is_left_alone(root, text, line):
    record = root / "results/mine/config.json"
    record.unlink()
    if text is not None:
        record.write_text(text)
    before = files(root)
    with pytest.raises(DataError, match=line):
        remove_study("mine", root)
    assert files(root) == before


def test_a_study_that_is_a_link_is_left_alone(root):
    (root / "results/mine").rename(root / "elsewhere")
    (root / "results/mine").symlink_to(root / "elsewhere")
    with pytest.raises(DataError, match="leads to another folder"):
        remove_study("mine", root)
    assert (root / "elsewhere/config.json").is_file()


def test_a_study_that_a_run_works_on_is_left_alone(root):
    locks = root / ".snakemake/locks"
    locks.mkdir()
    (locks / "0.output.lock").write_text("results/mine-too/report.html\n")
    (locks / "0.input.lock").write_text("data/picture.png\nresults/mine/selection.csv\n")
    before = files(root)
    with pytest.raises(DataError, match=r"a run is at work here.*--unlock"):
        remove_study("mine", root)
    with pytest.raises(DataError, match="a run is at work here"):
        remove_study("mine-too", root)
    assert files(root) == before
    (locks / "0.input.lock").unlink()
    assert remove_study("mine", root).files == 3


def test_what_an_interrupted_removal_left_goes_too(root):
    (root / "results/.removed.mine.7/stylized").mkdir(parents=True)
    remove_study("mine", root)
    assert [path.name for path in (root / "results").iterdir()] == ["mine-too"]


@pytest.mark.parametrize("name", ["$(touch ran)", "'; touch ran; '", "`touch ran`", "--help", ""])
def test_make_hands_a_name_on_as_it_is(tmp_path, name):
    """The recipe alone, in a folder without a study and with this environment."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (tmp_path / "Makefile").write_text(
        makefile.replace("VENV := .venv", f"VENV := {ROOT}/.venv").replace(
            "clean-study: $(BASE)", "clean-study:"
        )
    )
    words = ["make", "clean-study", f"STUDY={name.replace('$', '$$')}"]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert done.returncode != 0
    assert done.stderr.startswith("error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


def test_usage_is_told_by_kind_and_does_not_count_what_tells_it(root):
    folder = root / "results/mine"
    (folder / "inputs").mkdir()
    (folder / "inputs/a.png").write_bytes(bytes(5000))
    before = measure_usage(folder)
    assert before["prepared pictures"] == 5000
    assert next(iter(before)) == "prepared pictures"
    assert before["stylised pictures"] == (folder / "stylized/a/b.png").stat().st_size
    for name in ("report.html", "report.zip", "crate.zip", "logs/a.log", ".thumbnails/a.webp"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(bytes(7000))
    assert measure_usage(folder) == before
