"""Which networks look at a picture's border less than at the rest of it."""

import keras
import pytest

from nstcore.backbones.architectures import ARCHITECTURES
from nstcore.backbones.backbone import load_backbone
from nstcore.backbones.network import BackboneNetwork
from nstcore.common.errors import WeightsError


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_is_known_of_each_architecture(name):
    assert load_backbone(name, "random").is_unpadded == ARCHITECTURES[name].unpadded


def saved(path, layers):
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.save(path)
    network = BackboneNetwork(
        weights=str(path), preprocessing="tf", style_layers={"a": 1.0}, content_layer="a"
    )
    # By the file, and by the network that is loaded from it.
    assert network.is_unpadded == load_backbone(network).is_unpadded
    return network.is_unpadded


@pytest.mark.parametrize(
    ("layers", "unpadded"),
    [
        ([keras.layers.Conv2D(4, 3, padding="same", name="a")], False),
        ([keras.layers.Conv2D(4, 3, padding="valid", name="a")], True),
        ([keras.layers.Conv2D(4, 1, padding="valid", name="a")], False),
        ([keras.layers.Conv2D(4, (1, 7), padding="valid", name="a")], True),
        ([keras.layers.ZeroPadding2D(1), keras.layers.Conv2D(4, 3, name="a")], False),
        ([keras.layers.DepthwiseConv2D(3, name="a")], True),
    ],
)
def test_it_is_seen_in_a_model_file(tmp_path, layers, unpadded):
    assert saved(tmp_path / "net.keras", layers) is unpadded


def test_a_file_that_is_no_model_is_one_line(tmp_path):
    path = tmp_path / "net.keras"
    path.write_bytes(b"no zip")
    network = BackboneNetwork(
        weights=str(path), preprocessing="tf", style_layers={"a": 1.0}, content_layer="a"
    )
    with pytest.raises(WeightsError, match="not a Keras model file"):
        _ = network.is_unpadded
