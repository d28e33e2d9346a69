"""A finished study as one archive: whole, the same whenever it is packed, and verified anywhere."""

import json
import subprocess
import sys
import zipfile
from urllib.parse import unquote

import pytest
from conftest import ROOT
from rocrate.rocrate import ROCrate
from small_study import AGGREGATIONS, ARTISTS, TESTS, write_study
from test_concealed import SECRETS
from test_concealed import folder as folder_of_secrets  # noqa: F401 (a fixture)

from nstcore.common.errors import DataError, StudyError
from nstcore.images.io import read_pixels, read_text
from nstcore.report.crate import write_crate
from nstcore.report.render import write_report
from nstcore.report.verify import MANIFEST, METADATA, verify_crate


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = write_study(tmp_path_factory.mktemp("crate") / "results" / "small")
    write_report(folder, ROOT / "reports", folder / "report.html")
    return folder


@pytest.fixture(scope="module")
def crate(study, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "crate.zip"
    write_crate(study, ROOT, path)
    return path


def repacked(crate, path, change):
    """Return a crate of which a copy's members were changed."""
    with zipfile.ZipFile(crate) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


PICTURE = f"study/stylized/VGG16/simple/{next(iter(ARTISTS))}/{TESTS[0]}.png"


def test_it_holds_the_results_the_workflow_and_the_locks(study, crate):
    with zipfile.ZipFile(crate) as archive:
        names = set(archive.namelist())
        assert archive.read(PICTURE) == (study / PICTURE.removeprefix("study/")).read_bytes()
    pictures = {
        f"study/stylized/VGG16/{aggregation}/{style}/{content}.png"
        for aggregation in AGGREGATIONS
        for style in ARTISTS
        for content in TESTS
    }
    wanted = {"config.json", "runs.json", "selection.csv", "choices.csv", "scores.csv"}
    wanted |= {"findings.json", "report.html", "training/VGG16/simple/adam.csv"}
    assert pictures | {f"study/{name}" for name in wanted} <= names
    assert {"workflow/Snakefile", "workflow/rules/common.smk", "workflow/requirements.lock"} < names
    assert not [name for name in names if "/inputs/" in name or "/logs/" in name or "//" in name]


def test_the_library_of_the_standard_reads_it(crate, tmp_path):
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path)
    read = ROCrate(tmp_path)
    assert read.mainEntity.id == "workflow/Snakefile"
    run = read.get("#run")
    assert run.type == "CreateAction"
    assert run["instrument"].id == "workflow/Snakefile"
    results = {entity.id for entity in run["result"]}
    assert "study/findings.json" in results
    for entity in read.get_by_type("File"):
        assert len(entity["sha256"]) == 64
        assert int(entity["contentSize"]) == (tmp_path / unquote(entity.id)).stat().st_size
    root = read.root_dataset
    assert root["name"]
    assert root["license"]
    assert len(root["datePublished"]) == 20


def test_it_is_verified_by_a_program_and_by_coreutils(crate, tmp_path):
    words = [sys.executable, "-m", "nstcore.report.verify", crate]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "files, all as they were packed" in done.stdout
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", MANIFEST],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_same_study_gives_the_same_bytes(study, crate, tmp_path):
    for path in study.rglob("*"):
        path.touch()
    write_crate(study, ROOT, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == crate.read_bytes()


def test_a_changed_byte_is_named_wherever_it_is(crate, tmp_path):
    content = crate.read_bytes()
    with zipfile.ZipFile(crate) as archive:
        places = {
            one.filename: one.header_offset + len(one.filename) + 60 for one in archive.filelist
        }
    for name in (PICTURE, "study/config.json", "workflow/Snakefile", METADATA):
        changed = bytearray(content)
        changed[places[name]] ^= 1
        (tmp_path / "changed.zip").write_bytes(changed)
        with pytest.raises(StudyError) as error:
            verify_crate(tmp_path / "changed.zip")
        assert name in str(error.value)
        assert len(error.value.lines) == 1


def swap(members, old=b"", new=b""):
    members["study/choices.csv"] += b"x"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda members: members.pop(PICTURE), f"'{PICTURE}' is missing"),
        (lambda members: members.update({"study/more.txt": b""}), "'study/more.txt' was added"),
        (lambda members: members.update({"../evil": b""}), "'../evil' was added"),
        (swap, "'study/choices.csv' was changed"),
        (
            lambda members: members.update({METADATA: members[METADATA].replace(b'"2', b'"3')}),
            f"'{METADATA}' was changed",
        ),
    ],
)
def test_what_was_changed_missing_or_added_is_named(crate, tmp_path, change, line):
    path = repacked(crate, tmp_path / "changed.zip", change)
    with pytest.raises(StudyError) as error:
        verify_crate(path)
    assert error.value.lines == [f"{path}: {line}"]


def test_a_description_of_other_files_is_named(crate, tmp_path):
    """Even where the manifest was made to fit."""
    import hashlib

    def change(members):
        members["study/choices.csv"] += b"x"
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
        lines = members[MANIFEST].decode().splitlines()
        names = [line[66:] for line in lines]
        members[MANIFEST] = "".join(f"{digests[name]}  {name}\n" for name in names).encode()

    path = repacked(crate, tmp_path / "changed.zip", change)
    with pytest.raises(StudyError, match=r"choices\.csv' is not what .* describes"):
        verify_crate(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_crate_is_one_line(tmp_path, content):
    (tmp_path / "none.zip").write_bytes(content)
    with pytest.raises(
        DataError, match=r"none\.zip: no crate of a study, or a damaged one"
    ) as error:
        verify_crate(tmp_path / "none.zip")
    assert len(error.value.lines) == 1
    with pytest.raises(DataError, match="no such file"):
        verify_crate(tmp_path / "missing.zip")


def test_an_unfinished_study_is_refused(tmp_path):
    study = write_study(tmp_path / "results" / "small")
    (study / PICTURE.removeprefix("study/")).unlink()
    with pytest.raises(DataError, match="an unfinished study"):
        write_crate(study, ROOT, tmp_path / "crate.zip")
    assert not (tmp_path / "crate.zip").exists()


def test_it_names_no_folder_of_the_machine(study, folder_of_secrets, tmp_path):  # noqa: F811
    pairs = study / "pairs" / "VGG16.csv"
    study = folder_of_secrets
    record = json.loads((study / "config.json").read_text("utf-8"))
    # Of this style it has no pictures.
    del record["config"]["styles"]["sets"]
    (study / "config.json").write_text(json.dumps(record), "utf-8")
    (study / "pairs/VGG16.csv").write_bytes(pairs.read_bytes())
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    write_report(study, ROOT / "reports", study / "report.html")
    write_crate(study, ROOT, tmp_path / "crate.zip")
    verify_crate(tmp_path / "crate.zip")
    with zipfile.ZipFile(tmp_path / "crate.zip") as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.startswith("study/") or name == METADATA:
                found = [secret for secret in SECRETS if secret.encode() in content]
                assert (name, found) == (name, [])
        archive.extractall(tmp_path / "out")
    place = "stylized/VGG16/simple/Tom_&_Jerry/bay.png"
    assert '"note": "y.txt"' in read_text(tmp_path / "out/study" / place)["nstcore"]
    own = read_pixels(study / place)
    assert (read_pixels(tmp_path / "out/study" / place) == own).all()
    assert all(path.read_bytes() == content for path, content in before.items())
    record = json.loads((tmp_path / "out/study/config.json").read_text("utf-8"))
    assert record["config"]["data"]["path"] == "artworks"
