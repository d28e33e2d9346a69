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
from nstcore.common.formatting import format_loss, format_name, format_scale, format_score
from nstcore.judging.canvases import PLAIN
from nstcore.judging.measures import MEASURES, say
from nstcore.judging.paired import name_model
from nstcore.judging.score_table import UNTOUCHED
from nstcore.judging.statistics import CONFIDENCE, fewest_pairs
from nstcore.losses.aggregation import AGGREGATIONS
from nstcore.painting.stopping import PATIENCES, STATUSES
from nstcore.report.canvases import BARS, COLUMNS, group_by_network, list_canvases
from nstcore.report.curves import draw_curves, explain
from nstcore.report.exports import (
    write_canvases,
    write_curves,
    write_downloads,
    write_means,
    write_runs,
)
from nstcore.report.means import tabulate
from nstcore.report.pareto import draw_pareto
from nstcore.report.remake import (
    COUNT,
    content_line,
    remake_body,
    remake_call,
    remake_command,
    remake_name,
)
from nstcore.report.thumbnails import (
    Thumbnail,
    Wanted,
    affordable_side,
    make_thumbnails,
)
from nstcore.report.verdict import find_matrices, shorten, tell_claims
from nstcore.selection.pictures import Picture
from nstcore.study.results import UNKNOWN_CONFIG, PictureKey, Results
from nstcore.study.runs import Model, Painted
from nstcore.study.usage import measure_usage

PAINTINGS_SHOWN = 6
KEPT = ".thumbnails"
"""Folder of the study in which small copies of its pictures are kept for the next report."""

# Of all copies of stylised pictures, in bytes: the rest of the page takes a few MB, and a mail 25.
_BUDGET = 14e6
# Pixels of the longer side.
_LARGEST, _SMALLEST = 512, 192
_PAINTING = 256

# Backbones in the row of pictures that the page opens with.
_LEADING = 8

_PANELS = {"total_loss": "total", "content_loss": "content", "style_loss": "style"}
_STYLE_REACHED, _STYLE_CHANGE = "style_distance_scaled", "style_distance_change"


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
    """Mean absolute difference of their originals' pixels, 0..1; not a number where that is not
    measured yet."""


@dataclass(frozen=True)
class Lead:
    """What the page opens with."""

    content: Picture
    painting: Picture
    """One of the style."""
    style: str
    pictures: list[Shown]
    """What the backbones made of that content in that style, each with one aggregation."""


@dataclass(frozen=True)
class PageContent:
    """What stands on the page."""

    results: Results
    output: Path
    """The page; links are relative to where it lies."""
    threads: int
    """Pictures that are made smaller at once."""
    outside_configs: tuple[str, ...] = ()
    """Names of config files that lay outside of the project."""
    shortened_paths: tuple[str, ...] = ()
    """Paths of the config that the page tells the names of only."""

    def values(self) -> dict[str, Any]:
        """Return what the template's names stand for."""
        results, notes = self.results, self.results.notes
        cured = list_canvases(results.findings) if results.findings else []
        numbers = {entry.id: number for number, entry in enumerate(results.contents("test"))}
        return {
            "results": results,
            "config": results.config,
            "notes": notes,
            "findings": results.findings,
            "means": tabulate(results.findings) if results.findings else [],
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
            "canvases": {name: results.config.canvas_of(name) for name in results.config.backbones},
            "cured": cured,
            "cured_columns": COLUMNS,
            "cured_by_network": group_by_network(cured),
            "bars": BARS,
            "canvases_csv": write_canvases(results.findings) if results.findings else "",
            "each": _range(len(results.paintings(style)) for style in results.styles),
            "heldout": results.config.judge.heldout if results.config.judge else 0,
            "selected": Counter(
                (entry.role, entry.split, entry.style) for entry in results.selection
            ),
            "supplies": {entry.style: entry for entry in notes.supplies} if notes else {},
            "paintings": self._paintings,
            "picture": lambda entry: self._copies.get(self._input(entry)),
            "shown": self._shown,
            "cautions": {
                (model.backbone, model.aggregation): shorten(model.cautions, ())
                for model in results.models
            },
            "pairs": self._pairs(),
            "lead": self._lead(),
            "claims": tell_claims(results.findings, results.config.aggregations)
            if results.findings
            else [],
            "matrices": find_matrices(results.findings, self._kinds()) if results.findings else [],
            "fewest_pairs": fewest_pairs(CONFIDENCE),
            "chosen": Counter(
                model.choice.optimizer for model in results.models if model.choice
            ).most_common(),
            "faults": bool(notes and (notes.skipped or notes.passed_over or notes.remarks)),
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
            "downloads": list(write_downloads(results)),
            "dates": _dates(results),
            "usage": measure_usage(results.folder),
            "outside_configs": self.outside_configs,
            "shortened_paths": self.shortened_paths,
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

    def _kinds(self) -> dict[str, str]:
        """Return what kind of thing the findings compare by a name; others are models."""
        config = self.results.config
        named = {
            "backbones": config.backbones,
            "aggregations": config.aggregations,
            "optimizers": config.optimizers,
        }
        kinds = {name: kind for kind, names in named.items() for name in names}
        return kinds | {UNTOUCHED: "untouched contents", PLAIN: "canvases"}

    def _pairs(self) -> dict[str, list[Pair]]:
        """Return, by backbone, its pictures that both simple and squared made.

        Those that differ most come first.
        """
        pairs: dict[str, list[Pair]] = {}
        for (backbone, aggregation, style, content), simple in self._shown.items():
            squared = self._shown.get((backbone, "squared", style, content))
            if aggregation == "simple" and squared:
                apart = self.results.differences.get((backbone, style, content), math.nan)
                pairs.setdefault(backbone, []).append(Pair(simple, squared, apart))
        order = list(self.results.config.backbones)
        return {
            backbone: sorted(pairs[backbone], key=_by_difference)
            for backbone in order
            if backbone in pairs
        }

    def _lead(self) -> Lead | None:
        """Take the best model's picture with the best score; without scores, the first one."""
        results = self.results
        aggregation = self._leading_aggregation()
        shown = [entry for entry in self._shown.values() if entry.model.aggregation == aggregation]
        ranks = self._ranks(shown)
        best = max(shown, key=lambda entry: ranks[entry.number], default=None)
        paintings = self._paintings(best.painted.style) if best else []
        if best is None or not paintings:
            return None
        style, name = best.painted.style, best.painted.content_id
        content = next(entry for entry in results.contents("test") if entry.id == name)
        made = (
            self._shown.get((backbone, self._own(backbone, aggregation), style, name))
            for backbone in self._leading_backbones()
        )
        return Lead(content, paintings[0], style, [entry for entry in made if entry])

    def _leading_backbones(self) -> list[str]:
        """Return all; where that is too many to be seen at once, each network plain and cured."""
        config = self.results.config
        if len(config.backbones) <= _LEADING:
            return list(config.backbones)

        def cures(name: str) -> int:
            canvas = config.canvas_of(name)
            return (canvas.kind != "pixels") + bool(canvas.shifts) + bool(canvas.padding)

        found: list[str] = []
        for base, network in config.backbones.items():
            if network.like is None:
                own = [base, *(n for n, one in config.backbones.items() if one.like == base)]
                found += dict.fromkeys([base, max(own, key=cures)])
        return found

    def _own(self, backbone: str, wanted: str) -> str:
        """Return the wanted aggregation, or where a backbone has it not, squared or its first."""
        own = self.results.config.aggregations_of(backbone)
        return next(name for name in (wanted, "squared", *own) if name in own)

    def _leading_aggregation(self) -> str:
        """Return that of the best model; without one, squared, or the first."""
        findings, aggregations = self.results.findings, self.results.config.aggregations
        named = {name_model((m.backbone, m.aggregation)): m for m in self.results.models}
        for claim in findings.claims if findings else ():
            model = named.get(claim.points[0].subject) if claim.id == "best" else None
            if model and model.painted:
                return model.aggregation
        return "squared" if "squared" in aggregations else aggregations[0]

    def _ranks(self, shown: list[Shown]) -> dict[int, float]:
        """Return by what pictures are the best; the least where that is not known."""
        scores = {entry.number: self.results.score(entry.model, entry.painted) for entry in shown}
        scaled = {number: score.get(_STYLE_REACHED, math.nan) for number, score in scores.items()}
        if all(map(math.isnan, scaled.values())):
            # No style has a scale: how much nearer they are to the paintings than their contents.
            scaled = {
                number: -score.get(_STYLE_CHANGE, math.nan) for number, score in scores.items()
            }
        return {number: -math.inf if math.isnan(rank) else rank for number, rank in scaled.items()}

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
        made = [
            (f"{model.backbone}/{model.aggregation}/{style}", model, style)
            for model, style in product(results.models, results.styles)
        ]
        return {
            "axes": {
                "style": list(results.styles.items()),
                "content": [(entry.id, entry.id) for entry in results.contents("test")],
                "backbone": [(name, name) for name in results.config.backbones],
                "aggregation": [(name, name) for name in results.config.aggregations],
            },
            "models": [(model.backbone, model.aggregation) for model in results.models],
            "pictures": [self._describe(entry) for entry in self._shown.values()],
            "remake": {
                "name": remake_name(results.config),
                "count": COUNT,
                "configs": {
                    key: remake_body(results, model, style, self.shortened_paths)
                    for key, model, style in made
                },
                "calls": {key: remake_call(results, model, style) for key, model, style in made},
            },
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
            "path": f"{self.results.config.results}/{shown.painted.file}",
            "command": self._command(shown.painted),
            **self._remake(shown),
            "losses": [
                (format_name(name), format_loss(float(value))) for name, value in losses.items()
            ],
            "scores": [
                (
                    say(name),
                    format_score(scores[name]),
                    # Empty for a measure that never has a scale.
                    format_scale(scores[f"{name}_scaled"]) if f"{name}_scaled" in scores else "",
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

    def _remake(self, shown: Shown) -> dict[str, str]:
        """Return what of a remake is the picture's own."""
        results, painted = self.results, shown.painted
        content = next(one for one in results.contents("test") if one.id == painted.content_id)
        return {
            "remake": remake_command(results.config, painted.file),
            "contentLine": content_line(results.config, content),
        }

    def _command(self, painted: Painted) -> str:
        """Return the command that makes a picture again, and nothing else."""
        file = f"{self.results.config.results}/{painted.file}"
        # Options last: --configfile takes all words that follow it.
        settings = self.results.settings
        options = settings[-1].command if settings else UNKNOWN_CONFIG
        return f"snakemake --cores all --force {shlex.quote(file)} {options}".rstrip()


def _dates(results: Results) -> str:
    """Say on which day, or between which, a study was run; empty where that is not recorded."""
    days = sorted(setting.date.partition(" ")[0] for setting in results.settings if setting.date)
    return " to ".join(dict.fromkeys([*days[:1], *days[-1:]]))


def _by_difference(pair: Pair) -> float:
    """Order pairs: those that differ most first, those that are not measured last."""
    return math.inf if math.isnan(pair.difference) else -pair.difference


def _address(*names: str) -> str:
    """Return the fragment that leads to a picture or to a part of the grid."""
    return "#" + "/".join(quote(name, safe="") for name in names)


def _range(counts: Iterable[int]) -> str:
    """Say how many there are of each: "30", or "12 to 30"."""
    ordered = sorted(counts)
    least, most = ordered[0], ordered[-1]
    return str(least) if least == most else f"{least} to {most}"


def _plain(value: Any) -> str:
    """Write a value of a picture's provenance in a line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{format_name(str(key))} {_plain(inner)}" for key, inner in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
