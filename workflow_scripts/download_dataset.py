"""Download a Kaggle dataset with the credentials of the user; a run that was cut is resumed."""

import argparse
import signal
import sys
from pathlib import Path

from nstcore.common.program import run
from nstcore.dataset.download import download


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="owner/slug/version")
    parser.add_argument("--cache", type=Path, required=True, help="folder of partial downloads")
    parser.add_argument("--output", type=Path, required=True, help="the archive (.zip)")
    arguments = parser.parse_args()
    # Leave through the code that ends the client too when Snakemake or a batch system ends us.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    download(arguments.dataset, arguments.output, arguments.cache)


if __name__ == "__main__":
    run(main)
