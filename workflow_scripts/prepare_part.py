"""Bring a part of the test contents to the study's size, and list them."""

import argparse
import filecmp
from pathlib import Path
from tempfile import TemporaryDirectory

from nstcore.common.errors import Attempts
from nstcore.common.program import run
from nstcore.common.versions import NUMERICS_VERSION
from nstcore.images.prepare import Shape, prepare
from nstcore.selection.part import Part, slice_of, sweep
from nstcore.selection.pictures import Picture, find_picture, read_selection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--selection", required=True, type=Path, help="selection.csv")
    parser.add_argument("--part", required=True, type=int, help="which, from 0")
    parser.add_argument("--pictures", required=True, type=int, help="how many are a part")
    parser.add_argument("--size", required=True, type=Shape.read, help="224, pad:224 or keep:224")
    parser.add_argument("--inputs", required=True, type=Path, help="folder of prepared pictures")
    parser.add_argument("--output", required=True, type=Path, help="their index, CSV")
    args = parser.parse_args()
    tests = [one for one in read_selection(args.selection) if one.split == "test"]
    chosen = slice_of(tests, args.pictures, args.part)
    sweep(args.inputs, [f"{picture.id}.png" for picture in chosen])

    def add(part: Part, picture: Picture) -> None:
        source = find_picture([picture], picture.id)

        def is_the_same(path: Path) -> bool:
            with TemporaryDirectory() as folder:
                prepare(source, Path(folder, path.name), args.size)
                return filecmp.cmp(Path(folder, path.name), path, shallow=False)

        part.make(picture.id, source, lambda path: prepare(source, path, args.size), is_the_same)

    settings = {"size": str(args.size), "numerics": NUMERICS_VERSION}
    with Part(args.output, args.inputs, settings) as part, Attempts() as attempts:
        for picture in chosen:
            # One that cannot be prepared keeps no other one from being prepared.
            with attempts.one():
                add(part, picture)


if __name__ == "__main__":
    run(main)
