"""Repaint all training pairs of one backbone, aggregation and optimizer in lockstep."""

import argparse
import json
from pathlib import Path

from nstcore.common.program import add_loss_arguments, loss_arguments, run
from nstcore.common.tables import write_table
from nstcore.painting.checkpoint import remove
from nstcore.painting.progress import Progress


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--targets", required=True, nargs="+", type=Path, help="<style>.npz")
    parser.add_argument("--contents", required=True, nargs="+", type=Path, help="<content_id>.png")
    parser.add_argument("--aggregation", required=True)
    parser.add_argument("--optimizer", required=True)
    parser.add_argument("--settings", required=True, type=json.loads, help="of the optimizer, JSON")
    add_loss_arguments(parser)
    parser.add_argument("--max-epochs", required=True, type=int)
    parser.add_argument("--min-improvement", required=True, type=float, help="0.001 for 0.1 %%")
    parser.add_argument("--steps-per-epoch", default=1, type=int)
    parser.add_argument("--batch", default=1, type=int, help="pairs repainted at once")
    parser.add_argument("--pairs-in-memory", default=60, type=int, help="the others wait on disk")
    parser.add_argument("--save-every", default=5, type=int, help="epochs")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--output", required=True, type=Path, help="losses, CSV")
    args = parser.parse_args()

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads, args.seed)

    from nstcore.backbones.backbone import Backbone
    from nstcore.images.io import load_batch
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.train import train

    backbone = Backbone.load(args.backbone)
    contents = zip((path.stem for path in args.contents), load_batch(args.contents), strict=True)
    # Beside the output: a killed run goes on from there.
    state = args.output.with_name(f".{args.output.name}.state")
    with Progress(args.max_epochs) as progress:
        history = train(
            dict(contents),
            {path.stem: StyleTarget.load(path, backbone) for path in args.targets},
            backbone,
            args.aggregation,
            args.optimizer,
            settings=args.settings,
            max_epochs=args.max_epochs,
            min_improvement=args.min_improvement,
            steps_per_epoch=args.steps_per_epoch,
            batch=args.batch,
            seed=args.seed,
            state=state,
            pairs_in_memory=args.pairs_in_memory,
            save_every=args.save_every,
            progress=progress,
            **loss_arguments(args),
        )
    write_table(history, args.output)
    remove(state)


if __name__ == "__main__":
    run(main)
