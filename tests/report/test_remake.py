"""One picture again with one change: what is offered can be read, and runs."""

import ast
import importlib
import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from PIL import Image
from small_study import ARTISTS, TESTS, config, write_study

from nstcore.painting.canvas import Canvas
from nstcore.report.remake import content_line, remake_call, remake_command, remake_config
from nstcore.study.config import Study
from nstcore.study.results import Results, read_results
from nstcore.study.runs import Model

STYLES = tuple(ARTISTS)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return read_results(write_study(tmp_path / "results" / "small"))


def control(results: Results) -> Model:
    return next(one for one in results.models if one.backbone == "Control")


def write_config(results: Results, style: str = STYLES[0], content: int = 0, **more: tuple) -> str:
    model = control(results)
    return remake_config(results, model, style, results.contents("test")[content], **more)


def marked(text: str) -> list[str]:
    return [line for line in text.splitlines() if "# <- the line to edit" in line]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("content", range(len(TESTS)))
def test_the_config_is_of_one_model_style_and_content(
    results: Results, style: str, content: int
) -> None:
    text = write_config(results, style, content)
    study = Study.from_config(yaml.safe_load(text))
    assert study.study == "small-remake"
    assert list(study.backbones) == ["Control"]
    assert study.aggregations == (control(results).aggregation,)
    assert study.styles.artists == (ARTISTS[style],)
    # As many as are drawn before it, and it.
    assert (study.contents.train, study.contents.test) == (1, content + 1)
    assert study.judge is None
    assert list(study.optimizers) == ["adam"]
    assert (study.training.max_epochs, study.training.watch) == (3, 0)
    whole = results.config
    assert study.network("Control") == whole.network("Control")
    assert (study.seed, study.image_size, study.data) == (whole.seed, whole.image_size, whole.data)
    assert study.objective("Control").numbers == (1.0, 100.0)


def test_a_variant_stands_by_itself_with_its_canvas(results: Results) -> None:
    canvas = {"kind": "pyramid", "levels": 3, "shifts": 4, "padding": 8}
    changed = results.config.full()
    changed["backbones"]["Control"] |= {
        "like": "VGG16",
        "canvas": canvas,
        "aggregations": ["simple", "squared"],
    }
    variant = replace(results, config=Study.read(changed, "config"))
    model = control(variant)
    text = remake_config(variant, model, STYLES[0], variant.contents("test")[0])
    study = Study.from_config(yaml.safe_load(text))
    assert list(study.backbones) == ["Control"]
    assert study.canvas_of("Control") == variant.config.canvas_of("Control") == Canvas(**canvas)
    assert study.models == [("Control", model.aggregation)]
    call = remake_call(variant, model, STYLES[0])
    ast.parse(call)
    assert "canvas = nstcore.Canvas(\n    kind='pyramid',\n    shifts=4,\n" in call
    assert "    canvas=canvas,\n" in call


def test_one_line_is_marked_and_changing_it_changes_the_painting(results: Results) -> None:
    text = write_config(results)
    (line,) = marked(text)
    assert line.startswith("    alpha: 1.0 # <-")
    edited = text.replace(line, line.replace("1.0", "2.0"))
    study = Study.from_config(yaml.safe_load(edited))
    assert study.objective("Control").numbers == (2.0, 100.0)


def test_where_weights_are_not_measured_yet_the_epochs_are_to_be_edited(results: Results) -> None:
    unmeasured = replace(results, loss_weights={})
    (line,) = marked(write_config(unmeasured))
    assert line.startswith("  max_epochs: 3 # <-")
    assert len(marked(remake_call(unmeasured, control(unmeasured), STYLES[0]))) == 1


def test_a_set_of_one_s_own_is_taken_over(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "results" / "small")
    values = config()
    values["styles"]["sets"] = {"An era": {"folder": "eras/one", "images": 5}}
    (folder / "config.json").write_text(json.dumps({"config_version": 1, "config": values}))
    results = read_results(folder)
    study = Study.from_config(yaml.safe_load(write_config(results, "An_era")))
    (style,) = study.styles.each()
    assert (style.label, style.folder, style.images) == ("An era", "eras/one", 5)


def test_paths_that_are_names_only_are_told(results: Results) -> None:
    text = write_config(results, shortened=("artworks", "net.keras"))
    assert "put in where they are: artworks, net.keras" in text
    assert Study.from_config(yaml.safe_load(text))


def test_the_command_asks_for_the_one_picture_whatever_it_is_called(results: Results) -> None:
    file = f"stylized/Control/simple/{STYLES[1]}/{TESTS[1]}.png"
    words = shlex.split(remake_command(results.config, file))
    assert words == [
        *("snakemake", "--cores", "all"),
        f"results/small-remake/{file}",
        *("--configfile", "small-remake.yaml"),
    ]
    assert words[3] in write_config(results, STYLES[1], 1).replace("'\"'\"'", "'")


def test_a_long_name_of_a_study_stays_one(results: Results) -> None:
    long = replace(results, config=results.config.model_copy(update={"study": "x" * 100}))
    assert len(Study.from_config(yaml.safe_load(write_config(long))).study) == 100


def test_the_call_names_what_there_is(results: Results) -> None:
    for model in results.models:
        for style in STYLES:
            text = content_line(results.config, results.contents("test")[1])
            text += remake_call(results, model, style)
            tree = ast.parse(text)
            assert len(marked(text)) == 1
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom):
                    module = importlib.import_module(str(node.module))
                    assert all(hasattr(module, name.name) for name in node.names)


def test_the_call_paints(results: Results, tmp_path: Path) -> None:
    content = results.contents("test")[1]
    text = content_line(results.config, content) + remake_call(results, control(results), STYLES[1])
    (tmp_path / "call.py").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "call.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "remake.png") as made:
        assert made.size == (32, 32)
        untouched = Image.open(results.folder / "inputs" / f"{content.id}.png").convert("RGB")
        assert made.convert("RGB").tobytes() != untouched.tobytes()
