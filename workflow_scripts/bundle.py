"""Put the report and the originals that it links to into a zip archive."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.report.bundle import write_bundle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", required=True, type=Path, help="results/<study>/report.html")
    parser.add_argument("--output", required=True, type=Path, help="ZIP")
    args = parser.parse_args()
    bundle = write_bundle(args.page, args.output)
    size = args.output.stat().st_size / 1e6
    print(f"{args.output}: {bundle.files} files, {size:.1f} MB")
    if bundle.missing:
        more = ", ..." if len(bundle.missing) > 3 else ""
        first = ", ".join(bundle.missing[:3])
        print(f"{len(bundle.missing)} linked files are missing: {first}{more}")


if __name__ == "__main__":
    run(main)
