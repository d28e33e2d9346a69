import math

import pandas as pd
import pytest

from nstcore.common.errors import DataError, OutdatedError
from nstcore.common.files import drop_checksum
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
        "judge": "Judge",
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


def test_scores_are_told_from_their_own_content_on_the_way_to_real_paintings(bounds):
    pictures = pd.DataFrame(
        [row(STYLIZED, "1", 6.0, backbone="Net"), row(STYLIZED, "NA", 12.0, backbone="Net")],
        columns=ROW_COLUMNS,
    )
    table = collect(bounds, [pictures])
    assert list(table.columns) == SCORE_COLUMNS
    assert scaled(table, STYLIZED, "1") == pytest.approx((10 - 6) / (11 - 2))
    # As near as its own content is, whose distance is not the mean one.
    assert scaled(table, STYLIZED, "NA") == 0
    changes = table[table["kind"] == STYLIZED]["style_distance_change"]
    assert changes.tolist() == [-4, 0]
    ratios = table[table["kind"] == STYLIZED]["grain_change"]
    assert ratios.tolist() == [0.6, 1]
    assert table[table["kind"] == UNTOUCHED]["style_distance_change"].tolist() == [-1, 1]
    contents = [scaled(table, UNTOUCHED, name) for name in ("1", "NA")]
    paintings = [scaled(table, PAINTING, name) for name in ("p1", "p2")]
    assert sum(contents) == pytest.approx(0)
    assert sum(paintings) / 2 == pytest.approx(1)
    assert contents[1] < contents[0] < paintings[1] < paintings[0]


def test_each_judge_has_a_scale_of_its_own_and_the_first_one_s_rows_come_first(bounds):
    other = bounds.assign(judge="1st", style_distance=bounds["style_distance"] * 10)
    pictures = [
        pd.DataFrame([row(STYLIZED, "1", value, backbone="Net", judge=judge)], columns=ROW_COLUMNS)
        for judge, value in (("1st", 60.0), ("Judge", 6.0))
    ]
    together = collect(pd.concat([bounds, other]), pictures)
    assert list(dict.fromkeys(together["judge"])) == ["Judge", "1st"]
    for judge, alone in (("Judge", bounds), ("1st", other)):
        own = [table for table in pictures if table["judge"].item() == judge]
        part = together[together["judge"] == judge].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, collect(alone, own))
    stylized = together[together["kind"] == STYLIZED]["style_distance_scaled"]
    assert stylized.iloc[0] == pytest.approx(stylized.iloc[1])


def test_a_measure_that_cannot_tell_floor_from_ceiling_has_no_scale(bounds):
    bounds["style_distance"] = [2.0, 2.5, 1.0, 3.0]
    table = collect(bounds, [])
    assert table["style_distance_scaled"].isna().all()
    assert table["color_distance_scaled"].notna().all()
    assert table["style_distance_change"].notna().all()


def test_photographs_as_far_apart_as_the_scale_is_long_have_no_scale():
    # Seen with van Gogh: three untouched photographs as near as paintings, and one far away alone
    # made the mean that was called 0; pictures moved away from him were told as 0.93 of the way.
    untouched = zip("abcd", (0.1, 0.4, 0.3, 17.0), strict=True)
    paintings = zip(("p1", "p2", "p3"), (-0.1, 0.0, 0.1), strict=True)
    bounds = pd.DataFrame(
        [
            *(row(UNTOUCHED, name, value) for name, value in untouched),
            *(row(PAINTING, name, value) for name, value in paintings),
        ],
        columns=ROW_COLUMNS,
    )
    away = pd.DataFrame([row(STYLIZED, "b", 0.9, backbone="Net")], columns=ROW_COLUMNS)
    table = collect(bounds, [away])
    assert table["style_distance_scaled"].isna().all()
    assert table[table["kind"] == STYLIZED]["style_distance_change"].item() == pytest.approx(0.5)


def test_paintings_on_the_far_side_of_photographs_are_no_scale(bounds):
    bounds["style_distance"] = [1.0, 1.1, 9.0, 9.1]
    bounds["content_distance"] = [0.0, 0.0, 0.9, 0.8]
    table = collect(bounds, [])
    assert table["style_distance_scaled"].isna().all()
    # What is lost of the content grows on the way.
    assert table["content_distance_scaled"].tolist() == pytest.approx([0, 0, 18 / 17, 16 / 17])


def test_a_single_content_and_painting_have_a_scale_since_no_spread_is_known():
    bounds = pd.DataFrame([row(UNTOUCHED, "1", 10.0), row(PAINTING, "p", 1.0)], columns=ROW_COLUMNS)
    picture = pd.DataFrame([row(STYLIZED, "1", 5.5, backbone="Net")], columns=ROW_COLUMNS)
    assert scaled(collect(bounds, [picture]), STYLIZED, "1") == pytest.approx(0.5)


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


def test_scores_of_the_version_before_are_told_from_damaged_ones(bounds, tmp_path):
    table = collect(bounds, [])
    for read, whole in ((read_scores, table), (read_job_scores, bounds)):
        path = tmp_path / "scores.csv"
        write_scores(whole.drop(columns="judge"), path)
        with pytest.raises(OutdatedError, match=r"scores\.csv: scores of another version"):
            read(path)
        # A number that is none is damage, in whatever version.
        text = path.read_text()
        path.write_text(text.replace("10,", "1x,", 1))
        with pytest.raises(DataError, match="damaged") as caught:
            read(path)
        assert not isinstance(caught.value, OutdatedError)


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


def test_a_table_that_lacks_rows_is_named(bounds, tmp_path):
    pictures = pd.DataFrame(
        [row(STYLIZED, name, 6.0, backbone="Net") for name in ("1", "NA")], columns=ROW_COLUMNS
    )
    path = tmp_path / "scores.csv"
    write_scores(collect(bounds, [pictures]), path)
    drop_checksum(path)
    assert len(read_scores(path)) == 6
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:1] + lines[2:]), "utf-8")
    with pytest.raises(DataError, match=r"scores\.csv: 1 pictures of Net/simple are missing"):
        read_scores(path)
    path.write_text("".join(lines)[:-5], "utf-8")
    with pytest.raises(DataError, match=r"scores\.csv: .*its end is missing"):
        read_scores(path)
