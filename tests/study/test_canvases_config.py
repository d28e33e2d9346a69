"""Canvases in the config, backbones that are like others, and aggregations of their own."""

import copy

import pytest
import yaml
from conftest import ROOT

from nstcore.common.errors import ConfigError
from nstcore.painting.canvas import Canvas
from nstcore.study.config import Study
from nstcore.study.demand import foresee, memory
from nstcore.study.record import check_record, read_record, write_record

ALL = {"kind": "pyramid", "shifts": 6, "padding": 16}


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))


def with_variant(config, **keys):
    changed = copy.deepcopy(config)
    changed["backbones"]["ResNet50-pyramid"] = {"like": "ResNet50", **keys}
    return changed


def test_a_backbone_like_another_takes_over_what_it_does_not_give(config):
    given = with_variant(config, canvas=ALL, alpha=2.0)
    given["backbones"]["ResNet50"]["beta"] = 3.0
    study = Study.from_config(given)
    own, base = study.backbones["ResNet50-pyramid"], study.backbones["ResNet50"]
    assert own.style_layers == base.style_layers
    assert (own.alpha, own.beta) == (2.0, 3.0)
    assert base.alpha is None
    assert study.canvas_of("ResNet50-pyramid") == Canvas(**ALL)
    assert study.canvas_of("ResNet50").is_plain


def test_one_network_and_its_targets_are_kept_once(config):
    study = Study.from_config(with_variant(config, canvas=ALL))
    assert study.file_of("ResNet50-pyramid") == "ResNet50"
    assert "ResNet50-pyramid" not in study.files
    other = Study.from_config(with_variant(config, pooling="average"))
    assert other.file_of("ResNet50-pyramid") == "ResNet50-pyramid"
    assert foresee(other).jobs - foresee(study).jobs == 1 + 6 + 1


def test_models_are_each_backbone_with_its_own_aggregations(config):
    study = Study.from_config(with_variant(config, aggregations=["squared", "simple"]))
    mine = [aggregation for backbone, aggregation in study.models if backbone[-1] == "d"]
    assert mine == ["simple", "squared"]
    assert len(study.models) == 4 * 3 + 2
    assert foresee(study).pictures == 14 * 6 * 5


def test_the_study_s_canvas_is_that_of_backbones_without_their_own(config):
    config["canvas"] = {"kind": "fourier", "padding": 20}
    study = Study.from_config(with_variant(config, canvas={"kind": "pixels"}))
    assert study.canvas_of("VGG19") == Canvas(kind="fourier", padding=20)
    assert study.canvas_of("ResNet50-pyramid").is_plain
    plain = copy.deepcopy(config)
    del plain["canvas"]
    assert memory(study, 10, 1) > memory(Study.from_config(plain), 10, 1)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"like": "ResNet5"}, "like: 'ResNet5' is no other backbone; allowed: VGG19, ResNet50, "),
        ({"like": "ResNet50-pyramid"}, "like: 'ResNet50-pyramid' is no other backbone; allowed: "),
        ({"like": ["VGG19"]}, "like: ['VGG19'] is no other backbone"),
        ({"canvas": "pyramid"}, "canvas: 'pyramid' should be of type object"),
        ({"canvas": {"kind": "pixel"}}, "canvas.kind: 'pixel' is not known; allowed: pixels, "),
        ({"canvas": {"kinds": "pixels"}}, "canvas: unknown key 'kinds'; allowed: kind, shifts, "),
        (
            {"canvas": {"kind": "pyramid", "levels": 9}},
            "canvas.levels: 9 levels are more than pictures of 224 pixels have room for; at most 8",
        ),
        (
            {"canvas": {"padding": 224}},
            "canvas.padding: 224 pixels cannot be reflected of pictures of 224; at most 223",
        ),
        (
            {"like": "InceptionV3", "canvas": {"shifts": 6}},
            "canvas.shifts: on a network whose convolutions are not padded, shifts need a padding "
            "of at least shift_pixels, here 8; the padding is 0",
        ),
        ({"aggregations": []}, "aggregations: [] is too short; at least 1"),
        ({"aggregations": ["mean"]}, "aggregations.0: 'mean' is not known; allowed: simple, "),
    ],
)
def test_what_is_wrong_with_a_variant_is_one_line(config, keys, line):
    with pytest.raises(ConfigError) as caught:
        Study.from_config(with_variant(config, **keys))
    assert len(caught.value.lines) == 1, caught.value.lines
    assert caught.value.lines[0].startswith(f"config: backbones.ResNet50-pyramid.{line}")


def test_the_study_s_own_canvas_is_told_once_for_all_backbones(config):
    config["canvas"] = {"kind": "pyramid", "levels": 9}
    with pytest.raises(ConfigError) as caught:
        Study.from_config(config)
    assert caught.value.lines == [
        "config: canvas.levels: 9 levels are more than pictures of 224 pixels have room for; at "
        "most 8"
    ]


def test_a_variant_of_a_variant_names_what_to_name(config):
    config = with_variant(config, canvas=ALL)
    config["backbones"]["Third"] = {"like": "ResNet50-pyramid"}
    with pytest.raises(ConfigError, match="is itself like 'ResNet50'; name that one"):
        Study.from_config(config)


def test_aggregations_that_the_study_lacks_are_told(config):
    config = with_variant(config, aggregations=["logged"])
    config["aggregations"] = ["simple"]
    with pytest.raises(ConfigError) as caught:
        Study.from_config(config)
    told = "config: aggregations: logged is missing, which the backbone ResNet50-pyramid has"
    assert caught.value.lines == [told]


def test_the_record_keeps_variants_and_lets_them_be_added(tmp_path, config):
    path = tmp_path / "config.json"
    before, after = Study.from_config(config), Study.from_config(with_variant(config, canvas=ALL))
    write_record(before, path)
    check_record(after, path)
    write_record(after, path)
    assert read_record(path).canvas_of("ResNet50-pyramid") == Canvas(**ALL)
    check_record(before, path)
    changed = with_variant(config, canvas={**ALL, "shifts": 5})
    with pytest.raises(ConfigError, match=r"backbones\.ResNet50-pyramid\.canvas\.shifts: 6 -> 5"):
        check_record(Study.from_config(changed), path)
