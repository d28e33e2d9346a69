"""Fetch a backbone's weights, cut the network after its last used layer, and keep it."""

import argparse
from pathlib import Path

from nstcore.backbones.network import BackboneNetwork
from nstcore.common.files import write_json
from nstcore.common.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="what the study calls it")
    parser.add_argument("--network", required=True, type=BackboneNetwork.from_json, help="JSON")
    parser.add_argument("--seed", default=0, type=int, help="for random weights")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--about", required=True, type=Path, help="what it is, JSON")
    args = parser.parse_args()

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads, args.seed)

    from nstcore.backbones.backbone import load_backbone

    backbone = load_backbone(args.network, name=args.name, seed=args.seed)
    backbone.save(args.output)
    write_json(backbone.about(), args.about)
    print(f"{backbone.name}: {args.network.weights}, sha256 {backbone.weights_sha256}")


if __name__ == "__main__":
    run(main)
