"""The objective: the total that is minimised, and what it is weighed by."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from nstcore.common.hints import show
from nstcore.common.lazy import tf
from nstcore.common.mistakes import MistakesError
from nstcore.common.section import OneOf, Section
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.losses.aggregation import AGGREGATIONS, aggregate
from nstcore.losses.blend import Blend, parts_of
from nstcore.losses.content import content_loss, content_reference, content_size
from nstcore.losses.loss_weights import LossWeights, measure_each
from nstcore.losses.style_target import (
    Grams,
    LayerTarget,
    StyleTarget,
    mean_style_distance,
    pack,
    style_distances,
)

if TYPE_CHECKING:
    from nstcore.backbones.backbone import Backbone

Scaling = Literal["published", "calibrated"]
"""published: the formulas of Gatys et al. (2015), whose size depends on the backbone. calibrated:
each loss over a reference value of the untouched content, so that it starts near 1 everywhere."""

# Gradients are float32, and Adam squares them: beyond, they are infinite.
_MOST = 1e12

Weight = Annotated[float, Field(ge=0, le=_MOST)]


def _check_weight(value: Any) -> Any:
    if value == "auto":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        try:
            float("" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            raise MistakesError(f"{show(value)} is neither auto nor a number from 0") from None
        raise MistakesError(
            f"{show(value)} is a text; write the number as YAML does, 1.0e-8 and not 1e-8"
        )
    # A whole number may be too large for a float.
    if isinstance(value, float) and not math.isfinite(value):
        raise MistakesError(f"{show(value)} is not a finite number")
    if value < 0:
        raise MistakesError(f"{show(value)} is less than the minimum of 0")
    try:
        return float(value)
    except OverflowError:
        raise MistakesError(f"{show(value)} is larger than any float") from None


def _check_given(value: Any) -> Any:
    if value != "auto" and value > _MOST:
        raise MistakesError(f"{show(value)} is greater than the maximum of {_MOST:g}")
    return value


def _schema(**limits: float) -> WithJsonSchema:
    number = {"type": "number", "minimum": 0, **limits}
    return WithJsonSchema({"anyOf": [{"const": "auto"}, number]})


LossWeight = Annotated[float | Literal["auto"], BeforeValidator(_check_weight), _schema()]
"""A number, or auto: measured (see `loss_weights`)."""

GivenWeight = Annotated[LossWeight, AfterValidator(_check_given), _schema(maximum=_MOST)]
"""The same in the config. What is measured of tiny losses may be larger: the total is near 1."""

# A unit below this part of the features' own size would blow up rounding errors.
_LEAST = 1e-6


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
    alpha: Tensor | None = None
    """Weight of each picture's content loss: (batch,); by default the objective's number."""
    beta: Tensor | None = None
    """Weight of each picture's style loss, likewise."""
    share: Tensor | None = None
    """What the style counts; by default 1."""
    others: tuple["StylePart", ...] = ()
    """Further styles of a blend."""

    @property
    def parts(self) -> tuple["StylePart", ...]:
        """All styles, the first one too."""
        return (StylePart(self.layers, self.layer_weights, self.share), *self.others)

    def floor(self) -> Tensor:
        """Return the least that the mean style loss of each picture can be: (batch,)."""
        return _sum_shares([(part.floor(), part.share) for part in self.parts])


class StylePart(NamedTuple):
    """A style among those of a blend."""

    layers: Mapping[str, LayerTarget]
    """See `Targets`."""
    layer_weights: Mapping[str, Tensor]
    """Likewise."""
    share: Tensor | None
    """What it counts; None for 1."""

    def floor(self) -> Tensor:
        """Return the least that the mean style loss of each picture towards it can be: (batch,)."""
        return tf.add_n(
            [
                weights / 4 * tf.reduce_mean(self.layers[name].spreads)
                for name, weights in self.layer_weights.items()
            ]
        )


def _sum_shares(values: Sequence[tuple[Tensor, Tensor | None]]) -> Tensor:
    """Return the sum of values times shares; one value alone as it is."""
    shared = [value if share is None else share * value for value, share in values]
    return shared[0] if len(shared) == 1 else tf.add_n(shared)


class LossTerms(Section):
    """What is minimised beside content and style loss.

    To add a term: a field here, its value in `Objective.losses`.
    """

    total_variation: Weight = 0.0
    """Weight of the mean absolute difference of neighbouring pixels, which smooths; 0 leaves it
    out."""


class BackboneWeights(Section):
    """Weights of the losses for one backbone."""

    alpha: GivenWeight | None = None
    """Weight of the content loss, auto or a number; by default that of `loss`."""
    beta: GivenWeight | None = None
    """Weight of the aggregated style loss, auto or a number; by default that of `loss`."""


class Loss(LossTerms):
    """What is minimised: the section `loss` of the config.

    The total is alpha * content loss + beta * aggregated style loss (Gatys et al. 2015, eq. 7).
    """

    scaling: Scaling = "published"
    """published: the formulas as they are, whose sizes differ by twelve orders of magnitude between
    backbones. calibrated: each loss over a reference value of the pair's own untouched content."""
    alpha: GivenWeight = "auto"
    """Weight of the content loss for backbones without their own. auto: `content_share` over the
    mean content loss that the training contents would have without any layout, measured once per
    backbone; under calibrated scaling `content_share` itself."""
    beta: GivenWeight = "auto"
    """Weight of the aggregated style loss for backbones without their own. auto: one over the mean
    style loss (simple) of the untouched training contents, measured once per backbone; under
    calibrated scaling 1."""
    content_share: Weight = 0.2
    """What a content without any layout costs under alpha: auto, where an untouched one's style
    costs 1: higher keeps more of the content."""

    def objective(self, backbone: BackboneWeights) -> "Objective":
        """Return what is minimised with one backbone, but for the aggregation."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        own = {name: getattr(backbone, name) for name in BackboneWeights.model_fields}
        return Objective(**{**values, **{k: own[k] for k in own if own[k] is not None}})


class Objective(LossTerms):
    """What is minimised over the pixels of a picture.

    The total is alpha * content loss + beta * aggregated style loss (Gatys et al. 2015, eq. 7), and
    what `LossTerms` adds.

    Raises:
        ConfigError: No such aggregation or scaling, or a weight under 0.
    """

    aggregation: Annotated[str, OneOf(AGGREGATIONS)] = "simple"
    """One of `AGGREGATIONS`."""
    alpha: LossWeight = "auto"
    """Weight of the content loss; auto where it is measured (see `loss_weights`): of all pairs
    together by `train`, of each picture by itself by `stylize`."""
    beta: LossWeight = "auto"
    """Weight of the aggregated style loss; auto likewise."""
    scaling: Scaling = "published"
    """See `Scaling`."""
    content_share: Weight = 0.2
    """See `Loss`."""

    @property
    def measures(self) -> bool:
        """Whether a weight is still to be measured."""
        return self.scaling == "published" and "auto" in {self.alpha, self.beta}

    @property
    def numbers(self) -> tuple[float | None, float | None]:
        """Alpha and beta, None where they are still to be measured."""
        calibrated = self.scaling == "calibrated"
        alpha = (self.content_share if calibrated else None) if self.alpha == "auto" else self.alpha
        beta = (1.0 if calibrated else None) if self.beta == "auto" else self.beta
        return alpha, beta

    def completed(self, measured: LossWeights) -> "Objective":
        """Return the same with numbers for weights: those that were given, else the measured."""
        alpha, beta = self.numbers
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        kept["alpha"] = measured.alpha if alpha is None else alpha
        kept["beta"] = measured.beta if beta is None else beta
        # It has done its work: two ways to one pair of numbers are the same objective.
        del kept["content_share"]
        return Objective(**kept)

    def targets(
        self, backbone: "Backbone", contents: Pixels, style: StyleTarget | Blend
    ) -> Targets:
        """Return what contents are to become in a style.

        Under `calibrated` scaling a layer's style loss is divided by its mean over the paintings at
        the untouched content, and the content loss by `content_reference`: with weights w_l that
        sum to 1, the mean style loss starts at 1.

        Weights that are still to be measured are measured for each content by itself, so that what
        a picture becomes does not depend on its batch.

        Args:
            backbone: Where features come from.
            contents: (batch, height, width, 3), RGB, 0..1.
            style: The style, made with `backbone`.

        Raises:
            WeightsError: A weight is to be measured of features that are not finite, or that are
                all zero.
        """
        features = backbone.features(contents)
        grams = pack(features, backbone.style_layers)
        return self.targets_at(backbone, grams, features[backbone.content_layer], style)

    def targets_at(
        self, backbone: "Backbone", grams: Grams, content: Tensor, style: StyleTarget | Blend
    ) -> Targets:
        """Return `targets` of contents whose features have been taken.

        Args:
            backbone: Where they come from.
            grams: The contents' packed Gram matrices.
            content: Their features at the content layer.
            style: The style, made with `backbone`.

        Raises:
            WeightsError: As `targets` does.
        """
        styles = parts_of(style)
        batch = int(content.shape[0])
        ones = tf.ones(batch, tf.float64)
        content_units, units = ones, [dict.fromkeys(one.weights, ones) for one, _ in styles]
        if self.scaling == "calibrated":
            content_units = _content_unit(content)
            units = [
                {name: _style_unit(grams[name], one.layers[name]) for name in one.weights}
                for one, _ in styles
            ]
        alpha, beta = self.numbers
        if self.measures:
            measured = measure_each(backbone, grams, content, style, self.content_share)
            alpha, beta = (
                own if number is None else number
                for number, own in zip((alpha, beta), measured, strict=True)
            )
        first, *others = (
            StylePart(
                one.layers,
                {name: weight / own[name] for name, weight in one.weights.items()},
                None if len(styles) == 1 else tf.constant(share, tf.float64),
            )
            for (one, share), own in zip(styles, units, strict=True)
        )
        return Targets(
            content,
            1 / content_units,
            first.layers,
            first.layer_weights,
            ones * alpha,
            ones * beta,
            first.share,
            tuple(others),
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
        content = content_loss(features[at], targets.content)
        return self.losses_at(images, pack(features, targets.layer_weights), content, targets)

    def losses_at(self, images: Tensor, grams: Grams, content: Tensor, targets: Targets) -> Losses:
        """Compute `losses` of pictures whose features have been compared.

        Args:
            images: As for `losses`.
            grams: The pictures' packed Gram matrices.
            content: Their `content_loss`, (batch,).
            targets: What they are to become.
        """
        content = tf.cast(content, tf.float64) * targets.content_weights
        style = _sum_shares([(self._style_loss(grams, part), part.share) for part in targets.parts])
        alpha, beta = (
            number if own is None else own
            for number, own in zip(self.numbers, (targets.alpha, targets.beta), strict=True)
        )
        total = alpha * content + beta * style
        if self.total_variation:
            total += self.total_variation * tf.cast(total_variation(images), tf.float64)
        return Losses(content, style, total)

    def _style_loss(self, grams: Grams, part: StylePart) -> Tensor:
        if AGGREGATIONS[self.aggregation].is_mean:
            return mean_style_distance(grams, part.layers, part.layer_weights)
        losses = style_distances(grams, part.layers, part.layer_weights)
        return aggregate(losses, self.aggregation)


def _content_unit(content: Tensor) -> Tensor:
    """Return `content_reference`, or a small part of the features' size where a content is flat."""
    reference = tf.cast(content_reference(content), tf.float64)
    return _positive(reference, _LEAST * content_size(content))


def _style_unit(grams: Tensor, layer: LayerTarget) -> Tensor:
    """Return 1/4 mean ||G - A_i||^2 of the untouched contents, or a small part of 1/4 ||M||^2."""
    size = tf.reduce_sum(tf.square(layer.mean)) / 4
    return _positive(layer.mean_squared_distance(grams) / 4, _LEAST * size)


def _positive(unit: Tensor, least: Tensor) -> Tensor:
    """Hold a unit above `least`, and above zero where all is black."""
    return tf.maximum(tf.maximum(unit, least), np.finfo(np.float32).tiny)
