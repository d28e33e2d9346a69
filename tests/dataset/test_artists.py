import pytest

from nstcore.common.errors import DataError
from nstcore.dataset.artists import Artist, find_artist, fold, read_artists, same_name

# As the dataset has it: doubled quotes, both dashes, lists within quotes, phonetic signs.
TABLE = """\
id,name,years,genre,nationality,bio,wikipedia,paintings
0,Amedeo Modigliani,1884 - 1920,Expressionism,Italian,"Modigliani \
(Italian: [ame\u02c8d\u025b\u02d0o]), known for ""nudes"", died
young.",http://en.wikipedia.org/wiki/Amedeo_Modigliani,193
1,Vasiliy Kandinskiy,1866 \u2013 1944,"Expressionism,Abstractionism",Russian,,,88
2,Albrecht D\u00fcrer,1471 - 1528,Northern Renaissance,"German, Franconian",,,328
3,Anonymous,15th century,,,,,
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "artists.csv"
    path.write_text(TABLE, "utf-8", newline="")
    return path


def test_the_table_is_read_as_it_is(table):
    modigliani, kandinskiy, duerer, anonymous = read_artists(table)
    assert modigliani == Artist("Amedeo Modigliani", ("Expressionism",), 193)
    assert kandinskiy.genres == ("Expressionism", "Abstractionism")
    assert duerer.name == "Albrecht D\u00fcrer"
    assert (anonymous.genres, anonymous.paintings) == ((), None)


def test_names_alone_are_a_table_and_a_byte_order_mark_is_none_of_them(table):
    table.write_text("\ufeffname\nMonet\n", "utf-8")
    assert [one.name for one in read_artists(table)] == ["Monet"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it has no column 'name'"),
        (b"id,artist\n1,Monet\n", "it has no column 'name'"),
        ("name\nDürer\n".encode("latin-1"), "not UTF-8"),
        (b'name,bio\nMonet,"never closed\n', "not a table of artists"),
        (b"name,bio\n,nobody\n", "line 2: an artist without a name"),
        (b"name\nMonet\nmonet\n", "'monet' stands there twice"),
        (b"name\n" + b"x" * 200_000 + b"\n", "field larger than field limit"),
    ],
)
def test_what_is_no_table_of_artists_is_named(content, message, table):
    table.write_bytes(content)
    with pytest.raises(DataError, match=message) as refusal:
        read_artists(table)
    assert str(refusal.value).startswith(f"{table}: ")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Albrecht_Du╠êrer", "Albrecht D\u00fcrer"),
        ("Albrecht_DuΓòá├¬rer", "Albrecht D\u00fcrer"),
        ("Albrecht_Duerer", "Albrecht D\u00fcrer"),
        ("albrecht durer", "Albrecht D\u00fcrer"),
        ("Vasiliy-Kandinskiy", "Vasiliy Kandinskiy"),
        ("Kandinskiy", None),
    ],
)
def test_a_folder_is_matched_to_its_artist(folder, name, table):
    found = find_artist(folder, read_artists(table))
    assert (found.name if found else None) == name


def test_the_name_itself_counts_before_one_that_is_like_it(table):
    table.write_text("name\nPierre-Auguste Renoir\nPierre Auguste Renoir Jr\n", "utf-8")
    artists = read_artists(table)
    assert find_artist("Pierre-Auguste_Renoir", artists) is artists[0]


def test_names_that_differ_are_not_the_same():
    assert fold("Édouard  Manet") == "edouard manet"
    assert not same_name("Claude Monet", "Edouard Manet")
    assert not same_name("\N{ARTIST PALETTE}", "\N{PERFORMING ARTS}")
    assert same_name("\N{ARTIST PALETTE}", "\N{ARTIST PALETTE}")
