"""Files of weights and models that lead elsewhere are refused in one line, and nothing is read."""

import io
import json
import re
import zipfile

import h5py
import keras
import numpy as np
import pytest

from nstcore.backbones.architectures import file_layer_names
from nstcore.backbones.backbone import Backbone, load_backbone
from nstcore.backbones.weights import load_network
from nstcore.common.errors import WeightsError
from nstcore.judging.kernel_similarity import kernel_similarity

ARCHITECTURE = "MobileNetV2"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Weights of a network, a saved backbone, and a model file."""
    folder = tmp_path_factory.mktemp("sound")
    network, _ = load_network(ARCHITECTURE, "random", 1)
    network.save_weights(folder / "network.weights.h5")
    settings = {"style_layers": {"Conv1_relu": 1.0}, "content_layer": "expanded_conv_project_BN"}
    load_backbone(ARCHITECTURE, "random", **settings).save(folder / "backbone.weights.h5")
    picture = keras.Input((None, None, 3))
    convolution = keras.layers.Conv2D(4, 3, activation="relu", name="look")
    keras.Model(picture, convolution(picture)).save(folder / "model.keras")
    return folder


def datasets(file):
    found = []
    file.visititems(
        lambda name, item: (
            found.append(name) if isinstance(item, h5py.Dataset) and item.ndim == 4 else None
        )
    )
    return found


def replaced(put):
    """Change a file by taking one of its arrays out and putting something else in its place."""

    def change(path, secret):
        with h5py.File(path, "a") as file:
            name = datasets(file)[0]
            shape = file[name].shape
            del file[name]
            put(file, name, shape, secret)

    return change


def external_link(file, name, shape, secret):
    file[name] = h5py.ExternalLink(str(secret), "secret")


def soft_link(file, name, shape, secret):
    file[name] = h5py.SoftLink("/elsewhere")


def external_storage(file, name, shape, secret):
    place = [(str(secret), 0, int(np.prod(shape)) * 4)]
    file.create_dataset(name, shape, np.float32, external=place)


def virtual(file, name, shape, secret):
    layout = h5py.VirtualLayout(shape, np.float32)
    layout[...] = h5py.VirtualSource(str(secret), "secret", shape)
    file.create_virtual_dataset(name, layout)


def claimed(file, name, shape, secret):
    file.create_dataset(name, (1 << 20, 1 << 20, 3, 3), np.float32, chunks=(64, 64, 3, 3))


READERS = {
    "weights": ("network.weights.h5", lambda path: load_network(ARCHITECTURE, str(path), 0)),
    "backbone": ("backbone.weights.h5", Backbone.load),
    "judge": ("backbone.weights.h5", lambda path: kernel_similarity(path, path)),
}


@pytest.fixture
def secret(tmp_path):
    """A file of the user's own that others have no business with."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = np.ones((8, 8))
    return path


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("put", "told"),
    [
        (external_link, "is a link (ExternalLink)"),
        (soft_link, "is a link (SoftLink)"),
        (external_storage, "are in other files"),
        (virtual, "are in other files"),
        (claimed, "it claims 39582.4 GB"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_weights_that_lead_elsewhere_are_refused(sound, tmp_path, secret, reader, put, told):
    name, read = READERS[reader]
    path = tmp_path / name
    path.write_bytes((sound / name).read_bytes())
    replaced(put)(path, secret)
    with pytest.raises(WeightsError) as error:
        read(path)
    (line,) = error.value.lines
    assert line.startswith(f"{path}: not opened, since ")
    assert told in line


def test_a_group_that_holds_itself_does_not_go_on_for_ever(sound, tmp_path):
    path = tmp_path / "network.weights.h5"
    path.write_bytes((sound / path.name).read_bytes())
    with h5py.File(path, "a") as file:
        file["again"] = file["/"]
    assert kernel_similarity(path, path) == pytest.approx(1)


def test_a_description_that_is_elsewhere_is_refused(sound, tmp_path, secret):
    path = tmp_path / "backbone.weights.h5"
    path.write_bytes((sound / path.name).read_bytes())
    with h5py.File(path, "a") as file:
        del file["nstcore_backbone"]
        file["nstcore_backbone"] = h5py.ExternalLink(str(secret), "secret")
    with pytest.raises(WeightsError, match="ExternalLink"):
        Backbone.load(path)


def rewritten(sound, path, change, members=None):
    """Return a model file whose layer was changed, and whose members were."""
    with zipfile.ZipFile(sound / "model.keras") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    model = json.loads(content["config.json"])
    change(model["config"]["layers"][1])
    content["config.json"] = json.dumps(model).encode()
    content |= members or {}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    return path


def into(class_name, module="keras.layers", **config):
    def change(layer):
        layer |= {"module": module, "class_name": class_name, "registered_name": None}
        layer["config"] = {"name": "look", **config}

    return change


def vocabulary(layer, path):
    into(layer, vocabulary=str(path), dtype="string", trainable=False)


def as_activation(module, name):
    def change(layer):
        layer["config"]["activation"] = {
            "module": module,
            "class_name": "function",
            "config": name,
            "registered_name": name,
        }

    return change


def nothing(layer):
    pass


def pickled(ran):
    class Hostile:
        def __reduce__(self):
            return (open, (str(ran), "w"))

    buffer = io.BytesIO()
    np.savez(buffer, **{"_layer_checkpoint_dependencies/look": np.array([Hostile()], object)})
    return buffer.getvalue()


def linked(sound, secret):
    with zipfile.ZipFile(sound / "model.keras") as archive:
        content = archive.read("model.weights.h5")
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "a") as file:
        name = datasets(file)[0]
        del file[name]
        file[name] = h5py.ExternalLink(str(secret), "secret")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        into("TFSMLayer", filepath="SECRET"),
        into("StringLookup", vocabulary="SECRET", dtype="string"),
        into("IntegerLookup", vocabulary="SECRET", dtype="int64"),
        into("TextVectorization", vocabulary="SECRET", dtype="string"),
        into("TorchModuleWrapper", module="keras.layers", filepath="SECRET"),
        into("Lambda", function={"class_name": "__lambda__", "config": {"value": "SECRET"}}),
        into("Popen", module="subprocess", args=["touch", "RAN"]),
        as_activation("builtins", "eval"),
        as_activation("os", "system"),
        as_activation("keras.utils", "get_file"),
        as_activation("keras.saving", "load_model"),
        as_activation("keras.config", "enable_unsafe_deserialization"),
    ],
)
def test_a_model_that_names_code_or_paths_is_refused(sound, tmp_path, secret, change):
    ran = tmp_path / "ran"

    def with_paths(layer):
        change(layer)
        text = json.dumps(layer).replace("SECRET", str(secret)).replace("RAN", str(ran))
        layer |= json.loads(text)

    path = rewritten(sound, tmp_path / "own.keras", with_paths)
    with pytest.raises(WeightsError) as error:
        load_network(None, str(path), 0)
    (line,) = error.value.lines
    assert re.match(re.escape(f"{path}: a model that ") + "(names|has a layer)", line), line
    # So does Keras by itself.
    with pytest.raises(Exception, match=r"."):
        keras.models.load_model(path, compile=False)
    assert not ran.exists()


def test_weights_within_a_model_lead_nowhere_either(sound, tmp_path, secret):
    members = {"model.weights.h5": linked(sound, secret)}
    path = rewritten(sound, tmp_path / "own.keras", nothing, members)
    with pytest.raises(WeightsError, match=r"own\.keras: .*ExternalLink"):
        load_network(None, str(path), 0)


def test_a_model_with_pickled_weights_runs_nothing(sound, tmp_path):
    members = {"model.weights.h5": None, "model.weights.npz": pickled(tmp_path / "ran")}
    path = rewritten(sound, tmp_path / "own.keras", nothing, members)
    with pytest.raises(WeightsError, match=r"own\.keras: Keras cannot load this model"):
        load_network(None, str(path), 0)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["../written", "assets/../../written", "/written", "..\\written"])
def test_a_model_with_members_that_point_out_of_it_is_refused(sound, tmp_path, name):
    path = rewritten(sound, tmp_path / "own.keras", nothing, {name: b"x"})
    with pytest.raises(WeightsError, match="a member that points out of its folder"):
        load_network(None, str(path), 0)
    assert [entry.name for entry in tmp_path.iterdir()] == ["own.keras"]


@pytest.mark.parametrize("text", ["[" * 100_000, " " * (1 << 27), "{", '{"config": {"layers": 3}}'])
def test_a_description_that_is_none_is_one_line(tmp_path, text):
    path = tmp_path / "own.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", text)
    with pytest.raises(WeightsError, match="not a Keras model file"):
        file_layer_names(path)


def test_sound_files_are_read(sound):
    for name, read in READERS.values():
        assert read(sound / name)
    assert load_network(None, str(sound / "model.keras"), 0)
