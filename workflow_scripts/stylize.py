"""Repaint one content in one style with a model's choice, and give it its original size back."""

import argparse
import json
from pathlib import Path

from nstcore.common.program import run
from nstcore.losses.loss_weights import read_loss_weights
from nstcore.losses.objective import Objective
from nstcore.painting.choose import read_choices
from nstcore.painting.optimizers import read_optimizers
from nstcore.painting.progress import Progress
from nstcore.painting.schedule import Epochs, Schedule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--target", required=True, type=Path, help="<style>.npz")
    parser.add_argument("--content", required=True, type=Path, help="<content_id>.png")
    parser.add_argument("--choice", required=True, type=Path, help="the model's choice, CSV")
    parser.add_argument("--optimizers", required=True, type=read_optimizers, help="JSON")
    parser.add_argument("--loss", default=Objective(), type=Objective.from_json, help="JSON")
    parser.add_argument(
        "--loss-weights", nargs="?", type=read_loss_weights, help="what was measured, JSON"
    )
    parser.add_argument("--epochs", default=Epochs(), type=Epochs.from_json, help="JSON")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--output", required=True, type=Path, help="PNG")
    args = parser.parse_args()
    choice = read_choices(args.choice).iloc[0]
    objective = args.loss.model_copy(update={"aggregation": choice["aggregation"]})
    if args.loss_weights:
        objective = objective.completed(args.loss_weights)
    optimizer = args.optimizers[choice["optimizer"]]
    schedule = Schedule(**dict(args.epochs), epochs=int(choice["epochs"]), seed=args.seed)

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads, args.seed)

    from nstcore.backbones.backbone import Backbone
    from nstcore.images.io import load_batch, resize, save_png, to_image
    from nstcore.images.prepare import original_size
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.provenance import describe, settings_of
    from nstcore.painting.stylize import stylize

    backbone = Backbone.load(args.backbone)
    with Progress(schedule.epochs) as progress:
        result = stylize(
            load_batch([args.content]),
            StyleTarget.load(args.target, backbone),
            backbone,
            objective,
            optimizer,
            schedule,
            progress,
        )
    settings = {
        "backbone": backbone.name,
        "aggregation": objective.aggregation,
        "style": args.target.stem,
        "content_id": args.content.stem,
        **settings_of(objective, optimizer, schedule),
        "pooling": backbone.pooling,
        "precision": backbone.precision,
        "image_size": result.images.shape[1],
        "threads": args.threads,
        "seed": schedule.seed,
    }
    about = describe(settings, backbone, result.history.iloc[-1].to_dict())
    about["style_floor"] = float(result.style_floors[0])
    image = resize(to_image(result.images[0]), original_size(args.content))
    save_png(image, args.output, {"nstcore": json.dumps(about)})
    print(
        f"total loss {about['total_loss']:.6g} after {schedule.epochs} epochs; style loss "
        f"{about['style_loss']:.6g}, no mean over the paintings below {about['style_floor']:.6g}"
    )


if __name__ == "__main__":
    run(main)
