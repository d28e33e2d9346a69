import io

import numpy as np
import pytest
from PIL import Image

from nstcore.images.fingerprint import find_look_alikes, fingerprint, look_alike


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
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("seed", range(5))
def test_copies_look_alike(copy, seed):
    image = clouds(seed)
    assert look_alike(fingerprint(image), fingerprint(COPIES[copy](image)))


def test_other_pictures_do_not():
    prints = [fingerprint(clouds(seed)) for seed in range(60)]
    assert find_look_alikes(prints) == [[place] for place in range(60)]


def test_even_areas_tell_nothing():
    white, black = (fingerprint(Image.new("RGB", (9, 9), colour)) for colour in ("white", "black"))
    assert not look_alike(white, black)
    assert find_look_alikes([white, black]) == [[], []]


def test_many_are_compared_as_two_are():
    prints = [fingerprint(clouds(seed)) for seed in range(6)]
    prints += [fingerprint(saved(clouds(seed), 40)) for seed in range(3)]
    pairs = [
        [place for place, other in enumerate(prints) if look_alike(one, other)] for one in prints
    ]
    assert find_look_alikes(prints) == pairs
    assert pairs[0] == [0, 6]


def test_nothing_has_no_look_alikes():
    assert find_look_alikes([]) == []
