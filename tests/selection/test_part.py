"""Parts of the test contents: nothing of them is made twice, nor kept where it is wrong."""

import pytest

from nstcore.common.errors import DataError
from nstcore.selection.part import Part, list_pictures, read_index, slice_of, sweep


@pytest.fixture
def sources(tmp_path):
    paths = [tmp_path / "sources" / f"{name}.png" for name in ("a", "b'\" %c", "🎨")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def make(index, folder, sources, settings="now", adopt=lambda path: False, stop=None):
    """Make a part; return what was made and not kept."""
    made = []
    with Part(index, folder, {"settings": settings}) as part:
        for source in sources:
            if source == stop:
                raise RuntimeError("killed")

            def write(path, source=source):
                made.append(source.stem)
                path.write_bytes(source.read_bytes() + b" made " + settings.encode())

            part.make(source.stem, source, write, adopt)
    return made


def stems(paths):
    return [path.stem for path in paths]


def test_parts_hold_every_content_once_and_new_ones_change_the_last_part_alone():
    values = list(range(10))
    before = [list(slice_of(values, 4, part)) for part in range(3)]
    assert before == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [list(slice_of([*values, 10], 4, part)) for part in range(2)] == before[:2]


def test_an_index_lists_the_pictures_in_their_order(tmp_path, folder, sources):
    index = tmp_path / "parts/3/0.csv"
    assert make(index, folder, sources) == stems(sources)
    assert list_pictures([index]) == [folder / source.name for source in sources]
    assert list_pictures([sources[0], index])[:2] == [sources[0], folder / "a.png"]
    assert {path.name for path in index.parent.iterdir()} == {"0.csv", ".0.csv.sha256"}


def test_what_a_killed_process_has_made_is_kept(tmp_path, folder, sources):
    index = tmp_path / "parts/3/0.csv"
    with pytest.raises(RuntimeError):
        make(index, folder, sources, stop=sources[2])
    assert not index.exists()
    assert stems(sorted(folder.iterdir())) == stems(sources[:2])
    assert make(index, folder, sources) == ["🎨"]


def test_parts_of_another_size_keep_what_is_there(tmp_path, folder, sources):
    for part, source in enumerate(sources):
        make(tmp_path / f"parts/1/{part}.csv", folder, [source])
    assert make(tmp_path / "parts/3/0.csv", folder, sources) == []


@pytest.mark.parametrize("change", ["settings", "source", "picture", "gone", "index"])
def test_what_would_be_made_otherwise_is_made_again(tmp_path, folder, sources, change):
    index, settings = tmp_path / "parts/3/0.csv", "now"
    make(index, folder, sources)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    if change == "settings":
        settings = "later"
    elif change == "source":
        sources[1].write_bytes(b"another")
    elif change == "picture":
        (folder / sources[1].name).write_bytes(b"another")
    elif change == "gone":
        (folder / sources[1].name).unlink()
    else:
        index.write_text("nonsense")
    again = stems(sources) if change in {"settings", "index"} else [sources[1].stem]
    # Of what an index knows nobody else is asked.
    adopt = lambda path: change != "index"  # noqa: E731
    assert make(index, folder, sources, settings, adopt) == again
    if change in {"picture", "gone", "index"}:
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


def test_a_picture_that_no_index_knows_is_kept_if_it_is_the_one_that_would_be_made(
    tmp_path, folder, sources
):
    for source in sources:
        (folder / source.name).write_bytes(b"of a study without parts")
    index = tmp_path / "parts/3/0.csv"
    assert make(index, folder, sources, adopt=lambda path: path.stem != "a") == ["a"]
    assert len(read_index(index)) == len(sources)


def test_what_is_half_written_is_swept_and_what_others_write_is_not(folder):
    own, other = folder / ".7.part.a.png", folder / ".8.part.b.png"
    for path in (own, other, folder / "a.png"):
        path.write_bytes(b"")
    sweep(folder, ["a.png"])
    assert sorted(path.name for path in folder.iterdir()) == [other.name, "a.png"]


def test_what_is_no_index_is_refused(tmp_path):
    (tmp_path / "0.csv").write_text("nonsense\n")
    with pytest.raises(DataError, match="expected the columns file, sha256, made_of"):
        list_pictures([tmp_path / "0.csv"])
