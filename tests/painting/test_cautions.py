"""What readers are to know of a model's training."""

import math

from nstcore.painting.cautions import ABOVE, EARLY, RISE, STALLED, Course, find_cautions
from nstcore.painting.choose import Run
from nstcore.painting.schedule import Training
from nstcore.painting.stopping import look_back


def course(start, end, status="plateau", hindsight=None):
    return Course(Run("adam", 4, end, status), start, hindsight)


def test_a_run_that_went_well_has_none():
    assert find_cautions({("VGG16", "simple"): course(1.2, 0.45)}) == {("VGG16", "simple"): ()}


def test_a_run_that_ended_on_a_rise_or_never_fell_is_told():
    told = find_cautions(
        {
            ("VGG16", "simple"): course(1.2, 0.5, "rise"),
            ("ResNet50", "simple"): course(1.0, 1.0, "stalled"),
        }
    )
    assert told["VGG16", "simple"] == (RISE,)
    assert told["ResNet50", "simple"][0].startswith(STALLED)


def test_a_run_that_fell_further_while_it_was_watched_is_told():
    training = Training(max_epochs=6, watch=2, patience=0)
    seen = look_back([1.2, 1.0, 0.9, 0.91, 0.7, 0.5], training)
    assert seen.too_early
    (told,) = find_cautions({("VGG16", "simple"): course(1.2, 0.9, "rise", seen)}).values()
    assert told[0] == RISE
    assert told[1].startswith(EARLY)


def test_a_run_far_above_where_another_aggregation_got_is_told():
    # The curve that the rule cut off at 0.816, where others of the same network came to 0.45.
    told = find_cautions(
        {
            ("VGG16", "simple"): course(1.2, 0.45),
            ("VGG16", "squared"): course(1.2, 0.816),
            ("VGG16", "logged"): course(1.2, 0.6),
        }
    )
    assert told["VGG16", "squared"] == (f"{ABOVE} where simple got",)
    assert told["VGG16", "simple"] == told["VGG16", "logged"] == ()


def test_networks_are_not_compared_with_each_other():
    told = find_cautions({("A", "simple"): course(1.2, 0.1), ("B", "simple"): course(1.2, 1.1)})
    assert set(told.values()) == {()}


def test_losses_that_say_nothing_are_no_caution():
    told = find_cautions(
        {
            ("A", "simple"): course(math.nan, 0.4),
            ("A", "squared"): course(0.0, 0.0),
        }
    )
    assert set(told.values()) == {()}
