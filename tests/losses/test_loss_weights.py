"""Alpha and beta as they are measured, on any network and whatever its activations' size."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from nstcore import BackboneNetwork, Objective, Schedule, StyleTarget, load_backbone, stylize, train
from nstcore.common.errors import DataError, WeightsError
from nstcore.losses.content import content_reference
from nstcore.losses.loss_weights import (
    LossWeights,
    measure,
    read_loss_weights,
    write_loss_weights,
)
from nstcore.painting.optimizers import Adam
from nstcore.painting.schedule import TrainingSchedule
from workflow_scripts import weigh_losses


@pytest.fixture(scope="module")
def targets(backbone, paintings):
    return [StyleTarget.from_images(backbone, part) for part in (paintings[:2], paintings[2:])]


def scaled(path: Path, factor: float):
    """A network of two layers whose activations are so many times as large."""
    keras.utils.set_random_seed(1)
    early = keras.layers.Conv2D(8, 3, activation="relu", padding="same", name="early")
    late = keras.layers.Conv2D(8, 3, strides=2, activation="relu", padding="same", name="late")
    model = keras.Sequential([keras.Input((None, None, 3)), early, late])
    early.set_weights([values * factor for values in early.get_weights()])
    model.save(path)
    layers = {"style_layers": {"early": 0.5, "late": 0.5}, "content_layer": "late"}
    return load_backbone(BackboneNetwork(weights=str(path), preprocessing="unit", **layers))


def test_beta_is_one_over_the_style_loss_and_alpha_a_share_of_the_content_reference(
    backbone, contents, targets
):
    weights = measure(backbone, contents, targets, content_share=0.3)
    features = backbone.features(contents)
    references = content_reference(features[backbone.content_layer]).numpy()
    losses = [target.losses(features).numpy().mean() for target in targets]
    assert weights.content_reference == pytest.approx(references.mean(), rel=1e-5)
    assert weights.style_loss == pytest.approx(np.mean(losses), rel=1e-5)
    assert weights.alpha == pytest.approx(0.3 / references.mean(), rel=1e-5)
    assert weights.beta == pytest.approx(1 / np.mean(losses), rel=1e-5)
    # One content is enough.
    assert measure(backbone, contents[:1], targets).alpha == pytest.approx(0.2 / references[0])


def test_a_weight_that_is_given_stays(backbone, contents, targets):
    measured = measure(backbone, contents, targets)
    for given in ({"alpha": 3.0}, {"beta": 4.0}, {"alpha": 0.0, "beta": 0.0}, {}):
        objective = Objective(aggregation="squared", **given).completed(measured)
        assert objective.aggregation == "squared"
        assert objective.alpha == given.get("alpha", measured.alpha)
        assert objective.beta == given.get("beta", measured.beta)
        assert not objective.measures
    # However it came about, the same pair of numbers is the same objective.
    assert Objective(content_share=0.2).completed(measured) == Objective(
        alpha=measured.alpha, beta=measured.beta
    )


@pytest.mark.parametrize("aggregation", ["simple", "squared", "logged"])
def test_totals_start_near_one_and_fall_without_any_argument(
    backbone, contents, targets, aggregation
):
    objective = Objective(aggregation=aggregation)
    result = stylize(contents, targets[0], backbone, objective, schedule=Schedule(epochs=10))
    totals = result.history.groupby("epoch")["total_loss"].mean()
    assert 0.5 < totals[0] < 1.5
    assert totals[10] < 0.8 * totals[0]
    if aggregation == "simple":
        starts = result.history.query("epoch == 0")["total_loss"]
        np.testing.assert_allclose(starts, 1, rtol=1e-5)


def test_what_a_picture_becomes_does_not_depend_on_its_batch(backbone, contents, targets):
    schedule = Schedule(epochs=3)
    together = stylize(contents, targets[0], backbone, schedule=schedule).images
    for number in range(len(contents)):
        alone = stylize(contents[number : number + 1], targets[0], backbone, schedule=schedule)
        # On average: a batch of another size rounds differently, and Adam carries that on.
        change = np.abs(together[number] - contents[number]).mean()
        assert np.abs(alone.images[0] - together[number]).mean() < 0.01 * change


def test_training_measures_one_pair_for_all(backbone, contents, targets):
    named = dict(zip("abc", contents, strict=True))
    styles = dict(zip(("one", "two"), targets, strict=True))
    schedule = TrainingSchedule(max_epochs=2, watch=0)
    measured = measure(backbone, contents, targets)
    histories = [
        train(named, styles, backbone, objective, Adam(), schedule)
        for objective in (Objective(), Objective().completed(measured))
    ]
    assert histories[0].equals(histories[1])
    assert histories[0].query("epoch == 0")["total_loss"].mean() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_the_size_of_activations_changes_no_picture(tmp_path, contents, paintings, factor):
    schedule = Schedule(epochs=10)
    usual, other = (
        stylize(
            contents[:1], StyleTarget.from_images(network, paintings), network, schedule=schedule
        )
        for network in (scaled(tmp_path / "1.keras", 1.0), scaled(tmp_path / "2.keras", factor))
    )
    change = np.abs(usual.images - contents[:1]).mean()
    assert change > 0.02
    # On average: Adam steps by the gradient's sign, so a pixel whose gradient is a rounding error
    # may go either way.
    assert np.abs(other.images - usual.images).mean() < 0.01 * change


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_contents_and_styles_without_anything_on_them_leave_sound_numbers(backbone, value):
    flat = np.full((1, 48, 48, 3), value, np.float32)
    target = StyleTarget.from_images(backbone, flat)
    weights = measure(backbone, flat, [target])
    assert np.isfinite([weights.alpha, weights.beta]).all()
    result = stylize(flat, target, backbone, schedule=Schedule(epochs=5))
    assert np.isfinite(result.images).all()
    assert np.isfinite(result.history["total_loss"]).all()


def test_a_black_content_still_takes_a_style_on(backbone, targets):
    black = np.zeros((1, 48, 48, 3), np.float32)
    history = stylize(black, targets[0], backbone, schedule=Schedule(epochs=20)).history
    assert history["style_loss"].iloc[-1] < 0.9 * history["style_loss"].iloc[0]


def test_a_style_that_is_the_content_leaves_it_as_it_is(backbone, contents):
    target = StyleTarget.from_images(backbone, contents[:1])
    result = stylize(contents[:1], target, backbone, schedule=Schedule(epochs=5))
    assert np.isfinite(result.images).all()
    assert result.history["total_loss"].iloc[0] < 1e-3


def test_a_network_without_features_is_named(tmp_path, contents, paintings):
    dead = scaled(tmp_path / "dead.keras", 0.0)
    target = StyleTarget.from_images(dead, paintings)
    with pytest.raises(WeightsError, match="dead: the features of 'late' are all zero"):
        measure(dead, contents, [target])
    with pytest.raises(WeightsError, match="dead: the features of 'late' are all zero"):
        stylize(contents, target, dead)


@pytest.mark.parametrize("factor", [np.nan, 1e30])
def test_features_that_are_no_numbers_are_named(tmp_path, contents, paintings, factor):
    broken = scaled(tmp_path / "broken.keras", factor)
    target = StyleTarget.from_images(scaled(tmp_path / "sound.keras", 1.0), paintings)
    target = replace(target, backbone=broken.identity)
    with pytest.raises(WeightsError, match="broken: the features of layer 'early' are not finite"):
        measure(broken, contents, [target])
    with pytest.raises(WeightsError, match="broken: the features of layer 'early' are not finite"):
        stylize(contents, target, broken)


def test_there_has_to_be_a_content_and_a_style(backbone, contents, targets):
    for missing in (([], targets), (contents, [])):
        with pytest.raises(WeightsError, match="no content or no style"):
            measure(backbone, *missing)


def test_weights_survive_their_file(tmp_path):
    weights = LossWeights(1 / 3, 2e-9, 5.0, None)
    write_loss_weights(weights, tmp_path / "a.json")
    assert read_loss_weights(tmp_path / "a.json") == weights
    (tmp_path / "a.json").write_text('{"alpha": null}')
    with pytest.raises(DataError, match=r"a\.json: damaged"):
        read_loss_weights(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("loss", "measured"),
    [
        ({}, ["alpha", "beta"]),
        ({"alpha": 3.0}, ["beta"]),
        ({"beta": 3.0}, ["alpha"]),
        ({"alpha": 3.0, "beta": 4.0}, []),
        ({"scaling": "calibrated"}, []),
    ],
)
def test_the_program_measures_what_is_not_given(
    tmp_path, monkeypatch, backbone, contents, targets, loss, measured
):
    from nstcore.images.io import save_png, to_image

    backbone.save(tmp_path / "net.weights.h5")
    targets[0].save(tmp_path / "one.npz")
    save_png(to_image(contents[0]), tmp_path / "sea.png")
    arguments = ["weigh_losses", "--backbone", tmp_path / "net.weights.h5"]
    arguments += ["--targets", tmp_path / "one.npz", "--contents", tmp_path / "sea.png"]
    arguments += ["--loss", json.dumps(loss), "--output", tmp_path / "weights.json"]
    monkeypatch.setattr(sys, "argv", [str(word) for word in arguments])
    monkeypatch.setattr("nstcore.common.runtime.start_tensorflow", lambda *_: None)
    weigh_losses.main()
    weights = read_loss_weights(tmp_path / "weights.json")
    calibrated = {"alpha": 0.2, "beta": 1.0} if "scaling" in loss else {}
    for name in ("alpha", "beta"):
        given = {**calibrated, **loss}.get(name)
        assert (getattr(weights, name) == given) == (name not in measured)
    assert (weights.content_reference is not None) == ("alpha" in measured)
    assert (weights.style_loss is not None) == ("beta" in measured)
