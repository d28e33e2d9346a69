"""What tests need of the machine: where it cannot be had they are skipped, but never on CI."""

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """End a test for want of a part that can be installed; on CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
