"""A saved backbone that is not what was saved is named, and never used in silence."""

import hashlib
import json
import random
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from nstcore.backbones.backbone import Backbone, load_backbone
from nstcore.common.errors import WeightsError


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("backbone") / "net.weights.h5"
    backbone = load_backbone(
        "MobileNetV2",
        "random",
        style_layers={"Conv1_relu": 1.0},
        content_layer="expanded_conv_project_BN",
    )
    backbone.save(path)
    return backbone, path


def rewritten(path, saved, change):
    """Return a copy whose description was changed by somebody who knows how to make a digest."""
    path.write_bytes(saved.read_bytes())
    with h5py.File(path, "a") as file:
        about = json.loads(file["nstcore_backbone"][()])
        change(about)
        text = json.dumps(about)
        weights = hashlib.sha256(b"").hexdigest()
        digest = hashlib.sha256(f"{weights} {text}".encode()).hexdigest()
        for name, value in (("nstcore_backbone", text), ("nstcore_digest", digest)):
            del file[name]
            file[name] = value
    return path


def test_a_flipped_bit_anywhere_is_named_or_changes_nothing(saved, tmp_path):
    backbone, path = saved
    content, chance = path.read_bytes(), random.Random(3)
    picture = np.random.default_rng(0).random((1, 32, 32, 3), np.float32)
    expected = backbone.features(picture)
    copy, refused = tmp_path / "net.weights.h5", []
    for _ in range(40):
        changed = bytearray(content)
        changed[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        copy.write_bytes(changed)
        try:
            loaded = Backbone.load(copy)
        except WeightsError as error:
            refused.append(str(error))
            continue
        assert loaded.about() == backbone.about()
        for layer, features in loaded.features(picture).items():
            np.testing.assert_array_equal(features, expected[layer])
    assert len(refused) > 10
    assert all(line.startswith(f"{copy}: ") for line in refused)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_is_named(saved, tmp_path, share):
    content = saved[1].read_bytes()
    path = tmp_path / "net.weights.h5"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(WeightsError, match=r"net\.weights\.h5: "):
        Backbone.load(path)


def test_a_weight_that_was_changed_is_damage_of_the_backbone_and_not_of_a_target(saved, tmp_path):
    path = tmp_path / "net.weights.h5"
    path.write_bytes(saved[1].read_bytes())
    with h5py.File(path, "a") as file:
        found = []
        file.visititems(
            lambda _, item: (
                found.append(item)
                if isinstance(item, h5py.Dataset) and item.dtype == np.float32
                else None
            )
        )
        found[0][...] = found[0][...] + 1
    with pytest.raises(WeightsError, match=r"damaged backbone .*not what was saved.*delete it"):
        Backbone.load(path)


def test_want_of_memory_is_no_damage(saved, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(keras.Model, "load_weights", fail)
    with pytest.raises(MemoryError):
        Backbone.load(saved[1])


def test_a_backbone_saved_before_there_were_digests_is_read(saved, tmp_path):
    path = tmp_path / "net.weights.h5"
    path.write_bytes(saved[1].read_bytes())
    with h5py.File(path, "a") as file:
        del file["nstcore_digest"]
    assert Backbone.load(path).fingerprint == saved[0].fingerprint


def with_lambda(about, marker):
    picture = keras.Input((None, None, 3))
    code = keras.layers.Lambda(lambda values, place=str(marker): Path(place).touch() or values)
    about["architecture"] = keras.Model(picture, code(picture)).to_json()
    # Making it has run it.
    marker.unlink()


def with_program(about, marker):
    about["architecture"] = json.dumps(
        {
            "module": "subprocess",
            "class_name": "Popen",
            "config": {"args": ["touch", str(marker)]},
            "registered_name": None,
        }
    )


def with_foreign_layer(about, marker):
    architecture = json.loads(about["architecture"])
    layer = architecture["config"]["layers"][1]
    layer |= {"module": "subprocess", "class_name": "Popen", "registered_name": "Popen"}
    layer["config"] = {"args": ["touch", str(marker)]}
    about["architecture"] = json.dumps(architecture)


def with_a_file_of_words(about, marker):
    architecture = json.loads(about["architecture"])
    layer = architecture["config"]["layers"][1]
    layer |= {"module": "keras.layers", "class_name": "StringLookup", "registered_name": None}
    layer["config"] = {"name": "look", "vocabulary": str(marker.parent / "net.weights.h5")}
    about["architecture"] = json.dumps(architecture)


HOSTILE = [with_lambda, with_program, with_foreign_layer, with_a_file_of_words]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_backbone_that_brings_code_along_is_refused_and_runs_none(saved, tmp_path, hostile):
    marker = tmp_path / "was here"
    path = rewritten(tmp_path / "net.weights.h5", saved[1], lambda about: hostile(about, marker))
    with pytest.raises(WeightsError, match=r"net\.weights\.h5: a damaged backbone"):
        Backbone.load(path)
    assert not marker.exists()
