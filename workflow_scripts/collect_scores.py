"""Collect the scores of all models, between floor and ceiling, in one table."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.judging.score_table import collect, read_job_scores, write_scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--bounds", required=True, type=Path, help="floor and ceiling, CSV")
    parser.add_argument("--scores", required=True, nargs="+", type=Path, help="one CSV per model")
    parser.add_argument("--output", required=True, type=Path, help="scores.csv")
    args = parser.parse_args()
    table = collect(read_job_scores(args.bounds), [read_job_scores(path) for path in args.scores])
    write_scores(table, args.output)
    print(table["kind"].value_counts().to_string())


if __name__ == "__main__":
    run(main)
