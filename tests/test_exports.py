"""The report's numbers as CSV."""

import csv
import io
import math
from pathlib import Path

import pandas as pd
import pytest
from small_study import AGGREGATIONS, BACKBONES, OPTIMIZERS, write_study

from nstcore.choosing import LOSSES
from nstcore.exports import write_curves, write_means, write_runs
from nstcore.results import Results, read_results


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
    assert (adam["chosen"], adam["epochs"], adam["status"]) == ("True", "3", "converged")
    assert (sgd["chosen"], sgd["epochs"], sgd["epochs_run"]) == ("False", "1", "2")
    assert sgd["status"] == "diverged"


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
    expected = sum(len(row.measures) + len(row.scaled) for row in results.findings.rows)
    assert len(found) == expected
    first = results.findings.rows[0]
    plain, scaled = (
        next(
            row for row in found if row["measure"] == "style_distance" and bool(row["scale"]) == on
        )
        for on in (False, True)
    )
    assert float(plain["mean"]) == first.measures["style_distance"].mean
    assert float(scaled["mean"]) == first.scaled["style_distance"].mean
    assert scaled["scale"] == "untouched 0, painting 1"


def test_names_come_back_as_they_were(results: Results) -> None:
    name = '<b>, "quoted"\n=1+1'
    renamed = [type(one)(name, one.aggregation, one.trials, one.painted) for one in results.models]
    assert {row["backbone"] for row in rows(write_runs(renamed))} == {name}


def test_nothing_gives_an_empty_text() -> None:
    assert write_runs([]) == ""
