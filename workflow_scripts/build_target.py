"""Take the Gram matrices of a style's paintings, as one backbone sees them."""

import argparse
from pathlib import Path

from nstcore.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--paintings", required=True, nargs="+", type=Path, help="prepared PNGs")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="style target, .npz")
    args = parser.parse_args()

    from nstcore.runtime import start_tensorflow

    start_tensorflow(args.threads)

    from nstcore.backbones import Backbone
    from nstcore.images import load_batch
    from nstcore.style import StyleTarget

    backbone = Backbone.load(args.backbone)
    names = [path.stem for path in args.paintings]
    target = StyleTarget.from_images(backbone, load_batch(args.paintings), names)
    target.save(args.output)
    print(f"{target.count} paintings; no mean style loss below {target.floor:.6g}")


if __name__ == "__main__":
    run(main)
