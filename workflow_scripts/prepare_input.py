"""Bring one selected picture to the study's size."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.images.prepare import Shape, prepare
from nstcore.selection.pictures import find_picture, read_selection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--selection", required=True, type=Path, help="selection.csv")
    parser.add_argument("--id", required=True, help="which picture of the selection")
    parser.add_argument("--size", required=True, type=Shape.read, help="224, pad:224 or keep:224")
    parser.add_argument("--output", required=True, type=Path, help="PNG")
    args = parser.parse_args()
    source = find_picture(read_selection(args.selection), args.id)
    prepare(source, args.output, args.size)


if __name__ == "__main__":
    run(main)
