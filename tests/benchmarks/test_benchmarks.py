import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import ours, plain, timing
from benchmarks.cases import Case, gram_matrices
from benchmarks.sections import SECTIONS
from benchmarks.tables import Table
from benchmarks.timing import BenchmarkError, Contender, Quartiles, Worker, race, ratios
from nstcore.losses.gram import packing

SMALL = {"paintings": 5, "size": 32}


@pytest.mark.parametrize("kind", ["plain", "plain-product"])
@pytest.mark.parametrize("aggregation", plain.AGGREGATIONS)
def test_ours_and_the_plain_way_give_the_same_losses(kind, aggregation):
    expected = plain.make(Case(kind, aggregation=aggregation, **SMALL))()
    actual = ours.make(Case("ours", aggregation=aggregation, **SMALL))()
    assert min(np.ravel(expected)) > 0
    np.testing.assert_allclose(np.ravel(actual), np.ravel(expected), rtol=1e-5)


def test_whole_and_packed_matrices_are_the_same_paintings():
    whole = gram_matrices(2, 64)
    packed = ours.target("VGG19", "float32", 2).packed_grams["block1_conv1"]
    np.testing.assert_array_equal(whole.reshape(2, -1)[:, packing(64).upper], packed)
    np.testing.assert_array_equal(whole, whole.transpose(0, 2, 1))


def test_operations_are_those_of_convolutions_and_grams():
    channels = [3, 64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    side = [32, 32, 16, 16, 8, 8, 8, 8, 4, 4, 4, 4, 2, 2]
    multiplied = sum(
        9 * into * out * pixels**2
        for into, out, pixels in zip(channels, channels[1:], side, strict=False)
    )
    multiplied += sum(
        width**2 * pixels**2
        for width, pixels in zip((64, 128, 256, 512, 512), (32, 16, 8, 4, 2), strict=True)
    )
    assert ours.operations(Case("ours", size=32)) == 2 * 2 * multiplied
    assert ours.operations(Case("ours", size=32, batch=3)) == 3 * 2 * 2 * multiplied


class Scripted:
    """Stands in for a worker; notes what it is asked."""

    def __init__(self, name, seconds, log):
        self.name, self.log, self.seconds = name, log, iter(seconds)

    def ask(self, do, case=None, least=0.0):
        self.do = do
        self.log.append(f"{self.name} {do}")

    def answer(self):
        if self.do == "time":
            self.log.append(f"{self.name} answers")
            return next(self.seconds)
        return {"make": 1.0, "first": 2.0}


def test_contenders_are_timed_in_turns_and_the_first_round_does_not_count():
    log = []
    a, b = Scripted("a", [9, 1, 2], log), Scripted("b", [9, 3, 4], log)
    case = Case("ours")
    first, second = race([Contender("A", case, (a,)), Contender("B", case, (b,))], 2, 0.0)
    assert log[:2] == ["a prepare", "b prepare"]
    assert log[2:-2] == ["a time", "a answers", "b time", "b answers"] * 3
    assert sorted(log[-2:]) == ["a release", "b release"]
    assert first.seconds == (1, 2)
    assert second.seconds == (3, 4)


def test_workers_timed_together_start_before_either_is_waited_for():
    log = []
    together = (Scripted("a", [9, 0.5], log), Scripted("b", [9, 1.0], log))
    (timed,) = race([Contender("both", Case("ours"), together)], 1, 0.0)
    assert log[2:-2] == ["a time", "b time", "a answers", "b answers"] * 2
    # Two steps and one step in a second.
    assert timed.seconds == (pytest.approx(1 / 3),)


def test_ratios_are_taken_round_by_round():
    assert ratios([1, 20, 3], [1, 10, 1]) == Quartiles(1.5, 2, 2.5)


def test_a_worker_that_fails_says_why_in_one_line():
    with pytest.raises(
        BenchmarkError, match=r"^the unknown worker ended with 1: KeyError: 'unknown'$"
    ):
        Worker("unknown", 1)


def test_a_table_is_aligned_markdown():
    table = Table("costs", ("what", "ms"), [("a step", "7.0"), ("two", "14.0")], ["By hand."])
    assert str(table).splitlines() == [
        "costs",
        "",
        "| what   |   ms |",
        "|--------|-----:|",
        "| a step |  7.0 |",
        "| two    | 14.0 |",
        "",
        "By hand.",
    ]


def run(*arguments):
    # One thread more than one, so that processes are compared even on a single core.
    command = [sys.executable, "-m", "benchmarks", "--threads", "2", *arguments]
    return subprocess.run(command, cwd=timing.ROOT, capture_output=True, text=True, check=False)


def test_every_section_runs(tmp_path):
    ended = run("--quick", "--output", str(tmp_path / "found.json"))
    assert ended.returncode == 0, ended.stderr
    for name in SECTIONS:
        assert f"\n## {name}: " in ended.stdout
    found = json.loads((tmp_path / "found.json").read_text())
    assert list(found["sections"]) == list(SECTIONS)
    styles = found["sections"]["styles"]["tables"][0]["raw"]
    assert all(len(timing["seconds"]) == 2 for timing in styles)


def test_an_unknown_section_is_refused_with_those_that_are_known():
    ended = run("speed")
    assert ended.returncode == 2
    assert "speed: choose among ceiling, styles, pytorch" in ended.stderr
