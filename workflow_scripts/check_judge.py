"""Refuse a judge that comes from the same training as one of the study's backbones."""

import argparse
from pathlib import Path

from nstcore.common.files import write_json
from nstcore.common.program import run
from nstcore.judging.kernel_similarity import RELATED, refuse_relative


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", required=True, type=Path, help="its network, .weights.h5")
    parser.add_argument("--judge-name", required=True)
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--backbone-name", required=True)
    parser.add_argument("--output", required=True, type=Path, help="how alike they are, JSON")
    args = parser.parse_args()
    similarity = refuse_relative(args.judge, args.backbone, args.judge_name, args.backbone_name)
    write_json(
        {"backbone": args.backbone_name, "likeness": round(similarity, 4)}, args.output, indent=None
    )
    print(f"{args.backbone_name}: kernel similarity {similarity:.3f}, refused from {RELATED}")


if __name__ == "__main__":
    run(main)
