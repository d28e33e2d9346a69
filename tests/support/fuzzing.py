"""Damage files in ways that can be repeated, and watch over what reads them."""

import os
import random
import resource
import signal
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "1"))
"""How often the usual number of cases is tried; every round has cases of its own."""

SECONDS = 20
"""What a case may take; of those known, none takes one."""

MEMORY = 2 << 30
"""What a case may take in bytes beyond what the process holds."""

# Where files say what follows and how much of it.
_HEADER = 160
_TELLING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Damage = Callable[[bytearray, int, random.Random], None]


class HangError(BaseException):
    """A case took too long. No reader may catch it."""


def damaged(content: bytes, seed: str) -> bytes:
    """Return a copy with one to four faults, the same for the same seed."""
    rng = random.Random(seed)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if data:
            rng.choice(_DAMAGES)(data, _place(len(data), rng), rng)
    return bytes(data)


def mend_checksums(content: bytes) -> bytes:
    """Give the chunks of a damaged PNG right checksums: else these are all that a reader tries."""
    data = bytearray(content)
    place = 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[place + 4 : end]))
        place = end + 4
    return bytes(data)


@contextmanager
def watched(case: str, path: Path) -> Iterator[None]:
    """Stop what hangs or takes too much memory, and name the case in any failure.

    Args:
        case: What `damaged` made the case from.
        path: The damaged file; pytest keeps it for a while.
    """
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    allowed = pages * resource.getpagesize() + MEMORY
    before = signal.signal(signal.SIGALRM, _hang)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, limits[1]))
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    except BaseException as error:
        error.add_note(f"The case is {case!r}, the file {path}")
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)


def check_message(error: Exception, path: Path) -> None:
    """Require one printable line that begins with the path, and no want of memory."""
    message = str(error)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    assert "MemoryError" not in message


def _hang(_signal: int, _frame: object) -> None:
    raise HangError


def _place(size: int, rng: random.Random) -> int:
    where = rng.random()
    if where < 0.6:
        return rng.randrange(min(size, _HEADER))
    if where < 0.7:
        return size - 1 - rng.randrange(min(size, _HEADER))
    return rng.randrange(size)


def _length(data: bytearray, rng: random.Random) -> int:
    return rng.randint(1, max(1, min(64, len(data) // 4)))


def _flip_bit(data: bytearray, place: int, rng: random.Random) -> None:
    data[place] ^= 1 << rng.randrange(8)


def _set_byte(data: bytearray, place: int, rng: random.Random) -> None:
    data[place] = rng.randrange(256)


def _set_number(data: bytearray, place: int, rng: random.Random) -> None:
    size = rng.choice((1, 2, 4))
    order = rng.choice(("big", "little"))
    value = rng.choice(_TELLING) & (256**size - 1)
    data[place : place + size] = value.to_bytes(size, order)[: len(data) - place]


def _cut(data: bytearray, place: int, _rng: random.Random) -> None:
    del data[max(1, place) :]


def _remove(data: bytearray, place: int, rng: random.Random) -> None:
    del data[place : place + _length(data, rng)]


def _insert(data: bytearray, place: int, rng: random.Random) -> None:
    data[place:place] = rng.randbytes(_length(data, rng))


def _repeat(data: bytearray, place: int, rng: random.Random) -> None:
    data[place:place] = data[place : place + _length(data, rng)] * rng.choice((1, 2, 40))


def _swap(data: bytearray, place: int, rng: random.Random) -> None:
    first, second = sorted((place, _place(len(data), rng)))
    length = min(_length(data, rng), second - first, len(data) - second)
    block = data[first : first + length]
    data[first : first + length] = data[second : second + length]
    data[second : second + length] = block


_DAMAGES: tuple[Damage, ...] = (
    _flip_bit, _flip_bit, _set_byte, _set_byte, _set_number, _set_number,
    _cut, _remove, _insert, _repeat, _swap
)  # fmt: skip
