"""`nst paint`: photographs to pictures in a style."""

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from nstcore.app.files import check_writable, find_pictures, plan_outputs, save
from nstcore.app.networks import faster_precision, named
from nstcore.app.options import SIZE, STEPS
from nstcore.app.style_file import StyleFile
from nstcore.common.errors import Attempts, ImageError, StudyError, TargetError
from nstcore.common.hints import printable
from nstcore.common.runtime import start_tensorflow

INTERRUPTED = 130
"""The exit code after Ctrl-C, a shell's."""

_PREVIEW_SECONDS = 4.0


def paint_all(args: argparse.Namespace) -> int:
    """Paint every photograph; one that cannot be painted costs no other its picture.

    Returns:
        The exit code.
    """
    photos = find_pictures(args.photos)
    outputs = plan_outputs(photos, args.output, force=args.force)
    for output in outputs:
        check_writable(output)
    start_tensorflow(args.threads, args.seed)
    with _Stop() as stop:
        style = _of_study(args) if args.study else _of_files(args)
        with Attempts() as attempts:
            for photo, output in zip(photos, outputs, strict=True):
                if stop.asked:
                    break
                with attempts.one():
                    _paint(photo, output, style, args, stop)
    return INTERRUPTED if stop.asked else 0


@dataclass
class _Stop:
    """Ctrl-C: the first asks to keep what there is, a second ends at once."""

    asked: bool = False
    _before: Any = field(default=None, repr=False)

    def __enter__(self) -> "_Stop":
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@dataclass(frozen=True)
class _Style:
    """What pictures are painted after, and how."""

    style: Any
    manner: Any
    steps: int
    size: int
    coarsest: int
    about: dict[str, Any]


def content_share(strength: float) -> float:
    """Return the `Objective.content_share` of a strength.

    0 keeps nearly all of the content, its colours too (1000), 0.5 leaves its forms (0.3), and 1
    nearly nothing (0.01). Above 10 or so it is the colours that come back, which late layers of a
    network hardly see: hence the steeper fall there.
    """
    return float(10 ** (3 - 9 * strength + 4 * strength**2))


def _of_files(args: argparse.Namespace) -> _Style:
    from nstcore.backbones.backbone import load_backbone
    from nstcore.losses.blend import Blend
    from nstcore.losses.objective import Objective
    from nstcore.painting.canvas import Canvas
    from nstcore.painting.coarse_to_fine import Manner
    from nstcore.painting.optimizers import Adam

    styles = [(StyleFile.load(path), share) for path, share in args.style]
    path, _ = args.style[0]
    network = named(args.network) if args.network else styles[0][0].trusted_network(path)
    precision = faster_precision() if args.precision == "auto" else args.precision
    backbone = load_backbone(network.model_copy(update={"precision": precision}))
    targets = [(one.target.computed_in(precision), share) for one, share in styles]
    for (path, _), (one, _), (target, _) in zip(args.style, styles, targets, strict=True):
        if target.backbone != backbone.identity:
            theirs = printable(one.network.description or str(one.network.architecture))
            raise TargetError(
                f"{path}: a style seen by another network ({theirs}) than "
                f"{network.description or network.architecture}; make it again with nst style "
                "--network, or paint with styles of one network"
            )
    if args.precision == "auto" and precision != "float32":
        print(f"note: in {precision}, sooner on this processor than float32", file=sys.stderr)
    strength = 0.5 if args.strength is None else args.strength
    objective = Objective(
        aggregation=args.aggregation or "simple",
        scaling="calibrated",
        content_share=content_share(strength),
    )
    manner = Manner(
        backbone, objective, Adam(learning_rate=0.02), Canvas(kind="pyramid"), args.seed
    )
    return _Style(
        Blend.of(targets) if len(targets) > 1 else targets[0][0],
        manner,
        args.steps or STEPS,
        args.size or SIZE,
        256,
        {"styles": [[Path(path).stem, share] for path, share in args.style], "strength": strength},
    )


def _of_study(args: argparse.Namespace) -> _Style:
    from nstcore.app.study_model import load_model
    from nstcore.painting.coarse_to_fine import Manner

    model = load_model(Path(args.study), args.model, args.artist)
    objective = model.objective
    about: dict[str, Any] = {"study": args.study, "model": args.model, "style": args.artist}
    if args.strength is not None:
        # Relative to the study's own: 0.5 leaves it as it is.
        factor = content_share(args.strength) / content_share(0.5)
        alpha, _ = objective.numbers
        objective = objective.model_copy(update={"alpha": (alpha or 0.0) * factor})
        about["strength"] = args.strength
    size = args.size or model.side
    return _Style(
        model.target,
        Manner(model.backbone, objective, model.optimizer, model.canvas, args.seed),
        args.steps or model.epochs,
        size,
        size,
        about,
    )


def _paint(photo: Path, output: Path, style: _Style, args: argparse.Namespace, stop: _Stop) -> None:
    from nstcore.images.io import read_image, resize, to_image, to_pixels
    from nstcore.images.prepare import fitted
    from nstcore.images.recoloring import keep_luminance, match_colors
    from nstcore.painting.coarse_to_fine import SMALLEST, Step, enlarge, paint, plan

    image = read_image(photo)
    if min(image.size) < SMALLEST:
        raise ImageError(
            f"{photo}: {image.width} x {image.height} pixels; a photograph needs {SMALLEST} on its "
            "shorter side"
        )
    width, height = fitted(image.size, style.size)
    try:
        scales = plan(width, height, style.steps, style.coarsest)
    except StudyError as error:
        raise StudyError(f"{photo}: {error}") from None
    content = to_pixels(resize(image, (width, height)))

    def finished(step: Step) -> Any:
        pixels = step.painting.images[0]
        if step.scale != scales[-1]:
            pixels = enlarge(pixels, scales[-1])
        if args.keep == "luminance":
            pixels = keep_luminance(pixels, content)
        elif args.keep == "linear":
            pixels = match_colors(pixels, content)
        return to_image(pixels)

    last: Step | None = None
    with _bar(photo, scales) as bar, _Preview(output, wanted=not args.no_preview) as preview:
        for step in paint(content, style.style, style.manner, scales):
            total = step.losses["total_loss"]
            if total != total:
                raise StudyError(
                    f"{photo}: the losses are not numbers after {step.number} steps; try another "
                    "--strength or --size"
                )
            last = step
            bar.set_postfix_str(
                f"{step.scale.width} x {step.scale.height} px, total {total:.4g}, content "
                f"{step.losses['content_loss']:.4g}, style {step.losses['style_loss']:.4g}",
                refresh=False,
            )
            bar.update()
            if stop.asked:
                break
            if preview.is_due():
                preview.show(finished(step))
        if last is None:
            return
        save(finished(last), output, _describe(photo, style, args, last, scales))
    rest = "" if not stop.asked else f", interrupted after {last.number + 1} of {last.of} steps"
    print(f"{output}: {width} x {height} pixels{rest}", flush=True)


@contextmanager
def _bar(photo: Path, scales: list[Any]) -> Iterator[Any]:
    from tqdm import tqdm

    steps = sum(one.steps for one in scales)
    with tqdm(
        total=steps,
        desc=photo.name,
        unit="step",
        dynamic_ncols=True,
        # In a log, a line now and then.
        mininterval=0.2 if sys.stderr.isatty() else 10,
    ) as bar:
        yield bar


class _Preview:
    """The picture as it is now, beside the result; gone once that is there.

    A file of its name that was there before is left alone, and there is no preview.
    """

    def __init__(self, output: Path, *, wanted: bool) -> None:
        self._path = output.with_name(f"{output.stem}.preview.jpg")
        self._wanted = wanted and not self._path.exists()
        self._made = False
        self._shown = time.monotonic()

    def is_due(self) -> bool:
        """Whether some seconds have passed since the last."""
        return self._wanted and time.monotonic() - self._shown > _PREVIEW_SECONDS

    def show(self, image: Any) -> None:
        """Write it; a disk that is full costs the preview and not the picture."""
        try:
            save(image, self._path, {"preview": True})
            self._made = True
        except OSError as error:
            self._wanted = False
            print(f"note: no preview ({error})", file=sys.stderr)
        self._shown = time.monotonic()

    def __enter__(self) -> "_Preview":
        return self

    def __exit__(self, *error: object) -> None:
        if self._made:
            self._path.unlink(missing_ok=True)


def _describe(
    photo: Path, style: _Style, args: argparse.Namespace, last: Any, scales: list[Any]
) -> dict[str, Any]:
    from nstcore.painting.provenance import versions

    return {
        **style.about,
        "photo": photo.name,
        "network": style.manner.backbone.source,
        "weights_sha256": style.manner.backbone.weights_sha256,
        "precision": style.manner.backbone.precision,
        "objective": style.manner.objective.full(),
        "optimizer": style.manner.optimizer.name,
        "optimizer_settings": style.manner.optimizer.full(),
        "canvas": style.manner.canvas.full(),
        "scales": [[one.width, one.height, one.steps] for one in scales],
        "steps": last.number + 1,
        "keep_colours": args.keep,
        "seed": args.seed,
        "threads": args.threads,
        # Of the picture before its last step.
        **last.losses,
        "versions": versions(),
    }
