import numpy as np
import pytest

import nstcore
from nstcore.common.errors import ConfigError, TargetError
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.optimization import ImageOptimization
from nstcore.painting.optimizers import OPTIMIZERS, Adam, read_optimizer
from nstcore.painting.schedule import Schedule
from nstcore.painting.stylize import stylize


@pytest.fixture(scope="module")
def target(backbone, paintings):
    return StyleTarget.from_images(backbone, paintings)


@pytest.fixture(scope="module")
def beta(backbone, target, contents):
    """Brings the style loss of the contents near 1, as a study's config does."""
    return 1 / float(np.mean(target.losses(backbone.features(contents))))


@pytest.mark.parametrize("aggregation", ["simple", "squared", "logged"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_the_loss_falls(backbone, target, contents, beta, aggregation, optimizer):
    result = stylize(
        contents[:1],
        target,
        backbone,
        Objective(aggregation=aggregation, alpha=0.0, beta=beta),
        OPTIMIZERS[optimizer](),
        Schedule(epochs=4),
    )
    totals = result.history["total_loss"].to_numpy()
    assert totals[-1] < 0.995 * totals[0]
    assert (np.diff(totals) < 0).all()
    assert result.images.min() >= 0
    assert result.images.max() <= 1


def test_history_holds_the_losses_of_the_pictures_themselves(backbone, target, contents, beta):
    objective = Objective(aggregation="squared", alpha=2.0, beta=beta)
    result = stylize(contents[:2], target, backbone, objective, schedule=Schedule(epochs=3))
    features = backbone.features(result.images)
    wanted = backbone.features(contents[:2])[backbone.content_layer].numpy()
    reached = features[backbone.content_layer].numpy()
    content = 0.5 * np.sum((reached - wanted) ** 2, axis=(1, 2, 3))
    style = np.sqrt(np.mean(np.square(target.losses(features).numpy()), axis=1))
    last = result.history[result.history["epoch"] == 3]
    np.testing.assert_allclose(last["content_loss"], content, rtol=1e-4)
    np.testing.assert_allclose(last["style_loss"], style, rtol=1e-4)
    np.testing.assert_allclose(last["total_loss"], 2.0 * content + beta * style, rtol=1e-4)
    assert result.history.columns.tolist()[:2] == ["epoch", "content"]
    assert len(result.history) == 2 * 4


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_a_picture_does_not_depend_on_its_batch(backbone, target, contents, beta, optimizer):
    objective = Objective(aggregation="logged", beta=beta, alpha=1e-3)
    how = (objective, OPTIMIZERS[optimizer](), Schedule(epochs=3))
    together = stylize(contents, target, backbone, *how)
    for i in range(len(contents)):
        alone = stylize(contents[i : i + 1], target, backbone, *how)
        # Adam's first steps have the size of the learning rate whatever the gradient, so that
        # rounding turns a few pixels whose gradient is almost zero; hence the mean.
        assert np.mean(np.abs(together.images[i] - alone.images[0])) < 1e-4


def test_no_epochs_give_the_contents_back(backbone, target, contents):
    result = stylize(contents, target, backbone, schedule=Schedule(epochs=0))
    np.testing.assert_array_equal(result.images, contents)
    assert result.history["content_loss"].tolist() == [0.0] * len(contents)


def test_an_epoch_can_have_several_steps(backbone, target, contents, beta):
    how = (target, backbone, Objective(alpha=1e-3, beta=beta), Adam())
    two = stylize(contents[:1], *how, Schedule(epochs=2, steps_per_epoch=3))
    six = stylize(contents[:1], *how, Schedule(epochs=6))
    np.testing.assert_array_equal(two.images, six.images)
    assert two.history["total_loss"].tolist() == six.history["total_loss"].tolist()[::3]


def test_a_target_of_another_backbone_is_refused(target, contents):
    other = nstcore.load_backbone("VGG16", "random", seed=4)
    with pytest.raises(TargetError, match="made with another backbone than VGG16"):
        stylize(contents, target, other, schedule=Schedule(epochs=1))


def test_the_public_names_are_there_without_their_modules():
    assert nstcore.stylize is stylize
    assert nstcore.StyleTarget is StyleTarget
    with pytest.raises(AttributeError, match="No nstcore attribute paint"):
        nstcore.paint  # noqa: B018


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_no_step_after_the_first_traces_the_graph_again(backbone, paintings, contents, optimizer):
    objective = Objective(aggregation="squared", scaling="calibrated")
    optimization = ImageOptimization(backbone, objective, contents.shape, OPTIMIZERS[optimizer]())
    optimization.state = optimization.blank_state(contents)
    traced = []
    # Another style of as many paintings shares the graph too.
    for part in (paintings[:2], paintings[2:]):
        to = objective.targets(backbone, contents, StyleTarget.from_images(backbone, part))
        for _ in range(3):
            optimization.step(to)
            traced.append(optimization._step.experimental_get_tracing_count())
    assert traced == [1] * 6


def test_every_picture_comes_with_the_floor_of_its_style_loss(backbone, target, contents, beta):
    result = stylize(contents, target, backbone, Objective(beta=beta), schedule=Schedule(epochs=2))
    np.testing.assert_allclose(result.style_floors, [target.floor] * len(contents))
    last = result.history[result.history["epoch"] == 2]
    assert (last["style_loss"].to_numpy() > result.style_floors).all()


def test_an_unknown_optimizer_or_setting_is_named():
    with pytest.raises(ConfigError, match="'ftrl': allowed: adam, sgd, rmsprop, lbfgs"):
        read_optimizer("ftrl")
    with pytest.raises(ConfigError, match="sgd: unknown key 'beta_1'; allowed: learning_rate, mom"):
        read_optimizer("sgd", '{"beta_1": 0.9}')
