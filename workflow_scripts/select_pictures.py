"""Choose a study's pictures: the paintings of each style, and the contents drawn with a seed."""

import argparse
from collections import Counter
from pathlib import Path

from nstcore.config import StyleConfig, style_name
from nstcore.dataset import select, write_selection
from nstcore.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, type=Path, help="folder of the dataset")
    parser.add_argument("--photographs", type=Path, help="draw contents from this folder instead")
    parser.add_argument("--artists", required=True, nargs="+", help="one style each")
    parser.add_argument("--images", required=True, type=int, help="paintings per artist")
    parser.add_argument("--train", required=True, type=int, help="number of training contents")
    parser.add_argument("--test", required=True, type=int, help="number of test contents")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--output", required=True, type=Path, help="selection.csv")
    args = parser.parse_args()
    styles = [StyleConfig(style_name(artist), artist, args.images) for artist in args.artists]
    pictures = select(args.dataset, styles, args.train, args.test, args.seed, args.photographs)
    write_selection(pictures, args.output)
    for (role, split, style), count in Counter(
        (p.role, p.split, p.style) for p in pictures
    ).items():
        print(f"{count} {role} pictures for {style or split}")


if __name__ == "__main__":
    run(main)
