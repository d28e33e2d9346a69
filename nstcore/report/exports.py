"""What the report shows as CSV, embedded in it: a page that was sent alone has its numbers."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nstcore.judging.findings import Findings
from nstcore.painting.history import LOSSES
from nstcore.painting.stopping import PATIENCES
from nstcore.study.runs import Model, Trial


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
        for scale, measures in (("", row.measures), ("untouched 0, painting 1", row.scaled))
        for name, interval in measures.items()
    )


def _write(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return text.getvalue()
