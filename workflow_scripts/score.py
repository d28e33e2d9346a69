"""Let the judge score one model's pictures; what it has scored already is not scored again."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.judging.score import JudgeFiles, score_pictures
from nstcore.selection.part import list_pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--judge-name", required=True, help="what the study calls the judge")
    parser.add_argument("--judge", required=True, type=Path, help="its network, .weights.h5")
    parser.add_argument("--reference", required=True, type=Path, help="what it judges by, .npz")
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--aggregation", required=True)
    parser.add_argument(
        "--pictures",
        required=True,
        nargs="+",
        type=Path,
        help="<style>/<content_id>.png, or indexes of parts, CSV",
    )
    parser.add_argument(
        "--contents",
        required=True,
        nargs="+",
        type=Path,
        help="<content_id>.png, or indexes of parts, CSV",
    )
    parser.add_argument("--size", required=True, type=int, help="side of what is seen, in pixels")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument(
        "--output", required=True, type=Path, help="scores, CSV; brought up to date"
    )
    args = parser.parse_args()
    pictures = list_pictures(args.pictures)

    def start() -> None:
        from nstcore.common.runtime import start_tensorflow

        start_tensorflow(args.threads)

    scored = score_pictures(
        JudgeFiles(args.judge, args.reference, args.size),
        [(path.parent.name, path.stem, path) for path in pictures],
        {path.stem: path for path in list_pictures(args.contents)},
        (args.judge_name, args.backbone, args.aggregation),
        args.output,
        start,
    )
    print(f"{scored} of {len(pictures)} pictures scored; the others had their scores")


if __name__ == "__main__":
    run(main)
