"""The optimizers that pictures can be painted with."""

from collections.abc import Mapping
from typing import Any

import keras

from nstcore.common.errors import ConfigError
from nstcore.painting.lbfgs import LBFGS

OPTIMIZERS: dict[str, Any] = {
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "lbfgs": LBFGS,
}

# Keras' epsilons (1e-7) are of the size of the gradients that a backbone with small activations
# gives; then the step shrinks with the gradient, and the picture stands still.
_SETTINGS: dict[str, dict[str, float]] = {
    "adam": {"learning_rate": 0.02, "epsilon": 1e-8},
    "sgd": {"learning_rate": 1.0},
    "rmsprop": {"learning_rate": 0.003, "epsilon": 1e-8},
    "lbfgs": {"learning_rate": 1.0},
}


def make_optimizer(name: str, settings: Mapping[str, float] | None = None) -> Any:
    """Make a Keras optimizer.

    Args:
        name: "adam", "sgd", "rmsprop" or "lbfgs".
        settings: Its arguments, such as `learning_rate` (in units of the pixels' 0..1 per step).

    Raises:
        ConfigError: No such optimizer, or one that does not know these arguments.
    """
    if name not in OPTIMIZERS:
        raise ConfigError(f"optimizer {name!r}: choose one of {', '.join(OPTIMIZERS)}")
    try:
        given = {**_SETTINGS[name], **(settings or {})}
        return OPTIMIZERS[name](**{key: float(value) for key, value in given.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer {name}: {error}") from None
