import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageOps

from nstcore.images.fingerprint import (
    LOOK_ALIKE_BITS,
    find_look_alikes,
    fingerprint,
    look_alike,
    look_same,
)


def clouds(seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((96, 72), Image.Resampling.BICUBIC)


def saved(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


COPIES = {
    "the same": lambda image: image,
    "low quality": lambda image: saved(image, 40),
    "larger": lambda image: image.resize((240, 180)),
    "smaller, other sides": lambda image: image.resize((50, 30)),
    "darker": lambda image: image.point(lambda value: round(0.8 * value)),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "cut by a pixel": lambda image: image.crop((1, 1, 95, 71)),
    "mirrored": ImageOps.mirror,
    "mirrored, low quality": lambda image: saved(ImageOps.mirror(image), 40),
}


def framed(image, pixels, colour):
    return ImageOps.expand(image, pixels, colour)


def cut(image, left, top, right, bottom):
    width, height = image.size
    return image.crop((left * width, top * height, (1 - right) * width, (1 - bottom) * height))


def in_wood(image):
    """Return a picture in a frame with grain, lit from above."""
    frame = np.random.default_rng(1).normal(90, 20, (image.height + 16, image.width + 16, 1))
    frame = frame * np.linspace(1.5, 0.7, image.height + 16)[:, None, None] * (1.2, 0.9, 0.6)
    wood = Image.fromarray(frame.clip(0, 255).astype(np.uint8))
    wood.paste(image, (8, 8))
    return wood


PARTS = {
    "in a thin white frame": lambda image: framed(image, 3, "white"),
    "in a black frame": lambda image: framed(image, 7, "black"),
    "in a broad white frame": lambda image: framed(image, 12, "white"),
    "in a mount and a frame": lambda image: framed(framed(image, 20, "ivory"), 5, "black"),
    "in a frame, saved poorly": lambda image: saved(framed(image, 10, "navy"), 40),
    "in a grey frame, mirrored": lambda image: framed(ImageOps.mirror(image), 9, "grey"),
    "in wood": in_wood,
    "above a title": lambda image: ImageOps.pad(image, (96, 84), color="white", centering=(0, 0)),
    "cut": lambda image: cut(image, 0.05, 0.05, 0.05, 0.05),
    "cut at one side": lambda image: cut(image, 0.1, 0, 0, 0),
    "cut below": lambda image: cut(image, 0, 0, 0, 0.08),
    "cut at all sides, mirrored": lambda image: cut(ImageOps.mirror(image), 0.02, 0.07, 0.05, 0.1),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("seed", range(5))
def test_copies_look_alike(copy, seed):
    image = clouds(seed)
    assert look_alike(fingerprint(image), fingerprint(COPIES[copy](image)))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("seed", range(5))
def test_framed_and_cut_copies_look_alike(part, seed):
    image = clouds(seed)
    prints = [fingerprint(image), fingerprint(PARTS[part](image))]
    assert look_alike(*prints)
    assert look_alike(*prints[::-1])


def test_other_pictures_do_not():
    prints = [fingerprint(clouds(seed)) for seed in range(60)]
    assert find_look_alikes(prints) == [[place] for place in range(60)]
    assert not any(look_alike(*pair) for pair in combinations(prints, 2))


def test_a_fingerprint_of_an_older_version_is_compared_as_it_was():
    image = clouds(0)
    old, other = fingerprint(image)[:64], fingerprint(clouds(1))[:64]
    copy, mirrored = (fingerprint(one) for one in (saved(image, 40), ImageOps.mirror(image)))
    for compare in (look_alike, look_same):
        assert compare(old, copy)
        assert compare(copy, old)
        assert not compare(old, mirrored)
        assert not compare(old, other)
    assert find_look_alikes([old, copy, mirrored, other]) == [[0, 1], [0, 1, 2], [1, 2], [3]]


def test_even_areas_tell_nothing():
    white, black = (fingerprint(Image.new("RGB", (9, 9), colour)) for colour in ("white", "black"))
    assert not look_alike(white, black)
    assert find_look_alikes([white, black]) == [[], []]
    # A drawing that takes up little of its paper is no picture in a frame.
    line, other = (Image.new("RGB", (90, 90), "white") for _ in range(2))
    line.paste("black", (10, 10, 80, 12))
    other.paste("black", (10, 60, 80, 62))
    assert not look_alike(fingerprint(line), fingerprint(other))


def test_many_are_compared_as_two_are():
    prints = [fingerprint(clouds(seed)) for seed in range(6)]
    prints += [fingerprint(saved(clouds(seed), 40)) for seed in range(3)]
    prints += [fingerprint(ImageOps.mirror(clouds(seed))) for seed in range(2)]
    pairs = [
        [place for place, other in enumerate(prints) if look_same(one, other)] for one in prints
    ]
    assert find_look_alikes(prints) == pairs
    assert pairs[0] == [0, 6, 9]


def test_nothing_has_no_look_alikes():
    assert find_look_alikes([]) == []


def test_of_many_hashes_none_within_the_limit_is_missed_and_none_beyond_it_found():
    rng = np.random.default_rng(6)
    bits = np.zeros((600, 256), bool)
    bits[:, :242] = rng.random((600, 242)) < 0.4
    # Crowded ones, and even ones beside them.
    bits[500:550, :200] = False
    for place in range(1, 500, 2):
        apart = LOOK_ALIKE_BITS + (place % 4 == 1)
        flipped = rng.choice(242, apart, replace=False)
        bits[place] = bits[place - 1]
        bits[place, flipped] ^= True
    prints = [one.tobytes().hex() for one in np.packbits(bits, axis=1)]
    apart = (bits[:, None] != bits).sum(axis=2)
    telling = bits.sum(axis=1) >= 24
    near = (apart <= LOOK_ALIKE_BITS) & telling & telling[:, None]
    assert {24, 25} <= set(apart[np.arange(0, 500, 2), np.arange(1, 500, 2)].tolist())
    assert find_look_alikes(prints) == [np.flatnonzero(row).tolist() for row in near]


def test_a_crowd_is_compared_in_portions(monkeypatch):
    """Pictures that are all alike meet all others."""
    prints = [fingerprint(saved(clouds(0), quality)) for quality in range(40, 70)]
    whole = find_look_alikes(prints)
    assert whole[0] == list(range(30))
    monkeypatch.setattr("nstcore.images.fingerprint._AT_ONCE", 7)
    assert find_look_alikes(prints) == whole
