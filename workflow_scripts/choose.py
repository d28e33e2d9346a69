"""Choose a model's optimizer and number of epochs from its training curves."""

import argparse
from pathlib import Path

import pandas as pd

from nstcore.common.program import run
from nstcore.common.tables import write_table
from nstcore.painting.choose import choose, summarize, tell
from nstcore.painting.history import average_curve, read_history
from nstcore.painting.schedule import Training
from nstcore.painting.stopping import look_back


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--backbone", required=True, help="its name")
    parser.add_argument("--aggregation", required=True)
    parser.add_argument("--histories", required=True, nargs="+", type=Path, help="<optimizer>.csv")
    parser.add_argument("--training", default=Training(), type=Training.from_json, help="JSON")
    parser.add_argument("--output", required=True, type=Path, help="choice, CSV")
    args = parser.parse_args()
    runs = []
    for path in args.histories:
        totals = average_curve(read_history(path))["total_loss"].tolist()
        runs.append(summarize(path.stem, totals, args.training, path))
        print(tell(runs[-1], look_back(totals, args.training)))
    model = f"{args.backbone}/{args.aggregation}"
    best = choose(runs, model)
    row = {"backbone": args.backbone, "aggregation": args.aggregation, **vars(best)}
    write_table(pd.DataFrame([row]), args.output)
    print(f"{model}: {best.optimizer}, {best.epochs} epochs ({best.status})")


if __name__ == "__main__":
    run(main)
