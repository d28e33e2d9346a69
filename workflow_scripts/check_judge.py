"""Refuse a judge that comes from one training with a backbone of the study, or another judge."""

import argparse
from pathlib import Path

from nstcore.common.files import write_json
from nstcore.common.program import run
from nstcore.judging.kernel_similarity import RELATED, refuse_relative, refuse_same_opinion

REFUSING = {"backbone": refuse_relative, "judge": refuse_same_opinion}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", required=True, type=Path, help="its network, .weights.h5")
    parser.add_argument("--judge-name", required=True)
    parser.add_argument("--kind", required=True, choices=REFUSING, help="what the other one is")
    parser.add_argument("--other", required=True, type=Path, help="its network, .weights.h5")
    parser.add_argument("--other-name", required=True)
    parser.add_argument("--output", required=True, type=Path, help="how alike they are, JSON")
    args = parser.parse_args()
    refuse = REFUSING[args.kind]
    similarity = refuse(args.judge, args.other, args.judge_name, args.other_name)
    about = {"judge": args.judge_name, "kind": args.kind, "other": args.other_name}
    write_json({**about, "likeness": round(similarity, 4)}, args.output, indent=None)
    print(f"{args.other_name}: kernel similarity {similarity:.3f}, refused from {RELATED}")


if __name__ == "__main__":
    run(main)
