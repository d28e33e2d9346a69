"""Extract the table of artists and the pictures from the dataset's archive."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.dataset.archive import extract


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, required=True, help="the dataset (.zip)")
    parser.add_argument("--output", type=Path, required=True, help="folder to extract to")
    arguments = parser.parse_args()
    extract(arguments.archive, arguments.output)


if __name__ == "__main__":
    run(main)
