"""One style, the way of the official TensorFlow tutorial.

A picture in 0..1 as a variable, preprocessing inside the step, Gram matrices by einsum over the
number of positions, mean squared differences, Adam with a large epsilon, clipping after each step:
https://www.tensorflow.org/tutorials/generative/style_transfer
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
import tensorflow as tf

from benchmarks.cases import (
    CHANNELS,
    CONTENT_LAYER,
    STYLE_LAYERS,
    Case,
    gram_matrices,
    pictures,
)

Step = Callable[[], list[Any]]
"""Takes one step and returns the content, style and total loss before it."""

STYLE_WEIGHT = 1e-2
CONTENT_WEIGHT = 1e4


def make(case: Case) -> Step:
    """Return a function that takes one step and returns the content, style and total loss."""
    content, start = pictures(case)
    wanted = extract(tf.constant(content))[CONTENT_LAYER]
    targets = {
        name: tf.constant(gram_matrices(1, channels))
        for name, channels in zip(STYLE_LAYERS, CHANNELS, strict=True)
    }

    def losses(features: dict[str, Any]) -> tuple[Any, Any]:
        style = tf.add_n(
            [tf.reduce_mean((gram(features[name]) - targets[name]) ** 2) for name in STYLE_LAYERS]
        ) * (STYLE_WEIGHT / len(STYLE_LAYERS))
        content = tf.reduce_mean((features[CONTENT_LAYER] - wanted) ** 2) * CONTENT_WEIGHT
        return content, style

    return stepper(start, losses)


def stepper(start: Any, losses: Callable[[dict[str, Any]], tuple[Any, Any]]) -> Step:
    """Return the tutorial's step from a picture, with content and style losses of its features."""
    image = tf.Variable(start)
    optimizer = keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=0.1)

    @tf.function  # type: ignore[untyped-decorator]
    def train_step() -> tuple[Any, Any, Any]:
        with tf.GradientTape() as tape:
            content, style = losses(extract(image))
            total = style + content
        optimizer.apply_gradients([(tape.gradient(total, image), image)])
        image.assign(tf.clip_by_value(image, 0.0, 1.0))
        return content, style, total

    return lambda: [loss.numpy() for loss in train_step()]


def gram(features: Any) -> Any:
    """Return Gram matrices over the number of positions: (batch, C, C)."""
    correlations = tf.linalg.einsum("bijc,bijd->bcd", features, features)
    shape = tf.shape(features)
    return correlations / tf.cast(shape[1] * shape[2], tf.float32)


def extract(images: Any) -> dict[str, Any]:
    """Return the features of pictures in 0..1 by layer."""
    prepared = keras.applications.vgg19.preprocess_input(images * 255.0)
    return dict(zip([*STYLE_LAYERS, CONTENT_LAYER], _network()(prepared), strict=True))


@lru_cache
def _network() -> Any:
    # The seed gives the weights that `load_backbone` draws.
    keras.utils.set_random_seed(0)
    vgg = keras.applications.VGG19(include_top=False, weights=None)
    vgg.trainable = False
    outputs = [vgg.get_layer(name).output for name in (*STYLE_LAYERS, CONTENT_LAYER)]
    return keras.Model(vgg.input, outputs)
