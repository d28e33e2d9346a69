# What the rules share: the checked study, paths, wildcards, and the pictures of the selection.

import hashlib
import json
import math
import os
import re
import shlex
import sys
from functools import lru_cache
from itertools import combinations
from pathlib import Path

from snakemake import __version__ as snakemake_version

from nstcore.common.machine import gpus
from nstcore.common.program import make_findable
from nstcore.common.surroundings import pin
from nstcore.common.versions import NUMERICS_VERSION, SCORES_VERSION
from nstcore.images.prepare import Shape
from nstcore.painting.optimizers import write_optimizers
from nstcore.painting.schedule import Epochs
from nstcore.selection.part import slice_of
from nstcore.selection.pictures import read_selection
from nstcore.selection.styles import DrawnContents
from nstcore.study.config import Study
from nstcore.study.demand import memory, painting_memory, painting_minutes, training_minutes
from nstcore.study.record import check_record

try:
    make_findable(workflow.basedir)
    SET_ASIDE = pin()
    # A job elsewhere has no use for the files that the config names: they were looked at.
    STUDY = Study.read(config, "config") if workflow.remote_exec else Study.from_config(config)
    RESULTS = STUDY.results
    RECORD = kept(f"{RESULTS}/config.json")
    if not workflow.remote_exec:
        fetch(f"{RESULTS}/config.json")
    if STUDY.on_config_change == "stop" and not workflow.remote_exec:
        # What Snakemake itself knows of its executor only later.
        check_record(STUDY, RECORD, touching=not {"--touch", "-t"}.isdisjoint(sys.argv))
except StudyError as error:
    sys.exit("\n".join(f"error: {line}" for line in error.lines))


def quoted(text):
    """A text as one word of a shell command that Snakemake formats."""
    return shlex.quote(text).replace("{", "{{").replace("}", "}}")


# In a conda environment of a rule's own, Snakemake takes PYTHONPATH away.
shell.prefix(
    f"set -euo pipefail; export PYTHONPATH={quoted(workflow.basedir)}"
    "${{PYTHONPATH:+:$PYTHONPATH}}; "
)

GPUS = gpus()
TEMPLATES = f"{workflow.basedir}/reports"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
STYLES = [style.name for style in STUDY.styles.each()]
# By the names of their folders; none where the config names no judge.
JUDGES = dict(zip(STUDY.judge.names, STUDY.judge.networks)) if STUDY.judge else {}
# None where the dataset is a folder already: there is no rule that could make it, or make it anew.
ARCHIVE = STUDY.data.archive
DATASET = STUDY.data.folder
# All that pictures are read from. Nothing is made anew because a folder there looks newer.
SOURCES = [DATASET, *([STUDY.contents.folder] if STUDY.contents.folder else [])]
SOURCES += [style.folder for style in STUDY.styles.each() if style.folder]
# Of thousands of test contents, Snakemake knows parts. None where it knows every picture.
PER_JOB = STUDY.compute.pictures_per_job
INPUT_PART = f"{RESULTS}/parts/inputs/{PER_JOB}/{{part}}.csv"
STYLIZED_PART = (
    f"{RESULTS}/parts/stylized/{{backbone}}/{{aggregation}}/{{style}}/{PER_JOB}/{{part}}.csv"
)
SCORES = f"{RESULTS}/scores/{{judge}}/{{backbone}}/{{aggregation}}.csv"
SCORES_PART = f"{RESULTS}/parts/scores/{{judge}}/{{backbone}}/{{aggregation}}/{{style}}/{PER_JOB}/{{part}}.csv"


def as_is(value):
    """A parameter in whose text no braces are wildcards: to Snakemake, a function."""
    return lambda wildcards: value


resource_scopes:
    preparing="local",


wildcard_constraints:
    backbone="|".join(map(re.escape, STUDY.backbones)),
    aggregation="|".join(STUDY.aggregations),
    optimizer="|".join(STUDY.optimizers),
    style="|".join(map(re.escape, STYLES)),
    judge="|".join(map(re.escape, JUDGES)),
    other_judge="|".join(map(re.escape, JUDGES)),
    id=r"[^/]+",
    content_id=r"[^/]+",
    part=r"\d+",


@lru_cache
def pictures():
    """The rows of selection.csv; before it exists, Snakemake is told to make it first."""
    csv = checkpoints.select_pictures.get().output.csv
    if csv.is_storage:
        # Not by Snakemake's own hand, which cannot be asked while it plans.
        Path(csv).parent.mkdir(parents=True, exist_ok=True)
        csv.storage_object.retrieve_object()
    return read_selection(csv)


@lru_cache
def contents(split):
    """Ids of the contents of a split."""
    return [p.id for p in pictures() if p.role == "content" and p.split == split]


@lru_cache
def tests():
    """Ids of the test contents, to be found among."""
    return frozenset(contents("test"))


def parts():
    """The numbers of the parts of the test contents."""
    return range(math.ceil(len(contents("test")) / PER_JOB))


@lru_cache
def dates(folder):
    """When the files of a folder were changed, by name; it is looked into once."""
    if not os.path.isdir(folder):
        return {}
    with os.scandir(folder) as entries:
        return {entry.name: entry.stat().st_mtime_ns for entry in entries}


def keep_whole(index, folder, part):
    """Have a part made again that has lost a picture since its index was written, or got another.

    The pictures are no files of Snakemake's, which would take as long to plan as there are pictures.
    """
    if workflow.is_main_process and os.path.exists(index):
        made, known = os.stat(index).st_mtime_ns, dates(folder)
        # One that is not there is as one that will be made.
        if any(known.get(f"{name}.png", math.inf) > made for name in ids_of_part(part)):
            workflow.dag.forcefiles.add(index)


def ids_of_part(part):
    """Ids of a part's test contents."""
    return slice_of(contents("test"), PER_JOB, int(part))


def rows_of_part(wildcards):
    """What the selection tells of a part's test contents, as a digest."""
    tests = [p for p in pictures() if p.role == "content" and p.split == "test"]
    rows = slice_of(tests, PER_JOB, int(wildcards.part))
    return hashlib.sha256(repr(rows).encode()).hexdigest()


@lru_cache
def sources():
    """The file of each selected picture, by its id."""
    return {p.id: p.source for p in pictures()}


def own_selection(wildcards):
    """The selection, of which a picture is prepared.

    In large studies another selection makes only those anew whose own file is newer: one more test
    content would else have all paintings prepared again, and everything trained that sees them.
    """
    selection = f"{RESULTS}/selection.csv"
    source, made = sources().get(wildcards.id, ""), f"{RESULTS}/inputs/{wildcards.id}.png"
    kept = os.path.exists(source) and os.path.exists(made)
    return (
        ancient(selection)
        if kept and os.stat(source).st_mtime < os.stat(made).st_mtime
        else selection
    )


def part_selection(wildcards):
    """The selection, of which a part is prepared."""
    keep_whole(INPUT_PART.format(**wildcards), f"{RESULTS}/inputs", wildcards.part)
    # Another one makes those parts anew whose own rows it changes.
    return ancient(f"{RESULTS}/selection.csv")


def input_part_of(wildcards):
    """The index of the part that a test content belongs to."""
    place = contents("test").index(wildcards.content_id) if wildcards.content_id in tests() else 0
    return INPUT_PART.format(part=place // PER_JOB)


def input_part(wildcards):
    """The index of the prepared contents that a part's pictures are painted of."""
    folder = os.path.dirname(STYLIZED).format(**wildcards)
    keep_whole(STYLIZED_PART.format(**wildcards), folder, wildcards.part)
    return INPUT_PART.format(**wildcards)


def inputs(ids):
    # A painting may belong to several styles.
    return expand(f"{RESULTS}/inputs/{{id}}.png", id=dict.fromkeys(ids))


def shape(wildcards):
    """What a picture is prepared as: of most studies, squares of one size."""
    return as_given(STUDY.test_shape if wildcards.id in tests() else Shape(STUDY.image_size))


def as_given(shape):
    """A shape as it has always been recorded: a number, where it is one."""
    return shape.side if shape.fit == "squeeze" else str(shape)


def style_inputs(wildcards):
    """The prepared paintings that a style is."""
    return inputs(p.id for p in pictures() if p.style == wildcards.style and p.split == "target")


def test_inputs(wildcards):
    """The prepared test contents, or the indexes of their parts."""
    return expand(INPUT_PART, part=parts()) if PER_JOB else inputs(contents("test"))


def prepared(splits):
    """The prepared pictures of some splits, of test contents in parts the indexes."""
    known = {"test"} if PER_JOB else set()
    single = inputs(p.id for p in pictures() if p.split in splits - known)
    return single + (test_inputs({}) if splits & known else [])


def judged_inputs(wildcards):
    """The prepared pictures that scores lie between: test contents and held-out paintings."""
    return prepared({"test", "heldout"})


def compared_judges(wildcards):
    """How alike judges are: each pair of them once, or one and those that come before it."""
    return [
        f"{RESULTS}/judge/{one}/related/{other}.json"
        for one, other in combinations(JUDGES, 2)
        if wildcards.get("judge") in {None, other}
    ]


def likeness(wildcards):
    """How alike a judge and the network of a backbone are."""
    name = STUDY.file_of(wildcards.backbone)
    return f"{RESULTS}/judge/{wildcards.judge}/likeness/{name}.json"


def training_inputs(wildcards):
    """The prepared training contents."""
    return inputs(contents("train"))


def of_models(pattern, **values):
    """Paths of all models: of each backbone with each of its aggregations."""
    return [
        path
        for backbone, aggregation in STUDY.models
        for path in each(pattern, backbone=backbone, aggregation=aggregation, **values)
    ]


def network_file(wildcards):
    """The network of a backbone, which others that are like it may share."""
    return f"{RESULTS}/backbones/{STUDY.file_of(wildcards.backbone)}.weights.h5"


def target_files(wildcards):
    """The targets of a backbone's network, of one style or of all."""
    styles = [wildcards.style] if "style" in wildcards.keys() else STYLES
    return [
        f"{RESULTS}/targets/{STUDY.file_of(wildcards.backbone)}/{style}.npz" for style in styles
    ]


def canvas(wildcards):
    """What a backbone's pictures are held as, as JSON."""
    return STUDY.canvas_of(wildcards.backbone).to_json()


def canvases():
    """What the pictures of each backbone are held as, as JSON."""
    return json.dumps(
        {
            name: {
                "like": backbone.like,
                "canvas": STUDY.canvas_of(name).given(),
                "same": STUDY.file_of(name) != name or backbone.like is None,
                "network": backbone.architecture or Path(backbone.weights).stem,
            }
            for name, backbone in STUDY.backbones.items()
        },
        ensure_ascii=False,
    )


def loss_weights(wildcards):
    """What was measured of a backbone's losses; nothing where the config gives numbers."""
    measures = STUDY.objective(wildcards.backbone).measures
    return f"{RESULTS}/loss_weights/{wildcards.backbone}.json" if measures else []


STYLIZED = f"{RESULTS}/stylized/{{backbone}}/{{aggregation}}/{{style}}/{{content_id}}.png"


def asked_pictures():
    """The pictures that a user names, if those alone: style, content id by model."""
    form = re.compile(
        rf"{re.escape(RESULTS)}/stylized/([^/]+)/([^/]+)/([^/]+)/([^/]+)\.png", re.DOTALL
    )
    asked = [form.fullmatch(os.path.normpath(path)) for path in workflow.dag_settings.targets]
    # A job elsewhere does not know what its study was asked for.
    return [match.groups() for match in asked] if all(asked) and workflow.local_exec else []


def painted_inputs(wildcards, input):
    """The prepared contents that a model paints in a style: those asked for, else all tests.

    It takes `input` to be no reason to run a job again: a picture that is asked for alone is the
    one that is painted with others.
    """
    model = (wildcards.backbone, wildcards.aggregation, wildcards.style)
    asked = {f"{name}.png" for *other, name in asked_pictures() if tuple(other) == model}
    named = [path for path in input.contents if os.path.basename(path) in asked]
    return named or list(input.contents)


def stylized(**values):
    """The pictures of some models in each style, or the indexes of their parts."""
    if PER_JOB:
        return expand(STYLIZED_PART, style=STYLES, part=parts(), **values)
    return expand(STYLIZED, style=STYLES, content_id=contents("test"), **values)


def stylized_images(wildcards):
    """All pictures that the study makes."""
    return [
        path
        for backbone, aggregation in STUDY.models
        for path in stylized(backbone=backbone, aggregation=aggregation)
    ]


def model_images(wildcards):
    """All pictures that one model makes."""
    return stylized(backbone=wildcards.backbone, aggregation=wildcards.aggregation)


def paired_images(aggregation):
    """What one aggregation of a backbone made, in the same order for each."""
    return lambda wildcards: stylized(backbone=wildcards.backbone, aggregation=aggregation)


def score_tables(wildcards):
    """What judges say of the pictures of all models: a table of each, or of each of its parts."""
    pattern, more = (SCORES_PART, {"style": STYLES, "part": parts()}) if PER_JOB else (SCORES, {})
    return [path for judge in JUDGES for path in of_models(pattern, judge=judge, **more)]


def selected_inputs(wildcards):
    """The prepared copies of all selected pictures."""
    return prepared({p.split for p in pictures()})


def lines(words):
    """An argument file with a line for each of these words: thousands exceed a command line."""
    # Bash's own printf, which is no process that a command line would be handed to.
    return f"@<(printf '%s\\n' {{{words}:q}})"


def a_gpu(wildcards):
    """One of this machine's GPUs, if it has any; of a cluster's nodes the user tells."""
    return 1 if workflow.local_exec and GPUS else None


def growing(first):
    """What a job may take: as much as foreseen, and once more as much with each further try."""
    return lambda wildcards, attempt: first * attempt
