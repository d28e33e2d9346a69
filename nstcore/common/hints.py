"""What was probably meant, and what is too long for a line: for error messages."""

import difflib
import re
from collections.abc import Collection, Sequence

# Of an address: user and password.
_LOGIN = re.compile(r"://\S*@")


def show(value: object, most: int = 80) -> str:
    """Return a value as Python writes it, cut where it would fill the screen."""
    # Of a long text or list the beginning is enough to cut it.
    value = _LOGIN.sub("://***@", value) if isinstance(value, str) else value
    head = value[: most + 1] if isinstance(value, str | list | tuple) else value
    text = _LOGIN.sub("://***@", repr(head))
    return text if len(text) <= most else f"{text[:most]}..."


def holds_login(text: str) -> bool:
    """Tell whether a text has an address with a user or a password in it."""
    return bool(_LOGIN.search(text))


def printable(text: str) -> str:
    """Return a text whose every sign is shown: a stranger's may hold commands for a terminal."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def first_few(items: Sequence[object], most: int = 3) -> str:
    """Name the first of some things, and how many there are if these are not all."""
    more = f" ... ({len(items)} in all)" if len(items) > most else ""
    return ", ".join(show(item, 40) for item in items[:most]) + more


def in_part(lines: Sequence[str], most: int = 20) -> list[str]:
    """Return the first of some lines, and one that counts the others: more nobody reads at once."""
    rest = len(lines) - most
    return [*lines[:most], *([f"and {rest} more mistakes"] if rest > 0 else [])]


def nearest(word: str, allowed: Collection[str], most: int = 6) -> str:
    """Say what is allowed instead of `word`, in few words: all of it, or the most alike."""
    if len(allowed) <= most:
        return f"allowed: {', '.join(allowed)}"
    # Of a text that is no word, nothing is near.
    alike = difflib.get_close_matches(word[:200], allowed, n=most, cutoff=0.4)
    if not alike:
        alike = [*list(allowed)[: most - 1], "..."]
    return f"nearest of {len(allowed)} allowed: {', '.join(alike)}"
