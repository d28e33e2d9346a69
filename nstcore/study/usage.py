"""How much room a study takes on the disk, by kind of file."""

from collections import Counter
from pathlib import Path

# By the folder, in the order in which they are told.
_KINDS = {
    "backbones": "networks",
    "judge": "judges",
    "targets": "style targets",
    "inputs": "prepared pictures",
    "stylized": "stylised pictures",
    "training": "training curves",
}
_OTHERS = "tables"
# What is made of the rest, and what grows with each run: counted, it would change the page that
# tells of it.
_PASSED_OVER = {"logs", "benchmarks", ".thumbnails", "report.html", "report.zip", "crate.zip"}


def measure_usage(folder: Path | str) -> dict[str, int]:
    """Return the bytes of a study's files by kind, the largest first.

    Pages, archives, logs and benchmarks are not among them.

    Args:
        folder: `results/<study>`.
    """
    folder = Path(folder)
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*"):
        first, *_ = path.relative_to(folder).parts
        if first not in _PASSED_OVER and not path.is_symlink() and path.is_file():
            # Drafts and saved states are hidden, and so are checksums of tables.
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if hidden and path.suffix != ".sha256":
                sizes["runs under way"] += path.stat().st_size
            else:
                sizes[_KINDS.get(first, _OTHERS)] += path.stat().st_size
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))
