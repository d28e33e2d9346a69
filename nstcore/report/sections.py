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
    """In the navigation; empty for one that does not stand there."""
    needs: str = ""
    """A value of `page.PageContent.values` without which there is no such section."""

    @property
    def template(self) -> str:
        """The file that describes it, seen from `reports/`."""
        return f"sections/{self.id}.html.j2"


SECTIONS = (
    PageSection("unfinished"),
    PageSection("method", "Method"),
    PageSection("findings", "Findings", needs="findings"),
    PageSection("choices", "Choices"),
    PageSection("stopping", "Stopping", needs="watched"),
    PageSection("curves", "Curves"),
    PageSection("pictures", "Pictures"),
    PageSection("aggregations", "Simple and squared", needs="pairs"),
    PageSection("models", "Models"),
    PageSection("scores", "Scores", needs="findings"),
    PageSection("provenance", "Provenance"),
)
"""In the order of the page. To add one: a line here and its template."""


def shown(values: Mapping[str, Any]) -> list[PageSection]:
    """Return the sections for which a study has what they need."""
    return [section for section in SECTIONS if not section.needs or values[section.needs]]
