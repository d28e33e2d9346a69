"""Repaint all training pairs of one backbone, aggregation and optimizer in lockstep."""

import argparse
import json
import time
from pathlib import Path

from nstcore.choosing import write_table
from nstcore.program import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--targets", required=True, nargs="+", type=Path, help="<style>.npz")
    parser.add_argument("--contents", required=True, nargs="+", type=Path, help="<content_id>.png")
    parser.add_argument("--aggregation", required=True)
    parser.add_argument("--optimizer", required=True)
    parser.add_argument("--settings", required=True, type=json.loads, help="of the optimizer, JSON")
    parser.add_argument("--alpha", required=True, type=float, help="weight of the content loss")
    parser.add_argument("--beta", required=True, type=float, help="weight of the style loss")
    parser.add_argument("--max-epochs", required=True, type=int)
    parser.add_argument("--min-improvement", required=True, type=float, help="0.001 for 0.1 %%")
    parser.add_argument("--steps-per-epoch", default=1, type=int)
    parser.add_argument("--batch", default=1, type=int, help="pairs repainted at once")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--output", required=True, type=Path, help="losses, CSV")
    args = parser.parse_args()

    from nstcore.runtime import start_tensorflow

    start_tensorflow(args.threads, args.seed)

    from nstcore.backbones import Backbone
    from nstcore.images import load_batch
    from nstcore.style import StyleTarget
    from nstcore.training import train

    backbone = Backbone.load(args.backbone)
    start = time.monotonic()

    def report(epoch: int, total: float) -> None:
        spent = time.monotonic() - start
        left = spent / (epoch + 1) * (args.max_epochs - epoch)
        print(
            f"epoch {epoch}/{args.max_epochs}  total {total:.6g}"
            f"  {spent:.0f} s, at most {left:.0f} s to go",
            flush=True,
        )

    history = train(
        dict(zip((path.stem for path in args.contents), load_batch(args.contents), strict=True)),
        {path.stem: StyleTarget.load(path, backbone) for path in args.targets},
        backbone,
        args.aggregation,
        args.optimizer,
        settings=args.settings,
        alpha=args.alpha,
        beta=args.beta,
        max_epochs=args.max_epochs,
        min_improvement=args.min_improvement,
        steps_per_epoch=args.steps_per_epoch,
        batch=args.batch,
        progress=report,
    )
    write_table(history, args.output)


if __name__ == "__main__":
    run(main)
