"""Content loss, total variation, and the total that is minimised."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import ConfigError
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.losses.aggregation import POWERS, aggregate
from nstcore.losses.gram import half_gram
from nstcore.losses.style_target import LayerTarget, StyleTarget, mean_style_loss, style_losses

Scaling = Literal["published", "calibrated"]
SCALINGS: dict[Scaling, str] = {
    "published": "the formulas of Gatys et al. (2015), whose size depends on the backbone",
    "calibrated": "each loss over a reference value of the untouched content: 1 at every backbone",
}

# A unit below this part of the features' own size would blow up rounding errors.
_LEAST = 1e-6


def content_loss(features: Tensor, content: Tensor) -> Tensor:
    """Half the squared distance of features: 1/2 sum (F - P)^2 (Gatys et al. 2015, eq. 1).

    Args:
        features: F, (batch, height, width, channels), of the pictures.
        content: P, the same shape, of the contents.

    Returns:
        (batch,).
    """
    return 0.5 * tf.reduce_sum(tf.math.squared_difference(features, content), axis=(1, 2, 3))


def content_reference(content: Tensor) -> Tensor:
    """Return the content loss of a picture of which no place differs from another.

    1/2 sum (P - mean of P over positions)^2: what there is to lose of the content's layout.

    Args:
        content: P, (batch, height, width, channels).

    Returns:
        (batch,).
    """
    return content_loss(content, tf.reduce_mean(content, axis=(1, 2), keepdims=True))


def total_variation(images: Tensor) -> Tensor:
    """Return the mean absolute difference of neighbours, along both axes (anisotropic, L1).

    Args:
        images: (batch, height, width, 3), 0..1.

    Returns:
        (batch,), in 0..2, whatever the size of the pictures.
    """
    down = tf.reduce_mean(tf.abs(images[:, 1:] - images[:, :-1]), axis=(1, 2, 3))
    right = tf.reduce_mean(tf.abs(images[:, :, 1:] - images[:, :, :-1]), axis=(1, 2, 3))
    return down + right


class Losses(NamedTuple):
    """The losses of a batch of pictures, (batch,) each."""

    content: Tensor
    """Not weighted."""
    style: Tensor
    """Aggregated over the paintings, not weighted."""
    total: Tensor
    """alpha * content + beta * style (Gatys et al. 2015, eq. 7), and total variation if asked."""


class Goal(NamedTuple):
    """What the pictures of a batch are to become: tensors, so that all goals share one graph."""

    content: Tensor
    """The contents' features at the content layer."""
    content_weights: Tensor
    """One over what content losses are measured in: (batch,)."""
    layers: Mapping[str, LayerTarget]
    """The style."""
    layer_weights: Mapping[str, Tensor]
    """w_l over what the layer's style losses are measured in, by layer: (batch,)."""

    def floor(self) -> Tensor:
        """Return the least that the mean style loss of each picture can be: (batch,)."""
        return tf.add_n(
            [
                weights / 4 * tf.reduce_mean(self.layers[name].spreads)
                for name, weights in self.layer_weights.items()
            ]
        )


@dataclass(frozen=True)
class Objective:
    """What is minimised over the pixels of a picture.

    Raises:
        ConfigError: No such aggregation or scaling.
    """

    aggregation: str
    """"simple", "squared" or "logged"."""
    alpha: float = 1.0
    """Weight of the content loss."""
    beta: float = 1.0
    """Weight of the aggregated style loss."""
    scaling: str = "published"
    """One of `SCALINGS`."""
    total_variation: float = 0.0
    """Weight of the total variation; 0 leaves it out."""

    def __post_init__(self) -> None:
        if self.aggregation not in POWERS:
            allowed = ", ".join(POWERS)
            raise ConfigError(f"aggregation {self.aggregation!r}: choose one of {allowed}")
        if self.scaling not in SCALINGS:
            raise ConfigError(f"scaling {self.scaling!r}: choose one of {', '.join(SCALINGS)}")

    def goal(self, backbone: Backbone, contents: Pixels, target: StyleTarget) -> Goal:
        """Set the goal for contents in a style.

        Under `calibrated` scaling a layer's style loss is divided by its mean over the paintings at
        the untouched content, and the content loss by `content_reference`: with weights w_l that
        sum to 1, the mean style loss starts at 1.

        Args:
            backbone: Where features come from.
            contents: (batch, height, width, 3), RGB, 0..1.
            target: The style, made with `backbone`.
        """
        features = backbone.features(contents)
        content = features[backbone.content_layer]
        content_units = tf.ones(len(contents), tf.float64)
        units = dict.fromkeys(target.weights, content_units)
        if self.scaling == "calibrated":
            content_units = _content_unit(content)
            units = {
                name: _style_unit(features[name], target.layers[name]) for name in target.weights
            }
        return Goal(
            content,
            1 / content_units,
            target.layers,
            {name: weight / units[name] for name, weight in target.weights.items()},
        )

    def losses(self, images: Tensor, features: Mapping[str, Tensor], at: str, goal: Goal) -> Losses:
        """Compute the losses of pictures.

        Args:
            images: (batch, height, width, 3), RGB, 0..1.
            features: Theirs, by layer.
            at: The content layer.
            goal: What they are to become.

        Returns:
            float64: published style losses can leave the range of float32.
        """
        content = tf.cast(content_loss(features[at], goal.content), tf.float64)
        content *= goal.content_weights
        if self.aggregation == "simple":
            style = mean_style_loss(features, goal.layers, goal.layer_weights)
        else:
            style = aggregate(
                style_losses(features, goal.layers, goal.layer_weights), self.aggregation
            )
        total = self.alpha * content + self.beta * style
        if self.total_variation:
            total += self.total_variation * tf.cast(total_variation(images), tf.float64)
        return Losses(content, style, total)


def _content_unit(content: Tensor) -> Tensor:
    """Return `content_reference`, or a small part of the features' size where a content is flat."""
    size = tf.reduce_sum(tf.square(tf.cast(content, tf.float64)), axis=(1, 2, 3)) / 2
    return _positive(tf.cast(content_reference(content), tf.float64), _LEAST * size)


def _style_unit(features: Tensor, layer: LayerTarget) -> Tensor:
    """Return 1/4 mean ||G - A_i||^2 of the untouched contents, or a small part of 1/4 ||M||^2."""
    size = tf.reduce_sum(tf.square(layer.mean)) / 4
    return _positive(layer.mean_squared_distance(half_gram(features)) / 4, _LEAST * size)


def _positive(unit: Tensor, least: Tensor) -> Tensor:
    """Hold a unit above `least`, and above zero where all is black."""
    return tf.maximum(tf.maximum(unit, least), np.finfo(np.float32).tiny)
