"""The HTML report of a study: one file, made from the study's files alone.

The page is described by the files of `reports/`; what stands on it is prepared in `page`.
"""

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from nstcore.common.errors import StudyError
from nstcore.common.files import atomic_write
from nstcore.common.formatting import (
    format_bytes,
    format_count,
    format_duration,
    format_loss,
    format_name,
    format_percent,
    format_scale,
    format_score,
    format_yaml,
)
from nstcore.judging.measures import say
from nstcore.judging.sentences import format_p
from nstcore.report.colors import palette_css
from nstcore.report.concealed import conceal, outside_configs, shortened_paths
from nstcore.report.exports import embed
from nstcore.report.page import PageContent
from nstcore.report.sections import shown
from nstcore.report.verdict import format_difference
from nstcore.study.results import read_results

TEMPLATE = "report.html.j2"
STYLE = "report.css"
SCRIPTS = (
    "contents.js",
    "study.js",
    "state.js",
    "heads.js",
    "tables.js",
    "grid.js",
    "viewer.js",
    "filter.js",
    "page.js",
)
"""In the folder `scripts`, in the order in which they run."""
MOST_PICTURES = 5000
"""That a page shows: even as small copies, these are about 50 MB."""


def write_report(study_dir: Path, template_dir: Path, output: Path, threads: int = 1) -> None:
    """Write a study's report: one HTML file that needs no network; same files, same bytes.

    What an unfinished study lacks is named on the page.

    Args:
        study_dir: `results/<study>`. Small copies of its pictures are kept in it for the next time.
        template_dir: The folder `reports`: `report.html.j2` and what it includes, `report.css` and
            the scripts.
        output: The page; it links to the study's files relative to where it lies.
        threads: Pictures that are made smaller at once.

    Raises:
        DataError: There is no usable `config.json` or `selection.csv`.
        StudyError: Another file, or a part of the template, is missing or damaged.
    """
    study_dir, template_dir, output = Path(study_dir), Path(template_dir), Path(output)
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
        "bytes": format_bytes,
        "yaml": format_yaml,
        "score": format_score,
        "scale": format_scale,
        "percent": format_percent,
        "count": format_count,
        "number": format_difference,
        "p_value": format_p,
        "words": format_name,
        "measure": say,
        "csv_uri": lambda text: embed(text, "text/csv"),
    }
    try:
        template = environment.get_template(TEMPLATE)
        style = (template_dir / STYLE).read_text("utf-8")
        scripts = [(template_dir / "scripts" / name).read_text("utf-8") for name in SCRIPTS]
    except (jinja2.TemplateError, OSError) as error:
        raise StudyError(f"{template_dir}: no usable templates ({error})") from None
    results = read_results(study_dir, MOST_PICTURES)
    content = PageContent(
        conceal(results), output, threads, outside_configs(results), shortened_paths(results)
    )
    values = content.values()
    try:
        values |= {"sections": shown(values), "curve_colors": Markup(palette_css())}  # noqa: S704
        page = template.render(values | _inline(style, scripts))
    # What a template includes is read as late as this.
    except (jinja2.TemplateNotFound, jinja2.TemplateSyntaxError) as error:
        raise StudyError(f"{template_dir}: no usable templates ({error})") from None
    with atomic_write(output) as draft:
        draft.write_text(page + "\n", "utf-8", newline="\n")


def _inline(style: str, scripts: Iterable[str]) -> dict[str, Any]:
    """Put style and scripts into the page, and let it run no other scripts than these."""
    # All are sources of ours: nothing in them comes from a study.
    inlined = [Markup(script) for script in scripts]  # noqa: S704
    digests = [hashlib.sha256(script.encode()).digest() for script in inlined]
    return {
        "style": Markup(style),  # noqa: S704
        "scripts": inlined,
        "script_digests": [base64.b64encode(digest).decode() for digest in digests],
    }
