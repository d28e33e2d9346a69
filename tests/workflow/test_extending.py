"""What docs/extending.md tells is done to a copy of the project, which then runs a study."""

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from test_workflow import CONFIG, JUDGES

from nstcore.demo import paint_dataset, write_photographs

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

PLACE = re.compile(
    r"(?:[Ii]n|a new file) `(?P<first>[^`]+)`(?:,\s(?P<how>in|before)\s`(?P<name>[^`]+)`)?:"
    r"\n\n```\w+\n(?P<code>.*?)```",
    re.DOTALL,
)
OPTION = "A term of the loss"


def additions():
    """Heading, file, registry (or none), where, and the code, in the order of the page."""
    text = (ROOT / "docs" / "extending.md").read_text("utf-8")
    for chapter in text.split("\n## ")[1:]:
        heading, _, body = chapter.partition("\n")
        for place in PLACE.finditer(body):
            if "/" in place["first"]:
                file, name, how = place["first"], place["name"], place["how"]
            else:
                name, how = place["first"], "in"
            yield heading, file, name, how, place["code"]


def add(project: Path, *, option: bool) -> list[str]:
    """Do what the page says of an option, or all else; return what was added to."""
    names = []
    for heading, file, name, how, code in additions():
        if (heading == OPTION) != option:
            continue
        path = project / file
        if name is None:
            path.write_text(code, "utf-8")
        else:
            text = path.read_text("utf-8")
            start = re.search(rf"^ *{re.escape(name)}", text, re.MULTILINE).start()
            if how == "before":
                place = start
            else:
                # The end of the registry: what closes it stands at the beginning of a line.
                place = start + re.search(r"^[)}\]]", text[start:], re.MULTILINE).start()
            path.write_text(text[:place] + code + text[place:], "utf-8")
        names.append(name or file)
    return names


def run(project: Path, *arguments: object, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "HOME": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project with all of it, in which a study has run that uses it."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("nstcore", "workflow_scripts", "rules", "reports", "envs", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "docs").mkdir()
    (folder / "config").mkdir()
    added = add(folder, option=False)
    assert added == [
        "AGGREGATIONS",
        "_KINDS",
        "_KINDS",
        "ARCHITECTURES",
        "MEASURES",
        "SECTIONS",
        "reports/sections/colophon.html.j2",
    ]
    run(folder, "nstcore.backbones.layers")
    run(folder, "nstcore.study.documentation")
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    config = {
        **CONFIG,
        "judge": JUDGES[0],
        "backbones": {"Dense": {"architecture": "DenseNet121", "weights": "random"}},
        "aggregations": ["simple", "cubed"],
        "optimizers": {"adam": {}, "adagrad": {}},
        "training": {"max_epochs": 2, "batch": 2},
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(config), "utf-8")
    run(folder, "snakemake", "--cores", "2", "--configfile", "mine.yaml")
    return folder


def test_a_study_runs_with_all_that_was_added(project):
    results = project / "results" / "small"
    assert (results / "training" / "Dense" / "cubed" / "adagrad.csv").is_file()
    with (results / "scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["aggregation"] for row in rows} == {"simple", "cubed", ""}
    assert all(0 < float(row["contrast"]) < 0.5 for row in rows)


def test_the_report_describes_it(project):
    page = (project / "results" / "small" / "report.html").read_text("utf-8")
    assert "The cube root of the mean of cubes: paintings that are far off pull harder" in page
    assert "cbrt(1/n sum_i L_i^3)" in page
    assert "The geometric mean: paintings that are near" not in page
    assert "standard deviation of the pixels, 0 to 0.5; no network" in page
    assert '<a href="#colophon">Colophon</a>' in page
    assert "1 network painted this study." in page
    assert "adagrad" in page


def test_docs_and_schema_describe_it(project):
    page = (project / "docs" / "configuration.md").read_text("utf-8")
    assert "| cubed | `cbrt(1/n sum_i L_i^3)` | the cube root of the mean of cubes:" in page
    assert "### `optimizers.adagrad`\n\nAdagrad (Duchi et al. 2011)" in page
    assert "`DenseNet121`" in page
    schema = (project / "config" / "schema.json").read_text("utf-8")
    assert '"cubed"' in schema
    assert '"adagrad"' in schema


def test_a_new_option_reruns_nothing_at_its_default(project):
    """Last: it changes the copy."""
    study = ("snakemake", "--cores", "2", "--dry-run", "--configfile", "mine.yaml")
    assert "Nothing to be done" in run(project, *study)
    assert len(add(project, option=True)) == 2
    assert "Nothing to be done" in run(project, *study)
    config = yaml.safe_load((project / "mine.yaml").read_text("utf-8"))
    used = yaml.safe_dump(config | {"loss": {"darkness": 0.5}})
    (project / "mine.yaml").write_text(used, "utf-8")
    told = run(project, *study, code=1)
    assert "error: results/small: computed with another config (loss.darkness: 0.0 -> 0.5)" in told
