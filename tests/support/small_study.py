"""A study's folder in miniature: its files as the workflow leaves them, without the hours."""

import json
import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from nstcore.common.files import drop_checksum
from nstcore.common.tables import write_table
from nstcore.images.io import save_png
from nstcore.judging.answers import find
from nstcore.judging.canvases import Variant, read_variants
from nstcore.judging.findings import JudgeReport, write_findings
from nstcore.judging.fitness import Fitness
from nstcore.judging.measures import MEASURES
from nstcore.judging.pair_differences import (
    PAIR,
    measure_differences,
    read_differences,
    write_differences,
)
from nstcore.judging.score_table import (
    PAINTING,
    ROW_COLUMNS,
    STYLIZED,
    UNTOUCHED,
    collect,
    write_scores,
)
from nstcore.judging.training_answers import read_runs
from nstcore.painting.choose import CHOICE_COLUMNS
from nstcore.painting.history import HISTORY_COLUMNS
from nstcore.selection.pictures import (
    Alike,
    Census,
    Notes,
    Picture,
    Skipped,
    Supply,
    write_notes,
    write_selection,
)
from nstcore.study.config import Study
from nstcore.study.journal import Setting, record_setting

BACKBONES = {
    "VGG16": ("imagenet", "VGG16, ImageNet"),
    "Control": ("random", "a control, <never> trained"),
}
AGGREGATIONS = ("simple", "squared")
OWN: dict[str, dict[str, Any]] = {}
"""Keys of single backbones beside those that all of them have."""
OPTIMIZERS = {"adam": {"learning_rate": 0.02}, "sgd": {"learning_rate": 10.0}}
# As folders and files may be called: names are data, whatever they look like.
ARTISTS = {
    "Tom_&_Jerry": "Tom & Jerry",
    "_script_alert(_1_)__script__'ملصق'_🎨": "<script>alert(\"1\")</script> 'ملصق' 🎨",
}
JUDGE = "EfficientNetB0"
TESTS = ("bay", "50% <i>#1 \"'ملصق' 🎨")
SIZE = (48, 32)
CURVES = {"adam": [4.0, 2.0, 1.0, 0.9995], "sgd": [4.0, 3.0, math.nan]}
CHOSEN = {"optimizer": "adam", "epochs": 3, "total_loss": 0.9995, "status": "plateau"}
NOTES = Notes(
    Census(pictures=1234, styles=2, duplicates=3, look_alikes=4, unusable=5),
    skipped=(Skipped("contents", "photographs/<i>.jpg", "empty <file>"),),
    alike=(Alike("painting_0a", "painting_0b", same_bytes=False),),
    supplies=tuple(Supply(style, 5, "7") for style in ARTISTS),
    passed_over=(Skipped("dataset", "paintings/<1>.heic", "HEIC, a format that is not read"),),
    remarks=(Skipped("Tom & Jerry", "paintings/<2>.jpg", "its file lacks its end"),),
)
FLOOR = 0.0078125
"""Of the first style under the first backbone; the next one's is higher by 1."""
SETTING = Setting(
    command="--configfile 'my studies/<small>.yaml'",
    commit="c0ffee" * 6 + "c0de",
    changed=("nstcore/<changed>.py",),
    snakemake="9.27.1",
    python="3.11.2",
    system="Linux 6.1",
    processor="A Processor",
    cores=2,
    memory=8.25,
    gpus=(),
    date="2026-01-02 03:04",
)
VERSIONS = {"python": "3.11.2", "nstcore": "0.1.0", "numpy": "2.4.0"}


def write_study(folder: Path) -> Path:
    """Write a finished study of 4 models, 2 styles and 2 test contents; return its folder."""
    _write_json(folder / "config.json", {"config_version": 1, "config": config()})
    write_selection(_pictures(), folder / "selection.csv")
    write_notes(NOTES, folder / "selection.json")
    for one in _pictures():
        save_png(_paint(one.id, (32, 32)), folder / "inputs" / f"{one.id}.png")
    rows = []
    for backbone, (weights, _) in BACKBONES.items():
        about = {"weights": weights, "weights_sha256": digest(backbone), "parameters": 1234567}
        _write_json(folder / "backbones" / f"{backbone}.json", about)
        for number, style in enumerate(ARTISTS):
            path = folder / "targets" / backbone / f"{style}.json"
            _write_json(path, {"floor": FLOOR + number})
        for aggregation in aggregations_of(backbone):
            rows.append({"backbone": backbone, "aggregation": aggregation, **CHOSEN})
            for optimizer, totals in CURVES.items():
                write_history(folder, backbone, aggregation, optimizer, totals)
            for style in ARTISTS:
                for content in TESTS:
                    write_painted(folder, backbone, aggregation, style, content)
    write_table(pd.DataFrame(rows)[CHOICE_COLUMNS], folder / "choices.csv")
    write_judged(folder)
    record_setting(SETTING, folder / "runs.json")
    for job in ("VGG16/simple/adam", "VGG16/simple/sgd"):
        write_benchmark(folder, f"train/{job}", 1800.5, 1024)
    write_benchmark(folder, "report/all", 5555, 99)
    # Tests change its tables as they need them.
    for checksum in folder.rglob(".*.sha256"):
        checksum.unlink()
    return folder


def config() -> dict[str, Any]:
    """Return the study's config."""
    network = {"style_layers": {"block1_conv1": 1.0}, "content_layer": "block5_conv2"}
    return {
        "study": "small",
        "seed": 7,
        "image_size": 32,
        "data": {"source": "directory", "path": "data/<dataset>"},
        "styles": {"images": 2, "artists": list(ARTISTS.values())},
        "contents": {"source": "photographs", "train": 1, "test": len(TESTS)},
        "backbones": {
            name: {
                "architecture": "VGG16",
                "weights": weights,
                "description": description,
                **network,
                "alpha": 1.0,
                "beta": 100.0,
                **OWN.get(name, {}),
            }
            for name, (weights, description) in BACKBONES.items()
        },
        "judge": {"architecture": JUDGE, "weights": "imagenet", "heldout": 2},
        "aggregations": list(AGGREGATIONS),
        "optimizers": OPTIMIZERS,
        "training": {
            "max_epochs": 100,
            "min_improvement": 0.001,
            "steps_per_epoch": 1,
            "batch": 2,
        },
        "compute": {"threads": 1},
    }


def aggregations_of(backbone: str) -> tuple[str, ...]:
    """Return those of a backbone's models."""
    return tuple(OWN.get(backbone, {}).get("aggregations", AGGREGATIONS))


def _variants() -> tuple[Variant, ...]:
    return read_variants(
        json.dumps(
            {
                name: {"like": None, "canvas": {}, "same": True, "network": "VGG16"}
                | {key: value for key, value in OWN.get(name, {}).items() if key != "aggregations"}
                for name in BACKBONES
            }
        )
    )


def digest(backbone: str) -> str:
    """Return the weights' digest of a backbone."""
    return backbone.encode().hex().ljust(64, "0")


def loss(backbone: str, aggregation: str, style: str, content: str) -> float:
    """Return a picture's total loss, another for each; the lowest of a model is not the first."""
    order = [list(BACKBONES).index(backbone), AGGREGATIONS.index(aggregation)]
    place = 2 * list(ARTISTS).index(style) + TESTS.index(content)
    return order[0] + order[1] / 10 + (0.5, 0.25, 0.75, 0.125)[(place + order[1]) % 4]


def way(backbone: str, aggregation: str, style: str, content: str) -> float:
    """Return how far a picture has come from its content (0) to real paintings (1)."""
    return loss(backbone, aggregation, style, content) / 4


def _measure(name: str, come: float) -> float:
    """Return a score: photographs are 10 from the paintings, these 0.5 from each other."""
    measure = MEASURES[name]
    if measure.better == "near 1":
        return 1 + come
    if measure.better == "higher":
        return 1 - come
    return 10 - 9.5 * come if measure.better == "lower" and not measure.of_content else come


def write_history(
    folder: Path, backbone: str, aggregation: str, optimizer: str, totals: Sequence[float]
) -> None:
    """Write a run's losses: two pairs around each average."""
    rows = [
        (epoch, style, "sea", epoch / 8, total / 4, total + side)
        for epoch, total in enumerate(totals)
        for style, side in zip(ARTISTS, (-0.25, 0.25), strict=True)
    ]
    path = folder / "training" / backbone / aggregation / f"{optimizer}.csv"
    write_table(pd.DataFrame(rows, columns=HISTORY_COLUMNS), path)
    drop_checksum(path)


def write_painted(
    folder: Path, backbone: str, aggregation: str, style: str, content: str, **other: Any
) -> None:
    """Write a stylised picture; `other` replaces values of its provenance."""
    total = loss(backbone, aggregation, style, content)
    about = {
        "backbone": backbone,
        "aggregation": aggregation,
        "style": style,
        "content_id": content,
        "optimizer": "adam",
        "epochs": 3,
        "content_loss": 1.5,
        "style_loss": 0.5,
        "total_loss": total,
        "seed": 7,
        "config_digest": "0" * 64,
        "weights_sha256": digest(backbone),
        "versions": VERSIONS,
    } | other
    path = folder / "stylized" / backbone / aggregation / style / f"{content}.png"
    save_png(_paint(f"{backbone}{total}", SIZE), path, {"nstcore": json.dumps(about)})


def write_judged(folder: Path) -> None:
    """Write the scores of all pictures and what they say; a picture's differ from any other's."""

    def row(kind: str, style: str, name: str, come: float, *model: str) -> dict[str, Any]:
        named = dict(zip(("backbone", "aggregation"), model or ("", ""), strict=True))
        named |= {"judge": JUDGE}
        named |= {"style": style, "content_id": name, "kind": kind, "nearest_style": style}
        measured = {name: _measure(name, come) for name in MEASURES}
        return named | measured | {"right_artist": 1.0, "sha256": digest(name)}

    bounds = [row(UNTOUCHED, style, name, 0.0) for style in ARTISTS for name in TESTS]
    bounds += [
        row(PAINTING, style, f"painting_{number}{letter}", 0.95 + (letter == "d") / 10)
        for number, style in enumerate(ARTISTS)
        for letter in "cd"
    ]
    pictures = [
        row(STYLIZED, style, name, way(*model, style, name), *model)
        for model in product(BACKBONES, AGGREGATIONS)
        if model[1] in aggregations_of(model[0])
        for style in ARTISTS
        for name in TESTS
    ]
    tables = (pd.DataFrame(rows, columns=ROW_COLUMNS) for rows in (bounds, pictures))
    scores = collect(next(tables), tables)
    write_scores(scores, folder / "scores.csv")
    about = {
        "weights": "imagenet",
        "weights_sha256": digest("judge"),
        "description": "a judge, <fixed> & neutral",
        "parameters": 7654321,
        "likeness": {"VGG16": 0.03125, "Control": 0.0625},
        "related": {},
    }
    gaps = {style: 0.5 - number for number, style in enumerate(ARTISTS)}
    near = dict.fromkeys(ARTISTS, 0.875)
    fitness = Fitness(0.75, 2, 4, gaps, near, 0.875)
    differences = []
    for backbone in BACKBONES:
        if not set(PAIR) <= set(aggregations_of(backbone)):
            continue
        path = folder / "pairs" / f"{backbone}.csv"
        table = measure_differences(
            backbone,
            [
                (
                    style,
                    name,
                    *(
                        folder / "stylized" / backbone / aggregation / style / f"{name}.png"
                        for aggregation in PAIR
                    ),
                )
                for style in ARTISTS
                for name in TESTS
            ],
        )
        write_differences(table, path)
        differences.append(path)
    histories = sorted((folder / "training").rglob("*.csv"))
    training = Study.from_config(config()).training
    findings = find(
        scores,
        read_runs(histories, training),
        [JudgeReport(JUDGE, about, fitness)],
        training,
        differences=read_differences(differences),
        variants=_variants(),
    )
    write_findings(findings, folder / "findings.json")


def write_benchmark(folder: Path, job: str, seconds: float | str, memory: float | str) -> None:
    """Write what Snakemake measured of one job."""
    path = folder / "benchmarks" / f"{job}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:00\t{memory}\n", "utf-8")


def _pictures() -> list[Picture]:
    def row(role: str, split: str, style: str, name: str) -> Picture:
        return Picture(role, split, style, name, f"{name}.jpg", *SIZE, "0" * 64)

    return [
        *(
            row("style", "target", style, f"painting_{number}{letter}")
            for number, style in enumerate(ARTISTS)
            for letter in "ab"
        ),
        *(
            row("style", "heldout", style, f"painting_{number}{letter}")
            for number, style in enumerate(ARTISTS)
            for letter in "cd"
        ),
        row("content", "train", "", "sea"),
        *(row("content", "test", "", name) for name in TESTS),
    ]


def _paint(name: str, size: tuple[int, int]) -> Image.Image:
    """Paint a gradient, another for each name."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width]
    tint = np.full((height, width), sum(name.encode()) % 256)
    pixels = np.stack([rows * 255 // height, columns * 255 // width, tint], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def _write_json(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), "utf-8")
