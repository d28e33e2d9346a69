"""A real browser for tests: Debian's Chromium, which is installed if need be."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright
from requirements import lacking

SCREENSHOTS = Path(__file__).parents[2] / "results" / "screenshots"
"""Kept for whoever wants to see what the tests saw."""

# Nothing can be reached, whatever the page asks for, and Chromium itself is told to be quiet.
_OPTIONS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find_chromium() -> str:
    """Return the path of a Chromium; where none is there, Debian's is installed by apt.

    Without rights or network the tests are skipped, except on CI, where they fail.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    reason = "no Chromium, and no apt-get to install it with"
    if found is None and shutil.which("apt-get"):
        for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "chromium"]):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
            reason = f"no Chromium; {' '.join(command)}: {done.stderr.strip()[-200:]}"
        found = shutil.which("chromium")
    if found is None:
        lacking(reason)
    return found


@contextmanager
def contexts() -> Iterator[Any]:
    """Start the browser; gives a function that opens a context of it, see `Browser.new_context`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*_OPTIONS])
        try:
            yield browser.new_context
        finally:
            browser.close()


class Watched:
    """A page of a context, and all that it should not do."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _refuse(self, dialog: Any) -> None:
        self.faults.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


def shoot(page: Page, name: str, **options: Any) -> None:
    """Keep a picture of what the page looks like."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)
