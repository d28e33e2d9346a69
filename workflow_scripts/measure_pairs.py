"""Measure by how much one backbone's pictures of simple and of squared differ, on the originals."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.judging.pair_differences import PAIR, measure_differences, write_differences
from nstcore.selection.part import list_pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--backbone", required=True)
    for name in PAIR:
        parser.add_argument(
            f"--{name}",
            required=True,
            nargs="+",
            type=Path,
            help="<style>/<content_id>.png, or indexes of parts, CSV; both in the same order",
        )
    parser.add_argument("--output", required=True, type=Path, help="differences, CSV")
    args = parser.parse_args()
    simple, squared = list_pictures(args.simple), list_pictures(args.squared)
    table = measure_differences(
        args.backbone,
        [
            (first.parent.name, first.stem, first, second)
            for first, second in zip(simple, squared, strict=True)
        ],
    )
    write_differences(table, args.output)
    print(f"{len(table)} pairs, on average {table['difference'].mean():.4f} of full scale apart")


if __name__ == "__main__":
    run(main)
