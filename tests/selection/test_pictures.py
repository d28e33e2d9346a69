import json
from dataclasses import replace
from pathlib import Path

import pytest

from nstcore.common.errors import DataError
from nstcore.common.files import drop_checksum, sha256
from nstcore.selection.pictures import (
    Alike,
    Census,
    Notes,
    Picture,
    Skipped,
    Supply,
    find_picture,
    read_notes,
    read_selection,
    write_notes,
    write_selection,
)

NOTES = Notes(
    Census(24, 2, duplicates=1, look_alikes=2, unusable=3),
    (Skipped("contents", 'photos/a "b".jpg', "an empty file"),),
    (Alike("Ada_1", "Ada_2", same_bytes=True),),
    (Supply("D\u00fcrer", 12, "12"), Supply("Own", 3, "")),
    (Skipped("dataset", "data/a.heic", "HEIC, a format that is not read"),),
    (Skipped("Own", "own/b.jpg", "its file lacks its end"),),
)


def pictures(folder):
    (folder / "1.png").write_bytes(b"picture")
    path = folder / "1.png"
    return [
        Picture("style", "target", "Ada", "Ada_1", str(path), 40, 30, sha256(path)),
        Picture("content", "test", "", "caf\u00e9", "photos/caf\u00e9, 2.jpg", 4, 3, "0" * 64),
    ]


def test_a_selection_and_its_notes_survive_their_files(tmp_path):
    write_selection(pictures(tmp_path), tmp_path / "selection.csv")
    write_notes(NOTES, tmp_path / "selection.json")
    assert read_selection(tmp_path / "selection.csv") == pictures(tmp_path)
    assert read_notes(tmp_path / "selection.json") == NOTES


def test_notes_of_an_older_version_are_read(tmp_path):
    write_notes(NOTES, tmp_path / "selection.json")
    values = json.loads((tmp_path / "selection.json").read_text())
    del values["passed_over"], values["remarks"]
    (tmp_path / "selection.json").write_text(json.dumps(values))
    drop_checksum(tmp_path / "selection.json")
    assert read_notes(tmp_path / "selection.json") == replace(NOTES, passed_over=(), remarks=())


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"census": {}, "skipped": [], "alike": []}'])
def test_damaged_notes_are_named(content, tmp_path):
    (tmp_path / "selection.json").write_text(content)
    with pytest.raises(DataError, match=r"selection\.json: damaged .*; delete it and run again"):
        read_notes(tmp_path / "selection.json")


@pytest.mark.parametrize("read", [read_notes, read_selection])
def test_a_missing_file_is_named(read, tmp_path):
    with pytest.raises(DataError, match="nothing: no such"):
        read(tmp_path / "nothing")


def test_a_picture_that_changed_after_the_selection_is_refused(tmp_path):
    selected = pictures(tmp_path)
    path = Path(selected[0].source)
    assert find_picture(selected, "Ada_1") == path
    path.write_bytes(b"another")
    with pytest.raises(DataError, match=r"1\.png: has changed since it was selected"):
        find_picture(selected, "Ada_1")
    path.unlink()
    with pytest.raises(DataError, match=r"1\.png: selected as Ada_1, but no longer there"):
        find_picture(selected, "Ada_1")
    with pytest.raises(DataError, match="Ada_7: no picture of this selection"):
        find_picture(selected, "Ada_7")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("id", name) for name in ("../../../home/me/letter", "/etc/passwd", "..", ".hidden")),
        *(("id", name) for name in ("", "a\nb", "a\x1b[2J")),
        *(("style", name) for name in ("../out", "a/b", ".", "a\nb")),
    ],
)
def test_a_selection_that_leads_out_of_the_study_is_refused(tmp_path, field, value):
    first, *others = pictures(tmp_path)
    path = tmp_path / "selection.csv"
    write_selection([replace(first, **{field: value}), *others], path)
    with pytest.raises(
        DataError, match="names no file of a study; delete it and run again"
    ) as told:
        read_selection(path)
    (line,) = told.value.lines
    assert line.isprintable()
