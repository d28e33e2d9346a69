"""What the tests share: a small untrained backbone and small pictures."""

import os
from pathlib import Path

import numpy as np
import pytest

from nstcore.common.runtime import start_tensorflow

ROOT = Path(__file__).parent.parent

# Left out of `make check`: what starts programs, browsers and servers, or trains for long.
SLOW = (
    "app",
    "workflow",
    "benchmarks",
    "demo",
    "backbones/test_backbone",
    "backbones/test_hostile_weights",
    "backbones/test_weights_download",
    "common/test_program",
    "common/test_surroundings",
    "dataset/test_archive",
    "dataset/test_download",
    "dataset/test_fuzzed_tables",
    "images/test_fuzzed_pictures",
    "judging/test_judge",
    "judging/test_kernel_similarity",
    "judging/test_score.py",
    "losses/test_style_target",
    "backbones/test_unpadded",
    "painting/test_canvas",
    "painting/test_extremes",
    "painting/test_gallery",
    "painting/test_lbfgs",
    "painting/test_reproducible",
    "painting/test_resume",
    "painting/test_stylize",
    "painting/test_tiles",
    "painting/test_train",
    "report/test_report_browser",
)

start_tensorflow(threads=1, seed=0)


# Those that look at one study, which takes minutes to run.
STUDY = (
    "workflow/test_workflow.py",
    "workflow/test_failing.py",
    "workflow/test_progress_screen.py",
    "workflow/test_killed.py",
    "workflow/test_slurm.py",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if _name(item.nodeid).startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    # The longest first, so that no core waits for them in the end.
    items.sort(key=lambda item: _place(_name(item.nodeid)))


def _name(nodeid):
    return nodeid.partition("::")[0].removeprefix("tests/")


def _place(name):
    return (name not in STUDY, not name.startswith("workflow"))


# What a file's tests share is made once, where files are tested beside each other. By a scheduler
# of our own: xdist's groups (3.8) are lost on pytest 9.2, whose node ids cannot be given a suffix.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name = _name(nodeid)
            return "study" if name in STUDY else name

    return ByFile(config, log)


def write_unreadable_name(folder: Path) -> None:
    """Make an empty file whose name is not UTF-8, where the file system takes such names."""
    try:
        with open(os.fsencode(folder) + b"/Bo_\xff.png", "wb"):  # noqa: PTH123 (a path of bytes)
            pass
    except OSError:
        pytest.skip("this file system takes no such names")


@pytest.fixture(scope="session")
def backbone():
    """VGG16 with random weights: real code, no download."""
    from nstcore.backbones.backbone import load_backbone

    return load_backbone("VGG16", "random", seed=3)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture(scope="session")
def paintings():
    """Four pictures of 48 x 48 pixels with different statistics."""
    rng = np.random.default_rng(1)
    scale = np.array([1.0, 0.7, 0.4, 0.2])[:, None, None, None]
    return (rng.random((4, 48, 48, 3)) * scale).astype(np.float32)


@pytest.fixture(scope="session")
def contents():
    """Three smooth pictures of 48 x 48 pixels."""
    rng = np.random.default_rng(2)
    coarse = rng.random((3, 6, 6, 3)).astype(np.float32)
    return coarse.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The folder in which the workflow's small study has run from beginning to end."""
    from test_workflow import snakemake

    from nstcore.demo import paint_dataset, write_photographs

    folder = tmp_path_factory.mktemp("study")
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout
    return folder
