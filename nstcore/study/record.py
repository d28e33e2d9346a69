"""The record of the config that results belong to, `results/<study>/config.json`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nstcore.common.errors import ConfigError, DataError
from nstcore.common.files import atomic_write
from nstcore.common.versions import CONFIG_VERSION, READABLE_CONFIG_VERSIONS
from nstcore.judging.options import Judging
from nstcore.study.config import Study

# No result changes with these.
_HANDLING = {
    ("aggregations",),
    ("compute",),
    ("data", "cache"),
    ("data", "on_bad_image"),
    ("data", "patience"),
}


def write_record(study: Study, path: Path | str) -> None:
    """Keep the config that results belong to.

    A record that says the same already is left untouched, its date too.
    """
    path = Path(path)
    record = {"config_version": CONFIG_VERSION, "config": study.recorded()}
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    if not path.is_file() or path.read_text("utf-8") != text:
        with atomic_write(path) as draft:
            draft.write_text(text, "utf-8")


def read_record(path: Path | str) -> Study:
    """Read the config that a study's files belong to; the weights that it names are not looked at.

    Raises:
        DataError: The file is missing, damaged, or of a version that cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; {path.parent} is no study's folder")
    version, config = _read(path)
    if version not in READABLE_CONFIG_VERSIONS:
        raise DataError(f"{path}: config version {version}, this is version {CONFIG_VERSION}")
    try:
        return Study.read(_modernise(version, config), str(path))
    except ConfigError as error:
        raise DataError(
            f"{path}: not a study's config ({error.lines[0]}); delete it and run again"
        ) from None


def check_record(study: Study, path: Path | str, *, touching: bool = False) -> None:
    """Refuse to mix a study's results with those of another config.

    More backbones, aggregations or judges than the recorded ones, or fewer, change none of theirs;
    the ways of computing (`compute`) and of downloading (`data.cache`, `data.patience`) are left to
    the workflow; `on_bad_image` decides whether there are any. Anything else would replace results.

    Args:
        study: The study as it is configured now.
        path: Its record, which need not exist yet.
        touching: Whether results are about to be taken over as they are (`snakemake --touch`).

    Raises:
        ConfigError: The record is of another version or config, or cannot be read.
    """
    path = Path(path)
    if not path.exists():
        return
    try:
        version, config = _read(path)
        readable = version in READABLE_CONFIG_VERSIONS
        modern = _modernise(version, config) if readable else {}
        recorded = Study.read(modern, str(path)).recorded() if readable else {}
    except (ConfigError, DataError):
        raise ConfigError(
            f"{path}: empty, cut or damaged; if {path.parent} was computed with the config that is "
            "given now, delete the file: it is written anew, and all results stay"
        ) from None
    if not readable:
        raise ConfigError(
            f"{path.parent}: made by config version {version}, this is version {CONFIG_VERSION}; "
            "give the study another name, or move the folder away"
        )
    changes = list(_changes(recorded, study.recorded()))
    if changes:
        raise ConfigError(
            f"{path.parent}: computed with another config ({'; '.join(changes[:3])}); give the "
            "study another name, or add --config on_config_change=rerun to replace what differs"
        )
    if version != CONFIG_VERSION and not touching:
        raise ConfigError(
            f"{path.parent}: computed by an earlier version, whose results are the same; add "
            "--touch once to keep them, or --config on_config_change=rerun to compute them anew"
        )


def _read(path: Path) -> tuple[Any, Any]:
    try:
        record = json.loads(path.read_text("utf-8"))
        return record["config_version"], record["config"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run again") from None


def _modernise(version: int, config: Any) -> Any:
    """Say in today's words what the defaults of an earlier version were."""
    if version >= 3 or not isinstance(config, Mapping):
        return config
    loss, training, backbones = (config.get(key) or {} for key in ("loss", "training", "backbones"))
    sections = [loss, training, backbones]
    if isinstance(backbones, Mapping):
        sections += backbones.values()
    if not all(isinstance(section, Mapping) for section in sections):
        # The check of the config tells what is wrong with it.
        return config
    given = any(
        weights.get(name) is not None
        for weights in (loss, *backbones.values())
        for name in ("alpha", "beta")
    )
    loss = dict(loss)
    loss.setdefault("scaling", "published" if given else "calibrated")
    if loss["scaling"] == "calibrated":
        loss = {"alpha": 0.1, "beta": 1.0, **loss}
    training = {"patience": 0, "watch": 0, **training}
    return {**config, "loss": loss, "training": training}


def _changes(old: Any, new: Any, where: tuple[str, ...] = ()) -> Iterator[str]:
    """Name the values that differ and on which results depend."""
    if where in _HANDLING:
        return
    if where == ("judge",) and (isinstance(old, list) or isinstance(new, list)):
        old, new = (_by_name(judge) for judge in (old, new))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        additive = where in {("backbones",), ("judge", "networks")}
        for key in dict.fromkeys([*old, *new]):
            if key in old and key in new:
                yield from _changes(old[key], new[key], (*where, key))
            elif not additive:
                yield f"{'.'.join((*where, key))} {'added' if key in new else 'removed'}"
    elif old != new:
        yield f"{'.'.join(where)}: {old} -> {new}" if _short(old, new) else f"{'.'.join(where)}"


def _by_name(judge: Any) -> dict[str, Any]:
    """Return a recorded judge, or several, as what they share and what each is."""
    networks = Judging.read(judge, "judge").networks
    own = {network.label: network.full() for network in networks}
    for values in own.values():
        del values["heldout"]
    return {"heldout": networks[0].heldout, "networks": own}


def _short(*values: Any) -> bool:
    return all(len(str(value)) <= 40 for value in values)
