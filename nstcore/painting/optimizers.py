"""The optimizers that pictures can be painted with: sections of the config, and what they make."""

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from nstcore.common.errors import ConfigError
from nstcore.common.hints import nearest, show
from nstcore.common.mistakes import Mistake, MistakesError, find_mistakes, unknown_key
from nstcore.common.section import Section

# Pixels are float32: there, smaller rates are 0, larger ones times a gradient infinite, and decays
# that are nearer to 1 are 1, so that a picture ends as "not a number".
Rate = Annotated[float, Field(ge=1e-30, le=1e12)]
Decay = Annotated[float, Field(ge=0, le=0.999999)]

# Keras' epsilons (1e-7) are of the size of the gradients that a backbone with small activations
# gives; then the step shrinks with the gradient, and the picture stands still.
_EPSILON = 1e-8


class Optimizer(Section):
    """Settings of an optimizer; learning rates are in units of the pixels' 0..1 per step."""

    name: ClassVar[str]
    """What the config calls it."""

    def build(self, *, bounded: bool = True) -> Any:
        """Make the Keras optimizer.

        Args:
            bounded: Whether what it changes are pixels, which are held in 0..1.
        """
        import keras

        return getattr(keras.optimizers, type(self).__name__)(**self.model_dump())


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015): steps of about the learning rate, whatever the gradient's size."""

    name = "adam"
    learning_rate: Rate = 0.02
    """Change of a pixel per step."""
    beta_1: Decay = 0.9
    """Decay of the mean gradient."""
    beta_2: Decay = 0.999
    """Decay of the mean squared gradient."""
    epsilon: Rate = _EPSILON
    """Added to the root of the mean squared gradient."""


class SGD(Optimizer):
    """Gradient descent, with momentum if asked: steps as large as the gradient."""

    name = "sgd"
    learning_rate: Rate = 1.0
    """Change of a pixel per step and gradient; the gradient of a total near 1 by n values is about
    1 / sqrt(n) of its length."""
    momentum: Decay = 0.0
    """Share of the step before that is added."""


class RMSprop(Optimizer):
    """RMSprop (Tieleman and Hinton 2012): the gradient over its own recent size."""

    name = "rmsprop"
    learning_rate: Rate = 0.003
    """Change of a pixel per step."""
    rho: Decay = 0.9
    """Decay of the mean squared gradient."""
    # Not written where it is 0, so that pictures keep the provenance that they have always had.
    momentum: Annotated[Decay, Field(exclude_if=lambda momentum: momentum == 0)] = 0.0
    """Share of the step before that is added."""
    epsilon: Rate = _EPSILON
    """Added to the root of the mean squared gradient."""


class Lbfgs(Optimizer):
    """L-BFGS without a line search, each picture by itself; state 22 times the picture."""

    name = "lbfgs"
    learning_rate: Rate = 1.0
    """1 is the full quasi-Newton step."""
    memory: Annotated[int, Field(ge=1, le=100)] = 10
    """Pairs of steps and changes of the gradient that are remembered."""
    max_change: Annotated[float, Field(ge=1e-6, le=1)] = 0.2
    """The largest change of one pixel in one step."""

    def build(self, *, bounded: bool = True) -> Any:
        """Make the Keras optimizer."""
        from nstcore.painting.lbfgs import LBFGS

        settings = self.model_dump()
        return LBFGS(**settings) if bounded else LBFGS(**settings, low=-math.inf, high=math.inf)


_KINDS: tuple[type[Optimizer], ...] = (
    Adam,
    SGD,
    RMSprop,
    Lbfgs,
)

OPTIMIZERS: dict[str, type[Optimizer]] = {kind.name: kind for kind in _KINDS}
"""By name. To add one: a class above, and its place among the kinds."""

DEFAULTS = ("adam", "sgd", "rmsprop")
"""What a study tries that names no optimizers: those of the published one."""


def _read(given: Any) -> Any:
    """Read settings by name, each by its own section."""
    if not isinstance(given, Mapping):
        raise MistakesError(f"{show(given)} should be of type object")
    settings: dict[str, Optimizer] = {}
    mistakes: list[Mistake | str] = [] if given else ["no optimizer; give one at least"]
    for name, values in given.items():
        if name not in OPTIMIZERS:
            mistakes.append(unknown_key(name, OPTIMIZERS))
            continue
        try:
            settings[name] = OPTIMIZERS[name].model_validate(values)
        except ValidationError as error:
            mistakes += [
                Mistake(mistake.text, (name, *mistake.path))
                for mistake in find_mistakes(error, OPTIMIZERS[name])
            ]
    if mistakes:
        raise MistakesError(*mistakes)
    return settings


def read_optimizer(name: str, settings: str = "{}") -> Optimizer:
    """Read an optimizer's settings from JSON.

    Raises:
        ConfigError: No such optimizer, or settings that it does not know.
    """
    if name not in OPTIMIZERS:
        raise ConfigError(f"optimizer {name!r}: {nearest(name, OPTIMIZERS)}")
    return OPTIMIZERS[name].from_json(settings)


def read_optimizers(text: str) -> dict[str, Optimizer]:
    """Read what `write_optimizers` wrote.

    Raises:
        ConfigError: It is no JSON, or names an unknown optimizer or setting.
    """
    return _Settings.from_json(f'{{"optimizers": {text}}}').optimizers


def write_optimizers(optimizers: Mapping[str, Optimizer]) -> str:
    """Write settings by name as JSON, without those that equal their defaults."""
    return json.dumps({name: settings.given() for name, settings in optimizers.items()})


def _schema() -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {name: kind.model_json_schema() for name, kind in OPTIMIZERS.items()},
    }


Optimizers = Annotated[dict[str, Any], BeforeValidator(_read), WithJsonSchema(_schema())]
"""The section `optimizers` of the config: an `Optimizer` by name, in the config's order."""


class _Settings(Section):
    optimizers: Optimizers
