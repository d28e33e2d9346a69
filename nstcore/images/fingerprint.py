"""Tell copies of a picture from other pictures."""

import base64
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LOOK_ALIKE_BITS = 24
"""Pictures look alike if their hashes differ in at most so many bits; see `fingerprint`."""

PART_BITS = 36
"""So do pictures one of which looks like a part of the other, if no more bits differ: parts are
tried in steps, and the best of them is mostly a little off."""

# With fewer set, a hash tells of an even area and no more: all such are alike.
_LEAST_BITS = 24
_LEAST_PART_BITS = 2 * PART_BITS
# imagehash's difference hashes resize by another filter to 12 x 11 and 11 x 12 places: other bits,
# for which the limits above were not measured.
_PLACES = 11
_DIGITS = 64
# Of the small copy that parts are taken from.
_SIDE = 24
# Of the copy that frames are looked for in.
_COARSE = 96
# By how much the greys of a frame may differ: it was saved as a JPEG.
_FRAME_GREYS = 12
# Within a frame there is at least this share of each side; else it is a background.
_LEAST_INSIDE = 0.4
# What a part leaves out at each of the four sides, as shares of the picture.
_CUTS = (0, 0.04, 0.08, 0.12, 0.16, 0.2)
# By how much opposite sides may differ in that; cuts are seldom deep at one side alone.
_MOST_UNEVEN = 0.12

# Into how many parts hashes are taken to find those that are near: one bit each may differ in all
# but one of them, and another.
_KEYS = LOOK_ALIKE_BITS // 2 + 1
# Each part has bits from all over, since neighbours are alike. Any fixed order will do.
_BIT_ORDER = np.random.default_rng(0).permutation(2 * _PLACES**2)
# Pairs that are compared at once.
_AT_ONCE = 1 << 20

Bits = NDArray[np.uint64]


def fingerprint(image: Image.Image) -> str:
    """Tell what a picture looks like: a hash of 242 bits, and a small copy in grey.

    The hash says where the picture grows brighter, to the right and down: the difference hash of
    N. Krawetz ("Kind of Like That", 2013) in both directions, on 11 x 11 places. Copies of another
    size, quality or brightness differ in few bits (most of 44 pictures in up to 6, all in up to
    18), other pictures in about half of them (the least of them in 87).

    Args:
        image: Any size, mode RGB.

    Returns:
        64 hexadecimal digits, of which the last 14 bits are zero, then 24 x 24 grey values of what
        is within a plain frame, from above, row by row, one byte each, in base64.
    """
    grey = image.convert("L")
    places = (_PLACES + 1, _PLACES + 1)
    hashed = _hash(np.asarray(grey.resize(places, Image.Resampling.BOX), np.float32))
    coarse = grey.resize((_COARSE, _COARSE), Image.Resampling.BOX)
    inner = _without_frame(np.asarray(coarse, np.int16))
    small = coarse.resize((_SIDE, _SIDE), Image.Resampling.BOX, box=inner).tobytes()
    return hashed.tobytes().hex() + base64.b64encode(small).decode()


def _without_frame(grey: NDArray[np.int16]) -> tuple[int, int, int, int]:
    """Return what a frame of one grey, or several around each other, leaves of a picture.

    Returns:
        Left, top, right and bottom; all of the picture where there is no frame, or little within.
    """
    height, width = grey.shape
    left, top, right, bottom = 0, 0, width, height
    while True:
        part = grey[top:bottom, left:right]
        inside = np.abs(part - part[0, 0]) > _FRAME_GREYS
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not rows.size:
            return 0, 0, width, height
        beside = min(rows[0], columns[0], len(part) - 1 - rows[-1], len(part.T) - 1 - columns[-1])
        if beside == 0:
            break
        top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
        left, right = left + int(columns[0]), left + int(columns[-1]) + 1
    if min((right - left) / width, (bottom - top) / height) < _LEAST_INSIDE:
        return 0, 0, width, height
    return left, top, right, bottom


def _hash(places: NDArray[np.float32]) -> Bits:
    """Hash brightness on 12 x 12 places, (..., 12, 12), to (..., 4)."""
    right = np.diff(places, axis=-1)[..., :-1, :] > 0
    down = np.diff(places, axis=-2)[..., :-1] > 0
    bits = np.zeros((*places.shape[:-2], 256), bool)
    middle = _PLACES**2
    bits[..., :middle] = right.reshape(*places.shape[:-2], middle)
    bits[..., middle : 2 * middle] = down.reshape(*places.shape[:-2], middle)
    return np.packbits(bits, axis=-1).view(np.uint64)


def look_same(fingerprint: str, other: str) -> bool:
    """Tell whether two pictures look the same, but for size, quality, brightness and mirroring.

    Fingerprints of older versions have no small copy; of these, mirrored ones are not recognised.
    """
    if _near(fingerprint, other):
        return True
    if not _both_small(fingerprint, other):
        return False
    pair = np.stack([_mirrored_hash(fingerprint), _whole_hash(other)])
    return bool(_telling(pair).all() and _within(pair[0], pair[1:])[0])


def look_alike(fingerprint: str, other: str) -> bool:
    """Tell whether two pictures `look_same`, or one looks like a part of the other.

    Parts leave out up to a fifth at each side: so framed and slightly cut copies are recognised,
    mirrored or not. Of the copies of 97 pictures in 17 kinds of frames and cuts, 99 of 100 were; of
    their 4,656 pairs of different pictures none, the nearest, paintings after one photograph,
    differing in 47 bits.
    """
    if look_same(fingerprint, other):
        return True
    if not _both_small(fingerprint, other):
        return False
    return any(
        _nearest(np.stack([_whole_hash(one), _mirrored_hash(one)]), _parts(another)) <= PART_BITS
        for one, another in ((fingerprint, other), (other, fingerprint))
    )


def _nearest(hashes: Bits, parts: Bits) -> int:
    """Return the fewest bits in which any hash, (n, 4), and any part, (m, 4), differ."""
    telling = hashes[_telling(hashes, _LEAST_PART_BITS)]
    apart = np.bitwise_count(telling[:, None] ^ parts).sum(axis=-1, dtype=np.int16)
    return int(apart.min(initial=256))


def find_look_alikes(fingerprints: Sequence[str]) -> list[list[int]]:
    """Return, for each of many fingerprints, the places of those that `look_same`, its own too.

    Only those are compared that a part of the hash has in common, see `_find_near`.
    """
    count = len(fingerprints)
    if not count:
        return []
    bits = np.frombuffer(bytes.fromhex("".join(one[:_DIGITS] for one in fingerprints)), np.uint64)
    bits = bits.reshape(count, -1)
    nothing = np.zeros_like(bits[0])
    small = [len(one) > _DIGITS for one in fingerprints]
    pairs = list(zip(fingerprints, small, strict=True))
    wholes = np.stack([_whole_hash(one) if there else nothing for one, there in pairs])
    mirrored = np.stack([_mirrored_hash(one) if there else nothing for one, there in pairs])
    near = np.unique(np.concatenate([_find_near(bits, bits), _find_near(mirrored, wholes)]))
    ends = np.searchsorted(near, np.arange(1, count) * count)
    return [part.tolist() for part in np.split(near % count, ends)]


def _find_near(hashes: Bits, others: Bits) -> NDArray[np.int64]:
    """Find the pairs of a hash, (n, 4), and another one, (m, 4), that look alike.

    Of two hashes that differ in at most 24 bits, one of 13 parts differs in at most one: so each
    is compared with those alone whose part is the same, or the same but for a bit (multi-index
    hashing, Norouzi et al., "Fast Search in Hamming Space with Multi-Index Hashing", 2012). No
    pair is missed, and of a million pictures each meets some hundreds.

    Returns:
        n * len(others) + m of each pair, in any order, some of them several times.
    """
    own, theirs = np.flatnonzero(_telling(hashes)), np.flatnonzero(_telling(others))
    hashes, found = hashes[own], [np.empty(0, np.int64)]
    count = len(others)
    others = others[theirs]
    for place in range(_KEYS):
        keys, size = _key(hashes, place), len(_BIT_ORDER[place::_KEYS])
        their_keys = _key(others, place)
        by_key = np.argsort(their_keys, kind="stable")
        starts = np.searchsorted(their_keys[by_key], np.arange((1 << size) + 1))
        for flipped in (0, *(1 << bit for bit in range(size))):
            wanted = keys ^ flipped
            first, numbers = starts[wanted], starts[wanted + 1] - starts[wanted]
            totals = np.cumsum(numbers)
            begin = 0
            while begin < len(own):
                before = totals[begin - 1] if begin else 0
                # At least one, whatever it meets.
                end = max(begin + 1, int(np.searchsorted(totals, before + _AT_ONCE)))
                ones = np.repeat(np.arange(begin, end), numbers[begin:end])
                within = np.arange(len(ones)) - (totals[ones] - numbers[ones] - before)
                twos = by_key[first[ones] + within]
                near = _within(hashes[ones], others[twos])
                found.append(own[ones[near]] * count + theirs[twos[near]])
                begin = end
    return np.concatenate(found)


def _key(hashes: Bits, place: int) -> NDArray[np.int64]:
    """Return one of the parts of each hash, (n, 4), as a number."""
    chosen = _BIT_ORDER[place::_KEYS]
    columns = np.unpackbits(hashes.view(np.uint8), axis=1)[:, chosen]
    return columns @ (1 << np.arange(len(chosen), dtype=np.int64))


def _telling(hashes: Bits, least: int = _LEAST_BITS) -> NDArray[np.bool_]:
    telling: NDArray[np.bool_] = np.bitwise_count(hashes).sum(axis=-1) >= least
    return telling


def _within(own: Bits, hashes: Bits) -> NDArray[np.bool_]:
    apart = np.bitwise_count(own ^ hashes).sum(axis=1, dtype=np.uint16)
    near: NDArray[np.bool_] = apart <= LOOK_ALIKE_BITS
    return near


def _near(fingerprint: str, other: str) -> bool:
    left, right = int(fingerprint[:_DIGITS], 16), int(other[:_DIGITS], 16)
    telling = min(left.bit_count(), right.bit_count()) >= _LEAST_BITS
    return telling and (left ^ right).bit_count() <= LOOK_ALIKE_BITS


def _both_small(fingerprint: str, other: str) -> bool:
    """Tell whether both fingerprints hold a small copy; those of older versions do not."""
    return min(len(fingerprint), len(other)) > _DIGITS


def _small(fingerprint: str) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(fingerprint[_DIGITS:]), np.uint8)
    return values.reshape(_SIDE, _SIDE).astype(np.float32)


@lru_cache(1 << 14)
def _whole_hash(fingerprint: str) -> Bits:
    whole: Bits = _hash(_averages(_small(fingerprint), _whole()))[0]
    return whole


@lru_cache(1 << 14)
def _mirrored_hash(fingerprint: str) -> Bits:
    mirrored: Bits = _hash(_averages(_small(fingerprint)[:, ::-1], _whole()))[0]
    return mirrored


@lru_cache(1 << 11)
def _parts(fingerprint: str) -> Bits:
    """Return the hashes of a picture's parts that tell something, up to (900, 4)."""
    hashes = _hash(_averages(_small(fingerprint), _spans()))
    return hashes[_telling(hashes, _LEAST_PART_BITS)]


def _averages(small: NDArray[np.float32], spans: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average a small copy over 12 x 12 places of each part, (rows x columns of spans, 12, 12)."""
    down = spans @ small  # (spans, 12, _SIDE)
    parts: NDArray[np.float32] = np.einsum("aik,blk->abil", down, spans)
    return parts.reshape(-1, _PLACES + 1, _PLACES + 1)


@cache
def _spans() -> NDArray[np.float32]:
    """Return the weights of each place in each span of a side: (30, 12, _SIDE)."""
    cuts = product(_CUTS, _CUTS)
    even = [(start, end) for start, end in cuts if abs(start - end) <= _MOST_UNEVEN + 1e-9]
    return np.stack([_weights(start, 1 - end) for start, end in even])


@cache
def _whole() -> NDArray[np.float32]:
    return _weights(0, 1)[None]


def _weights(start: float, end: float) -> NDArray[np.float32]:
    """Return how much of each of 12 equal places from `start` to `end` each small value covers."""
    edges = np.linspace(start, end, _PLACES + 2) * _SIDE
    values = np.arange(_SIDE)
    lowest = np.maximum(edges[:-1, None], values)
    highest = np.minimum(edges[1:, None], values + 1)
    covered = np.maximum(highest - lowest, 0)
    weights: NDArray[np.float32] = covered / covered.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)
