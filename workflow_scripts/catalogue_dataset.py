"""Look at every picture of a dataset once: whose it is, whether it is sound, what equals it."""

import argparse
from collections.abc import Iterable
from functools import partial
from itertools import groupby
from pathlib import Path

from nstcore.common.program import run
from nstcore.dataset.catalogue import Catalogue, make_catalogue, write_catalogue
from nstcore.dataset.passed_over import lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, type=Path, help="folder; it is only read")
    parser.add_argument("--threads", default=1, type=int, help="pictures looked at at once")
    parser.add_argument("--output", required=True, type=Path, help="catalogue.csv")
    args = parser.parse_args()
    say = partial(print, flush=True)
    catalogue = make_catalogue(args.dataset, args.threads, say)
    write_catalogue(catalogue, args.output)
    for line in findings(catalogue):
        say(line)


def findings(catalogue: Catalogue) -> Iterable[str]:
    """Tell what a user of the dataset may want to know; nothing of it stops a study."""
    for style, group in groupby(catalogue.artworks, key=lambda artwork: artwork.style):
        paintings = list(group)
        announced = paintings[0].announced
        if announced and int(announced) != len(paintings):
            yield f"{style}: {len(paintings)} pictures, artists.csv announces {announced}"
        for artwork in paintings:
            if artwork.duplicate_of:
                yield f"{artwork.id}: has the same bytes as {artwork.duplicate_of}"
            if artwork.look_alikes:
                yield f"{artwork.id}: looks like {artwork.look_alikes}"
            if artwork.fault:
                yield f"{artwork.source}: {artwork.fault}"
            if artwork.remark:
                yield f"{artwork.source}: used, though {artwork.remark}"
    yield from lines(catalogue.passed_over)


if __name__ == "__main__":
    run(main)
