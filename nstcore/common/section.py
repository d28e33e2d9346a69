"""Sections of the config: typed, frozen values, each of which is described in one place.

A field of a section carries its type, range, default and, as the text below it, its description.
The config's errors, its JSON schema, its documentation and what the workflow hands to a program
are all read from there.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import core_schema

from nstcore.common.errors import ConfigError
from nstcore.common.hints import nearest

# What YAML and JSON call the types that a value should be of, by the kind of pydantic's error.
_TYPES = {
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "string_type": "string",
    "bool_type": "boolean",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
    "tuple_type": "array",
    "list_type": "array",
}
_RANGES = {
    "greater_than_equal": ("less than the minimum of", "ge"),
    "greater_than": ("less than or equal to the minimum of", "gt"),
    "less_than_equal": ("greater than the maximum of", "le"),
    "less_than": ("greater than or equal to the maximum of", "lt"),
}


_Kind = TypeVar("_Kind", bound="Section")


class Mistake(NamedTuple):
    """One thing that is wrong with a value, or with something within it."""

    text: str
    path: tuple[str, ...] = ()
    """The keys that lead from the value to what is wrong."""


class MistakesError(ValueError):
    """Several things that are wrong with a value; raised by validators."""

    def __init__(self, *mistakes: Mistake | str) -> None:
        """Take the mistakes; a text is one of the value itself."""
        self.mistakes = [
            mistake if isinstance(mistake, Mistake) else Mistake(mistake) for mistake in mistakes
        ]
        super().__init__("; ".join(mistake.text for mistake in self.mistakes))


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


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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
        return json.dumps(self.given(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote, or what a user typed.

        Raises:
            ConfigError: It is no JSON, or the values are wrong; says all that is.
        """
        try:
            values = json.loads(text, object_pairs_hook=_unrepeated)
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


def unknown(value: object, allowed: Collection[str]) -> str:
    """Say that a value is not known, and what is."""
    return f"{value!r} is not known; {nearest(str(value), allowed, most=14)}"


def unknown_key(key: object, allowed: Collection[str]) -> str:
    """Say that a key is not known, and which are: first that which was probably meant."""
    meant = get_close_matches(str(key), allowed, n=1, cutoff=0.8)
    ordered = list(dict.fromkeys([*meant, *allowed]))
    return f"unknown key {key!r}; {nearest(str(key), ordered, most=16)}"


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that names something twice."""
    for number, value in enumerate(values):
        if value in values[:number]:
            raise MistakesError(f"{value!r} is there twice; leave one")
    return values


def explain(error: ValidationError, model: type[BaseModel], where: str = "") -> list[str]:
    """Put what pydantic found into lines: which key, which value, what is allowed.

    Args:
        error: What a section raised.
        model: The section.
        where: What each line begins with.

    Returns:
        A line per mistake, in the order of the fields.
    """
    lines = []
    for mistake in find_mistakes(error, model):
        parts = [where, ".".join(mistake.path), mistake.text]
        lines.append(": ".join(part for part in parts if part))
    return list(dict.fromkeys(lines))


def find_mistakes(error: ValidationError, model: type[BaseModel]) -> Iterator[Mistake]:
    """Yield what pydantic found in a section."""
    errors = error.errors(include_url=False)
    for details in errors:
        kind, context = details["type"], details.get("ctx", {})
        # A list counts only what is sound of it: that it is short then says nothing.
        if kind == "too_short" and any(_within(other["loc"], details["loc"]) for other in errors):
            continue
        # pydantic puts this word behind a key that is itself wrong.
        path = tuple(str(part) for part in details["loc"] if part != "[key]")
        cause = context.get("error")
        if isinstance(cause, MistakesError):
            yield from (Mistake(other.text, (*path, *other.path)) for other in cause.mistakes)
        elif kind == "missing":
            yield Mistake(f"key {path[-1]!r} is missing", path[:-1])
        elif kind == "extra_forbidden":
            yield Mistake(unknown_key(path[-1], _keys(model, path[:-1])), path[:-1])
        else:
            yield Mistake(_say(kind, details["input"], context, details["msg"]), path)


def _within(inner: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(inner) > len(outer) and inner[: len(outer)] == outer


def _say(kind: str, given: Any, context: Mapping[str, Any], message: str) -> str:
    if kind in _RANGES:
        words, name = _RANGES[kind]
        return f"{given!r} is {words} {context[name]:g}"
    if kind == "float_type" and _is_number(given):
        return f"{given!r} is a text; write the number as YAML does, 1.0e-8 and not 1e-8"
    if kind in _TYPES:
        return f"{given!r} should be of type {_TYPES[kind]}"
    if kind == "literal_error":
        return unknown(given, re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "string_pattern_mismatch":
        return f"{given!r} does not match {context['pattern']!r}"
    if kind in {"too_short", "string_too_short"}:
        return f"{given!r} is too short; at least {context.get('min_length')}"
    if kind == "finite_number":
        return f"{given!r} is not a finite number"
    return " ".join(message.split())


def _is_number(given: Any) -> bool:
    try:
        float(given)
    except (TypeError, ValueError):
        return False
    return isinstance(given, str)


def _keys(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """Return the keys of the section that a path leads to from another one."""
    annotation: Any = model
    for part in path:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[part].annotation
        else:
            annotation = get_args(annotation)[-1]
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        sections = [kind for kind in get_args(annotation) if _is_section(kind)]
        if sections and get_origin(annotation) is not dict:
            annotation = sections[0]
    return list(annotation.model_fields) if _is_section(annotation) else []


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
