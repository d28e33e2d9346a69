"""What was probably meant, for error messages."""

import difflib
from collections.abc import Collection


def nearest(word: str, allowed: Collection[str], most: int = 6) -> str:
    """Say what is allowed instead of `word`, in few words: all of it, or the most alike."""
    if len(allowed) <= most:
        return f"allowed: {', '.join(allowed)}"
    alike = difflib.get_close_matches(word, allowed, n=most, cutoff=0.4)
    if not alike:
        alike = [*list(allowed)[: most - 1], "..."]
    return f"nearest of {len(allowed)} allowed: {', '.join(alike)}"
