"""Refuse a judge that comes from the same training as one of the study's backbones."""

import argparse
import json
from pathlib import Path

from nstcore.common.files import whole
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
    found = refuse_relative(args.judge, args.backbone, args.judge_name, args.backbone_name)
    with whole(args.output) as draft:
        values = {"backbone": args.backbone_name, "likeness": round(found, 4)}
        draft.write_text(json.dumps(values) + "\n", "utf-8")
    print(f"{args.backbone_name}: likeness {found:.3f}, refused from {RELATED}")


if __name__ == "__main__":
    run(main)
