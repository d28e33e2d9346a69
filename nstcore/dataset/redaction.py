"""Hide secrets in text that others wrote, however these spelled them."""

import base64
import re
from collections.abc import Iterable, Iterator

_HIDDEN = "[hidden]"
_SHORTEST = 3  # characters of a secret: less would hide parts of ordinary words
_CORE = 8  # characters of one that is looked for within base64
_HEAD = 12  # characters by which one of twice as many is known when it was cut
_BASE64 = "(?:[A-Za-z0-9+/_-]|%2[bBfF])*"

_PATTERNS = [
    (re.compile(r"(?i)(authorization\W{1,4})[^\r\n]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)[\w.~+/=%-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"""(?i)(["'](?:key|\w*token)["']\s*:\s*["'])[^"']*"""), rf"\1{_HIDDEN}"),
    (re.compile(r"(?i)\bKGAT(_|%5f)[\w%-]+"), _HIDDEN),  # tokens of Kaggle
    (re.compile(r"""\?[^\s'"<>]*=[^\s'"<>]*"""), f"?{_HIDDEN}"),  # signed addresses
    (re.compile(r"//[^/\s@]+@"), f"//{_HIDDEN}@"),  # proxies with a password
]


def redact(text: str, secrets: Iterable[str]) -> str:
    """Hide secrets, and whatever looks like one: login headers, the query part of addresses.

    A secret is known as it is, percent-encoded (once or twice), escaped as in JSON or HTML, in
    hexadecimal digits, within base64 (as in a Basic header), in either case, and cut short.
    """
    known = {secret for secret in secrets if len(secret) >= _SHORTEST}
    for secret in sorted(known, key=len, reverse=True):
        for pattern in _spellings(secret):
            text = pattern.sub(_HIDDEN, text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _spellings(secret: str) -> Iterator[re.Pattern[str]]:
    characters = [_spell(character) for character in secret]
    yield re.compile("".join(characters), re.IGNORECASE)
    content = _encode(secret)
    yield re.compile(re.escape(content.hex()), re.IGNORECASE)
    if len(secret) < _CORE:
        return
    for core in _base64_cores(content):
        yield re.compile(rf"{_BASE64}{core}{_BASE64}(?:=|%3[dD])*")
    if len(secret) >= 2 * _HEAD:
        yield re.compile("".join(characters[:_HEAD]) + r"[^\s'\"<>&]*", re.IGNORECASE)


def _spell(character: str) -> str:
    """Return a pattern of all spellings of a character."""
    code = ord(character)
    percent = "".join(f"%(?:25)*{byte:02x}" for byte in _encode(character))
    spellings = [
        percent,
        rf"\\+u{code:04x}",
        rf"\\+x{code:02x}",
        rf"&\#0*{code};",
        rf"&\#x0*{code:x};",
    ]
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", " ": r"\+"}
    if character in named:
        spellings.append(named[character])
    # Last: "%" and "&" begin others of their own spellings.
    spellings.append(rf"\\*{re.escape(character)}")
    return f"(?:{'|'.join(spellings)})"


def _encode(text: str) -> bytes:
    # A variable may hold bytes that are no text.
    return text.encode(errors="surrogateescape")


def _base64_cores(content: bytes) -> Iterator[str]:
    """Yield patterns of what base64 makes of some bytes, wherever among others they stand."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + content).decode().rstrip("=")
        first = (before * 8 + 5) // 6  # the characters before are of the other bytes, too
        last = (before + len(content)) * 8 // 6
        core = encoded[first:last]
        yield "".join({"+": "(?:[+-]|%2[bB])", "/": "(?:[/_]|%2[fF])"}.get(c, c) for c in core)
