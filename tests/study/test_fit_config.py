"""What `contents.fit` and `contents.test_size` change of a config, and what they do not."""

import pytest
import yaml
from conftest import ROOT

from nstcore.common.errors import ConfigError
from nstcore.images.prepare import Shape
from nstcore.study.config import Study
from nstcore.study.demand import disk, memory, painting_memory
from nstcore.study.record import check_record, write_record


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))


def with_contents(config, **keys):
    return {**config, "contents": {**config["contents"], **keys}}


def only(config, backbone, **keys):
    return {**config, "backbones": {backbone: {**config["backbones"][backbone], **keys}}}


def test_without_either_nothing_changes(config):
    study = Study.from_config(config)
    assert study.test_shape == Shape(224)
    assert painting_memory(study) == memory(study, 1, 1)
    assert "fit" not in study.contents.given()


@pytest.mark.parametrize("fit", ["squeeze", "pad", "keep"])
def test_the_size_is_that_of_the_study_where_none_is_given(config, fit):
    assert Study.from_config(with_contents(config, fit=fit)).test_shape == Shape(224, fit)
    larger = Study.from_config(with_contents(config, fit=fit, test_size=512))
    assert larger.test_shape == Shape(512, fit)
    assert disk(larger) > disk(Study.from_config(config))


def test_a_large_picture_in_tiles_takes_less_memory_than_a_whole_one(config):
    large = with_contents(only(config, "VGG19"), test_size=2048)
    tiled = painting_memory(Study.from_config(large))
    shifted = with_contents(only(config, "VGG19", canvas={"shifts": 4}), test_size=2048)
    whole = painting_memory(Study.from_config(shifted))
    assert tiled < 12_000 < whole
    strided = with_contents(only(config, "ResNet50"), test_size=2048)
    assert painting_memory(Study.from_config(strided)) > 12_000
    # Training is what it was.
    assert memory(Study.from_config(large), 2, 6) == memory(
        Study.from_config(only(config, "VGG19")), 2, 6
    )


def test_another_fit_is_another_config_to_a_study_that_is_there(config, tmp_path):
    write_record(Study.from_config(config), tmp_path / "config.json")
    check_record(Study.from_config(with_contents(config, fit="squeeze")), tmp_path / "config.json")
    with pytest.raises(ConfigError, match=r"contents\.fit"):
        check_record(Study.from_config(with_contents(config, fit="keep")), tmp_path / "config.json")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"fit": "crop"}, r"contents\.fit: 'crop'.*squeeze, pad"),
        ({"test_size": 16}, r"contents\.test_size: .*32"),
        ({"test_size": 1e9}, r"contents\.test_size: .*4096"),
        ({"test_size": "large"}, r"contents\.test_size"),
    ],
)
def test_what_is_no_fit_or_size_is_one_line(config, keys, line):
    with pytest.raises(ConfigError, match=line) as caught:
        Study.from_config(with_contents(config, **keys))
    assert len(caught.value.lines) == 1


def test_a_canvas_has_to_fit_test_contents_too(config):
    canvas = {"padding": 40}
    Study.from_config({**config, "canvas": canvas})
    with pytest.raises(ConfigError, match=r"canvas\.padding: 40 pixels cannot be reflected"):
        Study.from_config(with_contents({**config, "canvas": canvas}, test_size=40))
