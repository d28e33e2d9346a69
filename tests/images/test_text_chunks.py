"""A picture's texts may be packed small and be gigabytes: they are not unpacked."""

import struct
import tracemalloc
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from nstcore.common.errors import ImageError
from nstcore.images.io import read_image, read_leading_text, read_text


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PACKED = zlib.compress(bytes(60_000_000))


@pytest.fixture(params=["zTXt", "iTXt", "iCCP"])
def bomb(request, tmp_path):
    """A picture with texts, or a profile, that unpack to 60 MB."""
    path = tmp_path / "bomb.png"
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(path)
    begin = {"zTXt": b"nstcore\0\0", "iTXt": b"nstcore\0\1\0\0\0", "iCCP": b"profile\0\0"}
    head, rest = path.read_bytes()[:33], path.read_bytes()[33:]
    path.write_bytes(head + chunk(request.param.encode(), begin[request.param] + PACKED) + rest)
    assert path.stat().st_size < 1_000_000
    return path


@pytest.mark.parametrize("read", [read_image, read_text, read_leading_text])
def test_texts_that_are_packed_small_are_not_unpacked(bomb, read):
    tracemalloc.start()
    with suppress(ImageError):
        read(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000
