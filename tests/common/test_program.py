import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from conftest import ROOT
from disks import mounted

from nstcore.common.errors import ConfigError
from nstcore.common.program import make_findable, put_first, run

PROGRAMS = sorted((ROOT / "workflow_scripts").glob("*.py"))


def test_an_error_of_the_user_s_making_is_one_line_and_exit_code_1():
    def main():
        raise ConfigError("config: no such key")

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == "error: config: no such key"


def test_a_fault_of_ours_keeps_its_traceback_before_the_line_that_names_it(capsys):
    def main():
        raise ZeroDivisionError("by\nzero")

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert "Traceback" in capsys.readouterr().err
    assert "a fault of the program (ZeroDivisionError: by zero)" in caught.value.code
    assert "\n" not in caught.value.code


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.csv"), "a.csv: No space.*make room"),
        (OSError("Can't write data (error message = 'No space left on device')"), "make room"),
        (
            RuntimeError("no id (filename = 'a.h5', error message = 'No space left on device')"),
            "a.h5",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "data"), "data: Permission.*folder"),
        (OSError(errno.EROFS, "Read-only file system", "data"), "data: Read-only.*folder"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "a/b"), "a/b: .*a file is where"),
        (MemoryError("Unable to allocate 3.2 GiB"), "out of memory .*3.2 GiB.*image_size.*mem_mb"),
        (ImportError("a.so: failed to map segment from shared object"), "out of memory .*a.so"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory"),
        (RuntimeError("can't start new thread"), "out of memory"),
        (MemoryError(), "out of memory .*training.batch"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM with shape[9]"), "out of memory.*shape"),
    ],
)
def test_what_the_machine_lacks_is_one_line_with_the_mend(error, line):
    def main():
        raise error

    with pytest.raises(SystemExit, match=f"^error: .*{line}") as caught:
        run(main)
    assert "\n" not in caught.value.code


def test_a_full_disk_is_told_with_the_file_and_leaves_none(tmp_path):
    """With a disk of its own, which fills."""
    with mounted(tmp_path / "disk", "300k") as disk:
        network = '{"architecture": "MobileNetV2", "weights": "random"}'
        files = ["--output", disk / "a.weights.h5", "--about", disk / "a.json"]
        program = ROOT / "workflow_scripts" / "load_backbone.py"
        done = subprocess.run(
            [sys.executable, program, "--name", "a", "--network", network, *files],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        line = done.stderr.splitlines()[-1]
        assert line.startswith("error: ")
        assert "a.weights.h5: No space left on device; make room" in line
        assert list(disk.iterdir()) == []


def test_ctrl_c_is_one_line():
    def main():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit, match=r"^error: interrupted"):
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
    # One copies a picture out of the folder that `paint` painted them into; the others call `paint`
    # for a part of the pictures, or for one.
    others = {"stylize", "paint_part", "paint_picture"}
    assert others <= set(rules)
    assert sorted(set(rules) - others) == [path.stem for path in PROGRAMS]


def test_a_folder_that_no_list_of_paths_can_hold_is_refused():
    with pytest.raises(ConfigError, match=r"^/a:b: no program is found under a path with ':'"):
        make_findable("/a:b")
