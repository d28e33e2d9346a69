"""Paint the embedded demo's dataset and lay out the photographs that it repaints."""

import argparse
from functools import partial
from pathlib import Path

from nstcore.common.program import run
from nstcore.demo import paint_dataset, write_photographs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="0 or more (default: %(default)s)")
    parser.add_argument(
        "--paintings", type=int, default=12, help="pictures per artist (default: %(default)s)"
    )
    parser.add_argument("--dataset", type=Path, required=True, help="folder of the paintings")
    parser.add_argument("--photographs", type=Path, required=True, help="folder of the contents")
    arguments = parser.parse_args()
    say = partial(print, flush=True)
    paint_dataset(arguments.dataset, arguments.seed, arguments.paintings, say)
    write_photographs(arguments.photographs)
    say(f"photographs: {arguments.photographs}")


if __name__ == "__main__":
    run(main)
