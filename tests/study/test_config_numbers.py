"""Numbers of every key of the config, of the wrong kind or beyond all measure; long values."""

import copy
import json
import math

import jsonschema
import pytest
from conftest import ROOT

from nstcore.common.errors import ConfigError
from nstcore.study.config import Study

WHOLE = {
    "study": "mine",
    "seed": 3,
    "image_size": 64,
    "data": {
        "path": "paintings",
        "patience": {"attempts": 3, "stall_seconds": 10, "silence_seconds": 100},
    },
    "styles": {"images": 12, "artists": ["Ada"], "sets": {"Own": {"folder": "x", "images": 4}}},
    "contents": {"source": "photographs", "train": 2, "test": 3, "test_size": 40},
    "loss": {"alpha": 1, "beta": 2, "content_share": 1, "total_variation": 1},
    "canvas": {
        "kind": "pyramid",
        "shifts": 2,
        "shift_pixels": 4,
        "padding": 5,
        "rate": 1,
        "levels": 3,
        "growth": 2,
    },
    "backbones": {
        "Net": {
            "canvas": {"kind": "fourier", "power": 1},
            "architecture": "MobileNetV2",
            "weights": "random",
            "alpha": 3,
            "beta": 4,
            "style_layers": {"Conv1_relu": 1},
        }
    },
    "judge": {"architecture": "EfficientNetB0", "heldout": 2},
    "optimizers": {
        "adam": {"learning_rate": 1, "beta_1": 0, "beta_2": 0, "epsilon": 1},
        "sgd": {"learning_rate": 1, "momentum": 0},
        "rmsprop": {"learning_rate": 1, "rho": 0, "momentum": 0, "epsilon": 1},
        "lbfgs": {"learning_rate": 1, "memory": 5, "max_change": 1},
    },
    "training": {
        "steps_per_epoch": 1,
        "initial_noise": 1,
        "max_epochs": 5,
        "min_improvement": 0,
        "patience": 2,
        "watch": 1,
        "batch": 2,
    },
    "compute": {"threads": 2, "pairs_in_memory": 8, "save_every": 4, "pictures_per_job": 5},
}
SCHEMA = json.loads((ROOT / "config" / "schema.json").read_text("utf-8"))


def leaves(values, path=()):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        elif isinstance(value, int):
            yield (*path, key)


def put(path, value):
    config = copy.deepcopy(WHOLE)
    *sections, key = path
    section = config
    for name in sections:
        section = section[name]
    section[key] = value
    return config


def numbers(schema):
    """Count the keys of a schema that take numbers, each where it is first described."""
    if isinstance(schema, list):
        return sum(map(numbers, schema))
    if not isinstance(schema, dict):
        return 0
    return (schema.get("type") in {"integer", "number"}) + sum(map(numbers, schema.values()))


def test_every_number_of_the_schema_is_tried_below():
    assert len(list(leaves(WHOLE))) == numbers(SCHEMA)


@pytest.mark.parametrize("path", list(leaves(WHOLE)), ids=".".join)
def test_a_whole_number_with_a_point_is_the_same_number(path):
    value = WHOLE
    for key in path:
        value = value[key]
    config = put(path, float(value))
    jsonschema.validate(config, SCHEMA)
    study = Study.from_config(config)
    assert json.dumps(study.recorded()) == json.dumps(Study.from_config(WHOLE).recorded())
    assert study.to_json() == Study.from_config(WHOLE).to_json()


@pytest.mark.parametrize("value", [True, False, "5", "", [1], {}, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("path", list(leaves(WHOLE)), ids=".".join)
def test_what_is_no_number_is_one_line(path, value):
    with pytest.raises(ConfigError) as caught:
        Study.from_config(put(path, value))
    (line,) = caught.value.lines
    assert line.startswith(f"config: {'.'.join(path)}: ")
    assert line.isprintable()


BEYOND = {"large": 10**13, "huge": 10**400, "far": 1e300, "below": -1, "far below": -(10**400)}


@pytest.mark.parametrize("value", BEYOND.values(), ids=BEYOND)
@pytest.mark.parametrize("path", list(leaves(WHOLE)), ids=".".join)
def test_what_is_beyond_all_measure_is_one_line(path, value):
    with pytest.raises(ConfigError) as caught:
        Study.from_config(put(path, value))
    (line,) = caught.value.lines
    assert line.startswith(f"config: {'.'.join(path)}: ")
    assert len(line) < 250


@pytest.mark.parametrize(
    "value", ["x" * 100_000, ["x"] * 10_000, {"x" * 300: 1}, list(range(9999))]
)
@pytest.mark.parametrize(
    "path",
    [(key,) for key in (*WHOLE, "aggregations", "extends", "nonsense")]
    + [("data", "path"), ("styles", "artists"), ("styles", "genres"), ("contents", "source")]
    + [("backbones", "Net", key) for key in ("architecture", "weights", "description")],
    ids=".".join,
)
def test_long_values_do_not_fill_the_screen(path, value):
    with pytest.raises(ConfigError) as caught:
        Study.from_config(put(path, value))
    assert len(caught.value.lines) <= 21
    assert all(len(line) < 500 and line.isprintable() for line in caught.value.lines)


def test_many_mistakes_are_told_in_part(monkeypatch):
    config = put(("styles", "artists"), [f"Nobody {number}" for number in range(5000)])
    config["data"] = {"dataset": "ikarus777/best-artworks-of-all-time/1"}
    with pytest.raises(ConfigError) as caught:
        Study.from_config(config)
    assert len(caught.value.lines) == 21
    assert caught.value.lines[-1] == "and 4980 more mistakes"


@pytest.mark.parametrize(
    "path", ["a\nb", "~nobody-here/x", "x" * 256, "y/" * 3000, "a\0b", "\u2028"]
)
@pytest.mark.parametrize(
    "key",
    [
        ("data", "path"),
        ("contents", "source"),
        ("styles", "sets", "Own", "folder"),
        ("backbones", "Net", "weights"),
        ("judge", "weights"),
        ("extends",),
    ],
    ids=".".join,
)
def test_a_path_that_no_system_has_is_one_line(key, path):
    with pytest.raises(ConfigError) as caught:
        Study.from_config(put(key, path))
    (line,) = caught.value.lines
    assert line.startswith(f"config: {'.'.join(key)}: ")
    assert line.isprintable()
