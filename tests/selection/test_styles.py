"""Sets of paintings from a table."""

import pytest

from nstcore.common.errors import ConfigError
from nstcore.common.mistakes import MistakesError
from nstcore.selection.styles import Styles, read_set

TABLE = """set,painting,title
Blue,P_1,La Vie
Rose,P_2,The Actor
Blue, P_3 ,The Tragedy
Blue,,not found yet
Late,,not found yet
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "eras.csv"
    path.write_text(TABLE, "utf-8-sig")
    return str(path)


def test_a_table_lists_the_paintings_of_each_set(table):
    assert read_set("Blue", table) == ("P_1", "P_3")
    styles = Styles(sets={"Blue": {"table": table}, "Rose": {"table": table}}).listed()
    assert [style.paintings for style in styles.each()] == [("P_1", "P_3"), ("P_2",)]
    assert {style.breadth for style in styles.each()} == {"eras and other sets"}
    assert styles.unlisted == []
    # As a list it is what results belong to: another table is another config.
    assert Styles.from_json(styles.to_json()) == styles


def test_a_set_of_which_nothing_is_listed_yet_can_be_planned(table):
    styles = Styles(sets={"Blue": {"table": table}, "Late": {"table": table}}).listed()
    assert [style.name for style in styles.each()] == ["Blue", "Late"]
    (line,) = styles.unlisted
    assert line.startswith(f"styles.sets.Late: {table} lists no painting of it yet; fill in")


@pytest.mark.parametrize(
    ("label", "text", "told"),
    [
        ("Bleu", TABLE, "no row whose 'set' is 'Bleu'; allowed: Blue, Rose, Late"),
        ("Blue", "", "no row whose 'set' is 'Blue'; it needs the columns set and painting"),
        ("Blue", "style,id\nBlue,P_1\n", "it needs the columns set and painting"),
        ("Blue", "set,id\nBlue,P_1\n", "has no column 'painting'"),
        ("Blue", "set,painting\nBlue\n", None),
        ("Blue", "set,painting\nBlue,P_1\nBlue,P_1\n", "lists 'P_1' twice for 'Blue'; leave one"),
        ("Blue", 'set,painting\nBlue,"P_1\n', "not a table"),
        ("Blue", b"set,painting\nBlue,\xff\n", "not a table"),
    ],
)
def test_a_table_that_is_none_gets_one_line(tmp_path, label, text, told):
    path = tmp_path / "eras.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    if told is None:
        assert read_set(label, str(path)) == ()
        return
    with pytest.raises(ConfigError, match="eras") as caught:
        read_set(label, str(path))
    assert told in str(caught.value)
    with pytest.raises(MistakesError) as mistakes:
        Styles(sets={label: {"table": str(path)}}).listed()
    assert mistakes.value.mistakes[0].path == ("sets", label)


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"eras\.csv: cannot be read \(No such file"):
        read_set("Blue", str(tmp_path / "eras.csv"))


@pytest.mark.parametrize(
    "own",
    [{}, {"table": "a.csv", "folder": "b"}, {"table": "a.csv", "paintings": ["P_1"]}],
)
def test_a_set_is_a_list_or_a_table_or_a_folder(own):
    with pytest.raises(ConfigError, match="give either 'paintings', a list of ids, or 'table', or"):
        Styles(sets={"Blue": own})
