"""The sections of the report's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PageSection:
    """A part of the page, described by `reports/sections/<id>.html.j2`."""

    id: str
    """Of the section in the page, and the name of its template."""
    title: str = ""
    """Its heading, and in the table of contents; empty for one that does not stand there."""
    needs: str = ""
    """A value of `page.PageContent.values` without which there is no such section."""

    @property
    def template(self) -> str:
        """The file that describes it, seen from `reports/`."""
        return f"sections/{self.id}.html.j2"


SECTIONS = (
    PageSection("verdict", "Verdict"),
    PageSection("unfinished"),
    PageSection("lead", needs="lead"),
    PageSection("pictures", "Pictures"),
    PageSection("canvases", "Canvases", needs="cured"),
    PageSection("choices", "Optimizers and epochs"),
    PageSection("stopping", "Stopping rule", needs="watched"),
    PageSection("curves", "Training curves"),
    PageSection("scores", "Scores", needs="findings"),
    PageSection("findings", "Findings", needs="findings"),
    PageSection("aggregations", "Squared against simple", needs="pairs"),
    PageSection("method", "Method"),
    PageSection("remarks", "Faulty files", needs="faults"),
    PageSection("provenance", "Provenance"),
)
"""In the order of the page: answers, pictures, then what they rest on. To add one: a line here and
its template, whose heading is the title."""


def shown(values: Mapping[str, Any]) -> list[PageSection]:
    """Return the sections for which a study has what they need."""
    return [section for section in SECTIONS if not section.needs or values[section.needs]]
