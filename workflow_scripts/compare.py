"""Answer the study's questions from its scores and training curves, with intervals."""

import argparse
import json
from pathlib import Path

from nstcore.common.files import whole
from nstcore.common.program import run
from nstcore.judging.questions import find, read_runs, write_findings
from nstcore.judging.scores import read_scores
from nstcore.report.pareto import draw_pareto


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, type=Path, help="scores.csv")
    parser.add_argument(
        "--histories",
        required=True,
        nargs="+",
        type=Path,
        metavar="CSV",
        help="<backbone>/<aggregation>/<optimizer>.csv",
    )
    parser.add_argument("--max-epochs", required=True, type=int)
    parser.add_argument("--min-improvement", required=True, type=float, help="0.001 for 0.1 %%")
    parser.add_argument("--judge", required=True, type=Path, help="what it is, JSON")
    parser.add_argument(
        "--likeness", required=True, nargs="+", type=Path, help="per backbone, JSON"
    )
    parser.add_argument("--findings", required=True, type=Path, help="JSON")
    parser.add_argument("--picture", required=True, type=Path, help="content against style, SVG")
    args = parser.parse_args()
    judge = json.loads(args.judge.read_text("utf-8"))
    alike = [json.loads(path.read_text("utf-8")) for path in args.likeness]
    judge["likeness"] = {one["backbone"]: one["likeness"] for one in alike}
    runs = read_runs(args.histories, args.max_epochs, args.min_improvement)
    findings = find(read_scores(args.scores), runs, judge)
    with whole(args.picture) as draft:
        draft.write_text(draw_pareto(findings, "pareto"), "utf-8")
    write_findings(findings, args.findings)
    for one in findings.answers:
        print(f"{one.question} {one.answer}")


if __name__ == "__main__":
    run(main)
