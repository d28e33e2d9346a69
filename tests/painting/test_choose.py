import math

import pandas as pd
import pytest

from nstcore.common.errors import TrainingError
from nstcore.common.files import drop_checksum
from nstcore.common.tables import write_table
from nstcore.painting.choose import (
    CHOICE_COLUMNS,
    Choice,
    Run,
    choose,
    read_choice,
    read_choices,
    summarize,
    tell,
)
from nstcore.painting.history import HISTORY_COLUMNS, average_curve, read_history
from nstcore.painting.schedule import Training
from nstcore.painting.stopping import look_back

NAN = math.nan


@pytest.mark.parametrize(
    ("curve", "desired"),
    [
        ([100.0, 80.0, 79.95], Run("adam", 2, 79.95, "plateau")),
        ([100.0, 80.0, 85.0], Run("adam", 1, 80.0, "rise")),
        ([100.0, 80.0, 60.0, 50.0], Run("adam", 3, 50.0, "limit")),
        # A rise is told as one from the start, too: such runs may fall far after it.
        ([100.0, 120.0], Run("adam", 0, 100.0, "rise")),
        ([100.0, 101.0, 100.9, 100.0], Run("adam", 0, 100.0, "rise")),
        ([100.0, 100.0], Run("adam", 0, 100.0, "stalled")),
        ([100.0, 80.0, NAN], Run("adam", 1, 80.0, "diverged")),
        # What was watched after the end changes nothing.
        ([100.0, 80.0, 85.0, 10.0], Run("adam", 1, 80.0, "rise")),
        ([100.0, 80.0, 85.0, NAN], Run("adam", 1, 80.0, "rise")),
    ],
)
def test_a_run_is_summed_up_by_its_lowest_epoch_and_its_end(curve, desired):
    assert summarize("adam", curve, Training(max_epochs=3)) == desired


def test_a_line_tells_how_a_run_ended_and_what_was_seen_after_that():
    training = Training(max_epochs=3, watch=2)
    totals = [100.0, 80.0, 85.0, 70.0, 60.0]
    assert tell(summarize("adam", totals, training), look_back(totals, training)) == (
        "adam: rise (the loss rose: the rule ended the run, which need not have converged); lowest"
        " total loss 80 at epoch 1, 85 at the stop at epoch 2, 60 2 epochs later: stopped too early"
    )
    totals = [100.0, 80.0, 60.0, 50.0]
    assert tell(summarize("sgd", totals, training), look_back(totals, training)) == (
        "sgd: limit (the epoch limit came first: more epochs would lower the loss further); lowest"
        " total loss 50 at epoch 3"
    )


def test_a_curve_that_was_cut_off_is_refused():
    with pytest.raises(TrainingError, match="ends at epoch 1 of 3 though it still improves"):
        summarize("adam", [100.0, 50.0], Training(max_epochs=3))


def test_the_lowest_loss_is_chosen_and_of_equals_the_first():
    runs = [
        Run("adam", 9, 2.0, "plateau"),
        Run("sgd", 5, 1.0, "limit"),
        Run("rmsprop", 7, 1.0, "plateau"),
    ]
    assert choose(runs, "VGG19/simple").optimizer == "sgd"


def test_a_diverged_run_is_never_chosen_however_low_it_came():
    runs = [Run("sgd", 3, 0.1, "diverged"), Run("adam", 9, 2.0, "plateau")]
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


WRITTEN = [(epoch, "a", name, 1.0, 2.0, 3.0) for epoch in (0, 1) for name in ("x", "y")]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) * 3 // 4],
        lambda content: content.replace(b"1.0", b"\0\0\0", 1),
        lambda content: content.replace(b"x", b"z", 1),
        lambda content: content.replace(b"\n1,", b"\n3,"),
        lambda content: content + content[content.rindex(b"\n", 0, -1) + 1 :],
    ],
    ids=["cut", "zeros", "another pair", "an epoch lacks", "a row twice"],
)
def test_damaged_losses_are_named_and_not_averaged(damage, tmp_path):
    """Also where no checksum tells of it."""
    path = tmp_path / "adam.csv"
    write_table(history(WRITTEN), path)
    drop_checksum(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingError, match=r"adam\.csv: .*delete it and run again"):
        read_history(path)


@pytest.mark.parametrize(
    ("sound", "damaged"), [("2,", "-2,"), ("2,", "two,"), ("1.5", "\0\0\0"), ("plateau", "plat")]
)
def test_damaged_choices_are_named(sound, damaged, tmp_path):
    text = "backbone,aggregation,optimizer,epochs,total_loss,status\nA,simple,adam,2,1.5,plateau\n"
    path = tmp_path / "simple.csv"
    path.write_text(text)
    assert read_choices(path)["epochs"].tolist() == [2]
    path.write_text(text.replace(sound, damaged))
    with pytest.raises(TrainingError, match=r"simple\.csv: .*delete it and run again"):
        read_choices(path)


def test_the_choice_of_a_model_is_read(tmp_path):
    row = ["Net", "squared", "adam", 7, 0.5, "plateau"]
    write_table(pd.DataFrame([row], columns=CHOICE_COLUMNS), tmp_path / "choice.csv")
    assert read_choice(tmp_path / "choice.csv", ["sgd", "adam"]) == Choice("squared", "adam", 7)


@pytest.mark.parametrize(
    ("aggregation", "optimizer", "epochs"),
    [
        ("__class__", "adam", 7),
        ("squared", "eval", 7),
        ("squared", "", 7),
        ("squared", "adam", -1),
        ("squared", "adam", 7.5),
        ("squared", "adam", "1e9"),
        ("a\nb", "adam", 7),
    ],
)
def test_a_choice_that_is_none_of_the_study_s_is_one_line(tmp_path, aggregation, optimizer, epochs):
    row = ["Net", aggregation, optimizer, epochs, 0.5, "plateau"]
    write_table(pd.DataFrame([row], columns=CHOICE_COLUMNS), tmp_path / "choice.csv")
    with pytest.raises(
        TrainingError, match=r"choice\.csv: (no choice of this study|damaged choices)"
    ) as told:
        read_choice(tmp_path / "choice.csv", ["sgd", "adam"])
    assert "\n" not in str(told.value)
