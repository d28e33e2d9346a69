"""Write the HTML report of a study from its files."""

import argparse
from pathlib import Path

from nstcore.common.bucket import fetch_newer
from nstcore.common.program import run
from nstcore.report.render import write_report

TEMPLATES = Path(__file__).parent.parent / "reports"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", required=True, type=Path, help="results/<study>")
    parser.add_argument(
        "--templates", default=TEMPLATES, type=Path, help="folder of the page's sources"
    )
    parser.add_argument("--output", type=Path, help="HTML; default: report.html of the study")
    parser.add_argument("--threads", default=1, type=int, help="pictures at once")
    parser.add_argument(
        "--bucket", help="where the study lies too, s3://...; what it has is fetched"
    )
    args = parser.parse_args()
    if args.bucket:
        fetch_newer(args.bucket, args.study)
    output = args.output or args.study / "report.html"
    write_report(args.study, args.templates, output, args.threads)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(main)
