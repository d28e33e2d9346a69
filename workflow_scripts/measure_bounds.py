"""Show a judge the held-out paintings and the untouched contents: what all scores lie between."""

import argparse
from pathlib import Path

import pandas as pd

from nstcore.common.program import run
from nstcore.judging.fitness import write_fitness
from nstcore.judging.score_table import ROW_COLUMNS, write_scores
from nstcore.selection.pictures import read_selection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge-name", required=True, help="what the study calls the judge")
    parser.add_argument("--judge", required=True, type=Path, help="its network, .weights.h5")
    parser.add_argument("--selection", required=True, type=Path, help="selection.csv")
    parser.add_argument("--inputs", required=True, type=Path, help="folder of prepared pictures")
    parser.add_argument("--size", required=True, type=int, help="side of what is seen, in pixels")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--reference", required=True, type=Path, help="for scoring, .npz")
    parser.add_argument("--output", required=True, type=Path, help="scores, CSV")
    parser.add_argument(
        "--fitness", required=True, type=Path, help="whether the judge is fit for the styles, JSON"
    )
    args = parser.parse_args()
    selection = read_selection(args.selection)

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads)

    from nstcore.judging.score import JudgeFiles, measure_bounds

    judging = JudgeFiles(args.judge, args.reference, args.size)
    rows, fitness = measure_bounds(args.judge_name, judging, selection, args.inputs)
    table = pd.DataFrame(rows, columns=ROW_COLUMNS)
    write_scores(table, args.output)
    write_fitness(fitness, args.fitness)
    for (kind, style), rows_of_style in table.groupby(["kind", "style"], sort=False):
        print(
            f"{kind}, {style}: {len(rows_of_style)} measured, style distance "
            f"{rows_of_style['style_distance'].mean():.4g}"
        )
    for style, gap in fitness.gaps.items():
        told = "unfit for it" if style in fitness.unfit else "fit"
        print(
            f"{args.judge_name}, {style}: gap to the nearest other style {gap:.4g} ({told}), "
            f"nearer than an untouched content {fitness.photographs[style]:.3f}"
        )
    print(
        f"{args.judge_name}: area under the curve of same style or not {fitness.same_artist:.3f} "
        f"({fitness.same} pairs of one style, {fitness.different} of two), of painting or "
        f"untouched content {fitness.all_photographs:.3f}"
    )


if __name__ == "__main__":
    run(main)
