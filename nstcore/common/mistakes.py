"""What is wrong with a section's values, in lines that a user can mend them by."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError

from nstcore.common.hints import nearest, printable, show

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


def unknown(value: object, allowed: Collection[str]) -> str:
    """Say that a value is not known, and what is."""
    return f"{show(value)} is not known; {nearest(str(value), allowed, most=14)}"


def unknown_key(key: object, allowed: Collection[str]) -> str:
    """Say that a key is not known, and which are: first that which was probably meant."""
    meant = get_close_matches(str(key), allowed, n=1, cutoff=0.8)
    ordered = list(dict.fromkeys([*meant, *allowed]))
    return f"unknown key {show(key)}; {nearest(str(key), ordered, most=16)}"


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
        parts = [where, ".".join(map(printable, mistake.path)), mistake.text]
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
    shown = show(given)
    if kind in _RANGES:
        words, name = _RANGES[kind]
        return f"{shown} is {words} {context[name]:.15g}"
    if kind == "float_type" and _is_number(given):
        return f"{shown} is a text; write the number as YAML does, 1.0e-8 and not 1e-8"
    if kind == "string_type" and isinstance(given, int | float):
        return f"{shown} should be of type string; put it in quotes"
    if kind in _TYPES:
        return f"{shown} should be of type {_TYPES[kind]}"
    if kind == "literal_error":
        return unknown(given, re.findall(r"'([^']*)'", str(context["expected"])))
    if kind == "string_pattern_mismatch":
        return f"{shown} does not match {context['pattern']!r}"
    if kind in {"too_short", "string_too_short"}:
        return f"{shown} is too short; at least {context.get('min_length')}"
    if kind in {"too_long", "string_too_long"}:
        return f"{shown} is too long; at most {context.get('max_length')}"
    if kind == "finite_number":
        return f"{shown} is not a finite number"
    return " ".join(message.split())


def _is_number(given: Any) -> bool:
    try:
        float(given if isinstance(given, str) else "")
    except ValueError:
        return False
    return True


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
