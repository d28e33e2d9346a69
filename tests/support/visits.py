"""A report that is opened from disk in a browser, and watched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chromium import Watched
from playwright.sync_api import Page

Open = Callable[..., Page]


@contextmanager
def visits(new_context: Any, report: Path) -> Iterator[Open]:
    """Give a function that opens a report, with a fragment and a window's size.

    At the end, nothing may have gone wrong in any of its pages and nothing may have left them.
    """
    opened: list[tuple[Any, Watched]] = []

    def visit(fragment: str = "", width: int = 1280, height: int = 800, **options: Any) -> Page:
        context = new_context(viewport={"width": width, "height": height}, offline=True, **options)
        watched = Watched(context)
        opened.append((context, watched))
        watched.page.goto(report.as_uri() + fragment)
        return watched.page

    yield visit
    for context, watched in opened:
        assert watched.faults == []
        asked = [url for url in watched.requests if not url.startswith("data:")]
        assert {url.partition("#")[0] for url in asked} == {report.as_uri()}
        context.close()
