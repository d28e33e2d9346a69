from dataclasses import dataclass

import pytest

from nstcore.common.errors import DataError
from nstcore.common.tables import columns, read_rows, write_rows


@dataclass(frozen=True)
class Row:
    name: str
    count: int


ROWS = [Row('a "quoted", name', 3), Row("日本\nعربي", -1), Row("", 0)]


def test_rows_survive_their_file(tmp_path):
    write_rows(Row, ROWS, tmp_path / "table.csv")
    assert read_rows(Row, tmp_path / "table.csv") == ROWS
    assert columns(Row) == ["name", "count"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (b"count,name\n1,a\n", "expected the columns name, count"),
        (b"name,count\na\n", "damaged"),
        (b"name,count\na,many\n", "damaged .*'many'"),
        (b"name,count\na,12", "damaged .*end is missing"),
        (b"name,count\n\0,1\n", "damaged .*zero bytes"),
        (b"name,count\n\xff,1\n", "damaged"),
        (b'name,count\n"a,1\n', "damaged"),
    ],
)
def test_a_damaged_table_is_named(content, message, tmp_path):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"table\.csv: {message}"):
        read_rows(Row, tmp_path / "table.csv")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"table\.csv: no such table"):
        read_rows(Row, tmp_path / "table.csv")


def test_a_changed_digit_is_named(tmp_path):
    path = tmp_path / "table.csv"
    write_rows(Row, ROWS, path)
    path.write_text(path.read_text("utf-8").replace("3", "8"), "utf-8")
    with pytest.raises(DataError, match=r"table\.csv: damaged \(it has changed since"):
        read_rows(Row, path)
