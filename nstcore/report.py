"""The HTML report of a study: one page, made from the study's files alone.

The page is described by `report.html.j2` with `report.css` and `report.js`; here its values are
prepared: pictures as data URIs, curves as SVG, numbers as texts.
"""

import base64
import hashlib
import io
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import yaml
from markupsafe import Markup

from nstcore.choosing import STATUSES
from nstcore.curves import draw_curves
from nstcore.errors import StudyError
from nstcore.files import whole
from nstcore.findings import Findings
from nstcore.images import read_image, resize
from nstcore.pareto import draw_pareto
from nstcore.results import Model, Results, read_results
from nstcore.selection import Picture

TEMPLATE = "report.html.j2"
PAINTINGS_SHOWN = 6

# The longer side of the embedded copies, in pixels.
_SMALL = 256
_LARGE = 512


def write_report(study_dir: Path, template_dir: Path, output: Path) -> None:
    """Write a study's report: one HTML file that needs no network; same files, same bytes.

    What an unfinished study lacks is named on the page.

    Args:
        study_dir: `results/<study>`.
        template_dir: Holds `report.html.j2`, `report.css` and `report.js`.
        output: The page; it links to the study's files relative to where it lies.

    Raises:
        DataError: There is no usable `config.json` or `selection.csv`.
        StudyError: Another file, or a part of the template, is missing or damaged.
    """
    study_dir, output = Path(study_dir), Path(output)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_dir),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "loss": format_loss,
        "duration": format_duration,
        "yaml": format_yaml,
        "score": format_score,
        "percent": lambda fraction: f"{100 * fraction:.4g} %",
    }
    try:
        template = environment.get_template(TEMPLATE)
        style, script = (_source(template_dir, name) for name in ("report.css", "report.js"))
    except (jinja2.TemplateError, OSError) as error:
        raise StudyError(f"{template_dir}: no usable templates ({error})") from None
    page = template.render(_values(read_results(study_dir), output) | _inline(style, script))
    with whole(output) as draft:
        draft.write_text(page + "\n", "utf-8", newline="\n")


def _source(folder: Path, name: str) -> str:
    return (Path(folder) / name).read_text("utf-8")


def _inline(style: str, script: str) -> dict[str, Any]:
    """Put style and script into the page, and let it run no other script than this one."""
    digest = hashlib.sha256(script.encode()).digest()
    # Both are sources of ours: nothing in them comes from a study.
    return {
        "style": Markup(style),  # noqa: S704
        "script": Markup(script),  # noqa: S704
        "script_digest": base64.b64encode(digest).decode(),
    }


def _values(results: Results, output: Path) -> dict[str, Any]:
    """Return what the template's names stand for."""
    folder = Path(os.path.relpath(results.folder.resolve(), output.parent.resolve())).as_posix()
    photographs = {one.id: number for number, one in enumerate(results.contents("test"))}

    @cache
    def picture(one: Picture) -> Thumbnail | None:
        path = results.folder / "inputs" / f"{one.id}.png"
        return make_thumbnail(path, _SMALL, (one.width, one.height)) if path.is_file() else None

    return {
        "results": results,
        "config": results.config,
        "notes": results.notes,
        "contents": results.contents("test"),
        "photographs": photographs,
        "statuses": STATUSES,
        "each": _range(len(results.paintings(style)) for style in results.styles),
        "heldout": results.config.get("judge", {}).get("heldout", 0),
        "selected": Counter((one.role, one.split, one.style) for one in results.selection),
        "paintings": lambda style: _spread(results.paintings(style), PAINTINGS_SHOWN),
        "picture": picture,
        "small": lambda one: make_thumbnail(results.folder / one.file, _SMALL),
        "large": lambda one: make_thumbnail(results.folder / one.file, _LARGE),
        "score": lambda model, one: results.scores.get(
            (model.backbone, model.aggregation, one.style, one.content_id), {}
        ),
        "pareto": _draw_pareto(results.findings),
        "curves": lambda model: _draw(model, f"m{results.models.index(model)}"),
        "link": lambda file: quote(f"{folder}/{file}".removeprefix("./")),
    }


def _range(counts: Iterable[int]) -> str:
    """Say how many there are of each: "30", or "12 to 30"."""
    ordered = sorted(counts)
    least, most = ordered[0], ordered[-1]
    return str(least) if least == most else f"{least} to {most}"


def _spread(pictures: list[Picture], most: int) -> list[Picture]:
    """Take a few pictures from all over a list, the first among them."""
    count = min(most, len(pictures))
    return [pictures[number * len(pictures) // count] for number in range(count)]


@dataclass(frozen=True)
class Thumbnail:
    """A small copy of a picture, to be embedded."""

    source: str
    """A data URI."""
    width: int
    """In pixels."""
    height: int


def make_thumbnail(path: Path, side: int, shape: tuple[int, int] | None = None) -> Thumbnail:
    """Make a copy of a picture that fits into a square and is not enlarged.

    Args:
        path: The picture.
        side: Of the square, in pixels.
        shape: (width, height) that the picture had before it was squeezed; without it, its own.

    Raises:
        ImageError: The picture cannot be read.
    """
    image = read_image(path)
    width, height = shape or image.size
    scale = min(1.0, side / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    file = io.BytesIO()
    resize(image, size).save(file, format="WEBP", quality=80, method=4)
    data = base64.b64encode(file.getvalue()).decode()
    return Thumbnail(f"data:image/webp;base64,{data}", *size)


def _draw_pareto(findings: Findings | None) -> Markup | None:
    """Draw content against style, if there are findings."""
    return Markup(draw_pareto(findings, "pareto")) if findings else None  # noqa: S704


def _draw(model: Model, prefix: str) -> Markup | None:
    """Draw a model's training curves, if there are any, with ids that start with `prefix`."""
    if not any(trial.totals for trial in model.trials):
        return None
    # Matplotlib has escaped its texts.
    return Markup(draw_curves(model.trials, prefix))  # noqa: S704


def format_loss(loss: float) -> str:
    """Write a loss with four significant digits.

    Example:
        >>> format_loss(2.31744145)
        '2.317'
    """
    if math.isnan(loss):
        return "not a number"
    # "#" keeps trailing zeros, and a dot that may then stand at the end.
    return f"{loss:#.4g}".rstrip(".") if math.isfinite(loss) else "infinite"


def format_score(score: float) -> str:
    """Write a score with three significant digits, at most three of them behind the point.

    Example:
        >>> format_score(0.61803), format_score(-12.3456)
        ('0.618', '-12.3')
    """
    if not math.isfinite(score):
        return "unknown"
    return f"{score:.3f}" if abs(score) < 1 else f"{score:#.3g}".rstrip(".")


def format_duration(seconds: float) -> str:
    """Write a duration in its two largest units.

    Example:
        >>> format_duration(3725)
        '1 h 2 min'
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_yaml(values: Mapping[str, Any]) -> str:
    """Write plain values as YAML in their own order."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
