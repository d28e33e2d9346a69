"""Whatever the config's ranges allow, no loss becomes infinite or "not a number"."""

import numpy as np
import pytest

from nstcore.backbones.backbone import load_backbone
from nstcore.backbones.network import BackboneNetwork
from nstcore.common.errors import ConfigError
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.optimizers import OPTIMIZERS, Adam
from nstcore.painting.schedule import TrainingSchedule
from nstcore.painting.train import train

SCHEDULE = TrainingSchedule(max_epochs=2, min_improvement=0.0, patience=3, watch=0)


def bounds(kind, end):
    """Every setting of an optimizer at one end of its range."""
    schema = kind.model_json_schema()["properties"]
    return {name: field[end] for name, field in schema.items()}


def network(weight):
    layers = {"Conv1_relu": weight, "block_1_expand_relu": weight}
    return load_backbone(
        BackboneNetwork(
            architecture="MobileNetV2",
            weights="random",
            style_layers=layers,
            content_layer="block_3_expand_relu",
        ),
        seed=1,
    )


@pytest.fixture(scope="module")
def painted():
    """Train on a noisy and a two-coloured content; most gradients of the latter are 0."""
    pictures = np.random.default_rng(1).random((4, 32, 32, 3)).astype(np.float32)
    pictures[3] = 0
    pictures[3, :16] = 1

    def paint(objective, optimizer, weight=0.5):
        net = network(weight)
        target = StyleTarget.from_images(net, pictures[:2], ["a", "b"])
        contents = {"x": pictures[2], "y": pictures[3]}
        return train(contents, {"s": target}, net, objective, optimizer, SCHEDULE)

    return paint


@pytest.mark.parametrize("end", ["minimum", "maximum"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_at_the_ends_of_its_ranges_paints(painted, name, end):
    optimizer = OPTIMIZERS[name](**bounds(OPTIMIZERS[name], end))
    history = painted(Objective(alpha=1e12, beta=1e12), optimizer)
    assert np.isfinite(history["total_loss"]).all()


@pytest.mark.parametrize("weight", [1e-12, 1e12])
def test_layers_at_the_ends_of_their_range_paint(painted, weight):
    objective = Objective(aggregation="logged", content_share=1e12, total_variation=1e12)
    history = painted(objective, Adam(epsilon=1e-30), weight)
    assert np.isfinite(history["total_loss"]).all()


def test_nothing_to_minimise_ends_where_it_began(painted):
    history = painted(Objective(alpha=0.0, beta=0.0), Adam())
    assert (history["total_loss"] == 0).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("end", "factor"), [("minimum", 0.5), ("maximum", 2)])
def test_what_lies_beyond_is_refused_by_its_own_line(name, end, factor):
    for key, bound in bounds(OPTIMIZERS[name], end).items():
        value = bound * factor if bound else -1
        with pytest.raises(ConfigError, match=f"^{name}: {key}: "):
            OPTIMIZERS[name](**{key: int(value) if key == "memory" else value})
