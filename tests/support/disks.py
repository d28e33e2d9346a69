"""A disk of its own for a test that fills it, or that may not write to it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """Mount an empty disk on a new folder; skip the test where mounting takes more rights.

    Args:
        folder: What is made for it.
        size: As mount takes it, 300k or 1m.
    """
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        # Rights cannot be installed, so neither may CI ask for them.
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@contextmanager
def read_only(source: Path, folder: Path) -> Iterator[Path]:
    """Show a folder on a new one, by which it cannot be written to; skip without the rights."""
    folder.mkdir()
    for command in (
        ["mount", "--bind", source, folder],
        ["mount", "-o", "remount,ro,bind", folder],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no folder can be made read-only here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)
