"""Damaged files: something usable or a clear error, whatever is in them.

`FUZZ_ROUNDS=100 pytest tests/images/test_fuzzed_pictures.py` tries a hundred times as many.
"""

from pathlib import Path

import pytest
from fuzzing import ROUNDS, check_message, damaged, mend_checksums, watched
from pictures import BLUE, samples, saved, two_colours
from PIL.PngImagePlugin import PngInfo

from nstcore.common.errors import ImageError
from nstcore.images.decoding import MAX_PIXELS
from nstcore.images.io import read_image
from nstcore.images.prepare import ORIGINAL_SIZE, original_size

CASES = 8
"""How many damages each file gets in one round."""

# Passed over outside of pytest; see tests/test_decoding.py.
SILENCED = {"PngImagePlugin.py", "TiffImagePlugin.py"}


def prepared():
    text = PngInfo()
    text.add_itxt(ORIGINAL_SIZE, "640x480")
    text.add_text("zipped", "text " * 99, zip=True)
    return saved(two_colours(BLUE), "PNG", pnginfo=text)


FILES = {sample.name: sample.content for sample in samples()} | {"prepared.png": prepared()}


def cases(name, content):
    """Return damaged copies of a file by the seed that each was made from."""
    seeds = [f"{name} {number}" for number in range(CASES * ROUNDS)]
    made = {seed: damaged(content, seed) for seed in seeds}
    if name.endswith(".png"):
        made |= {seed: mend_checksums(made[seed]) for seed in seeds[::2]}
    return made


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_picture_is_read_or_refused_by_name(name, tmp_path, recwarn):
    for seed, content in cases(name, FILES[name]).items():
        path = tmp_path / f"{seed}{Path(name).suffix}"
        path.write_bytes(content)
        with watched(seed, path):
            try:
                image = read_image(path)
            except ImageError as error:
                check_message(error, path)
            else:
                assert image.mode == "RGB"
                assert 0 < image.width * image.height <= MAX_PIXELS
        path.unlink()
    assert {Path(one.filename).name for one in recwarn} <= SILENCED


@pytest.mark.filterwarnings("ignore::UserWarning:PIL.PngImagePlugin")
@pytest.mark.parametrize("name", ["prepared.png", "several.png"])
def test_a_damaged_note_of_the_size_is_believed_only_if_it_can_be_true(name, tmp_path):
    for seed, content in cases(name, FILES[name]).items():
        path = tmp_path / f"{seed}.png"
        path.write_bytes(content)
        with watched(seed, path):
            try:
                width, height = original_size(path)
            except ImageError as error:
                check_message(error, path)
            else:
                assert 0 < width * height <= MAX_PIXELS
        path.unlink()


def test_a_seed_always_makes_the_same_damage():
    content = bytes(range(256))
    assert damaged(content, "1") == damaged(content, "1") != damaged(content, "2")
