"""Download a Kaggle dataset with the credentials of the user; a run that was cut is resumed."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from nstcore.common.program import run
from nstcore.dataset.download import download
from nstcore.dataset.watching import Patience

# How terminals, batch systems and Snakemake end a program; by default the client would live on.
_ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU", "SIGUSR1", "SIGUSR2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True, help="owner/slug/version")
    parser.add_argument("--cache", type=Path, required=True, help="folder of partial downloads")
    parser.add_argument("--output", type=Path, required=True, help="the archive (.zip)")
    parser.add_argument(
        "--patience", type=Patience.from_json, default=Patience(), help="data.patience as JSON"
    )
    arguments = parser.parse_args()
    for name in _ENDINGS:
        number = signal.Signals[name]
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)
    download(arguments.dataset, arguments.output, arguments.cache, arguments.patience)


def _end(number: int, _: FrameType | None) -> None:
    """Leave through the code that ends the client, too."""
    for name in _ENDINGS:
        signal.signal(signal.Signals[name], signal.SIG_IGN)
    name = signal.Signals(number).name
    print(f"error: ended by {name}; run again to resume the download", file=sys.stderr)
    sys.exit(128 + number)


if __name__ == "__main__":
    run(main)
