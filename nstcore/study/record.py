"""The record of the config that results belong to."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nstcore.common.errors import ConfigError
from nstcore.common.files import whole
from nstcore.common.versions import CONFIG_VERSION
from nstcore.study.config import Study, _schema, _with_defaults


def write_record(study: Study, path: Path | str) -> None:
    """Keep the config that results belong to, `results/<study>/config.json`.

    A record that says the same already is left untouched, its date too.
    """
    path = Path(path)
    record = {"config_version": CONFIG_VERSION, "config": study.config}
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    if not path.is_file() or path.read_text("utf-8") != text:
        with whole(path) as draft:
            draft.write_text(text, "utf-8")


def check_record(study: Study, path: Path | str) -> None:
    """Refuse to mix a study's results with those of another config.

    More backbones or aggregations than the recorded ones, or fewer, change no result that is there;
    the way of computing (`compute`) is left to the workflow; `on_bad_image` decides whether there
    are any. Anything else would replace results.

    Args:
        study: The study as it is configured now.
        path: Its record, which need not exist yet.

    Raises:
        ConfigError: The record is of another version or config, or cannot be read.
    """
    path = Path(path)
    try:
        record = json.loads(path.read_text("utf-8"))
        version, recorded = record["config_version"], _with_defaults(record["config"], _schema())
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: damaged; move {path.parent} away and start anew") from None
    if version != CONFIG_VERSION:
        raise ConfigError(
            f"{path.parent}: made by config version {version}, this is version {CONFIG_VERSION}; "
            "give the study another name, or move the folder away"
        )
    changes = list(_changes(recorded, study.config))
    if changes:
        raise ConfigError(
            f"{path.parent}: computed with another config ({'; '.join(changes[:3])}); give the "
            "study another name, or add --config on_config_change=rerun to replace what differs"
        )


def _changes(old: Any, new: Any, where: tuple[str, ...] = ()) -> Iterator[str]:
    """Name the values that differ and on which results depend."""
    if where in {("aggregations",), ("compute",), ("data", "on_bad_image")}:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        additive = where == ("backbones",)
        for key in dict.fromkeys([*old, *new]):
            if key in old and key in new:
                yield from _changes(old[key], new[key], (*where, key))
            elif not additive:
                yield f"{'.'.join((*where, key))} {'added' if key in new else 'removed'}"
    elif old != new:
        yield f"{'.'.join(where)}: {old} -> {new}" if _short(old, new) else f"{'.'.join(where)}"


def _short(*values: Any) -> bool:
    return all(len(str(value)) <= 40 for value in values)
