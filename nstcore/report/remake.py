"""One picture of a study again with one change: a config to be edited, and a call of the library.

Nothing here needs TensorFlow; what the call needs is imported where it is run.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from nstcore.common.formatting import format_yaml
from nstcore.painting.canvas import Canvas
from nstcore.painting.optimizers import OPTIMIZERS
from nstcore.selection.pictures import Picture
from nstcore.study.config import Study
from nstcore.study.results import Results
from nstcore.study.runs import Model

SUFFIX = "-remake"
_LONGEST_NAME = 100


def remake_name(config: Study) -> str:
    """Name the study that makes one picture again."""
    return config.study[: _LONGEST_NAME - len(SUFFIX)] + SUFFIX


def remake_command(study: Study, file: str) -> str:
    """Return the command that makes one picture with the config of `remake_config`.

    Args:
        study: Whose picture it was.
        file: The picture's, relative to the study's folder.
    """
    name = remake_name(study)
    words = ["snakemake", "--cores", "all", f"results/{name}/{file}"]
    return shlex.join([*words, "--configfile", f"{name}.yaml"])


def remake_config(
    results: Results,
    model: Model,
    style: str,
    content: Picture,
    shortened: Sequence[str] = (),
) -> str:
    """Write a config of one model, one style and one content of a study, as YAML.

    The weights of the losses are the study's numbers; training is the model's choice alone, for as
    many epochs. A comment marks the line that is meant to be changed.

    Args:
        results: The study's, of whose config paths may be shortened.
        model: One of its models.
        style: Name of a style.
        content: A test content.
        shortened: Paths of the config that are no more than names here.
    """
    file = f"stylized/{model.backbone}/{model.aggregation}/{style}/{content.id}.png"
    count = results.contents("test").index(content) + 1
    body = remake_body(results, model, style, shortened).replace(COUNT, str(count))
    return f"# {remake_command(results.config, file)}\n{body}"


COUNT = "%COUNT%"
"""Stands in `remake_body` for the number of test contents: they are drawn in an order, so that as
many are needed as come before the wanted one, and it."""


def remake_body(results: Results, model: Model, style: str, shortened: Sequence[str] = ()) -> str:
    """Write what `remake_config` has below its command, for all contents."""
    study = results.config
    values = study.given()
    chosen = model.choice
    network = values["backbones"][model.backbone]
    # All that it took over is among its own keys, and it makes one model alone.
    for key in ("like", "aggregations"):
        network.pop(key, None)
    weights = results.loss_weights.get(model.backbone)
    if weights:
        # Last, so that the line to be edited is seen.
        network |= {"beta": weights.beta, "alpha": weights.alpha}
    values.pop("judge", None)
    values |= {
        "study": remake_name(study),
        "styles": _one_style(study, style),
        "contents": {**values["contents"], "train": 1, "test": 1},
        "backbones": {model.backbone: network},
        "aggregations": [model.aggregation],
    }
    if chosen:
        epochs = max(1, chosen.epochs)
        values["optimizers"] = {chosen.optimizer: study.optimizers[chosen.optimizer].full()}
        # It is the number of epochs that is to be the same, not the rule that found it.
        values["training"] = {
            **values.get("training", {}),
            "max_epochs": epochs,
            "min_improvement": 0.0,
            "patience": epochs,
            "watch": 0,
            "batch": 1,
        }
    wanted = "    alpha: " if weights else "  max_epochs: "
    told = [
        f"# One picture of the study {study.study}, to be made again with one change: edit the",
        "# marked line, and run the command above in the project's folder.",
    ]
    if shortened:
        told.append(f"# Only named here, so put in where they are: {', '.join(shortened)}")
    for line in format_yaml(values).splitlines():
        if line == "  test: 1":
            told.append(f"  test: {COUNT}")
        elif line.startswith(wanted):
            told.append(f"{line} # <- the line to edit: {_ALPHA if weights else _EPOCHS}")
        else:
            told.append(line)
    return "\n".join(told) + "\n"


_ALPHA = "more keeps more of the content"
_EPOCHS = "for how long is painted"


def _one_style(study: Study, name: str) -> dict[str, Any]:
    given = study.styles.given()
    style = next(one for one in study.styles.each() if one.name == name)
    kind = "artists" if style.artist else "genres" if style.genre else "sets"
    rest = {key: value for key, value in given.items() if key not in {"artists", "genres", "sets"}}
    only = {style.label: given["sets"][style.label]} if kind == "sets" else [style.label]
    return {**rest, kind: only}


def remake_call(results: Results, model: Model, style: str) -> str:
    """Write a call of the library that paints like a model, as Python.

    It takes the study's prepared pictures, so runs where `results/` lies; `content` names one of
    them and is to be defined before it, see `content_line`.
    """
    study = results.config
    network = study.network(model.backbone).full()
    network.pop("description", None)
    options = {key: value for key, value in network.items() if key != "weights"}
    architecture = options.pop("architecture", None)
    weights = results.loss_weights.get(model.backbone)
    objective: dict[str, Any] = {
        **study.objective(model.backbone).given(),
        "aggregation": model.aggregation,
    }
    if weights:
        objective.pop("content_share", None)
        objective |= {"beta": weights.beta, "alpha": weights.alpha}
    chosen = model.choice
    optimizer = chosen.optimizer if chosen else next(iter(study.optimizers))
    settings = study.optimizers[optimizer].full()
    schedule = {
        "epochs": chosen.epochs if chosen else study.training.max_epochs,
        "steps_per_epoch": study.training.steps_per_epoch,
        "initial_noise": study.training.initial_noise,
        "seed": study.seed,
    }
    lines = [
        "paintings = [",
        *(f"    {_input(study, one)!r}," for one in results.paintings(style)),
        "]",
        "",
        "import nstcore",
        "from nstcore.common.runtime import start_tensorflow",
        "from nstcore.images.io import load_batch, save_png, to_image",
        "from nstcore.images.prepare import give_back",
        "from nstcore.painting import optimizers",
        "",
        f"start_tensorflow(threads={study.compute.threads}, seed={study.seed})",
        "backbone = nstcore.load_backbone(",
        f"    {architecture!r},",
        *_keywords({"weights": network["weights"], "name": model.backbone, "seed": study.seed}),
        *_keywords(options),
        ")",
        "target = nstcore.StyleTarget.from_images(backbone, load_batch(paintings))",
        "objective = nstcore.Objective(",
        *(
            f"{line}  # <- the line to edit: {_ALPHA}"
            if weights and line.startswith("    alpha=")
            else line
            for line in _keywords(objective)
        ),
        ")",
        f"optimizer = optimizers.{OPTIMIZERS[optimizer].__name__}(",
        *_keywords(settings),
        ")",
        "schedule = nstcore.Schedule(",
        *(
            f"{line}  # <- the line to edit: {_EPOCHS}"
            if not weights and line.startswith("    epochs=")
            else line
            for line in _keywords(schedule)
        ),
        ")",
        *_canvas_lines(study.canvas_of(model.backbone)),
        "result = nstcore.stylize(",
        "    load_batch([content]), target, backbone, objective, optimizer, schedule,",
        "    canvas=canvas,",
        ")",
        "image = give_back(to_image(result.images[0]), content)",
        'save_png(image, "remake.png")',
        "print(result.history.tail(1))",
    ]
    return "\n".join(lines) + "\n"


def _canvas_lines(canvas: Canvas) -> list[str]:
    given = canvas.given()
    return ["canvas = nstcore.Canvas(", *_keywords(given), ")"] if given else ["canvas = None"]


def content_line(study: Study, content: Picture) -> str:
    """Write the line of Python that `remake_call` needs before it."""
    return f"content = {_input(study, content)!r}\n"


def _input(study: Study, picture: Picture) -> str:
    return f"{study.results}/inputs/{picture.id}.png"


def _keywords(values: Mapping[str, Any]) -> list[str]:
    return [f"    {name}={value!r}," for name, value in values.items()]
