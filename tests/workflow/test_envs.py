import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pins(text):
    """The pinned versions by package, one `name==version` at the start of a line each."""
    return dict(re.findall(r"^([\w-]+)==([^\s;]+)", text, re.MULTILINE))


ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WEIGHTS = (ROOT / "requirements-weights.lock").read_text("utf-8")
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


# What the programs of an environment import; all that these need follows from their metadata.
IMPORTED = {
    "crate": [
        *("jinja2", "lazy-loader", "markupsafe", "numpy", "pandas", "pillow", "psutil"),
        *("pydantic", "pyyaml", "rocrate", "scikit-image", "scipy"),
    ],
    "kaggle": ["kaggle", "kagglesdk", "lazy-loader"],
    "nst": PROJECT["dependencies"],
}


def closure(texts):
    """The names of requirements and of all that these require on Linux with Python 3.11."""
    python = {"python_version": "3.11", "python_full_version": "3.11.0"}
    waiting, found = [(Requirement(text), "") for text in texts], set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({**python, "extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras} - {e for known, e in found if known == name}:
            found.add((name, wanted))
            waiting += [(Requirement(text), wanted) for text in required(name)]
    return sorted({name for name, _ in found})


def required(name):
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []  # What this Python does not need.


def listed(path):
    """The packages that a conda environment has from PyPI."""
    dependencies = yaml.safe_load(path.read_text("utf-8"))["dependencies"]
    return next(entry["pip"] for entry in dependencies if isinstance(entry, dict))


def locked(name):
    """All pins of an environment, as the lock has them."""
    versions = pins(LOCK)
    return [f"{package}=={versions[package]}" for package in closure(IMPORTED[name])]


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_conda_environment_resolves_to_the_lock_and_to_nothing_else(path):
    """Renew them with `.venv/bin/python tests/workflow/test_envs.py`."""
    assert listed(path) == locked(path.stem)


def test_what_is_listed_asks_for_nothing_that_is_not(tmp_path):
    """pip itself, on the smaller of the two: what it would install is what the file names."""
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("\n".join(listed(ROOT / "envs/kaggle.yaml")), "utf-8")
    report = tmp_path / "report.json"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    subprocess.run([*pip, "--report", report, "--requirement", wanted], check=True)
    installed = {
        f"{canonicalize_name(entry['metadata']['name'])}=={entry['metadata']['version']}"
        for entry in json.loads(report.read_text("utf-8"))["install"]
    }
    assert installed == set(listed(ROOT / "envs/kaggle.yaml"))


def test_the_script_after_it_is_run_by_a_shell_that_knows_its_options():
    """Snakemake runs it by `sh`, Debian's of which ends at `pipefail`, unless it names another."""
    script = ROOT / "envs" / "nst.post-deploy.sh"
    first, *_ = script.read_text("utf-8").splitlines()
    assert first == "#!/usr/bin/env bash"
    subprocess.run([*first.removeprefix("#!").split(), "-n", script], check=True)


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


if __name__ == "__main__":
    for env in sorted((ROOT / "envs").glob("*.yaml")):
        head, _, _ = env.read_text("utf-8").partition("  - pip:\n")
        lines = [f"      - {pin}\n" for pin in locked(env.stem)]
        env.write_text(f"{head}  - pip:\n{''.join(lines)}", "utf-8")
