"""Repaint contents in one style with a model's choice, and give them their original size back."""

import argparse
import json
from functools import partial
from pathlib import Path

from nstcore.common.errors import Attempts, ImageError
from nstcore.common.program import run
from nstcore.losses.loss_weights import read_loss_weights
from nstcore.losses.objective import Objective
from nstcore.painting.canvas import Canvas
from nstcore.painting.choose import read_choice
from nstcore.painting.optimizers import read_optimizers
from nstcore.painting.progress import Progress
from nstcore.painting.schedule import Epochs, Schedule
from nstcore.selection.part import Part, list_pictures, sweep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--name", help="what the study calls the backbone")
    parser.add_argument("--target", required=True, type=Path, help="<style>.npz")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--contents", nargs="+", type=Path, help="<content_id>.png")
    what.add_argument("--part", type=Path, help="index of prepared contents, CSV")
    parser.add_argument("--choice", required=True, type=Path, help="the model's choice, CSV")
    parser.add_argument("--optimizers", required=True, type=read_optimizers, help="JSON")
    parser.add_argument("--loss", default=Objective(), type=Objective.from_json, help="JSON")
    parser.add_argument(
        "--loss-weights", nargs="?", type=read_loss_weights, help="what was measured, JSON"
    )
    parser.add_argument("--epochs", default=Epochs(), type=Epochs.from_json, help="JSON")
    parser.add_argument("--canvas", default=Canvas(), type=Canvas.from_json, help="JSON")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--pictures", type=Path, help="with --part: the folder of PNGs")
    parser.add_argument(
        "--output", required=True, type=Path, help="folder of PNGs; with --part their index, CSV"
    )
    args = parser.parse_args()
    if args.part and not args.pictures:
        parser.error("--part goes with --pictures")
    contents = args.contents or list_pictures([args.part])
    choice = read_choice(args.choice, args.optimizers)
    objective = args.loss.model_copy(update={"aggregation": choice.aggregation})
    if args.loss_weights:
        objective = objective.completed(args.loss_weights)
    optimizer = args.optimizers[choice.optimizer]
    schedule = Schedule(**dict(args.epochs), epochs=choice.epochs, seed=args.seed)

    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads, args.seed)

    from nstcore.backbones.backbone import Backbone
    from nstcore.images.io import load_batch, read_leading_text, save_png, to_image
    from nstcore.images.prepare import give_back
    from nstcore.losses.style_target import StyleTarget
    from nstcore.painting.gallery import Gallery
    from nstcore.painting.provenance import describe, is_described, settings_of, surroundings
    from nstcore.painting.stylize import Stylizer

    backbone = Backbone.load(args.backbone)
    target = StyleTarget.load(args.target, backbone)
    paint = Stylizer(backbone, objective, optimizer, schedule, args.canvas)

    def settings(content_id: str, size: int | list[int]) -> dict[str, object]:
        # In the order that pictures have always had.
        return {
            "backbone": args.name or backbone.name,
            "aggregation": objective.aggregation,
            "style": args.target.stem,
            "content_id": content_id,
            **settings_of(objective, optimizer, schedule, args.canvas),
            "pooling": backbone.pooling,
            "precision": backbone.precision,
            "image_size": size,
            "threads": args.threads,
            "seed": schedule.seed,
        }

    def put(content: Path, path: Path) -> None:
        with Progress(schedule.epochs) as progress:
            result = paint(load_batch([content]), target, progress)
        last = result.history.iloc[-1].to_dict()
        height, width = result.images.shape[1:3]
        size = width if width == height else [width, height]
        about = describe(settings(content.stem, size), backbone, last)
        about["style_floor"] = float(result.style_floors[0])
        image = give_back(to_image(result.images[0]), content)
        save_png(image, path, {"nstcore": json.dumps(about)})
        print(
            f"{content.stem}: total loss {about['total_loss']:.6g} after {schedule.epochs} epochs; "
            f"style loss {about['style_loss']:.6g}, no mean over the paintings below "
            f"{about['style_floor']:.6g}",
            flush=True,
        )

    identity = {
        **settings("", 0),
        "network": [backbone.fingerprint, backbone.content_layer],
        "paintings": target.pictures_sha256,
    }

    def is_as_painted(content: Path, path: Path) -> bool:
        # What it does not tell of itself it was made of when it is the newer one.
        made_of = (args.backbone, args.target, content)
        if any(file.stat().st_mtime_ns > path.stat().st_mtime_ns for file in made_of):
            return False
        try:
            about = json.loads(read_leading_text(path)["nstcore"])
            expected = settings(content.stem, about["image_size"])
            return is_described(about, expected, backbone)
        except (ImageError, KeyError, TypeError, ValueError):
            return False

    def hang(place: Gallery | Part, content: Path) -> None:
        if isinstance(place, Gallery):
            place.hang(content, put)
        else:
            keep = partial(is_as_painted, content)
            place.make(content.stem, content, partial(put, content), keep)

    place: Gallery | Part
    if args.part:
        sweep(args.pictures, [content.name for content in contents])
        place = Part(args.output, args.pictures, {**identity, **surroundings()})
    else:
        place = Gallery(args.output, identity, contents)
    with place, Attempts() as attempts:
        for content in contents:
            # One content that cannot be painted costs no other one its picture.
            with attempts.one():
                hang(place, content)


if __name__ == "__main__":
    run(main)
