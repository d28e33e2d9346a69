"""Nothing outside of a study bends its results: variables, files of the home and the folder."""

import json
import os
import sys
import warnings
from pathlib import Path

import keras
import pytest
from conftest import ROOT
from processes import see
from small_study import write_study

from nstcore.backbones.backbone import load_backbone
from nstcore.common import surroundings
from nstcore.common.errors import StudyError, WeightsError
from nstcore.common.files import sha256

HOSTILE = {
    # As Jupyter hands it on: a module that is not there.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "KERAS_BACKEND": "torch",
    "KERAS_NNX_ENABLED": "true",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_XLA_FLAGS": "--no-such-flag",
    "XLA_FLAGS": "--no-such-flag",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2 FMA3",
    "PANDAS_FUTURE_INFER_STRING": "0",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "ascii",
    "LC_ALL": "C",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_variable_that_could_bend_a_run_is_not_passed_on(name: str) -> None:
    sound = dict(surroundings.PINNED)
    given = surroundings.differences({**sound, name: HOSTILE[name]})
    assert given == {} if name == "LC_ALL" else given[name] == surroundings.PINNED.get(name)


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "LANG", "KERAS_HOME", "OMP_NUM_THREADS", "PYTHONPATH", "CUDA_VISIBLE_DEVICES"],
)
def test_places_threads_and_devices_are_left_alone(name: str) -> None:
    assert surroundings.differences({**surroundings.PINNED, name: "2"}) == {}


def test_what_was_said_otherwise_is_named_and_children_do_not_see_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        os, "environ", {**surroundings.PINNED, "TF_XLA_FLAGS": "x", "MPLBACKEND": ""}
    )
    assert surroundings.pin() == ("MPLBACKEND", "TF_XLA_FLAGS")
    assert os.environ == surroundings.PINNED
    assert surroundings.pin() == ()


@pytest.fixture
def hostile(tmp_path: Path) -> dict[str, str]:
    """An environment whose every corner says something else; its HOME and folder too."""
    (tmp_path / ".keras").mkdir()
    values = {"floatx": "float16", "epsilon": 0.5, "image_data_format": "channels_first"}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({**values, "backend": "jax"}))
    for folder in (tmp_path, tmp_path / ".config" / "matplotlib"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "matplotlibrc").write_text("font.size: 40\nno.such: 1\nsvg.fonttype: path\n")
    for module in ("numpy", "keras", "json", "nstcore"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('the wrong module')")
    return {**os.environ, **HOSTILE, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}


def run(program: str, *arguments: object, environment: dict[str, str], cwd: Path) -> None:
    path = ROOT / "workflow_scripts" / f"{program}.py"
    done = see(
        [sys.executable, path, *map(str, arguments)],
        env=environment,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stdout


def test_a_network_and_what_it_sees_are_the_same_in_any_surroundings(
    hostile: dict[str, str], tmp_path: Path
) -> None:
    network = '{"architecture": "MobileNetV2", "weights": "random"}'
    painting = write_study(tmp_path / "study") / "inputs" / "painting_0a.png"
    made = []
    for name, environment in (("here", dict(os.environ)), ("there", hostile)):
        folder = tmp_path / name
        folder.mkdir()
        backbone = folder / "b.weights.h5"
        files = ("--output", backbone, "--about", folder / "b.json")
        cwd = tmp_path if name == "there" else folder
        options = {"environment": environment, "cwd": cwd}
        run("load_backbone", "--name", "b", "--network", network, *files, **options)
        files = ("--output", folder / "t.npz", "--about", folder / "t.json")
        run("build_target", "--backbone", backbone, "--paintings", painting, *files, **options)
        made.append([sha256(path) for path in sorted(folder.iterdir())])
    assert made[0] == made[1]


def test_a_report_is_the_same_in_any_surroundings(hostile: dict[str, str], tmp_path: Path) -> None:
    study = write_study(tmp_path / "study")
    pages = []
    for environment in (dict(os.environ), hostile):
        output = tmp_path / "report.html"
        arguments = ("--study", study, "--templates", ROOT / "reports", "--output", output)
        run("report", *arguments, environment=environment, cwd=tmp_path)
        pages.append(output.read_bytes())
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"floatx": "float128"}, "floatx is 'float128'"),
        ({"epsilon": 1}, "epsilon is 1"),
        ({"image_data_format": "channels_middle"}, "image_data_format"),
        ([1], "not a JSON object"),
    ],
)
def test_a_keras_file_with_which_keras_does_not_start_is_named(
    values: object, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    surroundings.check_keras_file()
    (tmp_path / "keras.json").write_text(json.dumps(values))
    with pytest.raises(StudyError, match=rf"keras\.json: .*{told}.*delete"):
        surroundings.check_keras_file()


@pytest.mark.parametrize(
    ("setting", "value", "sound"),
    [
        ("floatx", "float16", "float32"),
        ("image_data_format", "channels_first", "channels_last"),
        ("dtype_policy", "mixed_float16", "float32"),
        ("epsilon", 1e-3, 1e-7),
    ],
)
def test_a_notebook_whose_keras_computes_otherwise_is_told_and_left_as_it_is(
    setting: str, value: object, sound: object
) -> None:
    change = getattr(keras.config, f"set_{setting}")
    change(value)
    try:
        with pytest.raises(StudyError, match=rf"Keras' {setting} is .*set_{setting}\({sound!r}\)"):
            load_backbone("MobileNetV2", "random")
        now = getattr(keras.config, setting)()
        assert getattr(now, "name", now) == value
    finally:
        change(sound)


def test_a_notebook_is_told_of_variables_that_may_change_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("MPLBACKEND", "inline")
    with pytest.warns(UserWarning, match="^TF_ENABLE_ONEDNN_OPTS in the environment"):
        load_backbone("MobileNetV2", "random")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_backbone("MobileNetV2", "random")


def test_a_model_that_computes_in_half_precision_does_not_pass_for_single(tmp_path: Path) -> None:
    inputs = keras.Input((None, None, 3))
    outputs = keras.layers.Conv2D(2, 3, name="half", dtype="mixed_float16")(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "half.keras")
    options = {"style_layers": {"half": 1.0}, "content_layer": "half", "preprocessing": "unit"}
    with pytest.raises(WeightsError, match="layer half computes in float16"):
        load_backbone(weights=tmp_path / "half.keras", **options)
