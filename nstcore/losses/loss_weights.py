"""Alpha and beta measured instead of guessed.

Published losses differ by twelve orders of magnitude between backbones. With

    beta  = 1 / mean over contents and styles of the untouched content's mean style loss
    alpha = content_share / mean over contents of 1/2 sum (P - mean of P over positions)^2

the total (Gatys et al. 2015, eq. 7) starts near 1 on any of them, and content and style weigh
against each other alike, whatever the size of a network's activations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nstcore.common.errors import WeightsError
from nstcore.common.files import read_json, write_json
from nstcore.common.lazy import tf
from nstcore.common.types import Tensor
from nstcore.images.io import Pixels
from nstcore.losses.blend import Blend, parts_of
from nstcore.losses.content import content_reference, content_size
from nstcore.losses.style_target import Grams, StyleTarget, pack

if TYPE_CHECKING:
    from nstcore.backbones.backbone import Backbone

# A unit below this part of the features' own size would blow up rounding errors: a content that
# is its own style, or one without any layout. Photographs lie at 0.1 of their size and more.
_LEAST_STYLE, _LEAST_CONTENT = 1e-6, 1e-2


@dataclass(frozen=True)
class LossWeights:
    """The weights of a backbone's losses, and what they were measured by."""

    alpha: float
    """Of the content loss."""
    beta: float
    """Of the aggregated style loss."""
    content_reference: float | None = None
    """The mean of the contents' `content_reference`; None where alpha was given."""
    style_loss: float | None = None
    """The mean style loss (simple) of the untouched contents; None where beta was given."""


def measure(
    backbone: "Backbone",
    contents: Iterable[Pixels],
    targets: Iterable[StyleTarget],
    content_share: float = 0.2,
) -> LossWeights:
    """Measure one pair of weights for all pairs of contents and styles.

    Args:
        backbone: Where features come from.
        contents: Each (height, width, 3), RGB, 0..1; one at a time is held.
        targets: The styles, made with `backbone`; one at a time is held.
        content_share: What a content without any layout costs, where an untouched one's style
            costs 1.

    Raises:
        WeightsError: There is nothing to measure, or features are not finite or all zero.

    Example:
        >>> weights = measure(backbone, contents, [target])
        >>> Objective(alpha=weights.alpha, beta=weights.beta)
    """
    grams, references, sizes = [], [], []
    for content in contents:
        features = backbone.features(np.asarray(content, np.float32)[None])
        _check_finite(backbone, features)
        grams.append(pack(features, backbone.style_layers))
        last = features[backbone.content_layer]
        references.append(float(tf.cast(content_reference(last), tf.float64)[0]))
        sizes.append(float(content_size(last)[0]))
    losses, least = [], []
    for target in targets:
        losses += [float(_style_loss(one, target)[0]) for one in grams]
        least.append(_LEAST_STYLE * _style_size(target))
    if not grams or not losses:
        raise WeightsError(f"{backbone.name}: no content or no style to measure the losses on")
    reference = max(float(np.mean(references)), _LEAST_CONTENT * float(np.mean(sizes)))
    style_loss = max(float(np.mean(losses)), float(np.mean(least)))
    if not reference:
        raise WeightsError(_all_zero(backbone, [backbone.content_layer]))
    if not style_loss:
        raise WeightsError(_all_zero(backbone, list(backbone.style_layers)))
    return LossWeights(content_share / reference, 1 / style_loss, reference, style_loss)


def measure_each(
    backbone: "Backbone",
    grams: Grams,
    content: Tensor,
    style: StyleTarget | Blend,
    content_share: float = 0.2,
) -> tuple[Tensor, Tensor]:
    """Measure weights for each content by itself.

    Args:
        backbone: Where features come from.
        grams: Of the untouched contents.
        content: Their features at the content layer: (batch, height, width, channels).
        style: The style.
        content_share: As for `measure`.

    Returns:
        alpha and beta, float64, (batch,). Alpha is 0 for a content whose features are all zero:
        there is nothing to keep of it.

    Raises:
        WeightsError: Features are not finite, or all zero for every content.
    """
    # What is not finite in features is not in their Gram matrices either.
    for layer, values in {**grams, backbone.content_layer: tf.square(content)}.items():
        if not tf.math.is_finite(tf.reduce_sum(values)):
            raise WeightsError(_not_finite(backbone, layer))
    size = content_size(content)
    reference = tf.maximum(tf.cast(content_reference(content), tf.float64), _LEAST_CONTENT * size)
    losses = [
        share * tf.maximum(_style_loss(grams, one), _LEAST_STYLE * _style_size(one))
        for one, share in parts_of(style)
    ]
    style_loss = tf.add_n(losses)
    if not tf.reduce_any(reference > 0):
        raise WeightsError(_all_zero(backbone, [backbone.content_layer]))
    if not tf.reduce_all(style_loss > 0):
        raise WeightsError(_all_zero(backbone, list(backbone.style_layers)))
    return tf.math.divide_no_nan(tf.cast(content_share, tf.float64), reference), 1 / style_loss


def _style_loss(grams: Mapping[str, Tensor], target: StyleTarget) -> Tensor:
    """Return `mean_style_loss` of pictures, given their packed Gram matrices: (batch,).

    Here weights are plain numbers, which TensorFlow would round to float32 if they were cast.
    """
    return tf.add_n(
        [
            weight / 4 * target.layers[name].mean_squared_distance(grams[name])
            for name, weight in target.weights.items()
        ]
    )


def _style_size(target: StyleTarget) -> float:
    """Return the style loss of the mean painting against a picture without any features."""
    return sum(
        weight / 4 * float(tf.reduce_sum(tf.square(target.layers[name].mean)))
        for name, weight in target.weights.items()
    )


def _check_finite(backbone: "Backbone", features: Mapping[str, Tensor]) -> None:
    for layer, values in features.items():
        # Of the squares, since that is what losses are made of.
        if not tf.reduce_all(tf.math.is_finite(tf.reduce_sum(tf.square(values), axis=(1, 2, 3)))):
            raise WeightsError(_not_finite(backbone, layer))


def _not_finite(backbone: "Backbone", layer: str) -> str:
    return (
        f"{backbone.name}: the features of layer {layer!r} are not finite, or too large for"
        " losses; its weights are damaged, or its preprocessing is another network's"
    )


def _all_zero(backbone: "Backbone", layers: Iterable[str]) -> str:
    names = ", ".join(map(repr, layers))
    return (
        f"{backbone.name}: the features of {names} are all zero, so no losses can be taken there; "
        "its weights lack them, or the pictures are empty: name other layers, or mend those"
    )


def write_loss_weights(weights: LossWeights, path: Path | str) -> None:
    """Write `loss_weights/<backbone>.json`, whole or not at all."""
    write_json(vars(weights), path)


def read_loss_weights(path: Path | str) -> LossWeights:
    """Read what `write_loss_weights` wrote.

    Raises:
        DataError: The file is missing or damaged.
    """
    return read_json(LossWeights, path)
