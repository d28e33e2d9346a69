"""What is written of the config for readers and editors is what the sections say today."""

import json

import jsonschema
import pytest
import yaml
from conftest import ROOT

from nstcore.study.documentation import PAGE, SCHEMA, page, schema


@pytest.mark.parametrize(
    ("path", "written"), [(PAGE, page), (SCHEMA, schema)], ids=["page", "schema"]
)
def test_what_is_written_down_is_current(path, written):
    assert (ROOT / path).read_text("utf-8") == written(), "run make docs"


@pytest.mark.parametrize("name", ["config.yaml", "demo.yaml"])
def test_the_schema_accepts_the_projects_own_configs_and_they_name_it(name):
    text = (ROOT / name).read_text("utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA}\n")
    jsonschema.Draft202012Validator(json.loads(schema())).validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("training", {"max_epoch": 3}),
        ("aggregations", ["cubed"]),
        ("optimizers", {"adam": {"learning_rate": 0}}),
        ("backbones", {"Net": {"architecture": "VGG91"}}),
        ("image_size", 8),
        ("data", {"path": "x", "on_bad_image": "ask"}),
    ],
)
def test_the_schema_refuses_what_the_config_refuses(section, value):
    config = yaml.safe_load((ROOT / "demo.yaml").read_text("utf-8")) | {section: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(schema())).validate(config)


def test_every_key_is_described():
    for line in page().splitlines():
        if line.startswith("| `"):
            key, *_, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            assert meaning, key
