"""A study's files, read back: what it came to, and what is not there (yet).

Nothing here needs TensorFlow, nor anything outside the study's folder.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstcore.common.errors import ConfigError, DataError
from nstcore.common.versions import CONFIG_VERSION
from nstcore.judging.questions import Findings, read_findings
from nstcore.judging.scores import STYLIZED, collect, read_rows, read_scores
from nstcore.selection.pictures import Notes, Picture, read_notes, read_selection
from nstcore.selection.styles import read_styles
from nstcore.study.config import check_schema
from nstcore.study.journal import (
    Failure,
    RuleTime,
    Setting,
    read_failures,
    read_settings,
    read_times,
)
from nstcore.study.runs import Model, Painted, read_json, read_models, relative


@dataclass(frozen=True)
class Results:
    """All that a study's files tell."""

    folder: Path
    config: Mapping[str, Any]
    styles: Mapping[str, str]
    """What people call each style, by its name, in the config's order."""
    selection: tuple[Picture, ...]
    notes: Notes | None
    """What is to be known of the selection; None where the file is missing."""
    backbones: Mapping[str, Mapping[str, Any]]
    """What `backbones/<backbone>.json` holds; empty where it is missing."""
    models: tuple[Model, ...]
    times: tuple[RuleTime, ...]
    settings: tuple[Setting, ...]
    """What it was run with; empty where that is not recorded."""
    failures: tuple[Failure, ...]
    """What failed when it ran last; empty for a finished study."""
    scores: Mapping[tuple[str, str, str, str], Mapping[str, float]]
    """By backbone, aggregation, style and content id, what the judge and the plain measures say of
    a stylised picture; empty where the study has no judge or no scores yet."""
    findings: Findings | None
    """What the scores say; None likewise."""
    missing: tuple[str, ...] = field(repr=False)
    """One line per file, or row of a file, that a finished study has and this one lacks."""

    @property
    def painted(self) -> Iterator[Painted]:
        """All stylised pictures that are there."""
        for model in self.models:
            yield from model.painted.values()

    def paintings(self, style: str) -> list[Picture]:
        """Return the paintings that a style is, without those that are set aside."""
        return [one for one in self.selection if one.style == style and one.split == "target"]

    def contents(self, split: str) -> list[Picture]:
        """Return the selected contents of a split, "train" or "test"."""
        return [one for one in self.selection if one.role == "content" and one.split == split]

    def versions(self) -> dict[str, list[tuple[str, int]]]:
        """Return, by package, each version that pictures name and how many name it."""
        found: dict[str, Counter[str]] = {}
        for one in self.painted:
            for package, version in one.about.get("versions", {}).items():
                found.setdefault(package, Counter())[str(version)] += 1
        return {package: sorted(counts.items()) for package, counts in found.items()}

    def score(self, model: Model, one: Painted) -> Mapping[str, float]:
        """Return what the judge and the plain measures say of a picture; nothing if not known."""
        return self.scores.get((model.backbone, model.aggregation, one.style, one.content_id), {})

    def ranked(self, model: Model, measure: str) -> list[Painted]:
        """Return a model's pictures that have a score, the highest first; of equals, the first."""
        known = [
            (found[measure], one)
            for one in model.painted.values()
            if math.isfinite((found := self.score(model, one)).get(measure, math.nan))
        ]
        return [one for _, one in sorted(known, key=lambda pair: -pair[0])]

    def weights_digests(self, backbone: str) -> list[str]:
        """Return the digests of a backbone's weights: as loaded, then others that pictures name."""
        about = self.backbones[backbone]
        named = [about["weights_sha256"]] if "weights_sha256" in about else []
        for model in self.models:
            if model.backbone == backbone:
                named += [one.about.get("weights_sha256", "") for one in model.painted.values()]
        return [digest for digest in dict.fromkeys(named) if digest]


def read_results(folder: Path | str) -> Results:
    """Read a study's files.

    Args:
        folder: `results/<study>`.

    Raises:
        DataError: There is no usable `config.json` or `selection.csv`.
        StudyError: Another file is there but damaged.
    """
    folder = Path(folder)
    config = _read_config(folder / "config.json")
    selection = read_selection(folder / "selection.csv")
    notes = folder / "selection.json"
    missing = [] if notes.is_file() else [relative(notes, folder)]
    missing += [
        f"inputs/{one.id}.png"
        for one in selection
        if not (folder / "inputs" / f"{one.id}.png").is_file()
    ]
    backbones = {}
    for name in config["backbones"]:
        path = folder / "backbones" / f"{name}.json"
        backbones[name] = read_json(path) if path.is_file() else {}
        if not backbones[name]:
            missing.append(relative(path, folder))
    styles = {style.name: style.label for style in read_styles(config["styles"])}
    wanted = [(style, one.id) for style in styles for one in selection if one.split == "test"]
    models = read_models(folder, config, wanted, missing)
    settings, findings = folder / "runs.json", folder / "findings.json"
    judged = "judge" in config
    if judged:
        named = (folder / "scores.csv", findings)
        missing += [relative(path, folder) for path in named if not path.is_file()]
    return Results(
        folder,
        config,
        styles,
        tuple(selection),
        read_notes(notes) if notes.is_file() else None,
        backbones,
        models,
        read_times(folder / "benchmarks"),
        read_settings(settings) if settings.is_file() else (),
        # Of a finished study they would be jobs that it no longer has.
        read_failures(folder) if missing else (),
        _read_scores(folder, models) if judged else {},
        read_findings(findings) if judged and findings.is_file() else None,
        tuple(missing),
    )


def _read_config(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise DataError(f"{path}: no such file; {path.parent} is no study's folder")
    record = read_json(path)
    version = record.get("config_version")
    if version != CONFIG_VERSION:
        raise DataError(f"{path}: config version {version}, this is version {CONFIG_VERSION}")
    config: Mapping[str, Any] = record.get("config", {})
    try:
        # Not the whole check of a study: a report can be made where its weights are not.
        check_schema(config)
    except ConfigError as error:
        raise DataError(f"{path}: not a study's config; delete it and run again") from error
    return config


def _read_scores(
    folder: Path, models: Iterable[Model]
) -> dict[tuple[str, str, str, str], Mapping[str, float]]:
    """Read all scores, or those of the models that are scored while others are not."""
    path, bounds = folder / "scores.csv", folder / "judge" / "bounds.csv"
    if path.is_file():
        table = read_scores(path)
    elif bounds.is_file():
        own = (folder / "scores" / one.backbone / f"{one.aggregation}.csv" for one in models)
        table = collect(read_rows(bounds), [read_rows(file) for file in own if file.is_file()])
    else:
        return {}
    rows = table[table["kind"] == STYLIZED].to_dict("records")
    return {
        (row["backbone"], row["aggregation"], row["style"], row["content_id"]): {
            str(name): value for name, value in row.items() if isinstance(value, float)
        }
        for row in rows
    }
