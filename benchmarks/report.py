"""What it takes to write a report, and what it takes a browser to open it."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.timing import ROOT
from nstcore.common.tables import write_table
from nstcore.common.versions import CONFIG_VERSION
from nstcore.images.io import save_png
from nstcore.painting.choose import CHOICE_COLUMNS
from nstcore.painting.history import HISTORY_COLUMNS
from nstcore.report.page import KEPT
from nstcore.report.render import write_report
from nstcore.selection.pictures import Picture, write_selection

SIZE = (640, 480)
"""Width and height of the stylised pictures."""
AGGREGATIONS = ("simple", "squared", "logged")
OPTIMIZERS = ("adam", "sgd", "rmsprop")
EPOCHS = 100

_OPEN = """() => new Promise((done) => {
  const ready = performance.now() / 1000;
  const wait = () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return paint ? done([paint.startTime / 1000, Math.max(ready, paint.startTime / 1000)])
      : requestAnimationFrame(wait);
  };
  wait();
})"""
_LOOK = """() => {
  const began = performance.now();
  document.querySelector("#grids a.painted").click();
  return new Promise((done) => {
    const wait = () => document.getElementById("viewer").open
      ? requestAnimationFrame(() => done((performance.now() - began) / 1000))
      : requestAnimationFrame(wait);
    wait();
  });
}"""

Seconds = Mapping[str, list[float]]


def time_report(backbones: int, styles: int, contents: int, rounds: int) -> tuple[Seconds, Seconds]:
    """Write and open the report of a made-up study, in turns with an empty page.

    Args:
        backbones: How many; each with three aggregations and three optimizers.
        styles: How many.
        contents: Test contents.
        rounds: How often each is timed; a round before the first does not count.

    Returns:
        Seconds of each round: by what was written, and by what the browser did; the latter is
        empty without Chromium.
    """
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "made-up"
        _make_study(study, backbones, styles, contents)
        page = study / "report.html"
        write_report(study, ROOT / "reports", page)

        def anew() -> None:
            shutil.rmtree(study / KEPT)
            write_report(study, ROOT / "reports", page)

        # Each leaves behind what the other one needs.
        ways: dict[str, Callable[[], None]] = {
            "again": lambda: write_report(study, ROOT / "reports", page),
            "for the first time": anew,
        }
        written: dict[str, list[float]] = {what: [] for what in ways}
        for _ in range(rounds):
            for what, way in ways.items():
                began = time.perf_counter()
                way()
                written[what].append(time.perf_counter() - began)
        empty = study / "empty.html"
        empty.write_text("<!doctype html><title>empty</title><p>An empty page.</p>", "utf-8")
        return written, _open(empty, page, rounds)


def _open(empty: Path, page: Path, rounds: int) -> Seconds:
    chromium = shutil.which("chromium")
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright

    seconds_by_event: dict[str, list[float]] = {
        "an empty page, opened": [],
        "the report's first paint": [],
        "the report, ready": [],
        "a picture, opened in it": [],
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(rounds + 1):
            opened = browser.new_page()
            opened.goto(empty.as_uri())
            _, ready = opened.evaluate(_OPEN)
            opened.goto(page.as_uri())
            paint, complete = opened.evaluate(_OPEN)
            looked = opened.evaluate(_LOOK)
            opened.close()
            values = (ready, paint, complete, looked)
            for seconds, value in zip(seconds_by_event.values(), values, strict=True):
                seconds.append(value)
        browser.close()
    return {what: seconds[1:] for what, seconds in seconds_by_event.items()}


def _make_study(folder: Path, backbones: int, styles: int, contents: int) -> None:
    """Write the files of a finished study without a judge."""
    network = {
        "architecture": "VGG16",
        "weights": "random",
        "style_layers": {"block1_conv1": 1.0},
        "content_layer": "block5_conv2",
        "alpha": 1.0,
        "beta": 1.0,
    }
    config: dict[str, Any] = {
        "study": "made-up",
        "seed": 1,
        "image_size": 224,
        "data": {"source": "directory", "path": "artworks"},
        "styles": {"images": 6, "artists": [f"Artist {number}" for number in range(styles)]},
        "contents": {"source": "photographs", "train": 1, "test": contents},
        "backbones": {f"Net{number}": network for number in range(backbones)},
        "aggregations": list(AGGREGATIONS),
        "optimizers": {name: {"learning_rate": 0.1} for name in OPTIMIZERS},
        "training": {
            "max_epochs": EPOCHS,
            "min_improvement": 0.0,
            "steps_per_epoch": 1,
            "batch": 1,
        },
        "compute": {"threads": 1},
    }
    folder.mkdir(parents=True)
    record = {"config_version": CONFIG_VERSION, "config": config}
    (folder / "config.json").write_text(json.dumps(record), "utf-8")
    names = [name.replace(" ", "_") for name in config["styles"]["artists"]]
    pictures = [
        Picture("style", "target", name, f"{name}_{number}", "a.jpg", *SIZE, "0" * 64)
        for name in names
        for number in range(6)
    ]
    tests = [
        Picture("content", "test", "", f"content_{number}", "a.jpg", *SIZE, "0" * 64)
        for number in range(contents)
    ]
    write_selection([*pictures, *tests], folder / "selection.csv")
    for number, picture in enumerate([*pictures, *tests]):
        save_png(_paint(number, (224, 224)), folder / "inputs" / f"{picture.id}.png")
    models = list(product(config["backbones"], AGGREGATIONS))
    for backbone, aggregation in models:
        for rate, optimizer in enumerate(OPTIMIZERS, 2):
            losses = 1 / np.arange(1, EPOCHS + 2) ** (1 / rate)
            rows = [
                (epoch, names[0], "content_0", loss, loss, loss)
                for epoch, loss in enumerate(losses)
            ]
            path = folder / "training" / backbone / aggregation / f"{optimizer}.csv"
            write_table(pd.DataFrame(rows, columns=HISTORY_COLUMNS), path)
    chosen = [(*model, "adam", EPOCHS, 0.1, "limit") for model in models]
    write_table(pd.DataFrame(chosen, columns=CHOICE_COLUMNS), folder / "choices.csv")
    losses = {"content_loss": 1.0, "style_loss": 1.0, "total_loss": 1.0}
    about = json.dumps({"optimizer": "adam", "epochs": EPOCHS, "versions": {}, **losses})
    places = product(models, names, tests)
    for number, ((backbone, aggregation), style, content) in enumerate(places):
        path = folder / "stylized" / backbone / aggregation / style / f"{content.id}.png"
        save_png(_paint(number, SIZE), path, {"nstcore": about})


def _paint(number: int, size: tuple[int, int]) -> Image.Image:
    """Paint clouds with the grain of what a model paints at 224 pixels."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (20, 25, 3)).astype(np.uint8))
    clouds = np.asarray(coarse.resize((224, 224), Image.Resampling.BICUBIC), np.float32)
    grainy = np.clip(clouds + rng.normal(scale=25, size=clouds.shape), 0, 255).astype(np.uint8)
    return Image.fromarray(grainy).resize(size, Image.Resampling.LANCZOS)
