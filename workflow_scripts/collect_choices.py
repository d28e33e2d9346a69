"""Put the choices of all models into one table."""

import argparse
from pathlib import Path

import pandas as pd

from nstcore.common.program import run
from nstcore.common.tables import write_table
from nstcore.painting.choose import read_choices


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--choices", required=True, nargs="+", type=Path, help="one CSV per model")
    parser.add_argument("--output", required=True, type=Path, help="choices.csv")
    args = parser.parse_args()
    write_table(pd.concat([read_choices(path) for path in args.choices]), args.output)


if __name__ == "__main__":
    run(main)
