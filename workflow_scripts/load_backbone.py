"""Fetch a backbone's weights, cut the network after its last used layer, and keep it."""

import argparse
import json
from pathlib import Path

from nstcore.backbones.architectures import POOLINGS, PRECISIONS
from nstcore.common.files import whole
from nstcore.common.program import run


def layer_weight(text: str) -> tuple[str, float]:
    name, _, weight = text.rpartition("=")
    return name, float(weight)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="what the study calls it")
    parser.add_argument("--architecture", help="not needed for a .keras file")
    parser.add_argument("--weights", required=True, help="imagenet, random, a file, package:...")
    parser.add_argument("--preprocessing", help="default: the architecture's own")
    parser.add_argument("--description", default="", help="what readers should know of the weights")
    parser.add_argument(
        "--style-layers", required=True, nargs="+", type=layer_weight, metavar="LAYER=WEIGHT"
    )
    parser.add_argument("--content-layer", required=True)
    parser.add_argument(
        "--pooling", default="max", choices=POOLINGS, help="average replaces max pooling"
    )
    parser.add_argument(
        "--precision", default="float32", choices=PRECISIONS, help="what the network computes in"
    )
    parser.add_argument("--seed", required=True, type=int, help="for random weights")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--about", required=True, type=Path, help="what it is, JSON")
    args = parser.parse_args()
    style_layers = dict(args.style_layers)
    if len(style_layers) < len(args.style_layers):
        parser.error("argument --style-layers: a layer is given twice")

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads, args.seed)

    from nstcore.backbones.backbone import load_backbone

    backbone = load_backbone(
        args.architecture,
        args.weights,
        style_layers=style_layers,
        content_layer=args.content_layer,
        preprocessing=args.preprocessing,
        name=args.name,
        description=args.description,
        pooling=args.pooling,
        precision=args.precision,
        seed=args.seed,
    )
    backbone.save(args.output)
    with whole(args.about) as draft:
        draft.write_text(json.dumps(backbone.about(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"{backbone.name}: {args.weights}, sha256 {backbone.weights_sha256}")


if __name__ == "__main__":
    run(main)
