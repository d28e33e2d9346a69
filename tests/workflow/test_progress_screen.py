"""Progress on a terminal (`--logger rich`): what runs, how far; errors last, records in a file."""

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.workflow


def run(folder, *arguments, terminal=True):
    """Run Snakemake with the bars; return its exit code and all that a screen has shown."""
    command = [
        *(Path(sys.executable).parent / "snakemake", *arguments, "--logger", "rich"),
        *("--snakefile", ROOT / "Snakefile", "--directory", folder, "--cores", "2"),
        *("--configfile", folder / "study.yaml"),
    ]
    environment = {"PATH": "/usr/bin:/bin", "TERM": "xterm", "COLUMNS": "120", "LINES": "50"}
    environment |= {"HOME": os.environ["HOME"]}
    if not terminal:
        done = subprocess.run(
            command, env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True, check=False
        )
        return done.returncode, done.stdout
    screen, end = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdout=end, stderr=end)
    os.close(end)
    shown = bytearray()
    while True:
        try:
            shown += os.read(screen, 1 << 16)
        except OSError:
            break
    os.close(screen)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode("utf-8", "replace"))
    return process.wait(), text.replace("\r", "\n")


@pytest.fixture
def copy(study, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(study, folder)
    return folder


def test_a_terminal_shows_a_bar_per_rule_and_no_records_of_jobs(copy):
    code, text = run(copy, "report")
    assert code == 0, text
    assert "Workflow Progress" in text
    assert re.search(r"report .*100%", text)
    for record in ("wildcards:", "resources:", "jobid:"):
        assert record not in text
    # They are in Snakemake's own file, whose place is told.
    log = re.search(r"Complete Log: (\S+)", text)
    assert log
    logs = sorted((copy / ".snakemake" / "log").glob("*.log"))
    assert "rule report:" in logs[-1].read_text("utf-8")


def test_what_is_wrong_is_told_last(copy):
    (copy / "results/small/selection.csv").unlink()
    code, text = run(copy, "report")
    assert code != 0
    last = text.strip().splitlines()[-1]
    assert last == "error: results/small/selection.csv: no such table"


def test_without_a_terminal_there_are_plain_lines(copy):
    code, text = run(copy, "report", terminal=False)
    assert code == 0, text
    assert "\x1b" not in text
    assert re.search(r"report +1", text)
    assert text.count("\n") < 40
