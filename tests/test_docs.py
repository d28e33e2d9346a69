"""The pages that people read: links that lead somewhere, and a front door of bounded size."""

import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from nstcore.study.config import Study

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "config/README.md", "benchmarks/README.md")
    for path in ROOT.glob(pattern)
)
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_are_there(page: Path) -> None:
    named = re.findall(
        r"`((?:nstcore|rules|tests|reports|workflow_scripts|docs|profiles)/[\w./-]+)`",
        page.read_text("utf-8"),
    )
    added = {"reports/sections/colophon.html.j2"}
    for name in set(named) - added:
        assert (ROOT / name).exists(), name


def test_the_readme_opens_with_the_two_commands_and_is_short() -> None:
    lines = README.splitlines()
    assert [line.split("#")[0].strip() for line in lines[2:4]] == ["make demo", "make test"]
    assert len(README.encode()) < 6000


def test_the_readme_s_config_for_own_pictures_is_short_and_complete() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(block.splitlines()) <= 12
    study = Study.from_config(yaml.safe_load(block))
    assert study.objective("VGG19").measures
