import importlib.metadata
import re
import tomllib

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement


def pins(text):
    """The pinned versions by package, one `name==version` at the start of a line each."""
    return dict(re.findall(r"^([\w-]+)==([^\s;]+)", text, re.MULTILINE))


WEIGHTS = (ROOT / "requirements-weights.lock").read_text("utf-8")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_conda_environment_has_the_versions_of_the_lock(path):
    dependencies = yaml.safe_load(path.read_text("utf-8"))["dependencies"]
    packages = next(entry for entry in dependencies if isinstance(entry, dict))["pip"]
    wanted = pins("\n".join(packages))
    assert len(wanted) == len(packages)
    assert wanted == {name: pins(LOCK).get(name) for name in wanted}


def test_the_conda_environments_hold_what_their_programs_import():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = {}
    for path in (ROOT / "envs").glob("*.yaml"):
        dependencies = yaml.safe_load(path.read_text("utf-8"))["dependencies"]
        packages = next(entry for entry in dependencies if isinstance(entry, dict))["pip"]
        listed[path.stem] = {Requirement(text).name for text in packages}
    needed = project["dependencies"]
    assert listed["nst"] == {Requirement(text).name for text in needed}
    # All that `nstcore.report.crate` imports, as a process that has imported it tells.
    assert listed["crate"] > {
        "rocrate",
        "jinja2",
        "numpy",
        "pandas",
        "pillow",
        "pydantic",
        "pyyaml",
    }
    assert listed["kaggle"] == {"kaggle", "kagglesdk", "lazy-loader"}


def test_what_conda_installs_without_dependencies_is_that_of_the_lock():
    """conda's own list cannot do that; Snakemake runs the script in the new environment."""
    script = (ROOT / "envs" / "nst.post-deploy.sh").read_text("utf-8")
    pinned = [line for line in WEIGHTS.splitlines() if line and not line.startswith("#")]
    assert pinned
    for line in pinned:
        assert line in script


def test_packages_that_ship_weights_are_installed_here_at_their_pins():
    for name, version in re.findall(r"^([\w-]+)==(\S+)", WEIGHTS, re.MULTILINE):
        assert importlib.metadata.version(name) == version


def test_every_requirement_of_the_locks_is_hashed():
    locks = "\n".join(path.read_text("utf-8") for path in ROOT.glob("requirements*.lock"))
    for requirement in re.split(r"\n(?=[\w-]+==)", locks)[1:]:
        assert "--hash=sha256:" in requirement
