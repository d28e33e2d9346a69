"""A disk of its own for a test that fills it, or that may not write to it."""

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest


def mounted(folder: Path, size: str) -> AbstractContextManager[Path]:
    """Mount an empty disk on a new folder; skip the test where mounting takes more rights.

    Args:
        folder: What is made for it.
        size: As mount takes it, 300k or 1m.
    """
    return _mount(folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")


def read_only(source: Path, folder: Path) -> AbstractContextManager[Path]:
    """Show a folder on a new one, by which it cannot be written to; skip without the rights."""
    return _mount(folder, "-o", "bind,ro", str(source))


@contextmanager
def _mount(folder: Path, *options: str) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", *options, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        if done.returncode:
            # Rights cannot be installed, so neither may CI ask for them.
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        yield folder
    finally:
        # Whatever happened: what is cleaned up later must not be reached through it.
        subprocess.run(["umount", folder], capture_output=True, check=not done.returncode)
