"""Painting on other canvases than plain pixels: shifts, padding, and what must stay as it is."""

import numpy as np
import pytest

from nstcore.backbones.backbone import load_backbone
from nstcore.common.errors import ConfigError, TrainingError
from nstcore.losses.objective import Objective
from nstcore.losses.style_target import StyleTarget
from nstcore.painting.canvas import Canvas
from nstcore.painting.choose import choose, summarize
from nstcore.painting.history import average_curve
from nstcore.painting.optimization import ImageOptimization
from nstcore.painting.optimizers import OPTIMIZERS, SGD, Adam
from nstcore.painting.schedule import Execution, Schedule, TrainingSchedule
from nstcore.painting.stylize import Stylizer, stylize
from nstcore.painting.train import train

CANVASES = {
    "shifts": Canvas(shifts=3, shift_pixels=5),
    "padding": Canvas(padding=6),
    "pyramid": Canvas(kind="pyramid", levels=4),
    "fourier": Canvas(kind="fourier"),
    "all": Canvas(kind="pyramid", levels=4, shifts=3, shift_pixels=4, padding=7),
    "all, fourier": Canvas(kind="fourier", shifts=3, shift_pixels=4, padding=3),
}
ALL = pytest.mark.parametrize("canvas", CANVASES.values(), ids=CANVASES)


@pytest.fixture(scope="module")
def target(backbone, paintings):
    return StyleTarget.from_images(backbone, paintings)


@ALL
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_loss_falls(backbone, target, contents, canvas, optimizer):
    # The gradient by what changes many pixels at once is larger.
    rate = 3.0 if canvas.kind == "pixels" else 0.3
    settings = {"sgd": {"learning_rate": rate}, "rmsprop": {"learning_rate": 0.002}}
    result = stylize(
        contents[:1],
        target,
        backbone,
        Objective(aggregation="squared", content_share=0.1),
        OPTIMIZERS[optimizer](**settings.get(optimizer, {})),
        Schedule(epochs=6),
        canvas=canvas,
    )
    totals = result.history["total_loss"].to_numpy()
    assert np.isfinite(totals).all()
    # By whole turns of the offsets, whose losses differ.
    assert totals[-3:].mean() < 0.99 * totals[:3].mean()
    assert result.images.shape == contents[:1].shape
    assert result.images.min() >= 0
    assert result.images.max() <= 1


@ALL
def test_no_epochs_give_the_contents_back(backbone, target, contents, canvas):
    result = stylize(contents, target, backbone, schedule=Schedule(epochs=0), canvas=canvas)
    np.testing.assert_allclose(result.images, contents, atol=2e-6)
    # Nothing is lost of the content, wherever the network looks.
    size = np.square(backbone.features(contents)[backbone.content_layer].numpy()).sum()
    assert result.history["content_loss"].max() < 1e-6 * size


@ALL
def test_a_picture_does_not_depend_on_its_batch(backbone, target, contents, canvas):
    how = (target, backbone, Objective(aggregation="logged"), Adam(), Schedule(epochs=3))
    together = stylize(contents, *how, canvas=canvas)
    for i in range(len(contents)):
        alone = stylize(contents[i : i + 1], *how, canvas=canvas)
        # By rounding alone, which Adam makes more of where a gradient is next to nothing.
        assert np.mean(np.abs(together.images[i] - alone.images[0])) < 1e-3


@ALL
@pytest.mark.parametrize("size", [(48, 31), (37, 64)])
def test_any_size_and_shape_can_be_painted(backbone, target, rng, canvas, size):
    contents = rng.random((1, *size, 3), np.float32)
    result = stylize(contents, target, backbone, schedule=Schedule(epochs=2), canvas=canvas)
    assert result.images.shape == contents.shape
    assert 0 < np.abs(result.images - contents).mean() < 0.2


@ALL
def test_one_compiled_step_serves_one_picture_after_the_other(backbone, target, contents, canvas):
    how = (backbone, Objective(), Adam(), Schedule(epochs=2, seed=5))
    paint = Stylizer(*how, canvas)
    for i in (0, 1, 0):
        again = paint(contents[i : i + 1], target)
        alone = stylize(contents[i : i + 1], target, *how, canvas=canvas)
        np.testing.assert_array_equal(again.images, alone.images)
        assert again.history.equals(alone.history)


@pytest.mark.parametrize("name", ["pyramid", "fourier", "all"])
def test_parameters_stay_those_of_a_picture_in_range(backbone, target, contents, name):
    """What a step takes beyond 0..1 is not carried on: the state is that of the picture shown."""
    canvas = CANVASES[name]
    optimization = ImageOptimization(
        backbone, Objective(), contents.shape, Adam(learning_rate=3.0), canvas
    )
    optimization.state = optimization.blank_state(contents)
    targets = optimization.targets(contents, target)
    for _ in range(3):
        optimization.step(targets)
    shown, state = optimization.images, optimization.state
    assert shown.min() == 0
    assert shown.max() == 1
    # The same picture, held exactly, has the same losses.
    exact = optimization.blank_state(shown)
    losses = []
    for parameters in (state[0], exact[0]):
        if not canvas.padding:
            optimization.state = [parameters, *state[1:]]
            losses.append(float(optimization.step(targets).total[0]))
    assert not losses or losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_losses_of_a_plain_canvas_are_those_of_no_canvas(backbone, target, contents):
    how = (contents[:1], target, backbone, Objective(), Adam(), Schedule(epochs=3))
    plain, named = stylize(*how), stylize(*how, canvas=Canvas(kind="pixels"))
    np.testing.assert_array_equal(plain.images, named.images)
    assert plain.history.equals(named.history)


def test_the_network_sees_the_padded_picture_from_each_offset_in_turn(
    backbone, target, contents, monkeypatch
):
    canvas = Canvas(shifts=4, shift_pixels=3, padding=5)
    import tensorflow as tf

    seen = []
    features = type(backbone).features

    def watch(self, images):
        seen.append(np.asarray(images))
        return features(self, images)

    monkeypatch.setattr(type(backbone), "features", watch)
    tf.config.run_functions_eagerly(True)
    try:
        stylize(contents[:1], target, backbone, schedule=Schedule(epochs=0), canvas=canvas)
    finally:
        tf.config.run_functions_eagerly(False)
    padded = np.pad(contents[:1], ((0, 0), (5, 5), (5, 5), (0, 0)), "reflect")
    np.testing.assert_array_equal(seen[0], padded[:, 3:-3, 3:-3])
    offsets = canvas.offsets(0)
    # From the middle, from each offset, and then in the first step.
    views = [padded[:, row : row + 52, column : column + 52] for row, column in offsets]
    first = views[canvas.offset_at(0, 0)]
    assert len(seen) == 1 + len(offsets) + 1 == 6
    for view, wanted in zip(seen[1:], [*views, first], strict=True):
        np.testing.assert_array_equal(view, wanted)


def test_shifts_beyond_the_padding_show_a_reflection(backbone, target, contents):
    canvas = Canvas(shifts=2, shift_pixels=6, padding=2)
    optimization = ImageOptimization(backbone, Objective(), (1, 48, 48, 3), canvas=canvas)
    padded = canvas.padded(contents[:1])
    view = optimization._view(padded, canvas.offsets(0)[1]).numpy()
    row, column = canvas.offsets(0)[1]
    wide = np.pad(padded, ((0, 0), (4, 4), (4, 4), (0, 0)), "reflect")
    np.testing.assert_array_equal(view, wide[:, row : row + 48, column : column + 48])


def test_offsets_are_drawn_by_seed_and_each_is_taken_as_often(rng):
    canvas = Canvas(shifts=6, shift_pixels=8)
    offsets = canvas.offsets(3)
    assert len({tuple(one) for one in offsets}) == 6
    assert offsets.min() >= 0
    assert offsets.max() <= 16
    np.testing.assert_array_equal(offsets, canvas.offsets(3))
    assert not np.array_equal(offsets, canvas.offsets(4))
    taken = [canvas.offset_at(3, step) for step in range(600)]
    assert np.bincount(taken).tolist() == [100] * 6
    assert taken[:6] != taken[6:12]
    # Told from seed and step alone: a run that goes on takes the same.
    assert taken[417] == canvas.offset_at(3, 417)


@pytest.mark.parametrize("seed", range(20))
def test_offsets_take_all_remainders_of_strides_alike(seed):
    """What a stride of s leaves is the same from each: a wave of s pixels, which averages away."""
    offsets = Canvas(shifts=16, shift_pixels=8).offsets(seed)
    for stride in (2, 4, 8, 16):
        for axis in range(2):
            counts = np.bincount(offsets[:, axis] % stride, minlength=stride)
            assert set(counts) == {16 // stride}
    for stride in (2, 4):
        rows, columns = (offsets % stride).T
        together = np.bincount(rows * stride + columns, minlength=stride**2)
        assert set(together) == {16 // stride**2}


@pytest.mark.parametrize("shifts", [1, 2, 3, 5, 7, 9, 13])
@pytest.mark.parametrize("reach", [6, 8, 20])
def test_any_number_of_offsets_lies_within_reach_and_apart(shifts, reach):
    offsets = Canvas(shifts=shifts, shift_pixels=reach).offsets(1)
    assert offsets.shape == (shifts, 2)
    assert offsets.min() >= 0
    assert offsets.max() <= 2 * reach
    assert len({tuple(one) for one in offsets}) == shifts


@ALL
def test_a_run_that_is_taken_up_again_gives_the_same_losses(
    tmp_path, backbone, target, contents, canvas
):
    named = dict(zip("abc", contents, strict=True))
    how = (named, {"Style": target}, backbone, Objective(aggregation="squared"), Adam())

    def run(epochs, folder):
        schedule = TrainingSchedule(max_epochs=epochs, min_improvement=0, batch=2, seed=2)
        return train(*how, schedule, Execution(folder), canvas)

    whole = run(6, None)
    run(2, tmp_path / "state")
    assert run(6, tmp_path / "state").equals(whole)


def test_a_run_on_another_canvas_is_not_taken_up(tmp_path, backbone, target, contents, capsys):
    how = ({"a": contents[0]}, {"Style": target}, backbone, Objective(), Adam())
    schedule = TrainingSchedule(max_epochs=1)
    train(*how, schedule, Execution(tmp_path / "state"), Canvas(kind="pyramid", levels=4))
    train(*how, schedule, Execution(tmp_path / "state"), Canvas(kind="pyramid", levels=3))
    assert "it was made with other canvas" in capsys.readouterr().out


@pytest.mark.parametrize("name", CANVASES)
def test_a_diverging_run_ends_as_diverged_with_its_curve_kept(backbone, target, contents, name):
    broken = contents[:1].copy()
    broken[0, 24, 24, 0] = np.nan
    schedule = TrainingSchedule(max_epochs=10)
    history = train(
        {"a": broken[0]},
        {"Style": target},
        backbone,
        Objective(alpha=1e-3, beta=1.0),
        SGD(learning_rate=1.0),
        schedule,
        canvas=CANVASES[name],
    )
    totals = average_curve(history)["total_loss"].tolist()
    assert np.isnan(totals[-1])
    assert len(totals) < 10
    run = summarize("sgd", totals, schedule)
    assert run.status == "diverged"
    with pytest.raises(TrainingError, match="all diverged"):
        choose([run], "Net/simple")


@pytest.mark.parametrize("name", ["all", "all, fourier"])
def test_a_network_in_bfloat16_paints_on_any_canvas(paintings, contents, name):
    backbone = load_backbone("VGG16", "random", seed=3, precision="bfloat16")
    target = StyleTarget.from_images(backbone, paintings)
    result = stylize(
        contents[:1], target, backbone, schedule=Schedule(epochs=6), canvas=CANVASES[name]
    )
    totals = result.history["total_loss"].to_numpy()
    assert totals[-3:].mean() < 0.99 * totals[:3].mean()
    assert result.images.dtype == np.float32


def test_padding_weighs_content_and_style_as_they_are_seen(backbone, target, contents):
    """Measured weights are those of the padded picture: the total starts at 1 on any canvas."""
    for canvas in (Canvas(), Canvas(padding=16), CANVASES["all"]):
        result = stylize(contents, target, backbone, schedule=Schedule(epochs=0), canvas=canvas)
        assert result.history["total_loss"].to_numpy() == pytest.approx(1.0, rel=0.15)


def test_training_and_painting_refuse_what_does_not_fit(backbone, target, contents):
    canvas = Canvas(kind="pyramid", levels=9)
    line = "canvas.levels: 9 levels are more than pictures of 48 pixels have room for; at most 6"
    with pytest.raises(ConfigError, match=line):
        stylize(contents, target, backbone, canvas=canvas)
    with pytest.raises(ConfigError, match=line):
        train({"a": contents[0]}, {"S": target}, backbone, Objective(), Adam(), canvas=canvas)
