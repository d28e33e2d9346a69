import hashlib

import pytest

from nstcore.common.files import atomic_write, sha256


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
