"""Answer the study's questions from its scores and training curves, with intervals."""

import argparse
from pathlib import Path
from typing import Any

from nstcore.common.files import atomic_write, read_json
from nstcore.common.program import run
from nstcore.judging.answers import find
from nstcore.judging.canvases import read_variants
from nstcore.judging.findings import JudgeReport, write_findings
from nstcore.judging.fitness import read_fitness
from nstcore.judging.pair_differences import read_differences
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
    parser.add_argument("--judge-names", required=True, nargs="+", help="the first one's are told")
    parser.add_argument(
        "--judges", required=True, nargs="+", type=Path, help="what each is, JSON, in that order"
    )
    parser.add_argument(
        "--fitness", required=True, nargs="+", type=Path, help="how fit each is, JSON, likewise"
    )
    parser.add_argument(
        "--similarities",
        required=True,
        nargs="+",
        type=Path,
        help="of each judge to each backbone, and of each two judges, JSON",
    )
    parser.add_argument(
        "--differences", nargs="*", type=Path, help="of simple's and squared's pictures, CSV"
    )
    parser.add_argument("--canvases", default=(), type=read_variants, help="of each backbone, JSON")
    parser.add_argument("--findings", required=True, type=Path, help="JSON")
    parser.add_argument("--picture", required=True, type=Path, help="content against style, SVG")
    args = parser.parse_args()
    judges = {
        name: read_json(dict[str, Any], path) | {"likeness": {}, "related": {}}
        for name, path in zip(args.judge_names, args.judges, strict=True)
    }
    for path in args.similarities:
        entry = read_json(dict[str, Any], path)
        judge, other, likeness = entry["judge"], entry["other"], entry["likeness"]
        if entry["kind"] == "backbone":
            judges[judge]["likeness"][other] = likeness
        else:
            judges[judge]["related"][other] = judges[other]["related"][judge] = likeness
    reports = [
        JudgeReport(name, about, read_fitness(path))
        for (name, about), path in zip(judges.items(), args.fitness, strict=True)
    ]
    runs = read_runs(args.histories, args.training)
    styles = args.styles.each() if args.styles else ()
    breadths = {style.name: style.breadth for style in styles}
    differences = read_differences(args.differences) if args.differences else None
    findings = find(
        read_scores(args.scores),
        runs,
        reports,
        args.training,
        breadths,
        differences,
        args.canvases,
    )
    with atomic_write(args.picture) as draft:
        draft.write_text(draw_pareto(findings, "pareto"), "utf-8")
    write_findings(findings, args.findings)
    for answer in findings.answers:
        print(f"{answer.question} {answer.answer}")


if __name__ == "__main__":
    run(main)
