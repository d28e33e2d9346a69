"""Squeeze one selected picture to the study's square."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.images.prepare import prepare
from nstcore.selection.pictures import find_picture, read_selection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--selection", required=True, type=Path, help="selection.csv")
    parser.add_argument("--id", required=True, help="which picture of the selection")
    parser.add_argument("--size", required=True, type=int, help="side of the square in pixels")
    parser.add_argument("--output", required=True, type=Path, help="PNG")
    args = parser.parse_args()
    source = find_picture(read_selection(args.selection), args.id)
    prepare(source, args.output, args.size)


if __name__ == "__main__":
    run(main)
