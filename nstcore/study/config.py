"""A study as typed, checked values."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError, relevance

from nstcore.backbones.architectures import DEFAULT_LAYERS, file_layer_names, layer_names
from nstcore.common.errors import ConfigError
from nstcore.common.hints import nearest
from nstcore.dataset.artists import same_name
from nstcore.selection.styles import StyleConfig, read_styles


@dataclass(frozen=True)
class BackboneConfig:
    """One backbone of a study."""

    name: str
    weights: str
    style_layers: Mapping[str, float]
    content_layer: str
    alpha: float
    beta: float
    pooling: str
    precision: str
    architecture: str | None = None
    preprocessing: str | None = None
    description: str = ""


@dataclass(frozen=True)
class JudgeConfig:
    """The network that scores a study's pictures."""

    weights: str
    layers: tuple[str, ...]
    """From early to late."""
    heldout: int
    """Paintings per style that are set aside for it."""
    architecture: str | None = None
    preprocessing: str | None = None
    description: str = ""
    pooling: str = "max"
    """Left to no config, like the next: a judge means the same in every study."""
    precision: str = "float32"


@dataclass(frozen=True)
class Study:
    """A config that has been checked.

    Attributes are named like the config's keys; their meaning is in `config.schema.json`.
    """

    name: str
    seed: int
    image_size: int
    data: Mapping[str, str]
    styles: tuple[StyleConfig, ...]
    contents: Mapping[str, Any]
    backbones: Mapping[str, BackboneConfig]
    loss: Mapping[str, Any]
    aggregations: tuple[str, ...]
    optimizers: Mapping[str, Mapping[str, float]]
    training: Mapping[str, Any]
    compute: Mapping[str, int]
    judge: JudgeConfig | None
    """None where nothing is to be scored."""
    config: Mapping[str, Any]
    """All of it, with the defaults of what was not given."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Study":
        """Check a config and take it over.

        Raises:
            ConfigError: One line that names the key or value at fault and what is allowed.
            WeightsError: A backbone's model file cannot be read.
        """
        check_schema(config)
        config = _with_defaults(config, _schema())
        _check_data(config["data"])
        styles = read_styles(config["styles"])
        _check_known(styles, config["data"])
        backbones = {
            name: BackboneConfig(name=name, **_weighted(name, values, config["loss"]))
            for name, values in config["backbones"].items()
        }
        for backbone in backbones.values():
            _check_network(
                f"config: backbones.{backbone.name}",
                backbone,
                [*backbone.style_layers, backbone.content_layer],
            )
        return cls(
            name=config["study"],
            seed=config["seed"],
            image_size=config["image_size"],
            data=config["data"],
            styles=styles,
            contents=config["contents"],
            backbones=backbones,
            loss=config["loss"],
            aggregations=tuple(config["aggregations"]),
            optimizers=config["optimizers"],
            training=config["training"],
            compute=config["compute"],
            judge=_read_judge(config["judge"], backbones) if "judge" in config else None,
            config={key: value for key, value in config.items() if key != "on_config_change"},
        )


def check_schema(config: Mapping[str, Any]) -> None:
    """Check keys, types and ranges alone; see `config.schema.json`.

    Raises:
        ConfigError: One line that names the key or value at fault and what is allowed.
    """
    errors = list(jsonschema.Draft202012Validator(_schema()).iter_errors(config))
    if errors:
        # The shallowest error first: a wrong section explains the errors within it.
        raise ConfigError(_explain(max(errors, key=relevance)))


def _schema() -> Any:
    return json.loads(
        resources.files("nstcore.study").joinpath("config.schema.json").read_text("utf-8")
    )


def _with_defaults(values: Any, schema: Mapping[str, Any]) -> Any:
    """Fill in the schema's defaults, so that a value given and the same by default are one."""
    if not isinstance(values, Mapping):
        return values
    rules = schema.get("properties", {})
    others = schema.get("additionalProperties") or {}
    defaults = {key: rule["default"] for key, rule in rules.items() if "default" in rule}
    given = {**defaults, **values}
    return {key: _with_defaults(value, rules.get(key, others)) for key, value in given.items()}


def _weighted(name: str, backbone: Mapping[str, Any], loss: Mapping[str, Any]) -> dict[str, Any]:
    """Give a backbone the weights of the losses that it has none of its own for."""
    common = {key: loss[key] for key in ("alpha", "beta") if key in loss}
    weights = {**common, **backbone}
    for key in ("alpha", "beta"):
        if key not in weights:
            raise ConfigError(
                f"config: backbones.{name}: key {key!r} is missing, here and in 'loss'"
            )
    return weights


def _explain(error: ValidationError) -> str:
    given: Any = error.instance
    rule: Any = error.validator_value
    where = ".".join(str(part) for part in error.absolute_path)
    prefix = f"config: {where}: " if where else "config: "
    allowed = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    if error.validator == "additionalProperties":
        unknown = next(key for key in given if key not in allowed)
        return f"{prefix}unknown key {unknown!r}; {nearest(str(unknown), list(allowed), most=14)}"
    if error.validator == "required":
        missing = next(key for key in rule if key not in given)
        return f"{prefix}key {missing!r} is missing"
    if error.validator == "enum":
        values = [str(value) for value in rule]
        return f"{prefix}{given!r} is not known; allowed: {', '.join(values)}"
    if error.validator == "anyOf":
        return f"{prefix}{given!r} is neither {' nor '.join(one['title'] for one in rule)}"
    if error.validator == "type" and rule == "number" and _is_number(given):
        return f"{prefix}{given!r} is a text; write the number as YAML does, 1.0e-8 and not 1e-8"
    if error.validator == "type":
        return f"{prefix}{given!r} should be of type {rule}"
    return prefix + " ".join(error.message.split())


def _is_number(given: Any) -> bool:
    try:
        float(given)
    except (TypeError, ValueError):
        return False
    return isinstance(given, str)


def _check_data(data: Mapping[str, str]) -> None:
    needed, other = ("dataset", "path") if data["source"] == "kaggle" else ("path", "dataset")
    if needed not in data:
        raise ConfigError(f"config: data: source {data['source']} needs the key {needed!r}")
    if other in data:
        raise ConfigError(f"config: data: source {data['source']} has no use for {other!r}")


def _check_known(styles: Sequence[StyleConfig], data: Mapping[str, str]) -> None:
    """Refuse what a known dataset lacks, before gigabytes are downloaded."""
    table = json.loads(
        resources.files("nstcore.dataset").joinpath("artists.json").read_text("utf-8")
    )
    known: Mapping[str, Sequence[str]] | None = table.get(data.get("dataset"))
    if known is None:
        return
    genres = sorted({genre for found in known.values() for genre in found})
    for style in styles:
        for key, asked, allowed in (
            ("artists", style.artist, list(known)),
            ("genres", style.genre, genres),
        ):
            if asked is not None and not any(same_name(asked, one) for one in allowed):
                raise ConfigError(
                    f"config: styles.{key}: {asked!r} is not in {data['dataset']}; "
                    + nearest(asked, allowed)
                )


def _read_judge(values: Mapping[str, Any], backbones: Mapping[str, BackboneConfig]) -> JudgeConfig:
    """Read the section `judge`; what only the weights can tell is checked when they are loaded."""
    architecture = values.get("architecture")
    layers = values.get("layers", ())
    if not layers and architecture in DEFAULT_LAYERS:
        style_layers, content_layer = DEFAULT_LAYERS[architecture]
        layers = (*style_layers, content_layer)
    if not layers:
        raise ConfigError("config: judge: key 'layers' is missing")
    judge = JudgeConfig(**{**values, "layers": tuple(layers)})
    if judge.weights == "random":
        raise ConfigError("config: judge: untrained weights cannot judge; name trained ones")
    _check_network("config: judge", judge, judge.layers)
    for backbone in backbones.values():
        same = (backbone.architecture, backbone.weights) == (judge.architecture, judge.weights)
        if same:
            raise ConfigError(
                f"config: judge: {judge.architecture or judge.weights} is the backbone "
                f"{backbone.name}, whose own pictures it would favour; name another network"
            )
    return judge


def _check_network(
    where: str, network: BackboneConfig | JudgeConfig, layers: Iterable[str]
) -> None:
    if network.weights.endswith(".keras"):
        if network.architecture is not None:
            raise ConfigError(f"{where}: a .keras file brings its architecture; remove the key")
        if network.preprocessing is None:
            raise ConfigError(f"{where}: a .keras file needs the key 'preprocessing'")
        allowed = file_layer_names(network.weights)
    elif network.architecture is None:
        raise ConfigError(f"{where}: key 'architecture' is missing")
    else:
        allowed = layer_names(network.architecture)
    for layer in layers:
        if layer not in allowed:
            raise ConfigError(f"{where}: layer {layer!r} is not known; {nearest(layer, allowed)}")
    known = network.weights in {"imagenet", "random"} or network.weights.startswith("package:")
    if not known and not Path(network.weights).is_file():
        raise ConfigError(
            f"{where}: weights: no file {network.weights!r}; give imagenet, random, the path of a "
            ".h5 or .keras file, or package:DISTRIBUTION/FILE"
        )
