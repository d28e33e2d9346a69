"""When the rule ends a curve, for how long it is watched, and what hindsight says of it."""

import math

import pytest

from nstcore.painting.schedule import Training
from nstcore.painting.stopping import Alternative, find_end, last_epoch, look_back

NAN = math.nan
# Falls, rises once, and goes on falling: VGG16 as seen in docs/loss-weights.md.
ONE_BAD_STEP = [1.20, 1.09, 0.92, 0.83, 0.816, 0.824, 0.79, 0.76, 0.74, 0.72, 0.70, 0.69]


def end(curve, **training):
    found = find_end(curve, Training(**{"max_epochs": 100, **training}))
    return tuple(found) if found else None


@pytest.mark.parametrize(
    ("curve", "desired"),
    [
        ([100.0, 80.0, 60.0, 50.0], None),  # falls
        ([100.0, 80.0, 79.95, 60.0], (2, "plateau")),  # 0.06 % from epoch 1 to 2
        ([100.0, 99.9 + 1e-9, 50.0], (1, "plateau")),  # just under 0.1 %
        ([100.0, 99.9 - 1e-9, 50.0], None),  # just over 0.1 %
        ([100.0, 80.0, 90.0, 10.0], (2, "rise")),
        ([100.0, 80.0, 80.0, 10.0], (2, "plateau")),
        ([100.0, NAN, 10.0], (1, "diverged")),
        ([NAN], (0, "diverged")),
        ([100.0, math.inf], (1, "diverged")),
        ([0.0, 0.0], (1, "plateau")),  # a content that is its own style
        ([100.0], None),
        (ONE_BAD_STEP, (5, "rise")),
    ],
)
def test_the_published_rule_ends_a_curve_at_the_first_epoch_that_pays_too_little(curve, desired):
    assert end(curve) == desired


@pytest.mark.parametrize(
    ("patience", "curve", "desired"),
    [
        (1, ONE_BAD_STEP, None),
        (1, [10.0, 10.0, 10.0], (2, "plateau")),
        (1, [10.0, 11.0, 10.5, 10.6, 10.7], (4, "rise")),  # good steps between count anew
        (2, [10.0, 10.1, 9.0, 9.0, 9.0, 9.0], (5, "plateau")),
        (2, [10.0, 10.1, 10.2, NAN], (3, "diverged")),
        # What counts is whether the loss is above that before the weak epochs.
        (2, [10.0, 12.0, 11.999, 11.998], (3, "rise")),
        (2, [10.0, 9.999, 9.998, 9.9985], (3, "plateau")),
    ],
)
def test_with_patience_so_many_epochs_in_a_row_may_pay_too_little(patience, curve, desired):
    assert end(curve, patience=patience) == desired


def test_the_limit_ends_what_still_improves_and_not_what_the_rule_ends_there():
    assert end([4.0, 3.0, 2.0], max_epochs=2) == (2, "limit")
    assert end([4.0, 3.0, 3.0], max_epochs=2) == (2, "plateau")


@pytest.mark.parametrize(
    ("watch", "curve", "desired"),
    [
        (3, [4.0, 3.0, 2.0], None),
        (3, [4.0, 3.0, 3.0], 5),
        (3, [4.0, 3.0, 3.0, 2.0, 1.0, 0.5], 5),
        (0, [4.0, 3.0, 3.0], 2),
        (3, [4.0, NAN], 1),  # nothing to watch
        (3, [4.0, 3.0, 3.0, NAN], 3),  # nothing more to watch
        (3, [4.0, 3.0, 2.0, 1.0, 0.5], 4),  # at the limit nothing was ended by the rule
        (3, [4.0, 3.0, 2.0, 1.0, 1.0], 7),  # there it was
    ],
)
def test_a_run_is_watched_after_the_rule_has_ended_it(watch, curve, desired):
    assert last_epoch(curve, Training(max_epochs=4, watch=watch)) == desired


def test_hindsight_tells_a_cliff_from_an_end():
    seen = look_back(ONE_BAD_STEP, Training(watch=6))
    assert seen is not None
    assert (seen.stop, seen.stop_loss, seen.epochs, seen.total_loss) == (5, 0.824, 4, 0.816)
    assert (seen.watched, seen.later_loss, seen.too_early) == (6, 0.69, True)
    assert seen.alternatives == (
        Alternative(0, 5, 4, 0.816),
        *(Alternative(patience, None, 11, 0.69) for patience in (1, 3, 5, 10)),
    )
    flat = [2.0, 1.0, *[1.0 - 0.0005 * step for step in range(1, 12)]]
    seen = look_back(flat, Training(watch=10))
    assert seen is not None
    assert not seen.too_early
    assert [(one.patience, one.stop) for one in seen.alternatives] == [
        (0, 2), (1, 3), (3, 5), (5, 7), (10, 12),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("curve", "watch"),
    [
        ([4.0, 3.0, 2.0, 1.0], 3),  # at the limit
        ([4.0, NAN], 3),
        ([4.0, 4.0], 0),
        ([4.0, 4.0], 3),  # not watched yet
        ([4.0, 3.0], 3),  # not ended yet
    ],
)
def test_there_is_no_hindsight_where_nobody_watched(curve, watch):
    assert look_back(curve, Training(max_epochs=3, watch=watch)) is None


def test_a_run_that_diverges_while_it_is_watched_was_not_stopped_too_early():
    seen = look_back([4.0, 3.0, 3.0, 2.9999, NAN], Training(watch=5))
    assert seen is not None
    assert math.isnan(seen.later_loss)
    assert not seen.too_early
