"""A config that is accepted runs: generated ones, to the end. CONFIG_ROUNDS=300 tries as many."""

import os

import pytest
from configs import small_studies, write_pictures
from hypothesis import HealthCheck, Phase, given, settings
from test_workflow import snakemake

from nstcore.study.config import Study

pytestmark = pytest.mark.workflow


@settings(
    max_examples=int(os.environ.get("CONFIG_ROUNDS", "1")),
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(small_studies())
def test_an_accepted_config_reaches_the_end(tmp_path_factory, config):
    folder = tmp_path_factory.mktemp("study")
    write_pictures(folder)
    done = snakemake(folder, config=config)
    assert done.returncode == 0, done.stdout
    assert (folder / Study.from_config(config).results / "report.html").is_file()
