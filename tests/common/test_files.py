import hashlib
import json
import subprocess

import pytest

from nstcore.common.errors import DataError
from nstcore.common.files import (
    atomic_write,
    checked_write,
    drop_checksum,
    read_checked,
    read_json,
    sha256,
    write_json,
)


def test_a_file_appears_only_once_it_is_whole(tmp_path):
    path = tmp_path / "new" / "table.csv"
    with atomic_write(path) as draft:
        draft.write_text("half")
        assert not path.exists()
        assert draft.suffix == ".csv"
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("before")

    def fail():
        with atomic_write(path) as draft:
            draft.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def put(path, text):
    with checked_write(path) as draft:
        draft.write_text(text)
    return path


def test_a_change_of_any_byte_is_noticed(tmp_path):
    path = put(tmp_path / "a.csv", "loss\n0.25\n")
    assert read_checked(path) == b"loss\n0.25\n"
    for place in range(10):
        content = bytearray(b"loss\n0.25\n")
        content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(ValueError, match="has changed since it was written"):
            read_checked(path)


def test_coreutils_read_the_checksum(tmp_path):
    put(tmp_path / "a b.csv", "1\n")
    command = ["sha256sum", "--check", "--strict", ".a b.csv.sha256"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "a b.csv: OK\n"


def test_a_file_that_is_replaced_is_right_at_every_moment(tmp_path, monkeypatch):
    """Also to one who reads it when the process has been killed between two of its steps."""
    path = put(tmp_path / "a.csv", "old\n")
    seen = []
    replace = type(path).replace

    def look(self, target):
        done = replace(self, target)
        seen.append(read_checked(path))
        return done

    monkeypatch.setattr(type(path), "replace", look)
    put(path, "new\n")
    assert seen == [b"old\n", b"new\n", b"new\n"]
    assert (tmp_path / ".a.csv.sha256").read_text() == f"{sha256(path)}  a.csv\n"


def test_a_failure_leaves_the_file_and_its_checksum(tmp_path):
    path = put(tmp_path / "a.csv", "old\n")

    def fail():
        with checked_write(path) as draft:
            draft.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert read_checked(path) == b"old\n"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("checksum", [None, "", "\0" * 80])
def test_a_file_without_a_usable_checksum_is_read(checksum, tmp_path):
    """As those of earlier versions, and those that were copied by their names."""
    path = put(tmp_path / "a.csv", "old\n")
    path.write_text("another\n")
    if checksum is None:
        drop_checksum(path)
    else:
        (tmp_path / ".a.csv.sha256").write_text(checksum)
    assert read_checked(path) == b"another\n"


def test_a_copy_of_what_lies_in_a_bucket_has_none(tmp_path):
    path = put(tmp_path / ".snakemake/storage/a.csv", "old\n")
    assert list(path.parent.iterdir()) == [path]


def test_changed_json_is_named(tmp_path):
    path = tmp_path / "weights.json"
    write_json({"alpha": 1.25}, path)
    assert read_json(dict[str, float], path) == {"alpha": 1.25}
    path.write_text(path.read_text().replace("1.25", "1.26"))
    assert json.loads(path.read_text()) == {"alpha": 1.26}
    with pytest.raises(DataError, match=r"weights\.json: damaged \(it has changed .*delete it"):
        read_json(dict[str, float], path)
    write_json({"alpha": 1.25}, path, checksum=False)
    drop_checksum(path)
    assert read_json(dict[str, float], path) == {"alpha": 1.25}
