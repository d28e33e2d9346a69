"""Pictures that are painted in one process: none of them is lost with it."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from nstcore.images.io import save_png, to_image
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.choose import CHOICE_COLUMNS
from nstcore.painting.gallery import Gallery

COUNT = 5


def write(content, path):
    path.write_bytes(content.read_bytes() + b" painted")


@pytest.fixture
def contents(tmp_path):
    paths = [tmp_path / "contents" / f"{name}.png" for name in ("a", "b'\" %c", "🎨")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


def hang(folder, contents, settings, paint):
    with Gallery(folder, settings, contents) as gallery:
        for content in contents:
            gallery.hang(content, paint)


def test_the_folder_appears_with_all_pictures_and_nothing_beside_it(tmp_path, contents):
    folder = tmp_path / "out" / "Style"
    hang(folder, contents, {"epochs": 3}, write)
    assert sorted(path.name for path in folder.iterdir()) == sorted(p.name for p in contents)
    assert [path.name for path in folder.parent.iterdir()] == ["Style"]


def test_what_is_painted_is_kept_until_the_rest_is(tmp_path, contents, capsys):
    folder, painted = tmp_path / "out" / "Style", []

    def fail_at_the_last(content, path):
        if content == contents[-1]:
            raise RuntimeError("killed")
        write(content, path)

    def note(content, path):
        painted.append(content)
        write(content, path)

    with pytest.raises(RuntimeError):
        hang(folder, contents, {"epochs": 3}, fail_at_the_last)
    assert not folder.exists()
    # What a process leaves that is killed while it writes.
    (tmp_path / "out/.Style.state/.7.part.x.png").write_bytes(b"half")
    hang(folder, contents, {"epochs": 3}, note)
    assert painted == contents[-1:]
    assert "a: kept from before" in capsys.readouterr().out
    assert len(list(folder.iterdir())) == len(contents)


@pytest.mark.parametrize("change", ["settings", "a content", "the identity is cut"])
def test_nothing_is_kept_of_what_would_be_painted_otherwise(tmp_path, contents, change):
    folder, painted = tmp_path / "out" / "Style", []

    def stop(content, path):
        write(content, path)
        raise RuntimeError("killed")

    def note(content, path):
        painted.append(content)
        write(content, path)

    with pytest.raises(RuntimeError):
        hang(folder, contents, {"epochs": 3}, stop)
    settings = {"epochs": 4 if change == "settings" else 3}
    if change == "a content":
        contents[1].write_bytes(b"another")
    if change == "the identity is cut":
        (tmp_path / "out/.Style.state/.identity.json").write_text("{")
    hang(folder, contents, settings, note)
    assert painted == contents


def test_what_stood_there_is_replaced(tmp_path, contents):
    folder = tmp_path / "Style"
    folder.mkdir()
    (folder / "old.png").write_bytes(b"old")
    hang(folder, contents, {}, write)
    assert not (folder / "old.png").exists()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, backbone, paintings):
    folder = tmp_path_factory.mktemp("gallery")
    backbone.save(folder / "net.weights.h5")
    StyleTarget.from_images(backbone, paintings[:2]).save(folder / "Style.npz")
    rng = np.random.default_rng(4)
    for number in range(COUNT):
        picture = rng.random((6, 6, 3), np.float32).repeat(8, axis=0).repeat(8, axis=1)
        save_png(to_image(picture), folder / f"c{number}.png", {"nstcore": '{"size": [48, 48]}'})
    row = dict.fromkeys(CHOICE_COLUMNS, 1.0)
    row |= {"backbone": "Net", "aggregation": "squared", "optimizer": "adam", "epochs": 12}
    pd.DataFrame([row | {"status": "limit"}])[CHOICE_COLUMNS].to_csv(
        folder / "choice.csv", index=False
    )
    return folder


def start(folder, output):
    command = [
        *(sys.executable, "-m", "workflow_scripts.paint", "--backbone", folder / "net.weights.h5"),
        *("--target", folder / "Style.npz", "--choice", folder / "choice.csv", "--contents"),
        *(folder / f"c{number}.png" for number in range(COUNT)),
        *("--optimizers", '{"adam": {}}', "--canvas", '{"kind": "pyramid", "levels": 3}'),
        *("--output", output),
    ]
    return subprocess.Popen(  # in a group of its own, so that a kill reaches all of it
        list(map(str, command)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_a_killed_process_is_followed_by_one_that_paints_the_rest(inputs):
    whole, cut = inputs / "whole" / "Style", inputs / "cut" / "Style"
    text, _ = (undisturbed := start(inputs, whole)).communicate(timeout=300)
    assert undisturbed.returncode == 0, text
    process = start(inputs, cut)
    state = cut.parent / ".Style.state"
    while process.poll() is None and len(list(state.glob("c*.png"))) < 2:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not cut.exists(), "it ended before it could be killed"
    text, _ = (process := start(inputs, cut)).communicate(timeout=300)
    assert process.returncode == 0, text
    assert "c0: kept from before" in text
    assert f"c{COUNT - 1}: total loss" in text
    for number in range(COUNT):
        assert (cut / f"c{number}.png").read_bytes() == (whole / f"c{number}.png").read_bytes()


def test_one_content_that_cannot_be_painted_costs_no_other_its_picture(inputs, tmp_path):
    broken = inputs / "c2.png"
    sound = broken.read_bytes()
    broken.write_bytes(sound[:60])
    try:
        text, _ = (process := start(inputs, tmp_path / "Style")).communicate(timeout=300)
    finally:
        broken.write_bytes(sound)
    assert process.returncode == 1
    (told,) = (line for line in text.splitlines() if line.startswith("error: "))
    assert "c2.png" in told
    assert not (tmp_path / "Style").exists()
    kept = sorted(path.name for path in (tmp_path / ".Style.state").glob("c*.png"))
    assert kept == ["c0.png", "c1.png", "c3.png", "c4.png"]
