"""What is told of the Kaggle client."""

import pytest

from nstcore.dataset.watching import tell_progress


@pytest.mark.parametrize(
    ("size", "total", "rate", "desired"),
    [
        (492_000_000, 2_460_000_000, 8.2e6, "492.0 of 2460.0 MB (20 %), 8.2 MB/s, 4 min left"),
        (2_459_000_000, 2_460_000_000, 8.2e6, "2459.0 of 2460.0 MB (99 %), 8.2 MB/s, 0 s left"),
        (2_000_000, 10_000_000, 2e5, "2.0 of 10.0 MB (20 %), 0.2 MB/s, 40 s left"),
        (5_000_000, 10_000_000, 0.0, "5.0 of 10.0 MB (50 %), 0.0 MB/s"),
        (5_000_000, None, 1e6, "5.0 MB, 1.0 MB/s"),
    ],
)
def test_progress_is_told_in_a_line(
    size: int, total: int | None, rate: float, desired: str
) -> None:
    assert tell_progress(size, total, rate) == desired
