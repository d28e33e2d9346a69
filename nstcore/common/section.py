"""Sections of the config: typed, frozen values, each of which is described in one place.

A field of a section carries its type, range, default and, as the text below it, its description.
The config's errors, its JSON schema, its documentation and what the workflow hands to a program
are all read from there.
"""

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import core_schema

from nstcore.common.errors import ConfigError
from nstcore.common.hints import show
from nstcore.common.mistakes import MistakesError, explain, unknown

# What else ends a line of an argument file, beside what JSON escapes anyway.
_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}

_Kind = TypeVar("_Kind", bound="Section")


if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass as _Refusing
else:

    class _Refusing(type(BaseModel)):
        """Makes a section that is built in Python refuse wrong values as the config does.

        Not as `__init__`: pydantic calls that for sections within sections, too.
        """

        def __call__(cls, *args, **values):
            try:
                return super().__call__(*args, **values)
            except ValidationError as error:
                raise ConfigError(*explain(error, cls, cls.__name__.lower())) from None


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a key twice: JSON would take the last."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return values


class Section(BaseModel, metaclass=_Refusing):
    """A section of the config, or another set of options.

    Example:
        >>> Training(max_epochs=30).to_json()
        '{"max_epochs": 30}'

    Raises:
        ConfigError: A value is of the wrong type or out of its range, or a name is unknown; says
            which are allowed. All that is wrong is told at once.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _take_whole_numbers(cls, values: Any) -> Any:
        """Take 64.0 for 64, as JSON and its schemas do; where a number is asked for it is both."""
        if not isinstance(values, Mapping):
            return values
        return {key: _whole(value) for key, value in values.items()}

    def given(self) -> dict[str, Any]:
        """Return the values that do not equal their defaults, as plain values for JSON.

        What is not named here may get a default later without any of these changing.
        """
        return self.model_dump(mode="json", exclude_defaults=True)

    def full(self) -> dict[str, Any]:
        """Return all values, as plain ones for JSON; without those that are None."""
        return self.model_dump(mode="json", exclude_none=True)

    def only(self, section: type[_Kind]) -> _Kind:
        """Return the part of the values that a section which this one extends knows."""
        return section(**{name: getattr(self, name) for name in section.model_fields})

    def to_json(self) -> str:
        """Write what `given` returns: the same text for the same values, in the fields' order."""
        return json.dumps(self.given(), ensure_ascii=False).translate(_LINE_ENDS)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote, or what a user typed.

        Raises:
            ConfigError: It is no JSON, or the values are wrong; says all that is.
        """
        try:
            values = json.loads(text, object_pairs_hook=unrepeated)
        except ValueError as error:
            raise ConfigError(f"{cls.__name__.lower()}: not JSON ({error})") from None
        return cls.read(values, cls.__name__.lower())

    @classmethod
    def read(cls, values: Any, where: str, context: Mapping[str, Any] | None = None) -> Self:
        """Check plain values and take them over.

        Args:
            values: What YAML or JSON gave.
            where: What messages begin with.
            context: For validators.

        Raises:
            ConfigError: A message per mistake.
        """
        try:
            return cls.model_validate(values, context=context)
        except ValidationError as error:
            raise ConfigError(*explain(error, cls, where)) from None


def _whole(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    # Beyond, a float stands for many whole numbers.
    exact = isinstance(value, float) and value.is_integer() and abs(value) <= 2**53
    return int(value) if exact else value


class OneOf:
    """Says of a text that it has to be a name in a registry: `Annotated[str, OneOf(REGISTRY)]`."""

    def __init__(self, allowed: Collection[str], otherwise: str = "") -> None:
        """Take the registry, and what to tell those who want something else."""
        self._allowed, self._otherwise = allowed, otherwise

    def _check(self, value: str) -> str:
        if value not in self._allowed:
            parts = [unknown(value, self._allowed), self._otherwise]
            raise MistakesError("; ".join(part for part in parts if part))
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Check a text after it was found to be one."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """List the names for editors."""
        return {"enum": list(self._allowed)}


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that names something twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise MistakesError(f"{show(value)} is there twice; leave one")
        seen.add(value)
    return values
