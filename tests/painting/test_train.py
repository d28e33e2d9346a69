import numpy as np
import pytest

from nstcore.common.errors import TrainingError
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.history import HISTORY_COLUMNS, average_curve
from nstcore.painting.optimizers import SGD, Adam
from nstcore.painting.schedule import Execution, Schedule, TrainingSchedule
from nstcore.painting.stylize import stylize
from nstcore.painting.train import train


@pytest.fixture(scope="module")
def targets(backbone, paintings):
    return {
        "Bright": StyleTarget.from_images(backbone, paintings[:2]),
        "Dark": StyleTarget.from_images(backbone, paintings[2:]),
    }


@pytest.fixture(scope="module")
def by_id(contents):
    return {f"c{i}": picture for i, picture in enumerate(contents)}


@pytest.fixture(scope="module")
def beta(backbone, targets, contents):
    return 1 / float(np.mean(targets["Dark"].losses(backbone.features(contents))))


def test_every_pair_takes_the_way_it_would_take_alone(backbone, targets, by_id, contents, beta):
    objective = Objective(aggregation="squared", alpha=1e-3, beta=beta)
    history = train(
        by_id,
        targets,
        backbone,
        objective,
        Adam(),
        TrainingSchedule(max_epochs=3, min_improvement=0, batch=2, watch=0),
    )
    assert history.columns.tolist() == HISTORY_COLUMNS
    assert len(history) == 4 * 2 * 3
    for style, target in targets.items():
        for i, name in enumerate(by_id):
            alone = stylize(
                contents[i : i + 1],
                target,
                backbone,
                objective,
                Adam(),
                Schedule(epochs=3),
            )
            pair = history[(history["style"] == style) & (history["content_id"] == name)]
            np.testing.assert_allclose(pair["total_loss"], alone.history["total_loss"], rtol=1e-3)


def test_the_average_over_the_pairs_ends_the_run(backbone, targets, by_id, beta):
    # No curve improves by 90 % in one epoch: the first comparison ends it.
    seen = []
    history = train(
        by_id,
        targets,
        backbone,
        Objective(beta=beta, alpha=0.0),
        SGD(),
        TrainingSchedule(max_epochs=5, min_improvement=0.9, watch=0),
        Execution(progress=lambda epoch, losses: seen.append(losses["total_loss"])),
    )
    assert history["epoch"].max() == 1
    curve = average_curve(history)["total_loss"]
    np.testing.assert_allclose(seen, curve, rtol=1e-6)


def test_a_run_goes_on_to_be_watched_and_only_to_be_watched(backbone, targets, by_id, beta):
    objective = Objective(beta=beta, alpha=0.0)
    histories = [
        train(by_id, targets, backbone, objective, SGD(), schedule)
        for schedule in (
            TrainingSchedule(max_epochs=1, min_improvement=0.9, watch=3),
            TrainingSchedule(max_epochs=4, min_improvement=0),
        )
    ]
    # The epoch limit is no limit to what is only watched.
    assert histories[0]["epoch"].max() == 4
    assert histories[0].equals(histories[1])


def test_a_diverging_run_ends_with_its_curve_kept(backbone, targets, by_id):
    objective = Objective(beta=1e38, alpha=1e38)
    history = train(by_id, targets, backbone, objective, Adam(), TrainingSchedule(max_epochs=5))
    assert not np.isfinite(history["total_loss"].iloc[-1])
    assert history["epoch"].max() < 5


def test_training_without_pairs_is_refused(backbone):
    with pytest.raises(TrainingError, match="at least one content and one style"):
        train({}, {}, backbone, Objective(), Adam())
