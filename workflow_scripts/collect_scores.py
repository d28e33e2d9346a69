"""Collect the scores of all models, between floor and ceiling, in one table."""

import argparse
from pathlib import Path

import pandas as pd

from nstcore.common.program import run
from nstcore.judging.score_table import collect, read_job_scores, refuse_incomplete, write_scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--bounds", required=True, nargs="+", type=Path, help="floor and ceiling, CSV per judge"
    )
    parser.add_argument(
        "--scores", required=True, nargs="+", type=Path, help="one CSV per judge and model"
    )
    parser.add_argument("--output", required=True, type=Path, help="scores.csv")
    args = parser.parse_args()
    bounds = pd.concat([read_job_scores(path) for path in args.bounds], ignore_index=True)
    scores = [read_job_scores(path) for path in args.scores]
    for path, rows in zip(args.scores, scores, strict=True):
        refuse_incomplete(rows, bounds, path)
    table = collect(bounds, scores)
    write_scores(table, args.output)
    print(table[["judge", "kind"]].value_counts(sort=False).to_string())


if __name__ == "__main__":
    run(main)
