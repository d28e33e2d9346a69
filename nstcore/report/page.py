"""What stands on the report's page, as its templates name it.

Pictures become data URIs, curves SVG, numbers texts.
"""

import math
import os
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from nstcore.common.files import sha256
from nstcore.common.formatting import format_loss, format_name, format_score
from nstcore.judging.measures import MEASURES
from nstcore.losses.aggregation import AGGREGATIONS
from nstcore.painting.stopping import PATIENCES, STATUSES
from nstcore.report.curves import draw_curves, explain
from nstcore.report.exports import write_curves, write_means, write_runs
from nstcore.report.pareto import draw_pareto
from nstcore.report.thumbnails import (
    Thumbnail,
    Wanted,
    affordable_side,
    difference,
    make_thumbnails,
)
from nstcore.selection.pictures import Picture
from nstcore.study.results import Results
from nstcore.study.runs import Model, Painted

PAINTINGS_SHOWN = 6
KEPT = ".thumbnails"
"""Folder of the study in which small copies of its pictures are kept for the next report."""

UNKNOWN_CONFIG = "--configfile CONFIG.yaml"
"""Stands in a command where it is not recorded which config a study was run with."""

# Of all copies of stylised pictures, in bytes: the rest of the page takes a few MB, and a mail 25.
_BUDGET = 15e6
# Pixels of the longer side.
_LARGEST, _SMALLEST = 512, 192
_PAINTING = 256

_PANELS = {"total_loss": "total", "content_loss": "content", "style_loss": "style"}
_RANKED_BY = "style_distance_scaled"

PictureKey = tuple[str, str, str, str]
"""A stylised picture: backbone, aggregation, style, content id."""


@dataclass(frozen=True)
class Shown:
    """A stylised picture on the page."""

    number: int
    """Its place among all of them."""
    model: Model
    painted: Painted
    copy: Thumbnail


@dataclass(frozen=True)
class Pair:
    """What the aggregations simple and squared of one backbone made of one content."""

    simple: Shown
    squared: Shown
    difference: float
    """Mean absolute difference of their pixels, 0..1."""


@dataclass(frozen=True)
class Lead:
    """What the page opens with."""

    content: Picture
    painting: Picture
    """One of the style."""
    pictures: list[Shown]
    """What the backbones made of that content in that style, with one aggregation."""


@dataclass(frozen=True)
class PageContent:
    """What stands on the page."""

    results: Results
    output: Path
    """The page; links are relative to where it lies."""
    threads: int
    """Pictures that are made smaller at once."""

    def values(self) -> dict[str, Any]:
        """Return what the template's names stand for."""
        results = self.results
        numbers = {entry.id: number for number, entry in enumerate(results.contents("test"))}
        return {
            "results": results,
            "config": results.config,
            "notes": results.notes,
            "findings": results.findings,
            "aggregations": AGGREGATIONS,
            "contents": results.contents("test"),
            "photographs": numbers,
            "statuses": STATUSES,
            "patiences": PATIENCES,
            "watched": [
                (model, trial, trial.hindsight)
                for model in results.models
                for trial in model.trials
                if trial.hindsight
            ],
            "each": _range(len(results.paintings(style)) for style in results.styles),
            "heldout": results.config.judge.heldout if results.config.judge else 0,
            "selected": Counter(
                (entry.role, entry.split, entry.style) for entry in results.selection
            ),
            "supplies": {entry.style: entry for entry in results.notes.supplies}
            if results.notes
            else {},
            "paintings": self._paintings,
            "picture": lambda entry: self._copies.get(self._input(entry)),
            "shown": self._shown,
            "highlights": self._highlights,
            "pairs": self._pairs(),
            "lead": self._lead(),
            "score": lambda entry: results.score(entry.model, entry.painted),
            "pareto": Markup(draw_pareto(results.findings, "pareto"))  # noqa: S704
            if results.findings
            else None,
            "draw": self._draw,
            "explain": lambda model: explain(model.trials, self._floor(model)),
            "curves_csv": lambda model: write_curves(model.trials),
            "runs_csv": write_runs(results.models),
            "findings_csv": write_means(results.findings) if results.findings else "",
            "choices_there": (results.folder / "choices.csv").is_file(),
            "selection_digest": sha256(results.folder / "selection.csv"),
            "link": self._link,
            "address": _address,
            "data": self._data(),
        }

    @cached_property
    def _copies(self) -> dict[Wanted, Thumbnail]:
        """All small copies that the page shows, of the pictures that are there."""
        inputs = [*self.results.contents("test")]
        for style in self.results.styles:
            inputs += self._paintings(style)
        wanted = [self._input(entry) for entry in inputs]
        wanted += [self._stylized(entry) for entry in self.results.painted]
        there = [entry for entry in wanted if entry.path.is_file()]
        return make_thumbnails(there, self.results.folder / KEPT, self.threads)

    def _input(self, picture: Picture) -> Wanted:
        side = self._side if picture.role == "content" else _PAINTING
        path = self.results.folder / "inputs" / f"{picture.id}.png"
        return Wanted(path, side, (picture.width, picture.height))

    def _stylized(self, painted: Painted) -> Wanted:
        return Wanted(self.results.folder / painted.file, self._side)

    @cached_property
    def _side(self) -> int:
        return affordable_side(
            len(list(self.results.painted)), most=_LARGEST, least=_SMALLEST, budget=_BUDGET
        )

    @cached_property
    def _shown(self) -> dict[PictureKey, Shown]:
        """All stylised pictures that are there, in the order of the grids."""
        results = self.results
        shown: dict[PictureKey, Shown] = {}
        for style, content in product(results.styles, results.contents("test")):
            for model in results.models:
                painted = model.painted.get((style, content.id))
                if painted:
                    key = (model.backbone, model.aggregation, style, content.id)
                    copy = self._copies[self._stylized(painted)]
                    shown[key] = Shown(len(shown), model, painted, copy)
        return shown

    def _paintings(self, style: str) -> list[Picture]:
        """Take a few of a style's paintings from all over, the first among them."""
        pictures = self.results.paintings(style)
        count = min(PAINTINGS_SHOWN, len(pictures))
        return [pictures[number * len(pictures) // count] for number in range(count)]

    def _of(self, model: Model, painted: Painted) -> Shown:
        return self._shown[model.backbone, model.aggregation, painted.style, painted.content_id]

    def _highlights(self, model: Model) -> list[tuple[str, Shown]]:
        """Return what stands out of a model's pictures, with what it stands out by."""
        named = [("lowest total loss", model.lowest)] if model.lowest else []
        ranked = self.results.ranked(model, _RANKED_BY)
        if len(ranked) > 1:
            named += [("best score", ranked[0]), ("worst score", ranked[-1])]
        return [(name, self._of(model, painted)) for name, painted in named]

    def _pairs(self) -> dict[str, list[Pair]]:
        """Return, by backbone, its pictures that both simple and squared made.

        Those that differ most come first.
        """
        pairs: dict[str, list[Pair]] = {}
        for (backbone, aggregation, style, content), simple in self._shown.items():
            squared = self._shown.get((backbone, "squared", style, content))
            if aggregation == "simple" and squared:
                pair = Pair(simple, squared, difference(simple.copy, squared.copy))
                pairs.setdefault(backbone, []).append(pair)
        order = list(self.results.config.backbones)
        return {
            backbone: sorted(pairs[backbone], key=lambda pair: -pair.difference)
            for backbone in order
            if backbone in pairs
        }

    def _lead(self) -> Lead | None:
        """Take the place of the picture with the best score; without scores, the first one."""
        results = self.results
        aggregations = results.config.aggregations
        aggregation = "squared" if "squared" in aggregations else aggregations[0]
        shown = [entry for entry in self._shown.values() if entry.model.aggregation == aggregation]
        best = max(shown, key=self._rank, default=None)
        paintings = self._paintings(best.painted.style) if best else []
        if best is None or not paintings:
            return None
        style, name = best.painted.style, best.painted.content_id
        content = next(entry for entry in results.contents("test") if entry.id == name)
        made = (
            self._shown.get((backbone, aggregation, style, name))
            for backbone in results.config.backbones
        )
        return Lead(content, paintings[0], [entry for entry in made if entry])

    def _rank(self, shown: Shown) -> float:
        """Return by what a picture is the best; the least where that is not known."""
        score = self.results.score(shown.model, shown.painted).get(_RANKED_BY, -math.inf)
        return -math.inf if math.isnan(score) else score

    def _floor(self, model: Model) -> float:
        """Return what a model's style loss cannot fall below; not a number where it can."""
        return model.floor if AGGREGATIONS[model.aggregation].is_mean else math.nan

    def _draw(self, model: Model) -> dict[str, Markup]:
        """Draw a model's training curves, if there are any, by what they show."""
        if not any(trial.curves for trial in model.trials):
            return {}
        weights = self.results.loss_weights.get(model.backbone)
        floor = self._floor(model)
        beta = weights.beta if weights else math.nan
        floors = {"total_loss": beta * floor, "style_loss": floor}
        number = self.results.models.index(model)
        return {
            # Matplotlib has escaped its texts.
            name: Markup(  # noqa: S704
                draw_curves(model.trials, loss, f"m{number}{name}", floors.get(loss, math.nan))
            )
            for loss, name in _PANELS.items()
        }

    def _link(self, file: str) -> str:
        """Return where a file of the study lies, seen from the page, for an attribute `href`."""
        here = self.output.parent.resolve()
        folder = Path(os.path.relpath(self.results.folder.resolve(), here)).as_posix()
        return quote(f"{folder}/{file}".removeprefix("./"))

    def _data(self) -> dict[str, Any]:
        """Return what the page's scripts need to know beyond what stands on it."""
        results = self.results
        return {
            "axes": {
                "style": list(results.styles.items()),
                "content": [(entry.id, entry.id) for entry in results.contents("test")],
                "backbone": [(name, name) for name in results.config.backbones],
                "aggregation": [(name, name) for name in results.config.aggregations],
            },
            "pictures": [self._describe(entry) for entry in self._shown.values()],
        }

    @cached_property
    def _sizes(self) -> dict[str, str]:
        """How large the originals are, by content: as the contents were."""
        return {
            content.id: f"{content.width} \N{MULTIPLICATION SIGN} {content.height}"
            for content in self.results.contents("test")
        }

    def _describe(self, shown: Shown) -> dict[str, Any]:
        """Return all that is known of a picture, as texts."""
        about = shown.painted.about
        losses = {name: about[name] for name in (*_PANELS, "style_floor") if name in about}
        scores = self.results.score(shown.model, shown.painted)
        return {
            "style": shown.painted.style,
            "content": shown.painted.content_id,
            "backbone": shown.model.backbone,
            "aggregation": shown.model.aggregation,
            "file": self._link(shown.painted.file),
            "size": self._sizes[shown.painted.content_id],
            "command": self._command(shown.painted),
            "losses": [
                (format_name(name), format_loss(float(value))) for name, value in losses.items()
            ],
            "scores": [
                (
                    format_name(name),
                    format_score(scores[name]),
                    _known(scores.get(f"{name}_scaled", math.nan)),
                )
                for name in MEASURES
                if name in scores
            ],
            "provenance": [
                (format_name(name), _plain(value))
                for name, value in about.items()
                if name not in {*losses, "backbone", "aggregation", "style", "content_id"}
            ],
        }

    def _command(self, painted: Painted) -> str:
        """Return the command that makes a picture again, and nothing else."""
        file = f"{self.results.config.results}/{painted.file}"
        # Options last: --configfile takes all words that follow it.
        settings = self.results.settings
        options = settings[-1].command if settings else UNKNOWN_CONFIG
        return f"snakemake --cores all --force {shlex.quote(file)} {options}".rstrip()


def _address(*names: str) -> str:
    """Return the fragment that leads to a picture or to a part of the grid."""
    return "#" + "/".join(quote(name, safe="") for name in names)


def _range(counts: Iterable[int]) -> str:
    """Say how many there are of each: "30", or "12 to 30"."""
    ordered = sorted(counts)
    least, most = ordered[0], ordered[-1]
    return str(least) if least == most else f"{least} to {most}"


def _known(score: float) -> str:
    return format_score(score) if math.isfinite(score) else ""


def _plain(value: Any) -> str:
    """Write a value of a picture's provenance in a line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{format_name(str(key))} {_plain(inner)}" for key, inner in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
