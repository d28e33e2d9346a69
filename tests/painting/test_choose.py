import math

import pandas as pd
import pytest

from nstcore.common.errors import TrainingError
from nstcore.common.tables import write_table
from nstcore.painting.choose import Run, choose, has_converged, has_diverged, summarize
from nstcore.painting.history import HISTORY_COLUMNS, average_curve, read_history
from nstcore.painting.schedule import Training

NAN = math.nan


def end(curve, min_improvement=0.001):
    """The epoch at which the stopping rule ends a curve, or None."""
    for epoch in range(len(curve)):
        if has_diverged(curve[: epoch + 1]) or has_converged(curve[: epoch + 1], min_improvement):
            return epoch
    return None


@pytest.mark.parametrize(
    ("curve", "desired"),
    [
        ([100.0, 80.0, 60.0, 50.0], None),  # falls
        ([100.0, 80.0, 79.95, 60.0], 2),  # plateau: 0.06 % from epoch 1 to 2
        ([100.0, 99.9 + 1e-9, 50.0], 1),  # just under 0.1 %
        ([100.0, 99.9 - 1e-9, 50.0], None),  # just over 0.1 %
        ([100.0, 80.0, 90.0, 10.0], 2),  # rises
        ([100.0, NAN, 10.0], 1),
        ([100.0, math.inf], 1),
        ([0.0, 0.0], 1),  # a content that is its own style
        ([100.0], None),
    ],
)
def test_the_stopping_rule_ends_a_curve_where_it_should(curve, desired):
    assert end(curve) == desired


@pytest.mark.parametrize(
    ("curve", "desired"),
    [
        ([100.0, 80.0, 79.95], Run("adam", 2, 79.95, "converged")),
        ([100.0, 80.0, 85.0], Run("adam", 1, 80.0, "converged")),
        ([100.0, 80.0, 60.0, 50.0], Run("adam", 3, 50.0, "limit")),
        ([100.0, 120.0], Run("adam", 0, 100.0, "stalled")),
        ([100.0, 80.0, NAN], Run("adam", 1, 80.0, "diverged")),
    ],
)
def test_a_run_is_summed_up_by_its_lowest_epoch_and_its_end(curve, desired):
    assert summarize("adam", curve, Training(max_epochs=3)) == desired


def test_a_curve_that_was_cut_off_is_refused():
    with pytest.raises(TrainingError, match="ends at epoch 1 of 3 though it still improves"):
        summarize("adam", [100.0, 50.0], Training(max_epochs=3))


def test_the_lowest_loss_is_chosen_and_of_equals_the_first():
    runs = [
        Run("adam", 9, 2.0, "converged"),
        Run("sgd", 5, 1.0, "limit"),
        Run("rmsprop", 7, 1.0, "converged"),
    ]
    assert choose(runs, "VGG19/simple").optimizer == "sgd"


def test_a_diverged_run_is_never_chosen_however_low_it_came():
    runs = [Run("sgd", 3, 0.1, "diverged"), Run("adam", 9, 2.0, "converged")]
    assert choose(runs, "VGG19/simple").optimizer == "adam"


def test_a_model_whose_runs_all_diverged_is_named():
    with pytest.raises(TrainingError, match="VGG19/simple: no optimizer to choose, all diverged"):
        choose([Run("sgd", 3, 0.1, "diverged")], "VGG19/simple")


def history(rows):
    return pd.DataFrame(rows, columns=HISTORY_COLUMNS)


def test_losses_are_averaged_over_the_pairs_of_an_epoch():
    curve = average_curve(
        history(
            [
                (0, "a", "x", 0.0, 4.0, 8.0),
                (0, "b", "x", 0.0, 2.0, 4.0),
                (1, "a", "x", 1.0, 1.0, 3.0),
                (1, "b", "x", 3.0, 1.0, NAN),
            ]
        )
    )
    assert curve["style_loss"].tolist() == [3.0, 1.0]
    assert curve["total_loss"].tolist()[0] == 6.0
    assert math.isnan(curve["total_loss"].tolist()[1])


def test_a_history_survives_its_file_even_with_artists_called_none(tmp_path):
    written = history([(0, "None", "NA", 0.0, 4.0, NAN)])
    write_table(written, tmp_path / "adam.csv")
    pd.testing.assert_frame_equal(read_history(tmp_path / "adam.csv"), written)


def test_a_foreign_table_is_named(tmp_path):
    (tmp_path / "adam.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TrainingError, match=r"adam\.csv: expected rows of epoch, style"):
        read_history(tmp_path / "adam.csv")
