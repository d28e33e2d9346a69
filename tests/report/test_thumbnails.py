"""Small copies: what they show, and when they are made anew."""

import base64
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from nstcore.common.errors import ImageError
from nstcore.report.thumbnails import Thumbnail, Wanted, affordable_side, make_thumbnails


def decode(copy: Thumbnail) -> Image.Image:
    return Image.open(io.BytesIO(copy.data)).convert("RGB")


def paint(path: Path, size: tuple[int, int] = (32, 32), level: int = 90) -> Path:
    Image.new("RGB", size, (level, 30, 200)).save(path)
    return path


def test_a_squeezed_picture_gets_its_shape_back_and_is_not_enlarged(tmp_path: Path) -> None:
    squeezed = paint(tmp_path / "squeezed.png")
    wanted = [
        Wanted(squeezed, 16, (3000, 1500)),
        Wanted(squeezed, 256),
        Wanted(squeezed, 100, (40, 80)),
    ]
    made = make_thumbnails(wanted)
    assert [(made[one].width, made[one].height) for one in wanted] == [(16, 8), (32, 32), (40, 80)]


def test_a_copy_of_a_line_is_a_pixel_wide_at_least(tmp_path: Path) -> None:
    path = paint(tmp_path / "a.png")
    wanted = [Wanted(path, 16, (9000, 2)), Wanted(path, 16, (2, 9000))]
    made = make_thumbnails(wanted)
    assert [(made[one].width, made[one].height) for one in wanted] == [(16, 1), (1, 16)]


def test_a_copy_is_a_data_uri_of_its_size(tmp_path: Path) -> None:
    one = Wanted(paint(tmp_path / "a.png", (40, 20)), 10)
    copy = make_thumbnails([one])[one]
    kind, _, data = copy.source.partition(",")
    assert kind == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.format, image.size) == ("WEBP", (10, 5))
    assert (copy.width, copy.height) == (10, 5)


def test_a_kept_copy_is_taken_and_not_made_again(tmp_path: Path) -> None:
    first = Wanted(paint(tmp_path / "a.png", level=10), 16)
    second = Wanted(paint(tmp_path / "b.png", level=240), 16)
    kept = tmp_path / "kept"
    before = make_thumbnails([first], kept)[first]
    (file,) = kept.iterdir()
    other = make_thumbnails([second], tmp_path / "other")[second]
    (another,) = (tmp_path / "other").iterdir()
    file.write_bytes(another.read_bytes())
    assert make_thumbnails([first], kept)[first] == other != before


def test_a_changed_picture_is_made_anew_whatever_its_date(tmp_path: Path) -> None:
    one, kept = Wanted(paint(tmp_path / "a.png", level=10), 16), tmp_path / "kept"
    before, date = make_thumbnails([one], kept)[one], one.path.stat().st_mtime_ns
    paint(one.path, level=240)
    os.utime(one.path, ns=(date, date))
    copies = before, make_thumbnails([one], kept)[one]
    reds = [decode(copy).getpixel((0, 0))[0] for copy in copies]
    assert reds[1] - reds[0] > 100


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_damaged_kept_copy_is_made_anew(tmp_path: Path, share: float) -> None:
    one, kept = Wanted(paint(tmp_path / "a.png"), 16), tmp_path / "kept"
    before = make_thumbnails([one], kept)[one]
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    cut = int(share * len(whole))
    for damaged in (whole[:cut], whole[:cut] + bytes(len(whole) - cut), bytes(len(whole))):
        file.write_bytes(damaged)
        assert make_thumbnails([one], kept)[one] == before
        assert file.read_bytes() == whole


def test_what_is_not_wanted_any_more_is_deleted(tmp_path: Path) -> None:
    first, second = (Wanted(paint(tmp_path / f"{name}.png"), 16) for name in "ab")
    kept = tmp_path / "kept"
    make_thumbnails([first, second], kept)
    assert len(list(kept.iterdir())) == 2
    make_thumbnails([second], kept)
    assert len(list(kept.iterdir())) == 1


def test_copies_of_one_picture_are_kept_apart_by_side_and_shape(tmp_path: Path) -> None:
    path, kept = paint(tmp_path / "a.png"), tmp_path / "kept"
    wanted = [Wanted(path, 16), Wanted(path, 8), Wanted(path, 16, (32, 16)), Wanted(path, 16)]
    made = make_thumbnails(wanted, kept)
    sizes = [(made[one].width, made[one].height) for one in wanted]
    assert sizes == [(16, 16), (8, 8), (16, 8), (16, 16)]
    assert len(list(kept.iterdir())) == 3
    assert make_thumbnails(wanted, kept) == made


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_thumbnails([Wanted(paint(tmp_path / "a.png"), 16)])
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_copies_are_made_where_none_can_be_kept(tmp_path: Path) -> None:
    one = Wanted(paint(tmp_path / "a.png"), 16)
    (tmp_path / "file").write_text("no folder")
    assert make_thumbnails([one], tmp_path / "file" / "kept") == make_thumbnails([one], None)
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "file"}


def test_threads_change_no_byte_even_where_pictures_are_equal(tmp_path: Path) -> None:
    wanted = [
        Wanted(paint(tmp_path / f"{number}.png", level=40 * (number // 4)), 16)
        for number in range(24)
    ]
    alone = make_thumbnails(wanted + wanted, tmp_path / "one", threads=1)
    together = make_thumbnails(wanted + wanted, tmp_path / "many", threads=8)
    assert alone == together
    assert len(list((tmp_path / "many").iterdir())) == 24


@pytest.mark.parametrize("kept", [None, "kept"])
def test_a_missing_picture_is_named(tmp_path: Path, kept: str | None) -> None:
    with pytest.raises(ImageError, match=r"none\.png: no such picture"):
        make_thumbnails([Wanted(tmp_path / "none.png", 16)], tmp_path / kept if kept else None)


@pytest.mark.parametrize("kept", [None, "kept"])
def test_an_unreadable_picture_is_named(tmp_path: Path, kept: str | None) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    with pytest.raises(ImageError, match=r"bad\.png"):
        make_thumbnails([Wanted(tmp_path / "bad.png", 16)], tmp_path / kept if kept else None)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.png"]


def test_copies_shrink_with_their_number_within_limits() -> None:
    sides = [affordable_side(count, 512, 192, 15e6) for count in (0, 1, 36, 360, 720, 10**6)]
    assert sides == sorted(sides, reverse=True)
    assert all(side % 16 == 0 for side in sides)
    assert sides[0] == sides[2] == 512
    assert sides[-1] == 192
    assert 192 < sides[3] < 512
    assert 0.27 * 360 * sides[3] ** 2 <= 15e6
