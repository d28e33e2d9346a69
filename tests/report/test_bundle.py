"""The archive that is sent: what is in it, and what must not be."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import ROOT
from small_study import ARTISTS, TESTS, write_study

from nstcore.common.errors import StudyError
from nstcore.report.bundle import write_bundle
from nstcore.report.render import write_report

NAMES = [
    "plain.csv",
    "with space.png",
    "100 %.png",
    "a#b?c.png",
    "“quotes”'.csv",
    "ملصق 🎨.png",
    "Dürer.png",
]


def write_page(folder: Path, *links: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    anchors = "".join(f'<a href="{link}">a link</a>' for link in links)
    page.write_text(f"<!doctype html><title>A page</title>{anchors}", "utf-8")
    return page


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return opened.namelist()


def test_a_report_and_all_that_it_links_to_work_once_unpacked(tmp_path: Path) -> None:
    study = write_study(tmp_path / "results" / "small")
    write_report(study, ROOT / "reports", study / "report.html")
    bundle = write_bundle(study / "report.html", tmp_path / "small.zip")
    assert bundle.missing == ()
    with zipfile.ZipFile(tmp_path / "small.zip") as opened:
        opened.extractall(tmp_path / "unpacked")
    unpacked = tmp_path / "unpacked" / "small"
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    assert len(files) == bundle.files
    for file in files:
        assert file.read_bytes() == (study / file.relative_to(unpacked)).read_bytes()
    for style in ARTISTS:
        for content in TESTS:
            assert (unpacked / "stylized" / "VGG16" / "simple" / style / f"{content}.png").is_file()
    assert (unpacked / "training" / "VGG16" / "simple" / "adam.csv").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_found(tmp_path: Path, name: str) -> None:
    page = write_page(tmp_path / "a study", f"{quote(name)}?query#part")
    (page.parent / name).write_text("its text", "utf-8")
    assert write_bundle(page, tmp_path / "out.zip").missing == ()
    assert names(tmp_path / "out.zip") == ["a study/report.html", f"a study/{name}"]


def test_nothing_from_outside_the_study_is_given_away(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "link.txt").symlink_to(tmp_path / "secret.txt")
    links = ["../secret.txt", "..%2Fsecret.txt", "x/../../secret.txt", "link.txt"]
    links += [str(tmp_path / "secret.txt"), (tmp_path / "secret.txt").as_uri()]
    page = write_page(tmp_path / "study", *links, "https://example.org/a.png", "#part", "//host/a")
    bundle = write_bundle(page, tmp_path / "out.zip")
    assert names(tmp_path / "out.zip") == ["study/report.html"]
    assert bundle.missing == ("../secret.txt", "link.txt", "x/../../secret.txt")


def test_missing_files_and_folders_are_told_and_do_not_stop_it(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", "gone.png", "folder", "there.csv")
    (page.parent / "folder").mkdir()
    (page.parent / "there.csv").write_text("x")
    bundle = write_bundle(page, tmp_path / "out.zip")
    assert (bundle.files, bundle.missing) == (2, ("folder", "gone.png"))


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", "b.csv", "a.png", "b.csv")
    for name in ("a.png", "b.csv"):
        (page.parent / name).write_text(name * 1000)
    write_bundle(page, tmp_path / "first.zip")
    for file in page.parent.iterdir():
        os.utime(file, (2_000_000_000, 2_000_000_000))
        file.chmod(0o600)
    write_bundle(page, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_pictures_are_stored_and_texts_are_packed(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", "a.png", "b.csv")
    for name in ("a.png", "b.csv"):
        (page.parent / name).write_text("x" * 10_000)
    write_bundle(page, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as opened:
        sizes = {one.filename: one.compress_size for one in opened.infolist()}
    assert sizes["study/a.png"] == 10_000
    assert sizes["study/b.csv"] < 1_000


def test_without_a_page_the_last_archive_stays(tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    output.write_text("the last one")
    (tmp_path / "damaged.html").write_bytes(b"\xff\xfe\xfa")
    for name in ("gone.html", "damaged.html"):
        with pytest.raises(StudyError, match=name):
            write_bundle(tmp_path / name, output)
    assert output.read_text() == "the last one"


def test_the_program_ends_without_a_page_in_one_line(tmp_path: Path) -> None:
    program = ROOT / "workflow_scripts" / "bundle.py"
    options = ["--page", tmp_path / "report.html", "--output", tmp_path / "out.zip"]
    done = subprocess.run(
        [sys.executable, program, *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'report.html'}: no report")
    assert done.stderr.count("\n") == 1


def test_a_run_that_fails_half_way_leaves_the_last_archive_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_page(tmp_path / "study", "a.csv")
    (page.parent / "a.csv").write_text("x")
    output = tmp_path / "out.zip"
    output.write_text("the last one")

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("nstcore.report.bundle.shutil.copyfileobj", fail)
    with pytest.raises(OSError, match="No space"):
        write_bundle(page, output)
    assert output.read_text() == "the last one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.zip", "study"]


def test_links_that_no_file_can_have_do_not_stop_it(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", "http://[bad", "a%00b", "a" * 400, "circle", "..%5Cup")
    (page.parent / "circle").symlink_to("circle")
    (page.parent / "..\\up").write_text("x")
    bundle = write_bundle(page, tmp_path / "out.zip")
    assert names(tmp_path / "out.zip") == ["study/report.html"]
    assert set(bundle.missing) == {"a\0b", "a" * 400, "circle", "..\\up"}


def test_a_file_is_packed_once_however_it_is_linked_to(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", "a.csv", "./a.csv", "report.html", "./report.html")
    (page.parent / "a.csv").write_text("x")
    bundle = write_bundle(page, tmp_path / "out.zip")
    assert names(tmp_path / "out.zip") == ["study/report.html", "study/a.csv"]
    assert (bundle.files, bundle.bytes) == (2, page.stat().st_size + 1)


def test_an_archive_does_not_hold_the_one_before_it(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", "report.zip")
    for _ in range(2):
        bundle = write_bundle(page, page.with_name("report.zip"))
        assert (bundle.files, bundle.missing) == (1, ("report.zip",))


def test_the_program_tells_the_size_and_the_first_three_that_are_missing(tmp_path: Path) -> None:
    page = write_page(tmp_path / "study", *"dcba")
    program = ROOT / "workflow_scripts" / "bundle.py"
    options = ["--page", page, "--output", tmp_path / "out.zip"]
    done = subprocess.run(
        [sys.executable, program, *options], capture_output=True, text=True, check=True
    )
    told = done.stdout.splitlines()
    assert told[0] == f"{tmp_path / 'out.zip'}: 1 files, 0.0 MB"
    assert told[1:] == ["4 linked files are missing: a, b, c, ..."]


def test_a_page_that_cannot_be_parsed_is_told_in_one_line(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("<![unknown[ x", "utf-8")
    with pytest.raises(StudyError, match="a damaged page") as caught:
        write_bundle(page, tmp_path / "out.zip")
    assert "\n" not in str(caught.value)
