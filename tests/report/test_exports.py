"""The report's numbers as CSV."""

import base64
import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_study import (
    AGGREGATIONS,
    BACKBONES,
    CURVES,
    OPTIMIZERS,
    write_history,
    write_study,
)

from nstcore.painting.history import LOSSES
from nstcore.report.exports import (
    MOST,
    Download,
    write_curves,
    write_downloads,
    write_means,
    write_runs,
)
from nstcore.study.config import Study
from nstcore.study.results import Results, read_results


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "small")


@pytest.fixture
def results(folder: Path) -> Results:
    return read_results(folder)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_run_that_is_there_has_a_row(folder: Path) -> None:
    (folder / "training" / "VGG16" / "simple" / "sgd.csv").unlink()
    found = rows(write_runs(read_results(folder).models))
    names = [(row["backbone"], row["aggregation"], row["optimizer"]) for row in found]
    wanted = [(b, a, o) for b in BACKBONES for a in AGGREGATIONS for o in OPTIMIZERS]
    wanted.remove(("VGG16", "simple", "sgd"))
    assert names == wanted
    adam, sgd = (next(row for row in found if row["optimizer"] == name) for name in OPTIMIZERS)
    assert (adam["chosen"], adam["epochs"], adam["status"]) == ("True", "3", "plateau")
    assert (sgd["chosen"], sgd["epochs"], sgd["epochs_run"]) == ("False", "1", "2")
    assert sgd["status"] == "diverged"
    assert {row["optimizer"]: float(row["total_loss_at_start"]) for row in found} == {
        optimizer: totals[0] for optimizer, totals in CURVES.items()
    }


def test_the_chosen_run_has_no_row_without_its_file(folder: Path) -> None:
    (folder / "training" / "VGG16" / "simple" / "adam.csv").unlink()
    model = read_results(folder).models[0]
    assert model.choice
    assert [row["optimizer"] for row in rows(write_runs([model]))] == ["sgd"]
    assert {row["optimizer"] for row in rows(write_curves(model.trials))} == {"sgd"}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_losses_that_are_no_numbers_come_back(folder: Path, value: float) -> None:
    write_history(folder, "VGG16", "simple", "sgd", [value, value])
    model = read_results(folder).models[0]
    run = next(row for row in rows(write_runs([model])) if row["optimizer"] == "sgd")
    assert (run["status"], run["epochs"]) == ("diverged", "0")
    assert [float(run[name]) for name in ("total_loss", "total_loss_at_start")] == pytest.approx(
        [value, value], nan_ok=True
    )
    curve = [row for row in rows(write_curves(model.trials)) if row["optimizer"] == "sgd"]
    assert [float(row["total_loss"]) for row in curve] == pytest.approx([value] * 2, nan_ok=True)


def test_curves_are_the_averages_of_the_pairs(folder: Path, results: Results) -> None:
    found = pd.read_csv(io.StringIO(write_curves(results.models[0].trials)))
    for optimizer in OPTIMIZERS:
        history = pd.read_csv(folder / "training" / "VGG16" / "simple" / f"{optimizer}.csv")
        means = history.groupby("epoch")[LOSSES].agg(lambda values: values.mean(skipna=False))
        ours = found[found["optimizer"] == optimizer].set_index("epoch")[LOSSES]
        pd.testing.assert_frame_equal(ours, means, check_names=False)
    assert math.isnan(found["total_loss"].iloc[-1])


def test_means_have_every_model_and_measure_on_and_off_the_scale(results: Results) -> None:
    assert results.findings
    found = rows(write_means(results.findings))
    scales = ("", "change from the own content", "own content 0, painting 1")
    assert {row["scale"] for row in found} == set(scales)
    for row in results.findings.rows:
        model = row.backbone, row.aggregation, row.kind
        ours = [one for one in found if (one["backbone"], one["aggregation"], one["kind"]) == model]
        kinds = (row.measures, row.changes, row.scaled)
        for scale, measures in zip(scales, kinds, strict=True):
            assert {
                one["measure"]: [float(one[name]) for name in ("mean", "low", "high")]
                for one in ours
                if one["scale"] == scale
            } == {name: [one.mean, one.low, one.high] for name, one in measures.items()}
        assert len(ours) == sum(map(len, kinds))
        assert {one["pictures"] for one in ours} == {str(row.pictures)}
    models = {(row["backbone"], row["aggregation"]) for row in found if row["backbone"]}
    assert models == {(b, a) for b in BACKBONES for a in AGGREGATIONS}


def test_names_come_back_as_they_were(results: Results) -> None:
    name = '</script><script>alert(1)</script>, "quoted"\n=1+1 ملصق 🎨'
    renamed = [replace(one, backbone=name) for one in results.models]
    assert {row["backbone"] for row in rows(write_runs(renamed))} == {name}
    trials = [replace(one, optimizer=name) for one in results.models[0].trials]
    assert {row["optimizer"] for row in rows(write_curves(trials))} == {name}
    assert results.findings
    means = replace(
        results.findings,
        rows=tuple(replace(one, aggregation=name) for one in results.findings.rows),
    )
    assert {row["aggregation"] for row in rows(write_means(means))} == {name}


def test_nothing_gives_an_empty_text() -> None:
    assert write_runs([]) == ""
    assert write_curves([]) == ""


def saved(download: Download) -> str:
    assert download.address.startswith("data:")
    kind, _, packed = download.address.partition(",")
    assert kind.endswith(";charset=utf-8;base64")
    return base64.b64decode(packed).decode("utf-8")


def test_the_page_carries_the_files_that_its_numbers_are_from(
    folder: Path, results: Results
) -> None:
    found = {one.name.removeprefix("small-"): one for one in write_downloads(results)}
    assert list(found) == [
        "scores.csv",
        "choices.csv",
        "findings.json",
        "selection.csv",
        "config.yaml",
    ]
    for name in ("scores.csv", "choices.csv", "selection.csv"):
        assert saved(found[name]) == (folder / name).read_text("utf-8")
    whole = json.loads((folder / "findings.json").read_text("utf-8"))
    assert json.loads(saved(found["findings.json"])) == whole
    assert Study.read(yaml.safe_load(saved(found["config.yaml"])), "config") == results.config
    for one in found.values():
        assert one.bytes == len(saved(one).encode("utf-8"))


def test_an_unfinished_study_carries_what_is_there(folder: Path) -> None:
    for name in ("scores.csv", "choices.csv", "findings.json"):
        (folder / name).unlink()
    names = [one.name for one in write_downloads(read_results(folder))]
    assert names == ["small-selection.csv", "small-config.yaml"]


def test_a_file_that_no_browser_would_save_is_told_and_not_carried(folder: Path) -> None:
    with (folder / "choices.csv").open("a") as file:
        file.write("\n" * MOST)
    found = {one.name: one for one in write_downloads(read_results(folder))}
    assert found["small-choices.csv"].address == ""
    assert found["small-choices.csv"].bytes > MOST
    assert found["small-scores.csv"].address
