import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from catalogues import catalogue_of, paint
from PIL import Image, ImageOps

from nstcore.common.errors import DataError
from nstcore.dataset.catalogue import Catalogue, make_catalogue
from nstcore.selection.pictures import Alike, Census, Supply
from nstcore.selection.select import select
from nstcore.selection.styles import Contents, Styles

STYLES = {"images": 3, "artists": ["Ada One", "Bo Two"]}


@pytest.fixture
def catalogue():
    return catalogue_of(Ada_One=12, Bo_Two=12)


def contents_of(train, test, source="dataset"):
    """So many contents; none at all where a test asks about the styles alone."""
    return Contents.model_construct(train=train, test=test, source=str(source))


def choose(catalogue, styles=STYLES, train=2, test=1, seed=1, photographs="dataset", **others):
    contents = contents_of(train, test, photographs)
    return select(catalogue, Styles(**styles), contents, seed, **others)[0]


def ids(pictures, split):
    return [p.id for p in pictures if p.split == split]


def with_faults(catalogue, *names):
    return Catalogue(
        tuple(
            replace(one, fault="empty", fingerprint="", sha256="") if one.id in names else one
            for one in catalogue.artworks
        )
    )


def test_the_first_paintings_are_the_first_by_number(catalogue):
    pictures = choose(catalogue, {"images": 11, "artists": ["Ada One"]})
    assert ids(pictures, "target") == [f"Ada_One_{n}" for n in range(1, 12)]


def test_all_paintings_are_all(catalogue):
    pictures = choose(catalogue, {"images": "all", "artists": ["Ada One"]})
    assert len(ids(pictures, "target")) == 12


def test_contents_are_disjoint_and_no_style_images(catalogue):
    pictures = choose(catalogue, train=10, test=5)
    train, test, target = (set(ids(pictures, split)) for split in ("train", "test", "target"))
    assert (len(train), len(test), len(target)) == (10, 5, 6)
    assert len(train | test | target) == 10 + 5 + 6


@pytest.mark.parametrize("seed", range(20))
def test_a_copy_or_look_alike_of_a_style_image_is_no_content(catalogue, seed):
    first, *others = catalogue.artworks[:12]
    near = f"{int(first.fingerprint, 16) ^ 0b1011:064x}"
    rows = [first]
    rows += [replace(one, sha256=first.sha256, fingerprint=first.fingerprint) for one in others[:5]]
    rows += [replace(one, fingerprint=near) for one in others[5:10]]
    rows.append(others[10])
    pictures = choose(Catalogue(tuple(rows)), {"images": 1, "artists": ["Ada One"]}, 0, 1, seed)
    assert ids(pictures, "test") == [others[10].id]


def test_the_draw_depends_on_seed_and_names_alone(catalogue):
    turned = catalogue_of(Bo_Two=12, Ada_One=12).artworks
    moved = Catalogue(
        tuple(replace(one, source=f"/mnt/images/images/{one.source}") for one in turned)
    )
    one, same, other = (
        choose(rows, train=4, test=3, seed=seed)
        for rows, seed in ((catalogue, 1), (moved, 1), (catalogue, 2))
    )
    for split in ("train", "test"):
        assert ids(one, split) == ids(same, split)
    assert ids(one, "test") != ids(other, "test")


def test_neither_split_changes_when_the_other_grows(catalogue):
    small, more_train, more_test = (
        choose(catalogue, train=train, test=test) for train, test in ((2, 3), (6, 3), (2, 7))
    )
    assert ids(small, "test") == ids(more_train, "test") == ids(more_test, "test")[:3]
    assert ids(small, "train") == ids(more_test, "train") == ids(more_train, "train")[:2]


def test_another_style_changes_no_draw_of_the_others():
    catalogue = catalogue_of(Ada_One=12, Cy_Three=12, Cleo_Four=12, Bo_Two=3)
    few = {"images": 3, "genres": ["Cubism"]}
    many = {"images": 3, "artists": ["Bo Two"], "genres": ["Cubism"]}
    one, other = (choose(catalogue, styles, 3, 2, seed=2) for styles in (few, many))
    cubists = [[p.id for p in pictures if p.style == "Cubism"] for pictures in (one, other)]
    assert cubists[0] == cubists[1]
    # The added style's paintings are three of 39: these contents are none of them.
    assert ids(one, "test") == ids(other, "test")
    assert ids(one, "train") == ids(other, "train")


def test_a_genre_is_drawn_evenly_from_its_artists():
    catalogue = catalogue_of(Ada_One=12, Cy_Three=100, Cleo_Four=12)
    pictures = choose(catalogue, {"images": 10, "genres": ["cubism"]})
    targets = ids(pictures, "target")
    assert sum(one.startswith("Cy_Three") for one in targets) == 5
    assert sum(one.startswith("Cleo_Four") for one in targets) == 5
    assert targets != ids(choose(catalogue, {"images": 10, "genres": ["cubism"]}, seed=2), "target")
    every = choose(catalogue, {"images": "all", "genres": ["Cubism"]})
    assert len(ids(every, "target")) == 112


def test_a_list_is_taken_whole_and_in_its_order(catalogue):
    own = {"Early": {"paintings": ["Bo_Two_7", "Ada_One_2"]}}
    pictures = choose(catalogue, {"images": 30, "sets": own})
    assert ids(pictures, "target") == ["Bo_Two_7", "Ada_One_2"]


def test_a_painting_may_belong_to_two_styles(catalogue):
    own = {"Early": {"paintings": ["Ada_One_1", "Ada_One_2"]}}
    pictures = choose(catalogue, {"images": 2, "artists": ["Ada One"], "sets": own})
    assert ids(pictures, "target") == ["Ada_One_1", "Ada_One_2"] * 2


def test_a_folder_is_a_style(catalogue, tmp_path):
    for n in (1, 2, 10):
        paint(tmp_path / "haystacks" / f"{n}.png", n)
    own = {"Haystacks": {"folder": str(tmp_path / "haystacks"), "images": 2}}
    pictures = choose(catalogue, {"images": 30, "sets": own})
    assert ids(pictures, "target") == ["Haystacks_1", "Haystacks_2"]
    assert pictures[0].source == str(tmp_path / "haystacks" / "1.png")


def test_contents_come_from_a_folder_of_photographs(catalogue, tmp_path):
    for n in range(4):
        paint(tmp_path / "photos" / f"my photo {n}.jpg", 1000 + n, size=(30, 20))
    pictures = choose(catalogue, train=2, test=2, photographs=tmp_path / "photos")
    drawn = ids(pictures, "train") + ids(pictures, "test")
    assert sorted(drawn) == [f"my_photo_{n}" for n in range(4)]
    assert {(p.width, p.height) for p in pictures if p.role == "content"} == {(30, 20)}


def test_a_photograph_that_is_a_style_image_is_not_drawn(tmp_path):
    for n in range(4):
        paint(tmp_path / "own" / "Ada" / f"{n}.png", n)
        paint(tmp_path / "photos" / f"photo{n}.png", 50 + n)
    shutil.copy(tmp_path / "own" / "Ada" / "0.png", tmp_path / "photos" / "holiday.png")
    catalogue = make_catalogue(tmp_path / "own")
    styles, photographs = {"images": 2, "artists": ["Ada"]}, tmp_path / "photos"
    pictures = choose(catalogue, styles, 2, 2, photographs=photographs)
    assert "holiday" not in [p.id for p in pictures]
    with pytest.raises(
        DataError,
        match=r"4 pictures to draw from, too few for 2 training and 3 test contents; "
        "left out of 5: 1 style images or like one$",
    ):
        choose(catalogue, styles, 2, 3, photographs=photographs)


def test_a_photograph_named_like_a_painting_gets_an_id_of_its_own(catalogue, tmp_path):
    paint(tmp_path / "photos" / "ada_one_1.png", 7)
    pictures = choose(catalogue, train=0, test=1, photographs=tmp_path / "photos")
    (drawn,) = ids(pictures, "test")
    assert drawn.startswith("ada_one_1-")


@pytest.mark.parametrize(
    ("styles", "message"),
    [
        ({"images": 3, "artists": ["Ada Won"]}, "'Ada Won' is not in .*; allowed: Ada One, Bo Two"),
        (
            {"images": 3, "genres": ["Kubism"]},
            "no artist of 'Kubism' in .*; allowed: Dada",
        ),
        (
            {"images": 3, "sets": {"Own": {"paintings": ["Ada_One_1", "Ada_One_99"]}}},
            "styles.sets.Own: no painting 'Ada_One_99' in the dataset; nearest of 24",
        ),
        ({"images": 3, "sets": {"Own": {"folder": "nowhere"}}}, "nowhere: no such folder"),
        ({"images": 30, "artists": ["Ada One"]}, "Ada One: 12 paintings, 30 asked; lower styles"),
    ],
)
def test_what_the_dataset_lacks_is_named(catalogue, styles, message):
    with pytest.raises(DataError, match=message):
        choose(catalogue, styles)


def test_a_tree_without_a_table_has_no_genres(catalogue):
    bare = Catalogue(tuple(replace(one, artist="", genres="") for one in catalogue.artworks))
    with pytest.raises(DataError, match=r"it has no artists\.csv"):
        choose(bare, {"images": 3, "genres": ["Cubism"]})


def test_too_few_contents_are_counted_after_what_is_left_out(catalogue):
    with pytest.raises(
        DataError,
        match=r"18 pictures to draw from, too few for 20 training and 10 test contents; "
        "left out of 24: 6 style images or like one$",
    ):
        choose(catalogue, train=20, test=10)
    *others, fifth, sixth, seventh, eighth = catalogue.artworks
    copy = replace(sixth, fingerprint=fifth.fingerprint)
    like_painting = replace(seventh, sha256=others[0].sha256)
    bad = replace(eighth, fault="empty", fingerprint="", sha256="")
    rows = Catalogue((*others, fifth, copy, like_painting, bad))
    with pytest.raises(
        DataError,
        match=r"15 pictures to draw from, .*; left out of 24: "
        "7 style images or like one, 1 like another content, 1 unusable$",
    ):
        choose(rows, train=20, test=10)


def test_an_empty_folder_of_photographs_is_named(catalogue, tmp_path):
    with pytest.raises(DataError, match="no pictures; expected"):
        choose(catalogue, photographs=tmp_path)


def test_all_unusable_pictures_are_named_at_once(catalogue):
    bad = with_faults(catalogue, "Ada_One_1", "Bo_Two_3", "Bo_Two_9")
    with pytest.raises(DataError, match=r"2 unusable .*_1\.jpg: empty; .*_3\.jpg: empty; mend"):
        choose(bad, train=0, test=0)


def test_unusable_pictures_that_nobody_asked_for_stop_nothing(catalogue):
    bad = with_faults(catalogue, "Ada_One_12")
    assert len(choose(bad, train=0, test=0)) == 6


def test_the_next_pictures_take_the_places_of_skipped_ones(catalogue):
    styles = {"images": 5, "artists": ["Ada One"]}
    drawn = ids(choose(catalogue, styles, train=0, test=5), "test")
    bad = with_faults(catalogue, "Ada_One_1", "Ada_One_3", drawn[0])
    styles["images"] = 3
    pictures, notes = select(bad, Styles(**styles), contents_of(0, 4), 1, on_bad_image="skip")
    assert ids(pictures, "target") == ["Ada_One_2", "Ada_One_4", "Ada_One_5"]
    assert ids(pictures, "test") == drawn[1:5]
    assert [(one.use, one.reason) for one in notes.skipped] == [
        ("Ada One", "empty"),
        ("Ada One", "empty"),
        ("contents", "empty"),
    ]


def test_a_style_of_which_too_little_can_be_used_is_named(catalogue):
    bad = with_faults(catalogue, *(f"Ada_One_{n}" for n in range(1, 11)))
    with pytest.raises(DataError, match="Ada One: 12 paintings, 10 of them unusable, 3 asked"):
        choose(bad, on_bad_image="skip")
    own = {"images": "all", "sets": {"Own": {"paintings": ["Ada_One_1"]}}}
    with pytest.raises(DataError, match="Own: 1 paintings, 1 of them unusable, all asked"):
        choose(bad, own, on_bad_image="skip")


def test_what_is_there_twice_is_noted_and_kept(catalogue):
    first, second, third, *others = catalogue.artworks
    second = replace(second, sha256=first.sha256, fingerprint=first.fingerprint)
    third = replace(third, fingerprint=first.fingerprint)
    pictures, notes = select(
        Catalogue((first, second, third, *others)), Styles(**STYLES), contents_of(1, 1), 1
    )
    assert len(ids(pictures, "target")) == 6
    assert notes.alike == (
        Alike("Ada_One_1", "Ada_One_2", same_bytes=True),
        Alike("Ada_One_1", "Ada_One_3", same_bytes=False),
        Alike("Ada_One_2", "Ada_One_3", same_bytes=False),
    )


def test_what_was_found_stands_beside_what_the_table_announces(catalogue):
    _, notes = select(catalogue, Styles(**STYLES), contents_of(1, 1), 1)
    assert notes.supplies == (Supply("Ada_One", 12, "12"), Supply("Bo_Two", 12, "12"))


def test_the_dataset_is_counted(catalogue):
    first, second, *others = with_faults(catalogue, "Bo_Two_9").artworks
    rows = (first, replace(second, duplicate_of=first.id, look_alikes="Bo_Two_1"), *others)
    _, notes = select(Catalogue(rows), Styles(**STYLES), contents_of(1, 1), 3)
    assert notes.census == Census(24, 2, duplicates=1, look_alikes=1, unusable=1)


def test_the_next_paintings_are_set_aside(catalogue):
    plain = choose(catalogue, train=3, test=2)
    pictures = choose(catalogue, train=3, test=2, heldout=4)
    aside = [p.id for p in pictures if p.split == "heldout" and p.style == "Ada_One"]
    assert aside == ["Ada_One_4", "Ada_One_5", "Ada_One_6", "Ada_One_7"]
    assert ids(pictures, "target") == ids(plain, "target")
    contents = {p.id for p in pictures if p.role == "content"}
    assert not contents & set(ids(pictures, "heldout"))


def test_where_all_are_asked_the_last_are_set_aside(catalogue):
    pictures = choose(catalogue, {"images": "all", "artists": ["Ada One"]}, heldout=3)
    assert ids(pictures, "heldout") == ["Ada_One_10", "Ada_One_11", "Ada_One_12"]
    assert len(ids(pictures, "target")) == 9


@pytest.mark.parametrize("images", [3, "all"])
def test_nothing_is_set_aside_that_looks_like_a_target(images, catalogue):
    first, *others = catalogue.artworks
    twins = [replace(others[n], fingerprint=first.fingerprint) for n in (2, 10)]
    rows = [first, *others[:2], twins[0], *others[3:10], twins[1], *others[11:]]
    styles = {"images": images, "artists": ["Ada One"]}
    aside = ids(choose(Catalogue(tuple(rows)), styles, heldout=3), "heldout")
    assert len(aside) == 3
    assert not {"Ada_One_4", "Ada_One_12"} & set(aside)


def test_too_few_to_set_aside_are_counted(catalogue):
    with pytest.raises(
        DataError, match=r"12 paintings, 3 asked and 10 to set aside .* or judge\.heldout in"
    ):
        choose(catalogue, heldout=10)


def test_mirrored_framed_and_cut_copies_of_paintings_are_no_contents(tmp_path):
    for n in range(8):
        paint(tmp_path / "own" / "Ada" / f"{n}.png", n, size=(96, 72))
    for n in (0, 1):
        path = tmp_path / "own" / "Ada" / f"{n}.png"
        painting = Image.open(path)
        ImageOps.mirror(painting).save(path.with_name(f"mirrored{n}.jpg"), quality=80)
        ImageOps.expand(painting, 9, "white").save(path.with_name(f"framed{n}.png"))
        painting.crop((4, 3, 92, 70)).save(path.with_name(f"cut{n}.png"))
    catalogue = make_catalogue(tmp_path / "own")
    styles = {"sets": {"Two": {"paintings": ["Ada_0", "Ada_1"]}}}
    drawn = choose(catalogue, styles, 3, 3)
    assert {one.id for one in drawn if one.role == "content"} == {f"Ada_{n}" for n in range(2, 8)}
    with pytest.raises(DataError, match=r"6 pictures to draw .* of 14: 8 style images or like one"):
        choose(catalogue, styles, 4, 3)
    # A catalogue of an older version knows the plain copies only: the same draw as then.
    old = tuple(replace(one, fingerprint=one.fingerprint[:64]) for one in catalogue.artworks)
    assert len(choose(Catalogue(old), styles, 4, 3)) == 9


def test_no_painting_in_a_frame_is_set_aside_for_the_judge(tmp_path):
    for n in range(5):
        paint(tmp_path / "own" / "Ada" / f"{n}.png", n, size=(96, 72))
    path = tmp_path / "own" / "Ada" / "0.png"
    ImageOps.expand(Image.open(path), 6, "black").save(path.with_name("4b.png"))
    for images in (3, "all"):
        styles = {"images": images, "artists": ["Ada"]}
        drawn = choose(make_catalogue(tmp_path / "own"), styles, 0, 0, heldout=2)
        assert ids(drawn, "heldout") == ["Ada_3", "Ada_4"]


def test_what_is_no_picture_among_a_set_s_and_photographs_is_named(catalogue, tmp_path):
    for n in range(1, 4):
        paint(tmp_path / "own" / f"{n}.png", n)
        paint(tmp_path / "photos" / f"{n}.jpg", 10 + n)
    (tmp_path / "own" / "1.png").rename(tmp_path / "own" / "1")
    (tmp_path / "photos" / "4.heic").write_bytes(b"x")
    own = {"images": 2, "sets": {"Own": {"folder": str(tmp_path / "own")}}}
    notes = select(catalogue, Styles(**own), contents_of(1, 1, tmp_path / "photos"), 1, heldout=0)[
        1
    ]
    assert [(one.use, Path(one.source).name) for one in notes.passed_over] == [
        ("Own", "1"),
        ("contents", "4.heic"),
    ]
    assert "add .png to it" in notes.passed_over[0].reason
    with pytest.raises(DataError, match=r"Own: 2 paintings, .*; passed over: .*/own/1: a PNG"):
        choose(catalogue, {**own, "images": 3}, photographs=tmp_path / "photos")
    with pytest.raises(DataError, match=r"2 test contents; passed over: .*4\.heic: HEIC, a format"):
        choose(catalogue, own, 2, 2, photographs=tmp_path / "photos")


def test_what_a_used_file_lacks_is_noted(tmp_path):
    for n in range(4):
        paint(tmp_path / "own" / "Ada One" / f"{n}.jpg", n)
    first = tmp_path / "own" / "Ada One" / "0.jpg"
    first.write_bytes(first.read_bytes()[:-2])
    catalogue = make_catalogue(tmp_path / "own")
    styles = Styles(images=2, artists=["Ada One"])
    notes = select(catalogue, styles, contents_of(1, 1), 1)[1]
    (remark,) = notes.remarks
    assert (remark.use, remark.source) == ("Ada One", str(first))
    assert "lacks its end" in remark.reason
    assert notes.skipped == ()
