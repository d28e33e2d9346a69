"""One exact step of a large picture, a tile at a time.

The style loss is a function of Gram matrices, which are sums over positions, so a tile can add its
share of them. A step looks at every tile twice:

1. the features of each tile give G_l = sum over tiles F_t^T F_t / (H W C), and the content loss;
2. with S_l = dL/dG_l known, the gradient by a tile's features is 2 F_t S_l / (H W C), which the
   tile's own graph takes back to its pixels, where what overlapping tiles say is added up.

That is the gradient of the whole picture, to rounding: there is nothing to be blended and no seam.
A tile is seen with as many pixels around it as its features depend on, and its features are cut to
those of its own pixels.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from nstcore.backbones.backbone import Backbone
from nstcore.common.errors import ConfigError
from nstcore.common.types import KerasModel, Tensor
from nstcore.images.io import Pixels
from nstcore.losses.blend import Blend
from nstcore.losses.content import content_loss
from nstcore.losses.gram import packing
from nstcore.losses.objective import Losses, Objective, Targets
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import WHOLE, Canvas
from nstcore.painting.optimization import ImageOptimization
from nstcore.painting.optimizers import Optimizer

TILE = 512
"""Side of a tile in pixels: of VGG-19 at its fifth block, 0.4 GB in a step."""


class Reach(NamedTuple):
    """What the features of a layer depend on: feature i on pixels stride i - before to + after."""

    stride: int
    before: int
    after: int


def find_reach(model: KerasModel) -> dict[str, Reach]:
    """Return the reach of every layer of a network that can be seen in tiles.

    That is a chain of convolutions of stride 1 that keep the size, and of pooling whose windows lie
    side by side, as VGG: features then stand at the same pixels wherever a tile begins.

    Raises:
        ConfigError: Another network; says at which layer.
    """
    found: dict[str, Reach] = {}
    reach = Reach(1, 0, 0)
    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        if kind == "Conv2D":
            (size, other), strides = config["kernel_size"], tuple(config["strides"])
            dilation = tuple(config["dilation_rate"])
            if size != other or size % 2 == 0 or strides != (1, 1) or dilation != (1, 1):
                raise _untileable(layer.name)
            if config["padding"] != "same" and size > 1:
                raise _untileable(layer.name)
            around = size // 2 * reach.stride
            reach = Reach(reach.stride, reach.before + around, reach.after + around)
        elif kind in {"MaxPooling2D", "AveragePooling2D"}:
            size, strides = tuple(config["pool_size"]), tuple(config["strides"])
            if size != strides or size[0] != size[1] or config["padding"] != "valid":
                raise _untileable(layer.name)
            reach = Reach(
                reach.stride * size[0], reach.before, reach.after + (size[0] - 1) * reach.stride
            )
        elif kind not in {"InputLayer", "Activation", "ReLU"}:
            raise _untileable(layer.name)
        found[layer.name] = reach
    return found


def can_be_tiled(model: KerasModel) -> bool:
    """Whether a network can be seen in tiles; see `find_reach`."""
    try:
        find_reach(model)
    except ConfigError:
        return False
    return True


def _untileable(layer: str) -> ConfigError:
    return ConfigError(
        f"tiles: layer {layer!r} is none of a plain chain of convolutions and pooling, as VGG is; "
        "paint a smaller picture, or with VGG16 or VGG19"
    )


class Span(NamedTuple):
    """A tile along one axis, in pixels."""

    begin: int
    """Where its own pixels begin."""
    end: int
    """Before which they end."""
    first: int
    """Where what it sees begins."""
    last: int
    """Before which that ends."""


def spans(length: int, tile: int, halo: int, stride: int) -> list[Span]:
    """Divide an axis into tiles that begin at multiples of `stride`.

    Args:
        length: In pixels.
        tile: The longest that a tile's own pixels may be.
        halo: How far it sees beyond them.
        stride: Of the coarsest features.

    Returns:
        Tiles as even as can be, none of which is narrower than `stride` where there are several.
    """
    count = max(1, math.ceil(length / max(tile, stride)))
    most = length // stride
    marks = [round(i * most / count) * stride for i in range(count)]
    begins = list(dict.fromkeys(marks))
    around = math.ceil(halo / stride) * stride
    return [
        Span(begin, end, max(0, begin - around), min(length, end + around))
        for begin, end in zip(begins, [*begins[1:], length], strict=True)
    ]


class TiledOptimization(ImageOptimization):
    """A picture whose step is computed tile by tile, exact to rounding, in bounded memory.

    Beside the picture, its parameters and the optimizer's state, which take 12 bytes a pixel each,
    and the content's features at one layer, memory does not grow with the picture.

    Example:
        >>> painting = TiledOptimization(backbone, Objective(), (1, 2048, 1365, 3))
        >>> painting.state = painting.blank_state(contents)
        >>> losses = painting.step(painting.targets(contents, target))
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective,
        shape: Sequence[int],
        optimizer: Optimizer | None = None,
        canvas: Canvas | None = None,
        seed: int = 0,
        tile: int = TILE,
    ) -> None:
        """Prepare for one picture of `shape` = (1, height, width, 3).

        Args:
            backbone: Where features come from; see `find_reach`.
            objective: What is minimised.
            shape: Of the picture.
            optimizer: By default Adam.
            canvas: What it is held as, not shifted; by default its pixels.
            seed: As for `ImageOptimization`.
            tile: Longest side of a tile in pixels, beside what it sees around it.

        Raises:
            ConfigError: The backbone or the canvas cannot be seen in tiles.
        """
        super().__init__(backbone, objective, shape, optimizer, canvas, seed)
        if self._canvas.shifts:
            raise ConfigError("canvas: tiles are not shifted; leave out `shifts`")
        if shape[0] != 1:
            raise ConfigError(f"tiles: {shape[0]} pictures at once; give one")
        reach = find_reach(backbone.model)
        used = [reach[name] for name in backbone.layers]
        self._reach = dict(zip(backbone.layers, used, strict=True))
        stride = max(one.stride for one in used)
        halo = max(max(one.before, one.after - one.stride + 1) for one in used)
        _, height, width, _ = self._seen
        self._rows = spans(height, tile, halo, stride)
        self._columns = spans(width, tile, halo, stride)
        at, channels = backbone.content_layer, self._channels()
        self._sizes = {
            name: (height // one.stride, width // one.stride, channels[name])
            for name, one in self._reach.items()
        }
        self._content_shape = (1, *self._sizes[at])
        self._places = [
            _Tile(row, column, self._cuts(row, column))
            for row in self._rows
            for column in self._columns
        ]

    def _channels(self) -> dict[str, int]:
        outputs = self._backbone.model.outputs
        return {
            name: int(output.shape[-1])
            for name, output in zip(self._backbone.layers, outputs, strict=True)
        }

    @property
    def tiles(self) -> int:
        """How many tiles a step looks at."""
        return len(self._places)

    def _cuts(self, row: Span, column: Span) -> Tensor:
        """Return what of the features of what a tile sees is its own: (layers, 4).

        Of each layer the first row, how many, the first column, how many.
        """
        cuts = []
        for name, reach in self._reach.items():
            height, width, _ = self._sizes[name]
            cuts.append(
                [*_own(row, reach.stride, height), *_own(column, reach.stride, width)],
            )
        return tf.constant(cuts, tf.int32)

    def targets(self, contents: Pixels, style: StyleTarget | Blend) -> Targets:
        """Return what the content is to become in a style.

        Raises:
            WeightsError: Weights of the losses cannot be measured.
        """
        seen = tf.constant(self._canvas.middle(contents))
        content = np.zeros(self._content_shape, np.float32)
        grams = self._no_grams()
        for tile in self._places:
            shares, features = self._look(tile.window(seen), tile.cuts)
            self._add(grams, shares)
            content[self._content_place(tile)] = features.numpy()
        return self._objective.targets_at(
            self._backbone, self._packed(grams), tf.constant(content), style
        )

    def _step(self, targets: Targets, which: Tensor) -> Losses:
        del which
        with tf.GradientTape() as tape:
            images, outside = self._shown()
            seen = tf.identity(self._view(images, tf.zeros(2, tf.int32)))
        grams, loss = self._no_grams(), 0.0
        for tile in self._places:
            shares, features = self._look(tile.window(seen), tile.cuts)
            self._add(grams, shares)
            loss += float(content_loss(features, targets.content[self._content_place(tile)])[0])
        packed, content = self._packed(grams), tf.constant([loss], tf.float64)
        with tf.GradientTape() as upper:
            upper.watch([seen, content, *packed.values()])
            losses = self._objective.losses_at(seen, packed, content, targets)
            total = tf.reduce_sum(losses.total)
        by_gram, by_content, by_seen = upper.gradient(total, [packed, content, seen])
        symmetric = [self._symmetric(name, by_gram[name]) for name in packed]
        # Of what is told of the pixels themselves, as total variation is.
        gradient = np.zeros(self._seen, np.float32) if by_seen is None else by_seen.numpy()
        for tile in self._places:
            own = self._gradient(
                tile.window(seen),
                tile.cuts,
                symmetric,
                targets.content[self._content_place(tile)],
                tf.cast(by_content[0], tf.float32),
            )
            gradient[tile.place] += own.numpy()
        by_parameters = tape.gradient(seen, self._parameters, tf.constant(gradient))
        return self._improve(by_parameters, images, outside, losses)

    def _no_grams(self) -> dict[str, NDArray[np.float64]]:
        return {name: np.zeros((self._sizes[name][2],) * 2) for name in self._backbone.style_layers}

    def _add(self, grams: dict[str, NDArray[np.float64]], shares: Sequence[Tensor]) -> None:
        for gram, share in zip(grams.values(), shares, strict=True):
            gram += share.numpy()

    def _packed(self, grams: dict[str, NDArray[np.float64]]) -> dict[str, Tensor]:
        """Return sums over all positions as `gram.packed_gram` would."""
        packed = {}
        for name, gram in grams.items():
            upper, _, scale = packing(len(gram))
            numbers = gram.ravel()[upper] * scale / math.prod(self._sizes[name])
            packed[name] = tf.constant(numbers[None], tf.float64)
        return packed

    def _symmetric(self, name: str, by_gram: Tensor) -> Tensor:
        """Return the matrix that features are multiplied by for their gradient: float32, (C, C)."""
        channels = self._sizes[name][2]
        _, back, scale = packing(channels)
        entries = tf.gather(by_gram[0] / scale, back) * (2 / math.prod(self._sizes[name]))
        return tf.cast(tf.reshape(entries, (channels, channels)), tf.float32)

    def _content_place(self, tile: "_Tile") -> tuple[slice, ...]:
        stride = self._reach[self._backbone.content_layer].stride
        height, width, _ = self._content_shape[1:]
        (top, tall), (left, wide) = (
            (span.begin // stride, _own(span, stride, length)[1])
            for span, length in ((tile.row, height), (tile.column, width))
        )
        return (slice(None), slice(top, top + tall), slice(left, left + wide))

    def _features(self, window: Tensor, cuts: Tensor) -> dict[str, Tensor]:
        """Return a tile's own features by layer."""
        features = self._backbone.features(window)
        return {
            name: values[:, cut[0] : cut[0] + cut[1], cut[2] : cut[2] + cut[3]]
            for cut, (name, values) in zip(tf.unstack(cuts), features.items(), strict=True)
        }

    # Tiles at the picture's borders have other sizes: one graph for all of them.
    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def _look(self, window: Tensor, cuts: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return a tile's share of each sum F^T F, and its content features."""
        features = self._features(window, cuts)
        shares = []
        for name in self._backbone.style_layers:
            flat = tf.reshape(features[name], (-1, self._sizes[name][2]))
            shares.append(tf.cast(tf.matmul(flat, flat, transpose_a=True), tf.float64))
        return shares, features[self._backbone.content_layer]

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def _gradient(
        self,
        window: Tensor,
        cuts: Tensor,
        symmetric: Sequence[Tensor],
        content: Tensor,
        by_content: Tensor,
    ) -> Tensor:
        """Return the gradient by all pixels that a tile sees."""
        with tf.GradientTape() as tape:
            tape.watch(window)
            features = self._features(window, cuts)
        gradients = {name: tf.zeros_like(values) for name, values in features.items()}
        for name, matrix in zip(self._backbone.style_layers, symmetric, strict=True):
            flat = tf.reshape(features[name], (-1, self._sizes[name][2]))
            gradients[name] += tf.reshape(tf.matmul(flat, matrix), tf.shape(features[name]))
        at = self._backbone.content_layer
        gradients[at] += by_content * (features[at] - content)
        return tape.gradient(list(features.values()), window, list(gradients.values()))


class _Tile(NamedTuple):
    """A part of a picture, and what it sees."""

    row: Span
    column: Span
    cuts: Tensor

    @property
    def place(self) -> tuple[slice, slice, slice]:
        """Where what it sees lies in a batch of one picture."""
        row, column = self.row, self.column
        return slice(None), slice(row.first, row.last), slice(column.first, column.last)

    def window(self, images: Tensor) -> Tensor:
        """Return what it sees."""
        return images[self.place]


def hold(
    backbone: Backbone,
    objective: Objective,
    shape: Sequence[int],
    optimizer: Optimizer | None = None,
    canvas: Canvas | None = None,
    seed: int = 0,
    whole: int = WHOLE,
) -> ImageOptimization:
    """Prepare to paint, as a whole or tile by tile.

    Tiles change the time and the memory that it takes and, but for rounding, not the result.

    Args:
        backbone: As for `ImageOptimization`, like all that follow.
        objective: What is minimised.
        shape: (batch, height, width, 3).
        optimizer: By default Adam.
        canvas: What it is held as.
        seed: Draws the offsets of the canvas.
        whole: A single picture of more pixels is painted in tiles where the network and the canvas
            allow it.

    Raises:
        ConfigError: The canvas does not fit.
    """
    shifted = canvas is not None and canvas.shifts
    large = shape[0] == 1 and shape[1] * shape[2] > whole
    tiled = large and not shifted and can_be_tiled(backbone.model)
    kind = TiledOptimization if tiled else ImageOptimization
    return kind(backbone, objective, shape, optimizer, canvas, seed)


def _own(span: Span, stride: int, length: int) -> tuple[int, int]:
    """Return where a tile's own features begin among those of what it sees, and how many they are.

    Args:
        span: The tile along one axis.
        stride: Of the features.
        length: How many the whole picture has.
    """
    begin, end = span.begin // stride, min(math.ceil(span.end / stride), length)
    return begin - span.first // stride, max(0, end - begin)
