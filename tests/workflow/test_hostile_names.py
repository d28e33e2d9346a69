"""Names that a shell would run: through a whole study, nothing is run and nothing is lost."""

import copy
import json
import shutil
import zipfile

import numpy as np
import pytest
import yaml
from conftest import ROOT
from PIL import Image
from test_workflow import UNJUDGED, rows, snakemake

from nstcore.common.errors import ConfigError
from nstcore.images.io import read_text
from nstcore.report.verify import verify_crate
from nstcore.study.cleaning import remove_study
from nstcore.study.config import Study

pytestmark = pytest.mark.workflow

SECRET = "credential-nobody-may-read"  # noqa: S105 (of nothing)
ARTIST = "O'Keeffe; touch canary1; $(touch canary2) `touch canary3` & 日本 é"
SET = '"|touch canary4 > canary5 \\'
FOLDER = "-rf $(touch canary6) 'of cats'"
PHOTOGRAPHS = "photographs; touch canary7 #"
CONTENTS = [
    "--output=canary8 $(touch canary9)",
    "`touch canary10`\n; touch canary11",
    "{content_id} {threads} *?[a-z] ~ %s%n \\x",
    "'; touch canary12; '",
]


def write(path, seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(coarse).resize((40, 40), Image.Resampling.BICUBIC).save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a finished study whose every name is hostile."""
    folder = tmp_path_factory.mktemp("it") / "$(touch canary13) 'x'; \"y\" `touch canary14`"
    for seed, name in enumerate([ARTIST, FOLDER]):
        write(folder / "art $(touch canary15)" / name / "one $(id).png", seed)
    for place, name in enumerate(CONTENTS):
        write(folder / PHOTOGRAPHS / f"{name}.png", 100 + place)
    config = copy.deepcopy(UNJUDGED) | {
        "image_size": 32,
        "data": {"source": "directory", "path": "art $(touch canary15)"},
        "styles": {
            "images": 1,
            "artists": [ARTIST],
            "sets": {SET: {"folder": f"art $(touch canary15)/{FOLDER}"}},
        },
        "contents": {"source": PHOTOGRAPHS, "train": 1, "test": len(CONTENTS) - 1},
        "aggregations": ["simple"],
        "optimizers": {"adam": {"learning_rate": 0.02}},
    }
    config["training"]["max_epochs"] = 1
    config["backbones"]["Net-untrained"] |= {
        "description": "$(touch canary16) '; touch canary17; ' {wildcards.style} <script>",
    }
    names = ("KAGGLE_KEY", "KAGGLE_API_TOKEN", "AWS_SECRET_ACCESS_KEY")
    secrets = dict.fromkeys(names, SECRET)
    secrets |= {"HTTPS_PROXY": f"http://me:{SECRET}@proxy.invalid:3128"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in secrets.items():
            patch.setenv(name, value)
        # All that the report needs, and then the crate.
        done = snakemake(folder, "results/small/crate.zip", config=config)
    assert done.returncode == 0, done.stdout
    assert SECRET not in done.stdout
    return folder


def test_nothing_is_run_that_a_name_says(folder):
    found = [*folder.parent.rglob("canary*"), *ROOT.glob("canary*")]
    assert found == []


def test_every_picture_is_there_under_a_harmless_name(folder):
    results = folder / "results" / "small"
    selection = rows(results / "selection.csv")
    tests = [row["id"] for row in selection if row["split"] == "test"]
    assert len(tests) == len(CONTENTS) - 1
    assert all(name[0] not in "-." and "/" not in name and name.isprintable() for name in tests)
    styles = {row["style"] for row in selection if row["role"] == "style"}
    assert len(styles) == 2
    painted = sorted(results.glob("stylized/*/*/*/*.png"))
    assert {(path.parent.name, path.stem) for path in painted} == {
        (style, name) for style in styles for name in tests
    }
    about = json.loads(read_text(painted[0])["nstcore"])
    assert about["style"] in styles


def test_no_credential_of_the_surroundings_is_in_any_file(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 50
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    with zipfile.ZipFile(folder / "results/small/crate.zip") as archive:
        assert [name for name in archive.namelist() if SECRET.encode() in archive.read(name)] == []


def test_the_crate_keeps_them_all_and_is_sound(folder):
    path = folder / "results" / "small" / "crate.zip"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    painted = (folder / "results" / "small").glob("stylized/*/*/*/*.png")
    wanted = {f"study/{one.relative_to(folder / 'results' / 'small')}" for one in painted}
    assert wanted < set(names)
    assert verify_crate(path) == len(names) - 1


def test_the_study_is_removed_with_what_snakemake_noted_of_it(folder, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(folder, root)
    before = [path for path in root.rglob("*") if path.is_file()]
    removed = remove_study("small", root)
    assert removed.files > 50
    # Of each output one.
    assert removed.records > 20
    assert not (root / "results" / "small").exists()
    after = [path for path in root.rglob("*") if path.is_file()]
    assert len(before) - len(after) == removed.files + removed.records
    assert [path.name for path in (root / "results").iterdir()] == []
    assert (root / PHOTOGRAPHS).is_dir()


def test_the_page_shows_names_as_text(folder):
    page = (folder / "results" / "small" / "report.html").read_text("utf-8")
    assert "O&#39;Keeffe; touch canary1" in page
    assert "{wildcards.style} &lt;script&gt;" in page
    assert "{wildcards.style} <script>" not in page


HOSTILE = [
    *("$(touch canary)", "`touch canary`", "a;touch canary", "a'b", 'a"b', "a b", "-rf", "../up"),
    *("a/b", "a\nb", "{name}", "*", "ä", "", ".", "a\0b", "~", "a&b", "a|b", "a\\b", "x" * 300),
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("key", ["study", "backbones", "optimizers", "judge"])
def test_a_name_of_the_config_s_own_is_refused_where_it_is_read(name, key):
    config = yaml.safe_load((ROOT / "demo.yaml").read_text("utf-8"))
    if key == "study":
        config["study"] = name
    elif key == "judge":
        config["judge"] = {**config["judge"], "name": name} if name else {"name": name}
    elif key == "backbones":
        config["backbones"] = {name: next(iter(config["backbones"].values()))}
    else:
        config["optimizers"] = {name: {}}
    with pytest.raises(ConfigError) as error:
        Study.from_config(config)
    assert all(line.isprintable() and len(line) < 1000 for line in error.value.lines)


@pytest.mark.parametrize("key", ["data", "contents"])
@pytest.mark.parametrize("path", ["a\nb", "a\0b", "x" * 300, "~nobody-here/x", "a\x1b[2Jb"])
def test_a_path_that_no_shell_could_be_given_is_refused_where_it_is_read(path, key):
    config = yaml.safe_load((ROOT / "demo.yaml").read_text("utf-8"))
    config["data"] = {"source": "directory", "path": "data"}
    config[key] |= {"path" if key == "data" else "source": path}
    with pytest.raises(ConfigError) as error:
        Study.from_config(config)
    assert all(line.isprintable() for line in error.value.lines)
