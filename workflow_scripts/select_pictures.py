"""Choose a study's pictures: the paintings of each style, and the contents drawn with a seed."""

import argparse
import json
from collections import Counter
from pathlib import Path

from nstcore.common.program import run
from nstcore.dataset.catalogue import read_catalogue
from nstcore.selection.pictures import write_notes, write_selection
from nstcore.selection.select import select
from nstcore.selection.styles import read_styles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogue", required=True, type=Path, help="catalogue.csv")
    parser.add_argument("--photographs", type=Path, help="draw contents from this folder instead")
    parser.add_argument("--styles", required=True, type=json.loads, help="the config's, as JSON")
    parser.add_argument("--train", required=True, type=int, help="number of training contents")
    parser.add_argument("--test", required=True, type=int, help="number of test contents")
    parser.add_argument("--heldout", default=0, type=int, help="paintings per style for the judge")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--on-bad-image", default="stop", choices=["stop", "skip"])
    parser.add_argument("--output", required=True, type=Path, help="selection.csv")
    parser.add_argument("--notes", required=True, type=Path, help="selection.json")
    args = parser.parse_args()
    pictures, notes = select(
        read_catalogue(args.catalogue),
        read_styles(args.styles),
        args.train,
        args.test,
        args.seed,
        args.photographs,
        args.on_bad_image,
        args.heldout,
    )
    write_notes(notes, args.notes)
    write_selection(pictures, args.output)
    for (style, split), count in Counter((one.style, one.split) for one in pictures).items():
        print(f"{count} {split} pictures{f' for {style}' if style else ''}")
    for skipped in notes.skipped:
        print(f"skipped for {skipped.use}: {skipped.source}: {skipped.reason}")
    for alike in notes.alike:
        same = "has the same bytes as" if alike.same_bytes else "looks like"
        print(f"{alike.first}: {same} {alike.second}")


if __name__ == "__main__":
    run(main)
