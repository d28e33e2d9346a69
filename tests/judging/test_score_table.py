import math

import pandas as pd
import pytest

from nstcore.common.errors import DataError
from nstcore.judging.score_table import (
    MEASURES,
    PAINTING,
    ROW_COLUMNS,
    SCORE_COLUMNS,
    STYLIZED,
    UNTOUCHED,
    Cache,
    collect,
    read_job_scores,
    read_scores,
    write_scores,
)


def row(kind, content_id, value, style="None", backbone="", **other):
    """A row whose measures all have one value."""
    values = {
        "backbone": backbone,
        "aggregation": "simple" if backbone else "",
        "style": style,
        "content_id": content_id,
        "kind": kind,
        "nearest_style": style,
        "sha256": content_id * 2,
    }
    return values | dict.fromkeys(MEASURES, value) | other


@pytest.fixture
def bounds():
    # Names that a CSV reader may take for missing values or numbers.
    return pd.DataFrame(
        [
            row(UNTOUCHED, "1", 10.0),
            row(UNTOUCHED, "NA", 12.0),
            row(PAINTING, "p1", 1.0),
            row(PAINTING, "p2", 3.0),
        ],
        columns=ROW_COLUMNS,
    )


def scaled(table, kind, content_id):
    found = table[(table["kind"] == kind) & (table["content_id"] == content_id)]
    return found["style_distance_scaled"].item()


def test_scores_lie_between_the_untouched_content_and_a_real_painting(bounds):
    pictures = pd.DataFrame(
        [row(STYLIZED, "1", 6.0, backbone="Net"), row(STYLIZED, "NA", 12.0, backbone="Net")],
        columns=ROW_COLUMNS,
    )
    table = collect(bounds, [pictures])
    assert list(table.columns) == SCORE_COLUMNS
    assert scaled(table, STYLIZED, "1") == pytest.approx((11 - 6) / (11 - 2))
    assert scaled(table, STYLIZED, "NA") == scaled(table, UNTOUCHED, "NA")
    contents = [scaled(table, UNTOUCHED, name) for name in ("1", "NA")]
    paintings = [scaled(table, PAINTING, name) for name in ("p1", "p2")]
    assert sum(contents) == pytest.approx(0)
    assert sum(paintings) / 2 == pytest.approx(1)
    assert contents[1] < contents[0] < paintings[1] < paintings[0]


def test_a_measure_that_cannot_tell_floor_from_ceiling_has_no_scale(bounds):
    bounds["grain"] = [2.0, 2.5, 1.0, 3.0]
    table = collect(bounds, [])
    assert table["grain_scaled"].isna().all()
    assert table["grid_scaled"].notna().all()


def test_tables_are_read_as_they_were_written(bounds, tmp_path):
    table = collect(bounds, [])
    table.loc[0, "right_artist"] = math.nan
    write_scores(table, tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(read_scores(tmp_path / "scores.csv"), table)


@pytest.mark.parametrize("text", [None, "", "a,b\n1,2\n", "\x00"])
def test_what_is_no_table_of_scores_is_named(text, tmp_path):
    path = tmp_path / "scores.csv"
    if text is not None:
        path.write_text(text)
    for read in (read_scores, read_job_scores):
        with pytest.raises(DataError, match=r"scores\.csv: "):
            read(path)


def test_the_cache_knows_pictures_by_their_bytes_and_by_the_judge(tmp_path):
    path = tmp_path / "model.csv"
    rows = [row(STYLIZED, "1", 0.25, backbone="Net"), row(STYLIZED, "2", 0.5, backbone="Net")]
    Cache(path, "judge A").write(rows)
    cache = Cache(path, "judge A")
    assert cache.find("None", "1", "11") == rows[0]
    assert cache.find("None", "1", "other bytes") is None
    assert cache.find("Other", "1", "11") is None
    assert Cache(path, "judge B").find("None", "1", "11") is None
    assert list(read_job_scores(path)["content_id"]) == ["1", "2"]


def test_a_damaged_cache_is_an_empty_one(tmp_path):
    (tmp_path / "model.csv").write_text("half a tab")
    assert Cache(tmp_path / "model.csv", "judge").find("None", "1", "11") is None
