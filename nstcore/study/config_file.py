"""The text of config files: what YAML would take for something else is told before it is used.

Snakemake reads them with YAML 1.1, where 0123 is 83, 1:30 is 90, no is False and of a key that is
there twice the last one counts, without a word.
"""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from nstcore.common.errors import ConfigError
from nstcore.common.hints import in_part
from nstcore.common.section import unrepeated

_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
# More values than any config has; few lines stand for more if they name each other.
_MOST_VALUES = 1_000_000
# As JSON writes them: what the command line gives within brackets.
_TYPED = {"true": True, "false": False}


def check_files(paths: Iterable[Path | str]) -> None:
    """Check config files, as far as that does not need to know what a study is.

    Raises:
        ConfigError: A line per mistake that names file, line and key.
    """
    lines = [line for path in dict.fromkeys(paths) for line in find_mistakes(path)]
    if lines:
        raise ConfigError(*lines)


def find_mistakes(path: Path | str) -> list[str]:
    """Return a line for each thing that is wrong with a config file."""
    name = os.path.relpath(path) if Path(path).is_absolute() else str(path)
    name = name if not name.startswith("..") else str(path)
    try:
        return in_part([f"{name}: {told}" for told in _find(_read(Path(path)))])
    except ConfigError as error:
        return [f"{name}: {line}" for line in error.lines]


def find_below(
    config: Mapping[str, Any], configfiles: Iterable[Path | str], root: Path | str
) -> str | None:
    """Return the config that the given one is laid over, or None where it is a whole one.

    A config file that names a study replaces config.yaml. One that gives only what differs is laid
    over the config that it `extends`, unless it was laid over another one by --configfile.

    Args:
        config: What the command line gives, its config files included.
        configfiles: These files.
        root: The project's folder; relative names are looked for there after the current one.

    Raises:
        ConfigError: There is no such file.
    """
    needed = {"data", "styles", "contents", "backbones"}
    if "extends" in config and not needed <= config.keys():
        below, key = str(config["extends"]), "extends: "
    elif not any(map(_names_study, configfiles)):
        below, key = "config.yaml", ""
    else:
        return None
    found = next((path for path in (below, f"{root}/{below}") if Path(path).is_file()), None)
    if found is None:
        raise ConfigError(f"config: {key}no file {below!r}; name the config below")
    return found


def _names_study(path: Path | str) -> bool:
    """Tell whether a config file that Snakemake could read is one of a study of its own."""
    values = yaml.safe_load(_read(Path(path)))
    return isinstance(values, Mapping) and "study" in values


def read_nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the command line gives in brackets, `--config 'training={"batch": 4}'`.

    Snakemake hands over its numbers as texts. What JSON would take for a number becomes one.
    """
    return {key: _typed(value) for key, value in values.items() if isinstance(value, dict | list)}


def _typed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    if not isinstance(value, str):
        return value
    if _INTEGER.fullmatch(value):
        return int(value)
    if _NUMBER.fullmatch(value) and not value.lstrip("+-").isdigit():
        return float(value)
    return _TYPED.get(value, value)


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise ConfigError("a folder; a config is a YAML file")
        # Snakemake reads a config twice.
        if path.exists() and not path.is_file():
            raise ConfigError("a pipe or device; save the config in a file")
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError("no such config file") from None
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise ConfigError("not UTF-8, but UTF-16 or no text; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"line {line}: not UTF-8; save the file as UTF-8") from None


def _find(text: str) -> Iterator[str]:
    """Yield what is wrong with a config's text."""
    try:
        values = json.loads(text, object_pairs_hook=unrepeated)
    except (json.JSONDecodeError, RecursionError):
        yield from _find_in_yaml(text)
    except ValueError as error:
        yield str(error)
    else:
        if not isinstance(values, dict):
            yield _NO_KEYS


_NO_KEYS = "holds no keys with values; a config begins like `study: mine`"


def _find_in_yaml(text: str) -> Iterator[str]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        tab = "\\t" in str(error.problem)
        mend = "a tab; indent with spaces" if tab else f"no YAML ({error.problem})"
        yield f"{where}{mend}"
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        yield f"line {line}: holds a character that no text has (code {error.character}); remove it"
    except RecursionError:
        yield "nested too deeply"
    else:
        if node is None:
            yield "is empty"
        elif not isinstance(node, yaml.MappingNode):
            yield _NO_KEYS
        else:
            checker = _Checker()
            checker.walk(node, "")
            yield from checker.lines


class _Checker:
    """Walks over the nodes of a document, each once however often an alias names it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        # How many values a node stands for; 0 while it is walked through.
        self._sizes: dict[int, int] = {}

    def walk(self, node: yaml.Node, where: str) -> int:
        size = self._sizes.get(id(node))
        if size == 0:
            self._tell(node, where, "an alias that holds itself; write it out")
            return 1
        if size is None:
            self._sizes[id(node)] = 0
            size = self._sizes[id(node)] = 1 + self._walk_into(node, where)
            if size > _MOST_VALUES:
                self._tell(node, where, f"aliases that stand for {size} values; write fewer")
                size = self._sizes[id(node)] = 1
        return size

    def _walk_into(self, node: yaml.Node, where: str) -> int:
        if isinstance(node, yaml.ScalarNode):
            if told := _misread(node):
                self._tell(node, where, told)
            return 0
        if node.tag not in {f"{_TAG}map", f"{_TAG}seq"}:
            self._tell(node, where, f"the tag {node.tag.removeprefix(_TAG)!r}; remove it")
            return 0
        if isinstance(node, yaml.SequenceNode):
            return sum(
                self.walk(inner, f"{where}.{number}") for number, inner in enumerate(node.value)
            )
        return self._walk_mapping(node, where)

    def _walk_mapping(self, node: yaml.Node, where: str) -> int:
        seen: dict[str, list[int]] = {}
        size = 0
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                size += self.walk(value, where)
                continue
            if not isinstance(key, yaml.ScalarNode):
                self._tell(key, where, "a key is a text, and no list")
                continue
            path = f"{where}.{key.value}".lstrip(".")
            if key.tag != f"{_TAG}str":
                taken = _misread(key) or f"{key.value} is no text; put it in quotes"
                self._tell(key, where, f"key {taken}")
            seen.setdefault(key.value, []).append(key.start_mark.line + 1)
            size += self.walk(value, path)
        for name, lines in seen.items():
            if len(lines) > 1:
                path = f"{where}.{name}".lstrip(".")
                places = ", ".join(map(str, lines[:-1])) + f" and {lines[-1]}"
                times = "twice" if len(lines) == 2 else f"{len(lines)} times"
                self.lines.append(f"{path} is there {times}, in lines {places}; leave one")
        return size

    def _tell(self, node: yaml.Node, where: str, text: str) -> None:
        key = f"{where}: " if where else ""
        self.lines.append(f"line {node.start_mark.line + 1}: {key}{text}")


def _misread(node: yaml.ScalarNode) -> str | None:
    """Say what YAML takes a value for, if that is not what it looks like."""
    kind, value = node.tag.removeprefix(_TAG), str(node.value)
    shown = value if len(value) <= 40 else f"{value[:40]}..."
    if kind in {"str", "null"}:
        return None
    if (kind == "int" and _INTEGER.fullmatch(value)) or (
        kind == "bool" and value.lower() in {"true", "false"}
    ):
        return None
    if kind == "timestamp":
        return f"{shown} would be taken for a date; put it in quotes"
    if kind not in {"int", "float", "bool"}:
        return f"{shown} has the tag {kind!r}; remove it, or put a text in quotes"
    try:
        taken = yaml.safe_load(f"!!{kind} {json.dumps(value)}")
    except (ValueError, yaml.YAMLError):
        return f"{shown} is no number that can be used; write a smaller one, or quotes for a text"
    if kind == "float":
        if not math.isfinite(taken):
            return f"{shown} is not a finite number"
        if _NUMBER.fullmatch(value):
            return None
    if kind == "int" and abs(taken) >= 10**18:
        return f"{shown} is too large"
    return f"{shown} would be taken for {taken}; write that, or put a text in quotes"
