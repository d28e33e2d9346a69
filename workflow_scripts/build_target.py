"""Take the Gram matrices of a style's paintings, as one backbone sees them."""

import argparse
from pathlib import Path

from nstcore.common.files import write_json
from nstcore.common.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--paintings", required=True, nargs="+", type=Path, help="prepared PNGs")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="style target, .npz")
    parser.add_argument("--about", required=True, type=Path, help="what it is, JSON")
    args = parser.parse_args()

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads)

    from nstcore.backbones.backbone import Backbone
    from nstcore.images.io import read_pixels
    from nstcore.losses.style_target import StyleTarget

    backbone = Backbone.load(args.backbone)
    names = [path.stem for path in args.paintings]
    # One after the other: hundreds of paintings never stand in memory together.
    target = StyleTarget.from_images(backbone, map(read_pixels, args.paintings), names)
    target.save(args.output)
    about = {**target.about(), "floor": target.floor, "floors": target.floors}
    write_json(about, args.about)
    print(f"{target.count} paintings; no mean style loss below {target.floor:.6g}")


if __name__ == "__main__":
    run(main)
