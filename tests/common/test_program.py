import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from nstcore.common.errors import ConfigError
from nstcore.common.program import make_findable, put_first, run

PROGRAMS = sorted((ROOT / "workflow_scripts").glob("*.py"))


def test_an_error_of_the_user_s_making_is_one_line_and_exit_code_1():
    def main():
        raise ConfigError("config: no such key")

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == "error: config: no such key"


def test_a_fault_of_ours_keeps_its_traceback():
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_a_folder_comes_first_and_once(monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join(["/a", "/b", "/c"]))
    put_first("PATH", "/b")
    assert os.environ["PATH"] == os.pathsep.join(["/b", "/a", "/c"])


def test_programs_are_found_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    make_findable(ROOT)
    code = "import sys, workflow_scripts.choose; print(sys.executable)"
    done = subprocess.run(
        ["python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).parent == Path(sys.executable).parent


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_runs_by_itself_and_explains_itself_without_tensorflow(program, tmp_path):
    code = f"""
import runpy, sys
sys.argv = [{str(program)!r}, "--help"]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit:
    print("tensorflow" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("usage:")
    assert done.stdout.splitlines()[-1] == "False"


def test_every_rule_has_a_program_of_its_name():
    rules = [
        line.split()[1].rstrip(":")
        for path in (ROOT / "rules").glob("*.smk")
        for line in path.read_text("utf-8").splitlines()
        if line.strip().startswith(("rule ", "checkpoint "))
    ]
    assert sorted(rules) == [path.stem for path in PROGRAMS]


def test_a_folder_that_no_list_of_paths_can_hold_is_refused():
    with pytest.raises(ConfigError, match=r"^/a:b: no program is found under a path with ':'"):
        make_findable("/a:b")
