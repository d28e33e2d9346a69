"""Pack a finished study as an RO-Crate, that another machine can verify."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.report.crate import write_crate

ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="results/<study>")
    parser.add_argument("--output", required=True, type=Path, help="ZIP")
    args = parser.parse_args()
    crate = write_crate(args.study, ROOT, args.output)
    size = crate.bytes / 1e6
    print(f"{args.output}: {crate.files} files, {size:.1f} MB, SHA-256 {crate.sha256}")


if __name__ == "__main__":
    run(main)
