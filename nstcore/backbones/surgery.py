"""Cut a network, and let it pool, compute and take pictures as asked."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import keras

from nstcore.common.errors import WeightsError
from nstcore.common.hints import nearest
from nstcore.common.types import KerasModel, Tensor

# Keras' name of each precision. The mixed policy keeps variables in float32, and with them the sums
# of batch normalisation; a pure bfloat16 policy was no faster and rounds the statistics as well.
_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def cut(
    network: KerasModel, outputs: Mapping[str, Tensor], layers: Collection[str], label: str
) -> KerasModel:
    """Return the part of a network that leads to the given layers."""
    for layer in layers:
        if layer not in outputs:
            raise WeightsError(f"{label}: layer {layer!r}: {nearest(layer, outputs)}")
        if len(getattr(outputs[layer], "shape", ())) != 4:
            raise WeightsError(f"{label}: layer {layer!r} gives no maps of features; name another")
    return keras.Model(network.inputs, [outputs[layer] for layer in layers])


def adapt(model: KerasModel, label: str, pooling: str, precision: str) -> KerasModel:
    """Let a network take pictures of any size, pool and compute as asked; names and weights stay.

    Returns:
        The model itself where it does so already.
    """
    given = json.loads(model.to_json())
    wanted = _adapted(given, pooling, _POLICIES[precision])
    if wanted == given:
        return model
    try:
        adapted = keras.models.model_from_json(json.dumps(wanted))
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"{label}: cannot be rebuilt for pictures of any size, {pooling} pooling and "
            f"{precision} ({reason})"
        ) from None
    for layer in adapted.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    return adapted


def _adapted(layer: Mapping[str, Any], pooling: str, policy: str) -> dict[str, Any]:
    """Change Keras' description of a layer, or of a network with all that is in it."""
    kind, config = layer["class_name"], dict(layer["config"])
    if "layers" in config:
        config["layers"] = [_adapted(inner, pooling, policy) for inner in config["layers"]]
    elif kind == "InputLayer":
        shape = config["batch_shape"]
        config["batch_shape"] = [None, None, None, shape[-1]] if len(shape) == 4 else shape
    elif "dtype" in config:
        dtype = config["dtype"]
        own = dtype["config"]["name"] if isinstance(dtype, dict) else dtype
        config["dtype"] = dtype if own == policy else policy
    if kind == "MaxPooling2D" and pooling == "average":
        kind = "AveragePooling2D"
    return {**layer, "class_name": kind, "config": config}


def layer_outputs(network: KerasModel, *, renumber: bool = True) -> dict[str, Tensor]:
    """Return the output of each layer by a name that does not depend on the session.

    Args:
        network: A whole network.
        renumber: For networks built here. A model file keeps its names, which its user knows.
    """
    numbered = re.compile(
        r"(conv2d|batch_normalization|activation|rescaling|normalization|\w+_pooling2d|concatenate)(?:_(\d+))?"
    )
    first: dict[str, int] = {}
    outputs = {}
    for layer in network.layers:
        match = numbered.fullmatch(layer.name) if renumber else None
        name = layer.name
        if match:
            number = int(match[2] or 0)
            offset = number - first.setdefault(match[1], number)
            name = f"{match[1]}_{offset}" if offset else match[1]
        if not isinstance(layer, keras.layers.InputLayer):
            outputs[name] = layer.output
    return outputs
