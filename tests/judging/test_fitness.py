"""Whether the judge is fit for the artists, on paintings whose places are made up."""

import math
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from nstcore.common.errors import DataError
from nstcore.judging.features import Paintings
from nstcore.judging.fitness import Fitness, measure_fitness, read_fitness, write_fitness
from nstcore.judging.functional import kernel_distance
from nstcore.judging.judge import Reference

HELDOUT = 3


def paintings(centre, rng, count=HELDOUT):
    """As many places as are usual, around one centre: a hand that never changes."""
    places = rng.normal(centre, 1, size=(count, 16, 6))
    none = np.zeros((count, 1))
    return Paintings(places, np.full((count, 1), 6), none, none, none, none, none)


def reference_of(*centres, count=HELDOUT):
    rng = np.random.default_rng(8)
    return Reference({f"style {n}": paintings(c, rng, count) for n, c in enumerate(centres)})


def nothing(reference):
    return dict.fromkeys(reference.styles, ())


def test_hands_that_are_apart_are_told_apart():
    reference = reference_of(0, 4, -4)
    fitness = measure_fitness(reference, nothing(reference), nothing(reference))
    assert fitness.same_artist == 1
    assert (fitness.same, fitness.different) == (9, 27)
    assert all(gap > 0 for gap in fitness.gaps.values())
    assert fitness.unfit == []


def test_hands_that_are_one_are_not():
    reference = reference_of(0, 0, 0, count=8)
    fitness = measure_fitness(reference, nothing(reference), nothing(reference))
    assert fitness.same_artist == pytest.approx(0.5, abs=0.1)


def test_a_hand_among_whose_paintings_another_s_lie_is_unfit():
    rng = np.random.default_rng(2)
    restless = np.concatenate([paintings(c, rng, 1).places for c in (-5, 5)])
    between = paintings(0, rng, 2)
    reference = Reference({"restless": replace(between, places=restless), "steady": between})
    fitness = measure_fitness(reference, nothing(reference), nothing(reference))
    assert fitness.unfit == ["restless"]
    assert fitness.gaps["steady"] > 0


def test_the_numbers_are_those_of_plain_sums():
    reference = reference_of(0, 0.4, 0.8)
    fitness = measure_fitness(reference, nothing(reference), nothing(reference))
    everything = np.concatenate([np.concatenate(list(p.places)) for p in reference.styles.values()])
    mean, spread = everything.mean(axis=0), everything.std(axis=0)
    every = [
        (style, number, (places - mean) / spread)
        for style, own in reference.styles.items()
        for number, places in enumerate(own.places)
    ]
    same, different = [], {}
    for (a, _, one), (b, _, other) in combinations(every, 2):
        distance = kernel_distance(one, other)
        if a == b:
            same.append((a, distance))
        else:
            different.setdefault(frozenset((a, b)), []).append(distance)
    all_different = [value for values in different.values() for value in values]
    wins = [(x < y) + (x == y) / 2 for (_, x), y in product(same, all_different)]
    assert fitness.same_artist == pytest.approx(np.mean(wins))
    for style, gap in fitness.gaps.items():
        nearest = min(np.mean(values) for pair, values in different.items() if style in pair)
        own = np.mean([value for owner, value in same if owner == style])
        assert gap == pytest.approx(nearest - own, rel=1e-4)


def test_photographs_are_compared_within_each_style_and_then_together():
    reference = reference_of(0, 1)
    fitness = measure_fitness(
        reference,
        {"style 0": [3, 4], "style 1": [30, 5, 5, 5]},
        {"style 0": [1, 2, 3], "style 1": [10]},
    )
    # One of six pairs is a tie; of the second style one pair of four is right.
    assert fitness.photographs == pytest.approx({"style 0": 5.5 / 6, "style 1": 1 / 4})
    assert fitness.all_photographs == pytest.approx(6.5 / 10)


def test_two_paintings_of_a_style_are_enough():
    reference = reference_of(0, 3, count=2)
    fitness = measure_fitness(reference, nothing(reference), nothing(reference))
    assert (fitness.same, fitness.different) == (2, 4)
    assert fitness.same_artist == 1


def test_a_single_style_has_its_photographs_and_no_gap():
    reference = reference_of(0)
    fitness = measure_fitness(reference, {"style 0": [2]}, {"style 0": [1, 3]})
    assert math.isnan(fitness.same_artist)
    assert math.isnan(fitness.gaps["style 0"])
    assert fitness.unfit == []
    assert fitness.all_photographs == 0.5


def test_it_is_read_as_it_was_written(tmp_path):
    fitness = Fitness(0.75, 3, 9, {"a": -0.25, "b": 1.5}, {"a": 1.0, "b": 0.5}, 0.75)
    write_fitness(fitness, tmp_path / "fitness.json")
    assert read_fitness(tmp_path / "fitness.json") == fitness


def test_what_is_not_there_is_null(tmp_path):
    nan = math.nan
    write_fitness(Fitness(nan, 1, 0, {"a": nan}, {"a": nan}, nan), tmp_path / "fitness.json")
    assert (tmp_path / "fitness.json").read_text("utf-8").count("null") == 4
    again = read_fitness(tmp_path / "fitness.json")
    assert math.isnan(again.same_artist)
    assert math.isnan(again.gaps["a"])


@pytest.mark.parametrize("content", [None, "", "{}", '{"same_artist": "much"}'])
def test_a_file_that_cannot_be_read_is_named(content, tmp_path):
    path = tmp_path / "fitness.json"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(DataError, match=r"fitness\.json: "):
        read_fitness(path)
