"""Repaint all training pairs of one backbone, aggregation and optimizer in lockstep."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.common.tables import write_table
from nstcore.losses.loss_weights import read_loss_weights
from nstcore.losses.objective import Objective
from nstcore.painting.canvas import Canvas
from nstcore.painting.checkpoint import remove
from nstcore.painting.choose import summarize, tell
from nstcore.painting.history import average_curve
from nstcore.painting.optimizers import read_optimizer
from nstcore.painting.progress import Progress
from nstcore.painting.schedule import Compute, Execution, Training, TrainingSchedule
from nstcore.painting.stopping import look_back


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--targets", required=True, nargs="+", type=Path, help="<style>.npz")
    parser.add_argument("--contents", required=True, nargs="+", type=Path, help="<content_id>.png")
    parser.add_argument("--aggregation", default="simple")
    parser.add_argument("--loss", default=Objective(), type=Objective.from_json, help="JSON")
    parser.add_argument(
        "--loss-weights", nargs="?", type=read_loss_weights, help="what was measured, JSON"
    )
    parser.add_argument("--optimizer", default="adam", help="its name")
    parser.add_argument("--settings", default="{}", help="of the optimizer, JSON")
    parser.add_argument("--training", default=Training(), type=Training.from_json, help="JSON")
    parser.add_argument("--canvas", default=Canvas(), type=Canvas.from_json, help="JSON")
    parser.add_argument("--compute", default=Compute(), type=Compute.from_json, help="JSON")
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--output", required=True, type=Path, help="losses, CSV")
    args = parser.parse_args()
    objective = Objective(**{**dict(args.loss), "aggregation": args.aggregation})
    if args.loss_weights:
        objective = objective.completed(args.loss_weights)
    optimizer = read_optimizer(args.optimizer, args.settings)
    schedule = TrainingSchedule(**dict(args.training), seed=args.seed)

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.compute.threads, args.seed)

    from nstcore.backbones.backbone import Backbone
    from nstcore.images.io import load_batch
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.train import train

    backbone = Backbone.load(args.backbone)
    contents = zip((path.stem for path in args.contents), load_batch(args.contents), strict=True)
    # Beside the output: a killed run goes on from there.
    checkpoint = args.output.with_name(f".{args.output.name}.state")
    with Progress(schedule.max_epochs) as progress:
        history = train(
            dict(contents),
            {path.stem: StyleTarget.load(path, backbone) for path in args.targets},
            backbone,
            objective,
            optimizer,
            schedule,
            Execution(checkpoint, args.compute, progress),
            args.canvas,
        )
    write_table(history, args.output)
    remove(checkpoint)
    totals = average_curve(history)["total_loss"].tolist()
    print(tell(summarize(optimizer.name, totals, schedule), look_back(totals, schedule)))


if __name__ == "__main__":
    run(main)
