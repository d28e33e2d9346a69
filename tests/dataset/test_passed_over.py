"""What looks like a picture and is used as none: named wherever pictures are listed."""

import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from catalogues import paint
from pictures import samples

from nstcore.common.errors import DataError
from nstcore.dataset.archive import extract
from nstcore.dataset.catalogue import make_catalogue, read_catalogue, write_catalogue
from nstcore.dataset.passed_over import LIST, lines, look_through
from nstcore.images.formats import SUFFIXES

SAMPLES = {sample.name: sample.content for sample in samples()}
JPEG, PNG, TIFF = SAMPLES["rgb.jpg"], SAMPLES["rgb.png"], SAMPLES["RGB.tif"]
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)

PASSED_OVER = {
    "monet": (JPEG, "a JPEG picture by its bytes"),
    "a.jpg.bak": (JPEG, "add .jpg to it"),
    "b.PNG.crdownload": (PNG, "add .png to it"),
    "c.heic": (HEIC, "HEIC, a format that is not read; convert it to JPEG or PNG"),
    "d": (HEIC, "HEIC, a format that"),
    "e.HEIC": (JPEG, "a JPEG picture by its bytes, not by its ending; add .jpg to it"),
    "f.nef": (TIFF, "a camera's raw data, a format"),
    "g.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    "h.jxl": (b"\xff\x0a", "JPEG XL"),
    "i.psd": (b"8BPS\0\1", "Photoshop"),
    "j.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "k.pdf": (b"%PDF-1.4", "PDF"),
    "l.tga": (b"anything", "TGA"),
    "m.ico": (b"\0\0\1\0\1\0\x10\x10\0\0\1\0", "icon"),
    ".n.jpg": (JPEG, "a hidden JPEG picture; take the dot off"),
    "within/o.jpg": (JPEG, ""),
}
NONE = {
    "BMW.txt": b"BMW",
    "notes.txt": b"P is for Paul",
    "list.csv": b"name,genre\n",
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    "._c.jpg": b"\0\5\x16\7",
    "page.html": b"<!DOCTYPE html><svg/>",
    "empty": b"",
    ".DS_Store": b"\0\0\0\1Bud1",
}


def fill(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def files_of(cases: dict[str, tuple[bytes, str]]) -> dict[str, bytes]:
    return {name: content for name, (content, _) in cases.items()}


def check(found: dict[str, str], folder: str) -> None:
    """Compare what was found, reasons by source, with what lies in a folder."""
    desired = {str(Path(folder, name)).removesuffix("/o.jpg") for name in PASSED_OVER}
    assert set(found) == desired
    for name, (_, reason) in PASSED_OVER.items():
        if "/" not in name:
            assert reason in found[str(Path(folder, name))]
    assert found[str(Path(folder, "within"))].startswith("1 picture in a ")
    assert found[str(Path(folder, "within"))].endswith(": o.jpg")


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_usual_ending_is_read_in_capitals_too(suffix: str, tmp_path: Path) -> None:
    names = [f"a{suffix}", f"b{suffix.upper()}", f"c{suffix.title()}"]
    fill(tmp_path, dict.fromkeys(names, JPEG))
    assert look_through(tmp_path) == ([tmp_path / name for name in names], [])


def test_a_set_of_pictures_saved_by_a_browser_is_whole(tmp_path: Path) -> None:
    own = tmp_path / "own" / "Mine"
    for number, suffix in enumerate((".jfif", ".JFIF", ".jpe", ".jpg")):
        paint(own / f"{number}.jpg", number)
        (own / f"{number}.jpg").rename(own / f"{number}{suffix}")
    assert len(look_through(own)[0]) == 4
    catalogue = make_catalogue(tmp_path / "own")
    assert [(one.id, one.fault) for one in catalogue.artworks] == [
        (f"Mine_{number}", "") for number in range(4)
    ]
    assert catalogue.passed_over == ()


def test_whatever_looks_like_a_picture_in_a_folder_of_pictures_is_named(tmp_path: Path) -> None:
    fill(tmp_path, {"1.jpg": JPEG, **files_of(PASSED_OVER), **NONE})
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to("nowhere")
    pictures, found = look_through(tmp_path)
    assert pictures == [tmp_path / "1.jpg"]
    check({one.source: one.reason for one in found}, str(tmp_path))


def test_pictures_far_within_a_folder_are_counted_and_a_closed_folder_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, {"1.jpg": JPEG, "2025/12/a.jpg": JPEG, "2025/12/b.jpg": JPEG, "no/c.jpg": JPEG})
    (tmp_path / "no").chmod(0)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    user = os.geteuid()
    if user == 0:  # who may read everything
        os.seteuid(65534)
    try:
        pictures, found = look_through(Path())
        with pytest.raises(DataError, match=r"no/c: cannot be read \(Permission denied\)"):
            look_through(Path("no/c"))
    finally:
        os.seteuid(user)
        (tmp_path / "no").chmod(0o755)
    assert pictures == [Path("1.jpg")]
    assert [one.source for one in found] == ["2025/12"]
    assert found[0].reason.startswith("2 pictures in a folder within; move them up to use them: a")


@pytest.mark.parametrize("root", ["images/images/Ada_One", "Ada_One", "mine/images/Ada_One"])
def test_whatever_looks_like_a_picture_in_a_dataset_is_named(root: str, tmp_path: Path) -> None:
    dataset = tmp_path / "data"
    fill(dataset / root, {"1.jpg": JPEG, **files_of(PASSED_OVER), **NONE})
    catalogue = make_catalogue(dataset)
    assert [Path(one.source).name for one in catalogue.artworks] == ["1.jpg"]
    check({one.source: one.reason for one in catalogue.passed_over}, str(dataset / root))
    write_catalogue(catalogue, tmp_path / "catalogue.csv")
    assert read_catalogue(tmp_path / "catalogue.csv") == catalogue
    told = list(lines(catalogue.passed_over))
    assert told[0].startswith(f"{len(PASSED_OVER)} files or folders look like pictures and are not")
    assert len(told) == 1 + len(PASSED_OVER)


def test_whatever_looks_like_a_picture_in_an_archive_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"1.jpg": JPEG, **files_of(PASSED_OVER), **NONE}
    with ZipFile(tmp_path / "own.zip", "w") as opened:
        for name, content in files.items():
            opened.writestr(f"Ada One/{name}", content)
        opened.writestr("__MACOSX/Ada One/1.jpg", JPEG)
    extract(tmp_path / "own.zip", tmp_path / "data")
    printed = capsys.readouterr().out
    assert "passed over: Ada One/c.heic: HEIC" in printed
    catalogue = make_catalogue(tmp_path / "data")
    assert [Path(one.source).name for one in catalogue.artworks] == ["1.jpg"]
    check({one.source: one.reason for one in catalogue.passed_over}, "Ada One")


def test_a_sound_archive_leaves_no_list(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "own.zip", "w") as opened:
        opened.writestr("images/images/Ada/Ada_1.jpg", JPEG)
        opened.writestr("resized/resized/Ada_1.jpg", JPEG)
        opened.writestr("notes.txt", b"")
    extract(tmp_path / "own.zip", tmp_path / "data")
    assert not (tmp_path / "data" / LIST).exists()


def test_the_dataset_s_smaller_copies_are_not_missed_and_other_places_are(tmp_path: Path) -> None:
    fill(
        tmp_path,
        {
            "images/images/Ada/Ada_1.jpg": JPEG,
            "resized/resized/Ada_1.jpg": JPEG,
            "images/images/loose.jpg": JPEG,
            "cover 1.jpg": JPEG,
            "cover 2.png": PNG,
        },
    )
    found = {one.source: one.reason for one in make_catalogue(tmp_path).passed_over}
    assert set(found) == {str(tmp_path), str(tmp_path / "images/images")}
    assert found[str(tmp_path)].startswith("2 pictures in a place where this layout has none; move")
    assert found[str(tmp_path)].endswith(": cover 1.jpg, cover 2.png")


def test_only_of_files_that_are_not_named_like_pictures_bytes_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "own" / "Ada", {f"{n}.jpg": JPEG for n in range(20)} | {"a.txt": b"x"})
    fill(tmp_path / "own" / "resized", {f"Ada_{n}.jpg": JPEG for n in range(20)})
    opened = []
    whole = Path.open

    def counting(path, *args, **options):
        opened.append(path.name)
        return whole(path, *args, **options)

    monkeypatch.setattr(Path, "open", counting)
    look_through(tmp_path / "own" / "Ada")
    assert opened == ["a.txt"]


def test_where_no_picture_is_read_what_is_there_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "own" / "Ada", {f"{n}.heic": HEIC for n in range(7)})
    for look in (look_through, make_catalogue):
        folder = tmp_path / "own" / ("Ada" if look is look_through else "")
        with pytest.raises(DataError, match=r"no pictures; .*; passed over: .*0\.heic: HEIC") as no:
            look(folder)
        assert "\n" not in str(no.value)
        assert str(no.value).endswith("; and 2 more")
    with ZipFile(tmp_path / "own.zip", "w") as opened:
        opened.writestr("Ada/1.heic", HEIC)
    with pytest.raises(DataError, match=r"own\.zip: no pictures; .*Ada/1\.heic: HEIC"):
        extract(tmp_path / "own.zip", tmp_path / "data")


def test_names_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    fill(tmp_path / "own" / "Ada", {"1.jpg": JPEG})
    with open(os.fsencode(tmp_path / "own" / "Ada") + b"/\xff\n.heic", "wb") as file:  # noqa: PTH123
        file.write(HEIC)
    catalogue = make_catalogue(tmp_path / "own")
    write_catalogue(catalogue, tmp_path / "catalogue.csv")
    (one,) = read_catalogue(tmp_path / "catalogue.csv").passed_over
    assert one.source.isprintable()
    assert "\\udcff\\n.heic" in one.source
