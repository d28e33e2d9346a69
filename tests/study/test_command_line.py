"""What follows --configfile and --config, as Snakemake would take it."""

import shlex

import pytest

from nstcore.common.errors import ConfigError
from nstcore.study.command_line import check_command_line


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine.yaml", "over.yaml", "plain"):
        (tmp_path / name).write_text("study: mine\n")
    (tmp_path / "results/mine").mkdir(parents=True)
    (tmp_path / "results/mine/choices.csv").write_text("a,b\n")
    (tmp_path / "results/mine/config.json").write_text("{}")


@pytest.mark.parametrize(
    "words",
    [
        "--cores all",
        "--cores all --configfile mine.yaml",
        "results/mine/report.html --configfiles mine.yaml over.yaml plain --cores 2",
        "--configfile mine.yaml -- results/mine/report.html",
        "--configfile=mine.yaml results/mine/report.html",
        "--config seed=3 study=x --configfile mine.yaml",
        "--forcerun train --configfile mine.yaml -n",
        "-C seed=3",
    ],
)
def test_what_is_in_order_passes(words):
    check_command_line(words.split())


@pytest.mark.parametrize(
    ("words", "right"),
    [
        (
            "--configfile mine.yaml results/mine/report.html",
            "snakemake results/mine/report.html --configfile mine.yaml",
        ),
        ("--configfile mine.yaml report -n", "snakemake report --configfile mine.yaml -n"),
        # Of a result that is there already.
        (
            "--cores 1 --configfile mine.yaml results/mine/choices.csv results/mine/config.json",
            "snakemake results/mine/choices.csv results/mine/config.json --cores 1 "
            "--configfile mine.yaml",
        ),
        ("--configfile mine.yaml results/mine", "snakemake results/mine --configfile mine.yaml"),
        (
            "--configfiles mine.yaml over.yaml 'results/mine/a b.png'",
            "snakemake 'results/mine/a b.png' --configfiles mine.yaml over.yaml",
        ),
        ("--config seed=3 all", "snakemake all --config seed=3"),
    ],
)
def test_a_result_that_is_taken_for_a_config_gets_the_right_order(words, right):
    with pytest.raises(ConfigError) as caught:
        check_command_line(shlex.split(words))
    (line,) = caught.value.lines
    assert line.endswith(f"name it before them: {right}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--configfile gone.yaml", "gone.yaml: no such config file"),
        ("--configfile mine.yaml gone.yaml", "gone.yaml: no such config file"),
        (
            "--configfile mine.yaml --configfile over.yaml",
            "--configfile is given 2 times, and the last alone counts; name all after one",
        ),
        ("--config seed=1 study=x seed=2", "--config: seed is given twice; leave one"),
    ],
)
def test_what_would_be_lost_or_is_not_there_is_told(words, told):
    with pytest.raises(ConfigError) as caught:
        check_command_line(words.split())
    assert caught.value.lines == [told]
