"""A small study that has run from beginning to end, once for all who look at it."""

import pytest


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """The folder in which the small study has run from beginning to end."""
    from test_workflow import snakemake

    from nstcore.demo import paint_dataset, write_photographs

    folder = tmp_path_factory.mktemp("study")
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout
    return folder
