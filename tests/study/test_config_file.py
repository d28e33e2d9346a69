"""Config files as they are written: what their text means is told, with file, line and key."""

import os

import pytest
import yaml
from conftest import ROOT
from snakemake.cli import parse_config

from nstcore.common.errors import ConfigError
from nstcore.study.config import Study
from nstcore.study.config_file import check_files, find_below, find_mistakes, read_nested

STUDIES = sorted((ROOT / "studies").glob("*.yaml"))


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(content, name="mine.yaml"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


@pytest.mark.parametrize(
    "name", ["config.yaml", "demo.yaml", *(f"studies/{path.name}" for path in STUDIES)]
)
def test_the_project_s_own_configs_mean_what_they_say(name):
    assert find_mistakes(ROOT / name) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("study: a\nseed: 1\nstudy: b\n", ["study is there twice, in lines 1 and 3; leave one"]),
        (
            "backbones:\n  N: {weights: random}\n  M: {}\n  N: {}\n  'N': {}\n",
            ["backbones.N is there 3 times, in lines 2, 4 and 5; leave one"],
        ),
        ("a:\n- b: 1\n  b: 2\n", ["a.0.b is there twice, in lines 2 and 3; leave one"]),
        ('{"a": {"b": 1, "b": 2}}', ["'b' is there twice"]),
        ("seed: 0123", ["line 1: seed: 0123 would be taken for 83; write that, or put"]),
        ("seed: 0x1F", ["line 1: seed: 0x1F would be taken for 31;"]),
        ("seed: 0b11", ["line 1: seed: 0b11 would be taken for 3;"]),
        ("seed: 1_000", ["line 1: seed: 1_000 would be taken for 1000;"]),
        ("seed: 1:30", ["line 1: seed: 1:30 would be taken for 90;"]),
        ("rate: 1:30.5", ["line 1: rate: 1:30.5 would be taken for 90.5;"]),
        ("a: [no, On]", ["line 1: a.0: no would be taken for False", "line 1: a.1: On would be"]),
        ("study: 2024-01-01", ["line 1: study: 2024-01-01 would be taken for a date; put it in"]),
        ("sets:\n  1920: {}", ["line 2: sets: key 1920 is no text; put it in quotes"]),
        ("sets:\n  No: {}", ["line 2: sets: key No would be taken for False;"]),
        ("sets:\n  ? [a]\n  : {}", ["line 2: sets: a key is a text, and no list"]),
        ("alpha: .nan", ["line 1: alpha: .nan is not a finite number"]),
        ("alpha: -.INF", ["line 1: alpha: -.INF is not a finite number"]),
        ("alpha: 1.0e+999", ["line 1: alpha: 1.0e+999 is not a finite number"]),
        (f"seed: {'9' * 5000}", [f"line 1: seed: {'9' * 40}... is no number that can be used"]),
        (f"seed: 0x{'f' * 5000}", [f"line 1: seed: 0x{'f' * 38}... is too large"]),
        ("a: !!python/tuple [1]", ["line 1: a: the tag 'python/tuple'; remove it"]),
        ("a: !mine 1", ["line 1: a: 1 has the tag '!mine'; remove it"]),
        ("a: =", ["line 1: a: = has the tag 'value'; remove it, or put a text in quotes"]),
        ("a: &a [*a]", ["line 1: a.0: an alias that holds itself; write it out"]),
        ("a: 1\n\tb: 2", ["line 2: a tab; indent with spaces"]),
        ("a: b: c", ["line 1: no YAML (mapping values are not allowed here)"]),
        ("a: 1\n--- \nb: 2", ["line 2: no YAML (but found another document)"]),
        ("a: *b", ["line 1: no YAML (found undefined alias 'b')"]),
        ("a: '\x07'", ["line 1: holds a character that no text has (code 7); remove it"]),
        ("[" * 5000, ["nested too deeply"]),
        ("", ["is empty"]),
        ("# nothing\n", ["is empty"]),
        ("- a\n", ["holds no keys with values"]),
        ("study", ["holds no keys with values"]),
        ("[1]", ["holds no keys with values"]),
        (b"study: m\xfcne", ["line 1: not UTF-8; save the file as UTF-8"]),
        ("study: x".encode("utf-16"), ["not UTF-8, but UTF-16 or no text"]),
        ("study: x".encode("utf-16-le"), ["not UTF-8, but UTF-16 or no text"]),
        ("study: x".encode("utf-32"), ["not UTF-8, but UTF-16 or no text"]),
    ],
)
def test_what_a_text_would_be_taken_for_is_told(write, text, lines):
    told = find_mistakes(write(text))
    assert len(told) == len(lines), told
    for line, start in zip(told, lines, strict=True):
        assert line.startswith(f"mine.yaml: {start}")
        assert line.isprintable()
        assert len(line) < 200


def test_an_alias_bomb_is_told_and_an_honest_alias_is_not(write):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "aliases that stand for" in find_mistakes(write(bomb))[0]
    honest = "layers: &l {a: 0.2}\nmore: {<<: *l, a: 0.3}\nagain: *l\n"
    assert find_mistakes(write(honest)) == []


@pytest.mark.parametrize(
    "text",
    [
        "seed: '0123'",
        'when: "1:30"',
        "rate: 1.0e-8",
        "rate: -.5",
        "seed: +5",
        "seed: 0",
        "a: true",
        "a: ~",
        "a:",
        "\ufeffstudy: mine",
        '{"a":\t1e-8, "b": "\\/"}',
        "study: m\u00fcne \U0001f3a8",
    ],
)
def test_what_is_clear_is_not_told(write, text):
    assert find_mistakes(write(text)) == []


def test_what_is_no_file_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError) as caught:
        check_files(["gone.yaml", "folder", "pipe", "x" * 300])
    assert caught.value.lines == [
        "gone.yaml: no such config file",
        "folder: a folder; a config is a YAML file",
        "pipe: a pipe or device; save the config in a file",
        f"{'x' * 300}: cannot be read (File name too long)",
    ]


def test_config_yaml_lies_beneath_unless_a_file_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ours = f"{ROOT}/config.yaml"
    assert find_below({"study": "mine"}, [], ROOT) == ours
    assert find_below({}, [], ROOT) == ours
    (tmp_path / "config.yaml").touch()
    assert find_below({}, [], ROOT) == "config.yaml"
    (tmp_path / "mine.yaml").write_text("study: mine")
    (tmp_path / "part.yaml").write_text("training: {batch: 2}")
    assert find_below({"study": "mine"}, ["mine.yaml"], ROOT) is None
    assert find_below({"study": "mine"}, ["part.yaml"], ROOT) == "config.yaml"
    assert find_below({"extends": "demo.yaml"}, ["mine.yaml"], ROOT) == f"{ROOT}/demo.yaml"
    whole = {key: {} for key in ("data", "styles", "contents", "backbones")}
    assert find_below({"extends": "demo.yaml", **whole}, ["part.yaml", "mine.yaml"], ROOT) is None
    with pytest.raises(ConfigError, match="extends: no file 'x'; name the config below"):
        find_below({"extends": "x"}, [], ROOT)
    (tmp_path / "config.yaml").unlink()
    with pytest.raises(ConfigError, match=r"config: no file 'config\.yaml'"):
        find_below({}, [], tmp_path)


def test_numbers_on_the_command_line_are_numbers_within_brackets():
    (loaded,) = parse_config(
        ["training={a: 4, b: [1e-8, -2.5], c: 007, d: text, e: true, f: '1:30'}"]
    ).values()
    assert read_nested({"training": loaded, "seed": 3, "study": "5"}) == {
        "training": {"a": 4, "b": [1e-8, -2.5], "c": "007", "d": "text", "e": True, "f": "1:30"}
    }


def test_thousands_of_mistakes_are_told_in_part(write):
    told = find_mistakes(write("".join(f"k{number}: 0x{number}\n" for number in range(100, 5000))))
    assert len(told) == 21
    assert told[-1] == "and 4880 more mistakes"


def test_thousands_of_ids_are_checked_in_no_time(write):
    ids = "\n".join(f"      - Pablo_Picasso_{number}" for number in range(7000))
    text = f"study: x\nstyles:\n  sets:\n    All:\n      paintings:\n{ids}\n"
    assert find_mistakes(write(text)) == []
    config = yaml.safe_load(text) | {
        "data": {"path": "x"},
        "contents": {"source": "y"},
        "backbones": {"N": {"architecture": "VGG16", "weights": "random"}},
    }
    assert len(Study.from_config(config).styles.each()[0].paintings) == 7000
