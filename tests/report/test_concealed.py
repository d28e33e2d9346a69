"""What leaves a machine with the report names none of its folders."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest
import yaml
from small_study import SETTING, config, write_painted, write_study

from nstcore.report.concealed import conceal, outside_configs, shortened_paths
from nstcore.report.render import write_report
from nstcore.study.journal import record_setting
from nstcore.study.results import Results, read_results

ROOT = Path(__file__).parents[2]
SECRETS = ("/home/ann", "Ann Onymous", "secret", "C:\\Users", "Users", "/mnt", "/srv")
DATA = "/home/ann/Ann Onymous/artworks"
PHOTOGRAPHS = "/mnt/secret disk/photographs"
WEIGHTS = "/srv/secret/net.weights.h5"
COMMAND = (
    "--configfile /home/ann/secret/own.yaml '../../Ann Onymous/my study.yaml' studies/eras.yaml "
    """--config 'data={"path": "/home/ann/Ann Onymous/artworks"}' seed=7"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of which everything lies in folders that nobody else should hear of."""
    study = write_study(tmp_path / "secret <folder> of 'Ann'" / "results" / "small")
    values = config()
    values["data"]["path"] = DATA
    values["contents"]["source"] = PHOTOGRAPHS
    values["backbones"]["VGG16"] |= {"weights": WEIGHTS, "description": f"from {WEIGHTS}"}
    values["judge"]["weights"] = "/srv/secret/deep/net.weights.h5"
    values["styles"]["sets"] = {"Own": {"folder": "C:\\Users\\ann\\own"}}
    (study / "config.json").write_text(json.dumps({"config_version": 1, "config": values}))
    table = pd.read_csv(study / "selection.csv", keep_default_na=False)
    table["source"] = [
        f"{PHOTOGRAPHS if role == 'content' else DATA}/deep/{source}"
        for role, source in zip(table["role"], table["source"], strict=True)
    ]
    table.to_csv(study / "selection.csv", index=False)
    about = json.loads((study / "backbones" / "VGG16.json").read_text())
    (study / "backbones" / "VGG16.json").write_text(json.dumps(about | {"weights": WEIGHTS}))
    findings = json.loads((study / "findings.json").read_text("utf-8"))
    findings["judges"][0]["about"]["weights"] = WEIGHTS
    (study / "findings.json").write_text(json.dumps(findings), "utf-8")
    notes = json.loads((study / "selection.json").read_text("utf-8"))
    notes["skipped"].append(
        {"use": "contents", "source": f"{PHOTOGRAPHS}/a.jpg", "reason": "see '/home/ann/b c/d.log'"}
    )
    (study / "selection.json").write_text(json.dumps(notes), "utf-8")
    place = ("VGG16", "simple", "Tom_&_Jerry", "bay")
    write_painted(study, *place, note=f"{WEIGHTS} and file:///home/ann/x/y.txt")
    (study / "pairs" / "VGG16.csv").unlink()
    (study / "logs").mkdir()
    (study / "logs" / "a.log").write_text(f"error: {study.resolve()}/b.csv: no /home/ann/c/d.png\n")
    (study / "runs.json").unlink()
    record_setting(replace(SETTING, command=COMMAND), study / "runs.json")
    return study


@pytest.fixture
def results(folder: Path) -> Results:
    return conceal(read_results(folder))


def test_no_folder_of_the_machine_is_on_the_page_or_in_what_it_carries(folder: Path) -> None:
    write_report(folder, ROOT / "reports", folder / "report.html")
    page = (folder / "report.html").read_text("utf-8")
    carried = [
        base64.b64decode(text).decode("utf-8")
        for text in re.findall(r'href="data:text/[^,]*;base64,([^"]*)"', page)
    ]
    carried += [
        base64.b64decode(text).decode("utf-8")
        for text in re.findall(r'href="data:application/json[^,]*,([^"]*)"', page)
    ]
    assert len(carried) >= 5
    shown = re.sub(r'"data:[^"]*"', "", page)
    for text in (shown, unquote(shown), *carried):
        assert [secret for secret in SECRETS if secret in text] == []
        assert str(folder.resolve().parent) not in text
    # What is meant can still be told.
    assert "b.csv: no d.png" in shown
    assert "path: artworks" in shown
    # The study's own record stays as it is.
    assert DATA in (folder / "config.json").read_text("utf-8")


def test_files_keep_their_places_in_the_folders_that_the_config_names(results: Results) -> None:
    sources = {picture.source for picture in results.selection}
    assert "photographs/deep/sea.jpg" in sources
    assert "artworks/deep/painting_0a.jpg" in sources
    assert results.notes
    skipped = results.notes.skipped[-1]
    assert (skipped.source, skipped.reason) == ("photographs/a.jpg", "see 'd.log'")


def test_the_config_and_the_command_name_files_alone(results: Results, folder: Path) -> None:
    values = results.config.recorded()
    assert values["data"]["path"] == "artworks"
    assert values["contents"]["source"] == "photographs"
    assert values["styles"]["sets"]["Own"]["folder"] == "own"
    assert values["backbones"]["Control"]["weights"] == "random"
    # Two files of one name in two folders are still two.
    names = {values["backbones"]["VGG16"]["weights"], values["judge"]["weights"]}
    assert names == {"net.weights.h5", "2/net.weights.h5"}
    assert results.settings[0].command == (
        "--configfile own.yaml 'my study.yaml' studies/eras.yaml "
        """--config 'data={"path": "artworks"}' seed=7"""
    )
    assert outside_configs(read_results(folder)) == ("own.yaml", "my study.yaml")
    assert set(shortened_paths(read_results(folder))) == {"artworks", "photographs", "own", *names}


@pytest.mark.parametrize("keyword", ["dataset", "imagenet", "random"])
def test_a_folder_that_is_called_like_a_keyword_does_not_become_one(
    folder: Path, keyword: str
) -> None:
    record = json.loads((folder / "config.json").read_text("utf-8"))
    record["config"]["contents"]["source"] = f"/data/{keyword}"
    (folder / "config.json").write_text(json.dumps(record))
    assert conceal(read_results(folder)).config.contents.source == f"./{keyword}"


def test_what_tells_of_no_machine_stays(tmp_path: Path) -> None:
    results = read_results(write_study(tmp_path / "small"))
    assert conceal(results) == results
    assert shortened_paths(results) == ()
    assert outside_configs(results) == ()


@pytest.mark.parametrize(
    "text",
    ["and/or", "1/2, 3/4", "https://example.org/a/b", "content / style", "~/pictures/a", "a:/b"],
)
def test_a_slash_makes_no_path(tmp_path: Path, text: str) -> None:
    study = write_study(tmp_path / "small")
    notes: dict[str, Any] = json.loads((study / "selection.json").read_text("utf-8"))
    notes["skipped"][0]["reason"] = text
    (study / "selection.json").write_text(json.dumps(notes), "utf-8")
    told = conceal(read_results(study)).notes
    assert told
    assert told.skipped[0].reason == text


def test_the_carried_config_is_whole(folder: Path) -> None:
    write_report(folder, ROOT / "reports", folder / "report.html")
    page = (folder / "report.html").read_text("utf-8")
    found = re.search(r'href="data:text/yaml[^,]*,([^"]*)" download="small-config.yaml"', page)
    assert found
    values = yaml.safe_load(base64.b64decode(found[1]))
    assert values == conceal(read_results(folder)).config.recorded()
    assert "lay outside of the project" in page
