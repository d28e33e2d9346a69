"""Measure alpha and beta of one backbone on the study's own training contents and styles."""

import argparse
from pathlib import Path

from nstcore.common.program import run
from nstcore.losses.loss_weights import LossWeights, measure, write_loss_weights
from nstcore.losses.objective import Objective
from nstcore.painting.canvas import Canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--backbone", required=True, type=Path, help="backbone, .weights.h5")
    parser.add_argument("--targets", required=True, nargs="+", type=Path, help="<style>.npz")
    parser.add_argument("--contents", required=True, nargs="+", type=Path, help="<content_id>.png")
    parser.add_argument("--loss", default=Objective(), type=Objective.from_json, help="JSON")
    parser.add_argument("--canvas", default=Canvas(), type=Canvas.from_json, help="JSON")
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--output", required=True, type=Path, help="weights of the losses, JSON")
    args = parser.parse_args()
    alpha, beta = args.loss.numbers
    given = alpha is not None and beta is not None
    # Without anything to measure TensorFlow need not start.
    weights = LossWeights(alpha, beta) if given else _measure(args, alpha, beta)
    write_loss_weights(weights, args.output)
    print(f"alpha {weights.alpha:.6g}, beta {weights.beta:.6g}")


def _measure(args: argparse.Namespace, alpha: float | None, beta: float | None) -> LossWeights:
    from nstcore.common.runtime import start_tensorflow

    start_tensorflow(args.threads)

    from nstcore.backbones.backbone import Backbone
    from nstcore.images.io import load_batch
    from nstcore.losses.style_target import StyleTarget

    backbone, canvas = Backbone.load(args.backbone), args.canvas
    # One after the other: neither all contents nor all targets stand in memory together.
    measured = measure(
        backbone,
        (canvas.middle(load_batch([path]))[0] for path in args.contents),
        (StyleTarget.load(path, backbone) for path in args.targets),
        args.loss.content_share,
    )
    if alpha is not None:
        return LossWeights(alpha, measured.beta, style_loss=measured.style_loss)
    if beta is not None:
        return LossWeights(measured.alpha, beta, measured.content_reference)
    return measured


if __name__ == "__main__":
    run(main)
