"""Our step, as `nstcore.stylize` and the training take it."""

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

import keras

from benchmarks.cases import CANVASES, Case, packed_grams, pictures
from nstcore.backbones.backbone import Backbone, load_backbone
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimization import ImageOptimization


def make(case: Case) -> Callable[[], list[Any]]:
    """Return a function that takes one step and returns the content, style and total loss."""
    backbone = load(case.architecture, case.precision)
    contents, start = pictures(case)
    # As in the plain ways: nothing is measured, both losses count as they are.
    objective = Objective(aggregation=case.aggregation, alpha=1.0, beta=1.0)
    optimization = ImageOptimization(
        backbone, objective, contents.shape, canvas=Canvas(**CANVASES[case.canvas])
    )
    optimization.state = optimization.blank_state(start)
    to = optimization.targets(contents, target(case.architecture, case.precision, case.paintings))
    return lambda: [loss.numpy() for loss in optimization.step(to)]


def operations(case: Case) -> int:
    """Count the floating-point operations of a step, from the shapes of the layers.

    The convolutions, forward and the gradient to their input; the Gram matrices, one product
    forward and one backward. What is left out (activations, pooling, Adam, the products with the
    paintings) comes to less than a hundredth.
    """
    model = load(case.architecture, case.precision).model
    convolutions = [layer for layer in model.layers if "Conv2D" in type(layer).__name__]
    probe = keras.Model(model.inputs, [layer.output for layer in convolutions])
    picture = (case.batch, case.size, case.size, 3)
    total: int = 0
    for layer, (*positions, _) in zip(
        convolutions, probe.compute_output_shape(picture), strict=True
    ):
        total += 2 * 2 * prod(positions) * prod(layer.kernel.shape)
    layers = load(case.architecture, case.precision).style_layers
    shapes = model.compute_output_shape(picture)[: len(layers)]
    total += sum(2 * 2 * prod(shape) * shape[-1] for shape in shapes)
    return total


@lru_cache
def load(architecture: str, precision: str) -> Backbone:
    """Return a backbone with random weights."""
    return load_backbone(architecture, "random", precision=precision)


# The paintings of a case are shared by the aggregations that follow each other, and no longer held.
@lru_cache(maxsize=1)
def target(architecture: str, precision: str, paintings: int) -> StyleTarget:
    """Return a style of random Gram matrices for a backbone."""
    backbone = load(architecture, precision)
    channels = [output.shape[-1] for output in backbone.model.outputs]
    grams = {
        name: packed_grams(paintings, count)
        for name, count in zip(backbone.style_layers, channels, strict=False)
    }
    return StyleTarget(grams, backbone.style_layers, {})
