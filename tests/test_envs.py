import re

import pytest
import yaml
from conftest import ROOT


def pins(text):
    """The pinned versions by package, one `name==version` at the start of a line each."""
    return dict(re.findall(r"^([\w-]+)==([^\s;]+)", text, re.MULTILINE))


LOCK = (ROOT / "requirements.lock").read_text("utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_conda_environment_has_the_versions_of_the_lock(path):
    dependencies = yaml.safe_load(path.read_text("utf-8"))["dependencies"]
    packages = next(entry for entry in dependencies if isinstance(entry, dict))["pip"]
    wanted = pins("\n".join(packages))
    assert len(wanted) == len(packages)
    assert wanted == {name: pins(LOCK).get(name) for name in wanted}


def test_every_requirement_of_the_lock_is_hashed():
    for requirement in re.split(r"\n(?=[\w-]+==)", LOCK)[1:]:
        assert "--hash=sha256:" in requirement
