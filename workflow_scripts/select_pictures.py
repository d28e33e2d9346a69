"""Choose a study's pictures: the paintings of each style, and the contents drawn with a seed."""

import argparse
from collections import Counter
from pathlib import Path

from nstcore.common.program import run
from nstcore.dataset.catalogue import read_catalogue
from nstcore.selection.pictures import write_notes, write_selection
from nstcore.selection.select import select
from nstcore.selection.styles import DrawnContents, Styles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--catalogue", required=True, type=Path, help="catalogue.csv")
    parser.add_argument("--styles", required=True, type=Styles.from_json, help="JSON")
    parser.add_argument(
        "--contents", default=DrawnContents(), type=DrawnContents.from_json, help="JSON"
    )
    parser.add_argument("--heldout", default=0, type=int, help="paintings per style for the judge")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--on-bad-image", default="stop", choices=["stop", "skip"])
    parser.add_argument("--output", required=True, type=Path, help="selection.csv")
    parser.add_argument("--notes", required=True, type=Path, help="selection.json")
    args = parser.parse_args()
    pictures, notes = select(
        read_catalogue(args.catalogue),
        args.styles,
        args.contents,
        args.seed,
        on_bad_image=args.on_bad_image,
        heldout=args.heldout,
    )
    write_notes(notes, args.notes)
    write_selection(pictures, args.output)
    for (style, split), count in Counter(
        (picture.style, picture.split) for picture in pictures
    ).items():
        print(f"{count} {split} pictures{f' for {style}' if style else ''}")
    for skipped in notes.skipped:
        print(f"skipped for {skipped.use}: {skipped.source}: {skipped.reason}")
    for one in notes.passed_over:
        # The catalogue's job has told of the dataset.
        if one.use != "dataset":
            print(f"passed over for {one.use}: {one.source}: {one.reason}")
    for one in notes.remarks:
        print(f"used for {one.use}: {one.source}: {one.reason}")
    for alike in notes.alike:
        same = "has the same bytes as" if alike.same_bytes else "looks like"
        print(f"{alike.first}: {same} {alike.second}")


if __name__ == "__main__":
    run(main)
