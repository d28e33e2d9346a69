"""JPEG files without their end: whole pictures that lack a marker, and pictures that lack pixels.

Readers show both, with something even where pixels are missing (Pillow's issue 4414).
"""

import random
import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

Decode = Callable[[bytes], np.ndarray]

MOST_MISSING = 0.01
"""The largest share of a picture's pixels without which it still counts as whole."""

_END = b"\xff\xd9"
_START_OF_SCAN = 0xDA
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_RESTART_INTERVAL = 0xDD
# A byte after 0xff that begins no segment: fill, and markers that stand alone.
_ALONE = {0x00, 0x01, *range(0xD0, 0xD9), 0xFF}
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# More than what a lossy picture of photographs takes for a block, so that no block stays as it was.
_NOISE = 64


def lacks_end(content: bytes) -> bool:
    """Tell whether the marker that ends a JPEG picture is missing."""
    return all(marker != _END[1] for marker, _ in _segments(content))


def missing_share(content: bytes, decode: Decode) -> float:
    """Measure how much of a picture is missing where its file ends too early.

    It is decoded twice, ended in two ways. What of it is there looks the same both times.

    Args:
        content: A JPEG file that `lacks_end`.
        decode: Returns a file's pixels, (height, width) or (height, width, channels).

    Returns:
        0..1, by pixels; 1 where whole passes over the picture did not come.
    """
    if not _is_covered(content):
        return 1
    one = decode(ended(content))
    other = decode(_with_noise(content, one.shape[0] * one.shape[1]))
    differ = one != other
    return float((differ if differ.ndim == 2 else differ.any(axis=2)).mean())


def ended(content: bytes) -> bytes:
    """Return the file with the marker that ends it; decoders fill up what is missing before."""
    return _bare(content) + _END


def _bare(content: bytes) -> bytes:
    # What was reserved for a download and never came; then the half of a marker.
    return content.rstrip(b"\0").rstrip(b"\xff")


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each marker with the bytes of its segment, and for a scan with those after it."""
    at = 2
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        marker = content[at + 1]
        if marker in _ALONE:
            at += 1
            continue
        if marker == _END[1]:
            yield marker, b""
            return
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        end = at + 2 + length
        if marker == _START_OF_SCAN:
            found = _NEXT_MARKER.search(content, end)
            end = found.start() if found else len(content)
        yield marker, content[at + 4 : end]
        at = max(end, at + 2)


def _is_covered(content: bytes) -> bool:
    """Tell whether the scans that began bring all components in all bits.

    A progressive picture comes in passes, of which the first ones show all of it, but coarse.
    """
    wanted: set[int] = set()
    brought: dict[int, set[int]] = defaultdict(set)
    for marker, data in _segments(content):
        if marker in _FRAMES and len(data) > 5:
            wanted = set(data[6::3][: data[5]])
        elif marker == _START_OF_SCAN and data:
            count = data[0]
            if len(data) < 4 + 2 * count:
                return False
            first, last, bits = data[1 + 2 * count : 4 + 2 * count]
            for component in data[1 : 1 + 2 * count : 2]:
                if not bits & 15:
                    brought[component].update(range(first, last + 1))
    return bool(wanted) and all(len(brought[component]) == 64 for component in wanted)


def _with_noise(content: bytes, pixels: int) -> bytes:
    """Return the file ended by noise, as much as its pixels can take."""
    noise = random.Random(0)  # noqa: S311 (any bytes will do)
    bare = _bare(content)
    interval = 0
    for marker, data in _segments(content):
        if marker == _RESTART_INTERVAL and len(data) >= 2:
            (interval,) = struct.unpack(">H", data[:2])
    blocks = pixels // 64 + 1
    if not interval:
        return bare + noise.randbytes(min(blocks * _NOISE, 1 << 20)).replace(b"\xff", b"") + _END
    # After a marker that restarts it, a decoder takes no more noise than up to the next one.
    restarts = len(_RESTART.findall(bare))
    pieces = [bare]
    for number in range(restarts, restarts + min(blocks // interval, 1 << 14) + 1):
        piece = noise.randbytes(_NOISE * min(interval, 64)).replace(b"\xff", b"")
        pieces += [piece, bytes([0xFF, 0xD0 + number % 8])]
    return b"".join(pieces) + _END
