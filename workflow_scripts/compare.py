"""Answer the study's questions from its scores and training curves, with intervals."""

import argparse
from pathlib import Path
from typing import Any

from nstcore.common.files import atomic_write, read_json
from nstcore.common.program import run
from nstcore.judging.answers import find
from nstcore.judging.findings import write_findings
from nstcore.judging.score_table import read_scores
from nstcore.judging.training_answers import read_runs
from nstcore.painting.schedule import Training
from nstcore.report.pareto import draw_pareto
from nstcore.selection.styles import Styles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--scores", required=True, type=Path, help="scores.csv")
    parser.add_argument(
        "--histories",
        required=True,
        nargs="+",
        type=Path,
        metavar="CSV",
        help="<backbone>/<aggregation>/<optimizer>.csv",
    )
    parser.add_argument("--training", default=Training(), type=Training.from_json, help="JSON")
    parser.add_argument("--styles", type=Styles.from_json, help="JSON")
    parser.add_argument("--judge", required=True, type=Path, help="what it is, JSON")
    parser.add_argument(
        "--similarities", required=True, nargs="+", type=Path, help="per backbone, JSON"
    )
    parser.add_argument("--findings", required=True, type=Path, help="JSON")
    parser.add_argument("--picture", required=True, type=Path, help="content against style, SVG")
    args = parser.parse_args()
    judge = read_json(dict[str, Any], args.judge)
    similarities = [read_json(dict[str, Any], path) for path in args.similarities]
    judge["likeness"] = {entry["backbone"]: entry["likeness"] for entry in similarities}
    runs = read_runs(args.histories, args.training)
    styles = args.styles.each() if args.styles else ()
    breadths = {style.name: style.breadth for style in styles}
    findings = find(read_scores(args.scores), runs, judge, args.training, breadths)
    with atomic_write(args.picture) as draft:
        draft.write_text(draw_pareto(findings, "pareto"), "utf-8")
    write_findings(findings, args.findings)
    for answer in findings.answers:
        print(f"{answer.question} {answer.answer}")


if __name__ == "__main__":
    run(main)
