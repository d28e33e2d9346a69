"""What a study comes to, to be compared with that of another run."""

from pathlib import Path

# What tells when, where and how long a study was run.
_OF_THE_RUN = ("logs/", "benchmarks/", "runs.json", "report.html")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all results of the small study in a folder, by their names."""
    results = folder / "results/small"
    paths = {path.relative_to(results).as_posix(): path for path in results.rglob("*")}
    return {
        name: path.read_bytes()
        for name, path in paths.items()
        if path.is_file() and not name.startswith(_OF_THE_RUN)
    }
