"""A study's files, read back: what it came to, and what is not there (yet).

Nothing here needs TensorFlow, nor anything outside the study's folder.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from nstcore.common.errors import OutdatedError
from nstcore.common.files import read_json, sorted_files
from nstcore.judging.findings import Findings, read_findings
from nstcore.judging.pair_differences import PAIR, read_differences
from nstcore.judging.score_table import STYLIZED, collect, read_job_scores, read_scores
from nstcore.losses.loss_weights import LossWeights, read_loss_weights
from nstcore.selection.pictures import Notes, Picture, read_notes, read_selection
from nstcore.study.config import Study
from nstcore.study.failures import Failure, read_failures
from nstcore.study.journal import RuleTime, Setting, read_settings, read_times
from nstcore.study.record import read_record
from nstcore.study.runs import Model, Painted, read_models, relative

PictureKey = tuple[str, str, str, str]
"""A stylised picture: backbone, aggregation, style, content id."""


UNKNOWN_CONFIG = "--configfile CONFIG.yaml"
"""Stands in a command where it is not recorded which config a study was run with."""


@dataclass(frozen=True)
class Results:
    """All that a study's files tell."""

    folder: Path
    config: Study
    styles: Mapping[str, str]
    """What people call each style, by its name, in the config's order."""
    selection: tuple[Picture, ...]
    notes: Notes | None
    """What is to be known of the selection; None where the file is missing."""
    backbones: Mapping[str, Mapping[str, Any]]
    """What `backbones/<backbone>.json` holds; empty where it is missing."""
    loss_weights: Mapping[str, LossWeights]
    """The weights of the losses by backbone; without those that are not measured yet."""
    models: tuple[Model, ...]
    times: tuple[RuleTime, ...]
    settings: tuple[Setting, ...]
    """What it was run with; empty where that is not recorded."""
    failures: tuple[Failure, ...]
    """What failed when it ran last; empty for a finished study."""
    scores: Mapping[PictureKey, Mapping[str, float]]
    """By backbone, aggregation, style and content id, what the first judge and the plain measures
    say of a stylised picture; empty where the study has no judge or no scores of this version."""
    other_scores: Mapping[str, Mapping[PictureKey, Mapping[str, float]]]
    """The same of every other judge, by its name."""
    findings: Findings | None
    """What the scores say; None likewise."""
    differences: Mapping[tuple[str, str, str], float]
    """By backbone, style and content id, by how much the originals of simple and squared differ,
    0..1; without those that are not measured yet."""
    missing: tuple[str, ...] = field(repr=False)
    """One line per file, or row of a file, that a finished study has and this one lacks."""
    read: int | None = None
    """How many of the test contents, the first ones, are looked at; None for all."""

    @property
    def painted(self) -> Iterator[Painted]:
        """All stylised pictures that are there."""
        for model in self.models:
            yield from model.painted.values()

    def paintings(self, style: str) -> list[Picture]:
        """Return the paintings that a style is, without those that are set aside."""
        return [
            picture
            for picture in self.selection
            if picture.style == style and picture.split == "target"
        ]

    def contents(self, split: str) -> list[Picture]:
        """Return the selected contents of a split, "train" or "test"; only those that are read."""
        own = [
            picture
            for picture in self.selection
            if picture.role == "content" and picture.split == split
        ]
        return own[: self.read] if split == "test" else own

    @property
    def left_out(self) -> int:
        """How many test contents are not read."""
        tests = sum(picture.split == "test" for picture in self.selection)
        return tests - len(self.contents("test"))

    def versions(self) -> dict[str, list[tuple[str, int]]]:
        """Return, by package, each version that pictures name and how many name it."""
        counts_by_package: dict[str, Counter[str]] = {}
        for painted in self.painted:
            for package, version in painted.about.get("versions", {}).items():
                counts_by_package.setdefault(package, Counter())[str(version)] += 1
        return {package: sorted(counts.items()) for package, counts in counts_by_package.items()}

    def score(self, model: Model, painted: Painted) -> Mapping[str, float]:
        """Return what the judge and the plain measures say of a picture; nothing if not known."""
        return self.scores.get(
            (model.backbone, model.aggregation, painted.style, painted.content_id), {}
        )

    def weights_digests(self, backbone: str) -> list[str]:
        """Return the digests of a backbone's weights: as loaded, then others that pictures name."""
        about = self.backbones[backbone]
        named = [about["weights_sha256"]] if "weights_sha256" in about else []
        for model in self.models:
            if model.backbone == backbone:
                named += [
                    painted.about.get("weights_sha256", "") for painted in model.painted.values()
                ]
        return [digest for digest in dict.fromkeys(named) if digest]


def read_results(folder: Path | str, most: int | None = None) -> Results:
    """Read a study's files.

    Args:
        folder: `results/<study>`.
        most: How many stylised pictures to read at most, but those of one content at least: of
            larger studies, the first test contents alone are looked at.

    Raises:
        DataError: There is no usable `config.json` or `selection.csv`.
        StudyError: Another file is there but damaged.
    """
    folder = Path(folder)
    config = read_record(folder / "config.json")
    selection = read_selection(folder / "selection.csv")
    notes = folder / "selection.json"
    missing = [] if notes.is_file() else [relative(notes, folder)]
    missing += [
        f"inputs/{picture.id}.png"
        for picture in selection
        if not (folder / "inputs" / f"{picture.id}.png").is_file()
    ]
    backbones = {}
    for name in config.backbones:
        path = folder / "backbones" / f"{config.file_of(name)}.json"
        backbones[name] = read_json(dict[str, Any], path) if path.is_file() else {}
        if not backbones[name] and relative(path, folder) not in missing:
            missing.append(relative(path, folder))
    loss_weights = {}
    for name in config.backbones:
        path = folder / "loss_weights" / f"{name}.json"
        if path.is_file():
            loss_weights[name] = read_loss_weights(path)
        elif config.objective(name).measures:
            missing.append(relative(path, folder))
        else:
            alpha, beta = config.objective(name).numbers
            loss_weights[name] = LossWeights(alpha or 0.0, beta or 0.0)
    styles = {style.name: style.label for style in config.styles.each()}
    tests = [picture.id for picture in selection if picture.split == "test"]
    each = len(config.models) * len(styles)
    read = None if most is None or each * len(tests) <= most else max(1, most // each)
    wanted = [(style, name) for style in styles for name in tests[:read]]
    missing += _find_missing(folder, config, styles, tests[len(tests[:read]) :])
    models = read_models(folder, config, wanted, missing)
    settings = folder / "runs.json"
    known_settings = read_settings(settings) if settings.is_file() else ()
    scores: dict[str, dict[PictureKey, Mapping[str, float]]] = {}
    findings = None
    if config.judge:
        command = known_settings[-1].command if known_settings else UNKNOWN_CONFIG
        outdated = (
            "of an earlier version and left out; the page has it again after "
            f"`snakemake --cores all {command}`, which scores anew and repaints nothing"
        )
        try:
            size = config.compute.pictures_per_job
            scores = _read_scores(folder, models, config.judge.names, size)
        except OutdatedError:
            missing.append(f"scores.csv: {outdated}")
        else:
            missing += [] if (folder / "scores.csv").is_file() else ["scores.csv"]
        try:
            path = folder / "findings.json"
            findings = read_findings(path) if path.is_file() else None
            missing += [] if findings else [relative(path, folder)]
        except OutdatedError:
            missing.append(f"findings.json: {outdated}")
    first, *others = config.judge.names if config.judge else ("",)
    return Results(
        folder,
        config,
        styles,
        tuple(selection),
        read_notes(notes) if notes.is_file() else None,
        backbones,
        loss_weights,
        models,
        read_times(folder / "benchmarks"),
        known_settings,
        # Of a finished study they would be jobs that it no longer has.
        read_failures(folder) if missing else (),
        scores.get(first, {}),
        {name: scores.get(name, {}) for name in others},
        findings,
        _read_differences(folder, config, missing),
        tuple(missing),
        read,
    )


def _find_missing(
    folder: Path, config: Study, styles: Iterable[str], others: Sequence[str]
) -> Iterator[str]:
    """Name the folders that lack pictures of contents that are not read."""
    for (backbone, aggregation), style in product(config.models, styles) if others else ():
        place = folder / "stylized" / backbone / aggregation / style
        there = {path.name for path in place.glob("*.png")}
        if lacking := sum(f"{name}.png" not in there for name in others):
            yield f"{relative(place, folder)}: {lacking} pictures"


def _read_differences(
    folder: Path, config: Study, missing: list[str]
) -> dict[tuple[str, str, str], float]:
    """See `Results.differences`."""
    paths = [
        folder / "pairs" / f"{backbone}.csv"
        for backbone in config.backbones
        if set(PAIR) <= set(config.aggregations_of(backbone))
    ]
    missing += [relative(path, folder) for path in paths if not path.is_file()]
    rows = read_differences(filter(Path.is_file, paths)).to_dict("records")
    return {
        (row["backbone"], row["style"], row["content_id"]): float(row["difference"]) for row in rows
    }


def _read_scores(
    folder: Path, models: Iterable[Model], judges: Sequence[str], size: int | None
) -> dict[str, dict[PictureKey, Mapping[str, float]]]:
    """Read all scores by judge, or those of the models that are scored while others are not.

    Raises:
        OutdatedError: They are of another version.
        DataError: A table is damaged.
    """
    path = folder / "scores.csv"
    bounds = [
        place for name in judges if (place := folder / "judge" / name / "bounds.csv").is_file()
    ]
    if path.is_file():
        table = read_scores(path)
    elif bounds:
        own = (
            path
            for name, model in product(judges, models)
            for path in _find_scores(folder, size, (name, model.backbone, model.aggregation))
        )
        limits = pd.concat(map(read_job_scores, bounds), ignore_index=True)
        table = collect(limits, map(read_job_scores, filter(Path.is_file, own)))
    else:
        return {}
    scores: dict[str, dict[PictureKey, Mapping[str, float]]] = {}
    for row in table[table["kind"] == STYLIZED].to_dict("records"):
        picture = (row["backbone"], row["aggregation"], row["style"], row["content_id"])
        measured = {str(name): value for name, value in row.items() if isinstance(value, float)}
        scores.setdefault(row["judge"], {})[picture] = measured
    return scores


def _find_scores(folder: Path, size: int | None, told: tuple[str, str, str]) -> list[Path]:
    """Return the tables of a judge and a model, in parts of some size or in one."""
    judge, backbone, aggregation = told
    if size is None:
        return [folder / "scores" / judge / backbone / f"{aggregation}.csv"]
    return sorted_files(
        folder / "parts" / "scores" / judge / backbone / aggregation, f"{size}/*.csv"
    )
