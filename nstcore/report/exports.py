"""What the report carries within itself: a page that was sent alone has its numbers."""

import base64
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nstcore.common.formatting import format_yaml
from nstcore.judging.findings import CanvasRow, Findings, Statement
from nstcore.judging.statistics import Comparison
from nstcore.painting.history import LOSSES
from nstcore.painting.stopping import PATIENCES
from nstcore.study.results import Results
from nstcore.study.runs import Model, Trial

MOST = 1_400_000
"""Bytes of a file that is carried; browsers refuse to save addresses of more than 2 MB."""


@dataclass(frozen=True)
class Download:
    """A file of the study within the page."""

    name: str
    """To be saved under."""
    what: str
    """In words."""
    address: str
    """The file as a data address; empty where it is too large for one."""
    bytes: int


def embed(text: str, kind: str) -> str:
    """Return a text as a data address, for links that save it; shorter than a quoted one."""
    packed = base64.b64encode(text.encode("utf-8")).decode("ascii")
    return f"data:{kind};charset=utf-8;base64,{packed}"


def write_downloads(results: Results) -> Iterator[Download]:
    """Write the files that a reader needs who has the page alone.

    Args:
        results: Without the machine's paths, see `concealed.conceal`; so are the files.
    """
    folder, csv_kind = results.folder, "text/csv"
    tables = {
        "scores.csv": "what every judge says of each picture",
        "choices.csv": "the optimizer and the epochs of each model",
    }
    texts = [
        (name, what, csv_kind, (folder / name).read_text("utf-8"))
        for name, what in tables.items()
        if (folder / name).is_file()
    ]
    if results.findings:
        findings = json.loads((folder / "findings.json").read_text("utf-8"))
        # The rest of it tells of no files.
        findings["judges"] = [asdict(judge) for judge in results.findings.judges]
        text = json.dumps(findings, ensure_ascii=False)
        texts.append(("findings.json", "all comparisons and answers", "application/json", text))
    texts.append(("selection.csv", "which pictures are used", csv_kind, write_selected(results)))
    config = format_yaml(results.config.recorded())
    texts.append(("config.yaml", "the whole config, with all defaults", "text/yaml", config))
    for name, what, kind, text in texts:
        size = len(text.encode("utf-8"))
        address = embed(text, kind) if size <= MOST else ""
        yield Download(f"{results.config.study}-{name}", what, address, size)


def write_selected(results: Results) -> str:
    """Write the selection, one row per picture, as `selection.csv` has it."""
    return _write(asdict(picture) for picture in results.selection)


def write_runs(models: Iterable[Model]) -> str:
    """Write where each training run ended that is there, one row per run."""
    return _write(
        {
            "backbone": model.backbone,
            "aggregation": model.aggregation,
            "optimizer": trial.optimizer,
            "chosen": trial.chosen,
            "epochs": trial.run.epochs,
            "total_loss": trial.run.total_loss,
            "total_loss_at_start": trial.totals[0],
            "epochs_run": trial.ended,
            "status": trial.run.status,
            **_hindsight(trial),
        }
        for model in models
        for trial in model.trials
        if trial.run and trial.totals
    )


def _hindsight(trial: Trial) -> dict[str, Any]:
    """Tell what came after the rule had ended a run; empty where nobody watched."""
    seen = trial.hindsight
    columns: dict[str, Any] = {
        "epochs_watched": seen.watched if seen else "",
        "total_loss_after": seen.later_loss if seen else "",
        "too_early": seen.too_early if seen else "",
    }
    others = {other.patience: other for other in seen.alternatives} if seen else {}
    for patience in PATIENCES:
        other = others.get(patience)
        columns[f"epochs_by_patience_{patience}"] = other.epochs if other else ""
        columns[f"total_loss_by_patience_{patience}"] = other.total_loss if other else ""
    return columns


def write_curves(trials: Sequence[Trial]) -> str:
    """Write the curves that are drawn of a model, one row per optimizer and epoch."""
    return _write(
        {"optimizer": trial.optimizer, "epoch": epoch}
        | {name: trial.curves[name][epoch] for name in LOSSES}
        for trial in trials
        for epoch in range(len(trial.totals))
    )


def write_means(findings: Findings) -> str:
    """Write the means of the scores and their intervals, one row per model and measure.

    `scale` is empty for the measure itself, or tells what 0 and 1 are.
    """
    return _write(
        {
            "judge": row.judge,
            "backbone": row.backbone,
            "aggregation": row.aggregation,
            "kind": row.kind,
            "pictures": row.pictures,
            "measure": name,
            "scale": scale,
            "mean": interval.mean,
            "low": interval.low,
            "high": interval.high,
        }
        for row in findings.rows
        for scale, measures in (
            ("", row.measures),
            ("change from the own content", row.changes),
            ("own content 0, painting 1", row.scaled),
        )
        for name, interval in measures.items()
    )


def write_canvases(findings: Findings) -> str:
    """Write what canvases do, one row per model, measure and judge.

    On plain pixels what concerns the change is empty; so is a level by another judge than the
    first.
    """
    return _write(
        {
            "network": row.network,
            "backbone": row.backbone,
            "aggregation": row.aggregation,
            "cures": row.cures,
            "measure": label,
            "judge": made.judge if made else "",
            "mean": level.mean if first else "",
            "low": level.low if first else "",
            "high": level.high if first else "",
            "beside_bar": row.bars.get(label, "") if first else "",
            **_change(made.comparison if made else None),
        }
        for row in findings.canvases
        for label, level in row.levels.items()
        for first, made in _by_judge(row, label)
    )


def _by_judge(row: CanvasRow, label: str) -> list[tuple[bool, Statement | None]]:
    """Return what each judge says of a change, and whether it is the first; None of no change."""
    made = [one for one in row.changes if one.comparison.measure == label]
    return [(one is made[0], one) for one in made] or [(True, None)]


def _change(made: Comparison | None) -> dict[str, Any]:
    return {
        "change": made.difference if made else "",
        "change_low": made.low if made else "",
        "change_high": made.high if made else "",
        "is_ratio": made.ratio if made else "",
        "confidence": made.confidence if made else "",
        "effect_size": made.effect_size if made else "",
        "p": made.p if made else "",
        "pairs": made.pairs if made else "",
        "verdict": made.verdict if made else "",
    }


def _write(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return text.getvalue()
