"""The Containerfile, as far as it is known without building it; `make image-check` builds it."""

import re
import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from packaging.requirements import Requirement

from nstcore.common.surroundings import PINNED

TEXT = (ROOT / "Containerfile").read_text("utf-8")
# Lines that go on are one; a comment may stand between them.
STEPS = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n", "", TEXT)).splitlines()


def words(name: str) -> list[str]:
    """What follows an instruction, wherever it stands."""
    return [line.removeprefix(name).strip() for line in STEPS if line.startswith(f"{name} ")]


def test_the_linter_has_nothing_to_say_and_would_have_had():
    lint = [Path(sys.executable).parent / "hadolint", "--failure-threshold", "style"]
    assert subprocess.run([*lint, ROOT / "Containerfile"], check=False).returncode == 0
    loose = TEXT.replace("--no-install-recommends ", "")
    assert loose != TEXT
    done = subprocess.run([*lint, "-"], input=loose, text=True, check=False, capture_output=True)
    assert done.returncode == 1


def test_nothing_is_installed_but_what_the_locks_have_by_hash():
    installing = [step for step in re.split(r"&& ", " && ".join(words("RUN"))) if "pip " in step]
    assert len(installing) == 3
    for step in installing:
        assert "--no-deps" in step
        assert "--require-hashes" in step or step.split()[-1] == "."
    locks = set(re.findall(r"requirements\S*\.lock", installing[0]))
    assert locks == {
        path.name for path in ROOT.glob("requirements*.lock") if "dev" not in path.name
    }


def test_programs_find_the_surroundings_that_they_would_make():
    variables = dict(re.findall(r"(\w+)=(\S+)", " ".join(words("ENV"))))
    assert variables.items() >= PINNED.items()
    # Snakemake's own command in a pod installs the storage plugin; without a network.
    assert variables["PIP_NO_INDEX"] == variables["PIP_NO_DEPS"] == "1"
    assert variables["PIP_FIND_LINKS"] in words("RUN")[2]


def test_the_part_of_the_lock_that_is_kept_as_a_wheel_is_the_plugin_alone():
    command = re.search(r"sed --quiet '.+?' requirements-cluster\.lock", TEXT)
    assert command
    part = subprocess.run(["bash", "-c", command[0]], cwd=ROOT, capture_output=True, check=True)
    lines = part.stdout.decode().splitlines()
    assert Requirement(lines[0].removesuffix(" \\")).name == "snakemake-storage-plugin-s3"
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])
    assert len(lines) > 1


def test_the_image_is_not_root_s_and_copies_only_what_is_let_through():
    assert words("USER") == ["1000"]
    ignored = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {name for line in words("COPY") for name in line.split()[:-1]}
    assert "*" in ignored
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_has_the_project_s_version():
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version
    assert f'image.version="{version[1]}"' in TEXT
