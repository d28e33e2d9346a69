"""NumPy archives that a stranger wrote: nothing is unpickled, and no claim is believed."""

import io
import zipfile

import numpy as np
import pytest

from nstcore.common.arrays import open_arrays


def member(header_shape, dtype="<f4", values=b""):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": dtype, "fortran_order": False, "shape": header_shape}
    )
    return buffer.getvalue() + values


def write(path, name, content, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(f"{name}.npy", content)
    return path


def test_what_numpy_saved_is_read(tmp_path):
    expected = {"about": np.array("text"), "block1/a": np.arange(6.0).reshape(2, 3).T}
    np.savez(tmp_path / "a.npz", **expected)
    with open_arrays(tmp_path / "a.npz") as file:
        assert "about" in file
        assert "other" not in file
        for name, values in expected.items():
            np.testing.assert_array_equal(file[name], values)
        with pytest.raises(KeyError):
            file["other"]


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    ran = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    np.savez(tmp_path / "a.npz", a=np.array([Hostile()], object))
    with open_arrays(tmp_path / "a.npz") as file, pytest.raises(ValueError, match="Python objects"):
        file["a"]
    assert not ran.exists()


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 62, 1 << 62), (3,)])
def test_a_shape_that_is_only_claimed_takes_no_memory(tmp_path, shape):
    path = write(tmp_path / "a.npz", "a", member(shape, values=b"12345678"))
    with open_arrays(path) as file, pytest.raises(ValueError, match="claims the shape"):
        file["a"]


def test_what_is_packed_small_is_not_unpacked(tmp_path):
    content = member((1 << 24,), "|u1", bytes(1 << 24))
    path = write(tmp_path / "a.npz", "a", content, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 18
    with open_arrays(path) as file, pytest.raises(ValueError, match="compressed"):
        file["a"]


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x07\x00\x00\x00", b"\x93NUMPY"])
def test_what_is_no_array_is_told(tmp_path, content):
    path = write(tmp_path / "a.npz", "a", content)
    with open_arrays(path) as file, pytest.raises(ValueError, match=r"array|magic|EOF"):
        file["a"]


def test_what_is_no_archive_or_a_damaged_one_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(100))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[300] ^= 1
    (tmp_path / "changed.npz").write_bytes(content)
    with pytest.raises(ValueError, match="CRC"), open_arrays(tmp_path / "changed.npz") as file:
        file["a"]
    (tmp_path / "none.npz").write_text("hello")
    with pytest.raises(ValueError, match="zip"), open_arrays(tmp_path / "none.npz"):
        pass
    with pytest.raises(FileNotFoundError), open_arrays(tmp_path / "missing.npz"):
        pass


def test_any_bit_that_has_changed_is_told_or_changes_nothing(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(10))
    content = (tmp_path / "a.npz").read_bytes()
    path, refused = tmp_path / "changed.npz", 0
    for place in range(8 * len(content)):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            with open_arrays(path) as file:
                assert (file["a"] == np.arange(10)).all(), f"bit {place}"
        # Of its name; of where it lies in the file.
        except (ValueError, KeyError, OSError):
            refused += 1
    assert refused > 0.7 * 8 * len(content)


@pytest.mark.parametrize("header", ["{'descr': (", "{'descr'", "  {\n 'shape'", "}"])
def test_a_header_that_is_no_literal_is_told(tmp_path, header):
    text = f"{header}\n".encode()
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    path = write(tmp_path / "a.npz", "a", content)
    with open_arrays(path) as file, pytest.raises(ValueError, match="header"):
        file["a"]
