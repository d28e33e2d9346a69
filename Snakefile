# Artist Aggregation Technique: neural style transfer in the style of many paintings.
#
#   snakemake --cores all                             the full study, config.yaml
#   snakemake --cores all --configfile demo.yaml      the embedded demo

import atexit
import os
import sys

from snakemake.utils import min_version, update_config

min_version("9.0")


sys.path.insert(0, workflow.basedir)

from nstcore.common.errors import StudyError
from nstcore.study.config_file import check_files, find_below, read_nested

GIVEN = workflow.config_settings.configfiles
try:
    BELOW = find_below(config, GIVEN, workflow.basedir)
    check_files([*([BELOW] if BELOW else []), *GIVEN])
except StudyError as error:
    sys.exit("\n".join(f"error: {line}" for line in error.lines))


if BELOW:

    configfile: BELOW


update_config(config, read_nested(workflow.config_settings.config))


# What the jobs run in with --sdm apptainer.
if IMAGE := os.environ.get("NSTCORE_IMAGE"):

    container: IMAGE


include: "rules/storage.smk"
include: "rules/common.smk"
include: "rules/start.smk"
include: "rules/dataset.smk"
include: "rules/demo.smk"
include: "rules/selection.smk"
include: "rules/images.smk"
include: "rules/backbones.smk"
include: "rules/losses.smk"
include: "rules/painting.smk"
include: "rules/pairs.smk"


if STUDY.judge:

    include: "rules/judging.smk"


include: "rules/report.smk"
include: "rules/estimate.smk"


refuse_no_image()
refuse_parts_in_bucket()
refuse_unusable_sources()
refuse_blocked()
look_after_lock()


onstart:
    # Not earlier: without ids a study can still be planned.
    if STUDY.styles.unlisted:
        sys.exit("\n".join(f"error: {line}" for line in STUDY.styles.unlisted))
    follow_earlier_run()
    lift_rate_limit()
    limit_groups()
    share_gpus()
    JOBS = list(planned_jobs())
    refuse_hindrances(JOBS)
    if [job.rule for job in JOBS] == ["estimate"]:
        return
    # Before the first job, whatever else was asked for: no result lacks the config it belongs to. As a
    # rule's output it would come late, or hold back the checkpoint whenever the config changes.
    write_record(STUDY, RECORD)
    store(f"{RESULTS}/config.json")
    fetch(f"{RESULTS}/runs.json")
    record_setting(
        find_setting(
            workflow.basedir,
            snakemake_version,
            workflow.config_settings.configfiles,
            workflow.config_settings.config,
            SET_ASIDE,
        ),
        kept(f"{RESULTS}/runs.json"),
    )
    store(f"{RESULTS}/runs.json")


onerror:
    # Last on the screen, behind what Snakemake has to tell: what is wrong, and the mend.
    if not END_WATCH.stopped:
        atexit.register(print, *tell_failures(log, find=find_log), sep="\n", file=sys.stderr)


rule all:
    default_target: True
    input:
        # All that other programs read, so that a file that was deleted is made again.
        histories=rules.write_report.input.histories,
        choices=rules.collect_choices.output.csv,
        stylized=stylized_images,
        scores=rules.write_report.input.scores,
        findings=rules.write_report.input.findings,
        report=rules.write_report.output.html,
