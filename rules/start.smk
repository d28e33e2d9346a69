# What is looked at before the first job, and how a run begins and ends.

import atexit
import os
import sys

from snakemake.io import contains_wildcard
from snakemake.logging import logger

from nstcore.common.disk import find_blocked
from nstcore.common.errors import StudyError
from nstcore.study.earlier_run import EndWatch, end_stray_jobs, lift_stale_lock, note_run
from nstcore.study.failures import tell_failures
from nstcore.study.journal import find_setting, record_setting
from nstcore.study.preflight import Job, Machine, find_hindrances
from nstcore.study.record import write_record

END_WATCH = EndWatch(sys.argv)


def refuse_parts_in_bucket():
    """End with one line where a study's pictures would be no files that Snakemake brings there."""
    if STORED and PER_JOB:
        sys.exit(
            "error: compute.pictures_per_job goes with results in a folder, not in a bucket; leave it"
            " out of the config, or --default-storage-provider off the command line"
        )


def refuse_no_image():
    """End with one line if jobs are to run in a container and none is named: they would run without."""
    methods = {str(method) for method in workflow.deployment_settings.deployment_method}
    if "apptainer" in methods and not os.environ.get("NSTCORE_IMAGE"):
        sys.exit(
            "error: --sdm apptainer: no image is named; set NSTCORE_IMAGE to its address"
            " (docker://...) or to a file (.sif), see docs/containers.md"
        )


def refuse_unusable_sources():
    """End with one line if pictures cannot come from where they are to come from."""
    # Outputs and the project's own files are named after these, where one brace is too much.
    ours = [workflow.basedir, *([ARCHIVE] if ARCHIVE else [])]
    braces = [path for path in ours if not {"{", "}"}.isdisjoint(path)]
    for path in [*braces, *filter(contains_wildcard, SOURCES)][:1]:
        sys.exit(
            f"error: {path}: Snakemake takes braces for a wildcard; rename what they are in, or give"
            " the path of a link to it"
        )
    if workflow.remote_exec:
        return
    made = {str(output) for step in workflow.rules for output in step.output}
    for source in SOURCES:
        if source not in made and not os.path.exists(source):
            sys.exit(
                f"error: {source}: no such folder or archive; mend data.path, contents.source or"
                " styles.sets in the config"
            )


def refuse_blocked():
    """End with a line per file where a folder of the study has to be: Snakemake looks into it."""
    below = [RECORD, *([ARCHIVE, f"{DATASET}/artists.csv"] if ARCHIVE else [])]
    if lines := find_blocked(below):
        sys.exit("\n".join(f"error: {line}" for line in lines))


def share_gpus():
    """Let as many jobs use a GPU at once as there are, or as the user gives: --resources gpu=4."""
    if workflow.local_exec and GPUS and "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", len(GPUS))


def planned_jobs():
    """The jobs that are to be run, as far as Snakemake knows them yet."""
    for job in workflow.dag.needrun_jobs():
        if not job.is_group():
            memory = job.resources.get("mem_mb", 0)
            yield Job(
                job.rule.name,
                job.threads,
                memory if isinstance(memory, int) else 0,
                job.wildcards_dict.get("backbone"),
                tuple(str(path) for path in (*job.output, *job.log, job.benchmark) if path),
                job.wildcards_dict.get("judge"),
            )


def this_machine():
    """The cores and the memory that Snakemake may use."""
    limit = workflow.global_resources.get("mem_mb")
    return Machine(workflow.cores, getattr(limit, "value", limit))


def refuse_hindrances(jobs):
    """End with all the lines that tell what would end the run later; elsewhere nobody can tell."""
    lines = find_hindrances(STUDY, jobs, this_machine()) if workflow.local_exec else []
    if lines:
        sys.exit("\n".join(f"error: {line}" for line in lines))


def tell(lines):
    """Write lines to the screen, where Snakemake writes its own."""
    for line in lines:
        print(line, file=sys.stderr)


def look_after_lock():
    """Lift a lock that a killed run has left; say what helps where nobody can tell if it was.

    And how to go on after Ctrl-C.
    """
    # Only what a user has started: each job of a cluster reads all this too.
    if workflow.is_main_process:
        tell(lift_stale_lock())
        logger.addHandler(END_WATCH)
        atexit.register(END_WATCH.tell)


def follow_earlier_run():
    """End what a killed run has left running, and leave a note of this one."""
    try:
        tell(end_stray_jobs())
    except StudyError as error:
        sys.exit("\n".join(f"error: {line}" for line in error.lines))
    if note := note_run():
        atexit.register(note.unlink, missing_ok=True)


def limit_groups():
    """Let a job of a cluster that prepares many pictures do so a few at a time.

    It asks for what these take together.
    """
    if not workflow.local_exec:
        workflow.register_resource("preparing", 4)


def lift_rate_limit():
    """Let jobs here start as they come.

    To keep to its limit of starts, Snakemake 9.27 looks for work again a second after each look, and
    each job that ends adds a look of its own: after 500 jobs a third of a core goes into looking.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
