# Artist Aggregation Technique: neural style transfer in the style of many paintings.
#
#   snakemake --cores all                             the full study, config.yaml
#   snakemake --cores all --configfile demo.yaml      the embedded demo

import atexit
import os
import sys

from snakemake.utils import min_version

min_version("9.0")


# A whole config given on the command line replaces config.yaml. One that gives only what differs is
# laid over the config that it `extends`, unless it was laid over another one by --configfile.
if "extends" in config and not {"data", "styles", "contents", "backbones"} <= config.keys():
    BELOW = next(
        (
            path
            for path in (str(config["extends"]), f"{workflow.basedir}/{config['extends']}")
            if os.path.isfile(path)
        ),
        None,
    )
    if BELOW is None:
        sys.exit(f"error: config: extends: no file {config['extends']!r}; name the config below")

    configfile: BELOW

elif "study" not in config:

    configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/dataset.smk"
include: "rules/demo.smk"
include: "rules/selection.smk"
include: "rules/images.smk"
include: "rules/backbones.smk"
include: "rules/losses.smk"
include: "rules/painting.smk"


if STUDY.judge:

    include: "rules/judging.smk"


include: "rules/report.smk"
include: "rules/estimate.smk"


refuse_missing_sources()
refuse_blocked()


onstart:
    # Not earlier: without ids a study can still be planned.
    if STUDY.styles.unlisted:
        sys.exit("\n".join(f"error: {line}" for line in STUDY.styles.unlisted))
    lift_rate_limit()
    JOBS = list(planned_jobs())
    refuse_hindrances(JOBS)
    if {job.rule for job in JOBS} <= {"estimate"}:
        return
    # Before the first job, whatever else was asked for: no result lacks the config it belongs to. As a
    # rule's output it would come late, or hold back the checkpoint whenever the config changes.
    write_record(STUDY, RECORD)
    record_setting(
        find_setting(
            workflow.basedir,
            snakemake_version,
            workflow.config_settings.configfiles,
            workflow.config_settings.config,
            SET_ASIDE,
        ),
        f"{RESULTS}/runs.json",
    )


onerror:
    # Last on the screen, behind what Snakemake has to tell: what is wrong, and the mend.
    atexit.register(print, *tell_failures(log), sep="\n", file=sys.stderr)


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
