"""The objective: content loss, total variation, and the total that is minimised."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from nstcore.common.errors import ConfigError
from nstcore.common.lazy import tf
from nstcore.common.section import OneOf, Section
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.losses.aggregation import AGGREGATIONS, aggregate
from nstcore.losses.gram import packed_gram
from nstcore.losses.style_target import LayerTarget, StyleTarget, mean_style_loss, style_losses

if TYPE_CHECKING:
    from nstcore.backbones.backbone import Backbone

Scaling = Literal["published", "calibrated"]
"""published: the formulas of Gatys et al. (2015), whose size depends on the backbone. calibrated:
each loss over a reference value of the untouched content, so that it starts near 1 everywhere."""

Weight = Annotated[float, Field(ge=0)]

# What serves all backbones under calibrated scaling.
_CALIBRATED_ALPHA, _CALIBRATED_BETA = 0.1, 1.0

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


class Targets(NamedTuple):
    """What a batch of pictures is optimised towards: tensors, so that all share one graph."""

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


class LossTerms(Section):
    """What is minimised beside content and style loss.

    To add a term: a field here, its value in `Objective.losses`.
    """

    total_variation: Weight = 0.0
    """Weight of the mean absolute difference of neighbouring pixels, which smooths; 0 leaves it
    out."""


class BackboneWeights(Section):
    """Weights of the losses for one backbone."""

    alpha: Weight | None = None
    """Weight of the content loss; by default that of `loss`."""
    beta: Weight | None = None
    """Weight of the aggregated style loss; by default that of `loss`."""


class Loss(LossTerms):
    """What is minimised: the section `loss` of the config.

    The total is alpha * content loss + beta * aggregated style loss (Gatys et al. 2015, eq. 7).
    """

    scaling: Scaling | None = None
    """published: the formulas as they are, whose sizes differ by twelve orders of magnitude between
    backbones. calibrated: each loss over a reference value of the untouched content, so that one
    pair of weights serves all backbones. By default published where alpha or beta is given, here or
    for a backbone, else calibrated."""
    alpha: Weight | None = None
    """Weight of the content loss for backbones without their own; needed under published scaling,
    under calibrated 0.1 by default."""
    beta: Weight | None = None
    """Weight of the aggregated style loss for backbones without their own; needed under published
    scaling, under calibrated 1 by default."""

    def settled(self, backbones: Iterable[BackboneWeights]) -> "Loss":
        """Return the same with the scaling that is used, where none is given."""
        if self.scaling is not None:
            return self
        weights = [weight for backbone in backbones for weight in (backbone.alpha, backbone.beta)]
        given = any(weight is not None for weight in (self.alpha, self.beta, *weights))
        scaling: Scaling = "published" if given else "calibrated"
        return self.model_copy(update={"scaling": scaling})

    def objective(self, backbone: BackboneWeights) -> "Objective":
        """Return what is minimised with one backbone, but for the aggregation.

        Raises:
            ConfigError: A weight is missing; says which.
        """
        weights = {"alpha": _CALIBRATED_ALPHA, "beta": _CALIBRATED_BETA}
        for name in weights:
            own, common = getattr(backbone, name), getattr(self, name)
            if own is None and common is None and self.scaling == "published":
                raise ConfigError(
                    f"key {name!r} is missing, here and in 'loss'; give it as"
                    " docs/loss-weights.md tells, or set loss: {scaling: calibrated}"
                )
            weights[name] = next(
                weight for weight in (own, common, weights[name]) if weight is not None
            )
        terms = {name: getattr(self, name) for name in LossTerms.model_fields}
        values: dict[str, Any] = {**terms, **weights, "scaling": self.scaling or "published"}
        return Objective(**values)


class Objective(LossTerms):
    """What is minimised over the pixels of a picture.

    The total is alpha * content loss + beta * aggregated style loss (Gatys et al. 2015, eq. 7), and
    what `LossTerms` adds.

    Raises:
        ConfigError: No such aggregation or scaling, or a weight under 0.
    """

    aggregation: Annotated[str, OneOf(AGGREGATIONS)] = "simple"
    """One of `AGGREGATIONS`."""
    alpha: Weight = 1.0
    """Weight of the content loss."""
    beta: Weight = 1.0
    """Weight of the aggregated style loss."""
    scaling: Scaling = "published"
    """See `Scaling`."""

    def targets(self, backbone: "Backbone", contents: Pixels, style: StyleTarget) -> Targets:
        """Return what contents are to become in a style.

        Under `calibrated` scaling a layer's style loss is divided by its mean over the paintings at
        the untouched content, and the content loss by `content_reference`: with weights w_l that
        sum to 1, the mean style loss starts at 1.

        Args:
            backbone: Where features come from.
            contents: (batch, height, width, 3), RGB, 0..1.
            style: The style, made with `backbone`.
        """
        features = backbone.features(contents)
        content = features[backbone.content_layer]
        content_units = tf.ones(len(contents), tf.float64)
        units = dict.fromkeys(style.weights, content_units)
        if self.scaling == "calibrated":
            content_units = _content_unit(content)
            units = {
                name: _style_unit(features[name], style.layers[name]) for name in style.weights
            }
        return Targets(
            content,
            1 / content_units,
            style.layers,
            {name: weight / units[name] for name, weight in style.weights.items()},
        )

    def losses(
        self, images: Tensor, features: Mapping[str, Tensor], at: str, targets: Targets
    ) -> Losses:
        """Compute the losses of pictures.

        Args:
            images: (batch, height, width, 3), RGB, 0..1.
            features: Theirs, by layer.
            at: The content layer.
            targets: What they are to become.

        Returns:
            float64: published style losses can leave the range of float32.
        """
        content = tf.cast(content_loss(features[at], targets.content), tf.float64)
        content *= targets.content_weights
        if AGGREGATIONS[self.aggregation].is_mean:
            style = mean_style_loss(features, targets.layers, targets.layer_weights)
        else:
            style = aggregate(
                style_losses(features, targets.layers, targets.layer_weights), self.aggregation
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
    return _positive(layer.mean_squared_distance(packed_gram(features)) / 4, _LEAST * size)


def _positive(unit: Tensor, least: Tensor) -> Tensor:
    """Hold a unit above `least`, and above zero where all is black."""
    return tf.maximum(tf.maximum(unit, least), np.finfo(np.float32).tiny)
