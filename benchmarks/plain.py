"""Many paintings without our algebra: the tutorial's step with one loss term per painting.

The losses are ours (see `nstcore.losses`), written out.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import tensorflow as tf

from benchmarks.cases import (
    CHANNELS,
    CONTENT_LAYER,
    STYLE_LAYERS,
    Case,
    gram_matrices,
    pictures,
)
from benchmarks.tutorial import Step, extract, gram, stepper


def make(case: Case) -> Step:
    """Return a function that takes one step and returns the content, style and total loss."""
    content, start = pictures(case)
    wanted = extract(tf.constant(content))[CONTENT_LAYER]
    paintings = _paintings(case.paintings)
    aggregate = AGGREGATIONS[case.aggregation]
    correlate = gram_by_product if case.kind == "plain-product" else gram

    def losses(features: dict[str, Any]) -> tuple[Any, Any]:
        # A layer's own size, so that pictures and paintings may differ in size.
        grams = {
            name: correlate(features[name]) / features[name].shape[-1] for name in STYLE_LAYERS
        }
        style = aggregate([_style_loss(grams, painting) for painting in paintings])
        return 0.5 * tf.reduce_sum((features[CONTENT_LAYER] - wanted) ** 2), style

    return stepper(start, losses)


def gram_by_product(features: Any) -> Any:
    """Return the same as `tutorial.gram`, by a matrix product."""
    _, height, width, channels = tf.unstack(tf.shape(features))
    flat = tf.reshape(features, (-1, height * width, channels))
    return tf.matmul(flat, flat, transpose_a=True) / tf.cast(height * width, tf.float32)


def _style_loss(grams: dict[str, Any], painting: dict[str, Any]) -> Any:
    weight = 1 / len(STYLE_LAYERS)
    return tf.add_n(
        [weight / 4 * tf.reduce_sum((grams[name] - painting[name]) ** 2) for name in STYLE_LAYERS]
    )


def _simple(losses: Sequence[Any]) -> Any:
    return tf.add_n(losses) / len(losses)


def _squared(losses: Sequence[Any]) -> Any:
    return tf.sqrt(tf.add_n([loss**2 for loss in losses]) / len(losses))


def _logged(losses: Sequence[Any]) -> Any:
    return tf.exp(tf.add_n([tf.math.log(loss) for loss in losses]) / len(losses))


AGGREGATIONS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "simple": _simple,
    "squared": _squared,
    "logged": _logged,
}


# Shared by the aggregations that follow each other, and no longer held.
@lru_cache(maxsize=1)
def _paintings(count: int) -> list[dict[str, Any]]:
    layers = {
        name: gram_matrices(count, channels)
        for name, channels in zip(STYLE_LAYERS, CHANNELS, strict=True)
    }
    return [
        {name: tf.constant(matrices[i]) for name, matrices in layers.items()} for i in range(count)
    ]
