"""Write the HTML report of a study from its files."""

import argparse
from pathlib import Path

from nstcore.program import run
from nstcore.report import write_report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="results/<study>")
    parser.add_argument(
        "--templates", required=True, type=Path, help="folder of the page's sources"
    )
    parser.add_argument("--output", required=True, type=Path, help="HTML")
    args = parser.parse_args()
    write_report(args.study, args.templates, args.output)
    print(f"{args.output}: {args.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(main)
