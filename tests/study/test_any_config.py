"""Whatever a config holds: it is refused in lines, or programs take what they are handed of it."""

import json
import os

import yaml
from configs import PAINTINGS, PHOTOGRAPHS, small_studies, spoilt_studies
from hypothesis import given, settings
from snakemake.common.configfile import load_configfile

from nstcore.common.errors import ConfigError
from nstcore.painting.optimizers import read_optimizer, read_optimizers, write_optimizers
from nstcore.painting.schedule import Epochs
from nstcore.selection.styles import Styles
from nstcore.study.config import Study
from nstcore.study.config_file import check_files

EXAMPLES = 200 * int(os.environ.get("CONFIG_ROUNDS", "1"))


def check_handed_over(study):
    """Let each program's options be read back from the text that the workflow writes."""
    sections = [study.styles, study.contents, study.training, study.compute]
    sections.append(study.training.only(Epochs))
    for name in study.backbones:
        sections += [study.objective(name), study.network(name)]
    for section in sections:
        text = section.to_json()
        assert type(section).from_json(text) == section
        # One argument, one line of an argument file.
        assert text.splitlines() == [text]
        assert len(text.encode()) < 100_000 or isinstance(section, Styles)
    assert read_optimizers(write_optimizers(study.optimizers)) == study.optimizers
    for name, settings_ in study.optimizers.items():
        assert read_optimizer(name, settings_.to_json()) == settings_
    for number in (study.seed, study.image_size, study.compute.threads):
        assert int(str(number)) == number
    assert Study.read(json.loads(json.dumps(study.recorded())), "record") == study


def read(path):
    """Return a config file's study, or the lines that refuse it."""
    try:
        check_files([path])
        return Study.from_config(load_configfile(path))
    except ConfigError as error:
        return error.lines


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(spoilt_studies())
def test_it_is_refused_in_lines_or_handed_over(tmp_path_factory, config):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    found = read(path)
    if isinstance(found, Study):
        check_handed_over(found)
    else:
        assert found
        assert all(line.isprintable() and len(line) < 1000 for line in found)


@settings(max_examples=EXAMPLES // 2, deadline=None, derandomize=True)
@given(small_studies())
def test_what_is_within_its_ranges_is_accepted(config):
    study = Study.from_config(config)
    assert (study.data.folder, study.contents.folder) == (PAINTINGS, PHOTOGRAPHS)
    check_handed_over(study)
