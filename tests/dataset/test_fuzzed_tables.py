"""Damaged tables: rows or a clear error, whatever is in them; see test_fuzzed_pictures.py."""

import pytest
from catalogues import catalogue_of, paint
from fuzzing import ROUNDS, check_message, damaged, watched
from small_study import NOTES
from test_artists import TABLE

from nstcore.common.errors import DataError
from nstcore.dataset.artists import read_artists
from nstcore.dataset.catalogue import make_catalogue, read_catalogue, write_catalogue
from nstcore.selection.pictures import read_notes, read_selection, write_notes, write_selection
from nstcore.selection.select import select
from nstcore.selection.styles import Contents, Styles

CASES = 100
"""How many damages each table gets in one round."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """What each reader reads, undamaged."""
    folder = tmp_path_factory.mktemp("tables")
    catalogue = catalogue_of(Ada_One=12, Bo_Two=12)
    styles = Styles(images=3, artists=["Ada One"])
    write_catalogue(catalogue, folder / "catalogue.csv")
    write_selection(
        select(catalogue, styles, Contents(train=2, test=1), seed=1)[0], folder / "selection.csv"
    )
    write_notes(NOTES, folder / "selection.json")
    return {
        read_artists: TABLE.encode(),
        read_catalogue: (folder / "catalogue.csv").read_bytes(),
        read_selection: (folder / "selection.csv").read_bytes(),
        read_notes: (folder / "selection.json").read_bytes(),
    }


@pytest.mark.parametrize("read", [read_artists, read_catalogue, read_selection, read_notes])
def test_a_damaged_table_is_read_or_refused_by_name(read, tables, tmp_path):
    path = tmp_path / "table.csv"
    refused = 0
    for number in range(CASES * ROUNDS):
        seed = f"{read.__name__} {number}"
        path.write_bytes(damaged(tables[read], seed))
        with watched(seed, path):
            try:
                read(path)
            except DataError as error:
                refused += 1
                check_message(error, path)
    assert refused


def test_a_dataset_with_a_damaged_table_is_catalogued_or_refused(tmp_path):
    for artist in ("Amedeo_Modigliani", "Albrecht_Du╠êrer", "Nobody"):
        paint(tmp_path / "images" / artist / f"{artist}_1.png", len(artist))
    path = tmp_path / "artists.csv"
    for number in range(CASES * ROUNDS // 4):
        path.write_bytes(damaged(TABLE.encode(), f"dataset {number}"))
        with watched(f"dataset {number}", path):
            try:
                catalogue = make_catalogue(tmp_path)
            except DataError as error:
                check_message(error, path)
            else:
                assert len(catalogue.artworks) == 3
                write_catalogue(catalogue, tmp_path / "catalogue.csv")
                assert read_catalogue(tmp_path / "catalogue.csv") == catalogue
