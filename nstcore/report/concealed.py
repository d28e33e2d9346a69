"""A study's results without the folders of the machine: what leaves it names none of them."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from nstcore.selection.pictures import Notes, Skipped
from nstcore.study.config import Study
from nstcore.study.journal import Setting
from nstcore.study.results import Results

# Where a path would mean something else by its name alone.
_KEYWORDS = {"dataset", "imagenet", "random"}

_FOLDERS = r"(?:file://)?(?:[A-Za-z]:[\\/]|[\\/])"
_PART = r"""[^\s/\\:*?"'<>|,;()]"""
_QUOTED = re.compile(rf"""(["']){_FOLDERS}(?:[^"'\n]*[\\/])?([^"'\n/\\]*)\1""")
_BARE = re.compile(rf"""(?<![\w.~:/\\-]){_FOLDERS}(?:{_PART}+[\\/])+({_PART}*)""")


def conceal(results: Results) -> Results:
    """Return the same with every absolute path shortened to its name.

    What lies in a folder that the config names keeps its place there. The study's files themselves
    stay as they are. Relative paths, and those from the home (~), tell of no machine.
    """
    paths = Paths(results)
    settings = tuple(_setting(one, paths) for one in results.settings)
    missing = results.missing
    for before, after in zip(results.settings, settings, strict=True):
        missing = tuple(line.replace(before.command, after.command) for line in missing)
    findings = results.findings
    if findings:
        judges = [replace(one, about=paths.values(one.about)) for one in findings.judges]
        findings = replace(findings, judges=tuple(judges))
    return replace(
        results,
        config=paths.config(results.config),
        selection=tuple(replace(one, source=paths.path(one.source)) for one in results.selection),
        notes=_notes(results.notes, paths) if results.notes else None,
        backbones={name: paths.values(about) for name, about in results.backbones.items()},
        models=tuple(
            replace(
                model,
                painted={
                    key: replace(one, about=paths.values(one.about))
                    for key, one in model.painted.items()
                },
            )
            for model in results.models
        ),
        settings=settings,
        failures=tuple(
            replace(one, log=paths.text(one.log), reason=paths.text(one.reason))
            for one in results.failures
        ),
        findings=findings,
        missing=tuple(map(paths.text, missing)),
    )


def shortened_paths(results: Results) -> tuple[str, ...]:
    """Name the paths of the config that `conceal` leaves no more than a name of."""
    paths = Paths(results)
    values = dict.fromkeys(_path_values(results.config.recorded()))
    return tuple(paths.path(value) for value in values if _is_absolute(value))


def outside_configs(results: Results) -> tuple[str, ...]:
    """Name the config files of the last run that lay outside of the folder that it was run in."""
    files, _ = _split(results.settings[-1].command) if results.settings else ([], [])
    return tuple(_name(file) for file in files if _is_outside(file))


class Paths:
    """Shortens paths; what lies in a folder of the config keeps its place there."""

    def __init__(self, results: Results) -> None:
        """Take the study whose paths they are."""
        self._short: dict[str, str] = {}
        # The longest first: of two folders of the config one may lie in the other.
        roots = [*_path_values(results.config.recorded())]
        roots += [str(Path(root).expanduser()) for root in roots if root.startswith("~")]
        for root in sorted(filter(_is_absolute, roots), key=len, reverse=True):
            self._add(root)
        study = results.folder.resolve()
        self._short |= {str(study): study.name, str(study.parent.parent): "."}

    def _add(self, root: str) -> None:
        name = _name(root) or "folder"
        name = f"./{name}" if name in _KEYWORDS else name
        number = 1
        # Two files of one name in two folders are still two.
        while name in self._short.values():
            number += 1
            name = f"{number}/{_name(root)}"
        self._short[root] = name

    def path(self, text: str) -> str:
        """Shorten a text that is a path and nothing else."""
        for root, name in self._short.items():
            if text == root:
                return name
            if text.startswith((f"{root}/", f"{root}\\")):
                return f"{name}{text[len(root) :]}"
        return _name(text) if _is_absolute(text) else text

    def text(self, text: str) -> str:
        """Shorten the paths in a text."""
        for root, name in self._short.items():
            text = re.sub(rf"{re.escape(root)}(?![\w.-])", name.replace("\\", r"\\"), text)
        return _BARE.sub(r"\1", _QUOTED.sub(r"\1\2\1", text))

    def values(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Shorten the paths among values."""
        return {key: self._value(value) for key, value in about.items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.path(value) if _is_absolute(value) else self.text(value)
        if isinstance(value, Mapping):
            return self.values(value)
        return [self._value(one) for one in value] if isinstance(value, list | tuple) else value

    def config(self, config: Study) -> Study:
        """Shorten the paths of a config."""
        values = config.recorded()
        for section, key in _path_places(values):
            section[key] = self.path(section[key])
        for section in (*values["backbones"].values(), *_judges(values)):
            if "description" in section:
                section["description"] = self.text(section["description"])
        return Study.read(values, "config")


def _path_values(values: dict[str, Any]) -> Iterator[str]:
    for section, key in _path_places(values):
        yield section[key]


def _path_places(values: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where a recorded config holds paths: the section and its key."""
    styles = (values["styles"].get("sets") or {}).values()
    sections = [
        (values["data"], ("path", "cache")),
        (values["contents"], ("source",)),
        *((section, ("table", "folder")) for section in styles),
        *((section, ("weights",)) for section in values["backbones"].values()),
        *((section, ("weights",)) for section in _judges(values)),
    ]
    for section, keys in sections:
        yield from ((section, key) for key in keys if section.get(key))


def _judges(values: dict[str, Any]) -> list[dict[str, Any]]:
    judges = values.get("judge") or []
    return judges if isinstance(judges, list) else [judges]


def _notes(notes: Notes, paths: Paths) -> Notes:
    def short(found: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
        return tuple(
            replace(one, source=paths.path(one.source), reason=paths.text(one.reason))
            for one in found
        )

    return replace(
        notes,
        skipped=short(notes.skipped),
        passed_over=short(notes.passed_over),
        remarks=short(notes.remarks),
    )


def _setting(setting: Setting, paths: Paths) -> Setting:
    files, values = _split(setting.command)
    named = [_name(file) if _is_outside(file) else file for file in files]
    words = ["--configfile", *named] if named else []
    if values:
        words += ["--config", *map(paths.text, values)]
    return replace(setting, command=shlex.join(words))


def _split(command: str) -> tuple[list[str], list[str]]:
    """Return the config files and the values that `journal` wrote into a command."""
    try:
        words = shlex.split(command)
    except ValueError:
        return [], []
    at = words.index("--config") if "--config" in words else len(words)
    return [word for word in words[:at] if word != "--configfile"], words[at + 1 :]


def _is_absolute(text: str) -> bool:
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def _is_outside(file: str) -> bool:
    return _is_absolute(file) or PurePosixPath(file).parts[:1] == ("..",)


def _name(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]
