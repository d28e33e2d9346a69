# The HTML report: reads the study's files, computes nothing.

PAGE_SOURCES = [
    str(path)
    for path in sorted(Path(TEMPLATES).rglob("*"))
    if path.suffix in {".j2", ".css", ".js"}
]


# The record and the times, which are no inputs, where they are not here.
FETCHING = f" --bucket {quoted(address(RESULTS))}" if STORED else ""


# The page as the study is now, finished or not: asks for no file, so nothing else is run for it.
# Its output is not declared, since it is that of write_report, which makes it anew in any case as
# soon as a file of the study is newer.
rule report:
    log:
        f"{LOGS}/report.log",
    localrule: True
    conda:
        "../envs/nst.yaml"
    threads: 4
    resources:
        mem_mb=1000,
    params:
        study=RESULTS,
        templates=as_is(TEMPLATES),
    shell:
        "python -m workflow_scripts.report --study {params.study:q} --templates {params.templates:q}"
        f" --threads {{threads}}{FETCHING} > {{log:q}} 2>&1"


# The page of the finished study.
use rule report as write_report with:
    input:
        selection=f"{RESULTS}/selection.csv",
        notes=f"{RESULTS}/selection.json",
        inputs=selected_inputs,
        backbones=each(rules.load_backbone.output.about, backbone=STUDY.files),
        histories=of_models(rules.train.output.history, optimizer=STUDY.optimizers),
        choices=rules.collect_choices.output.csv,
        stylized=stylized_images,
        differences=DIFFERENCES,
        # Nothing where the config names no judge.
        scores=rules.collect_scores.output if STUDY.judge else [],
        findings=rules.compare.output if STUDY.judge else [],
        template=local(f"{TEMPLATES}/report.html.j2"),
        sources=local(PAGE_SOURCES),
    output:
        html=report(
            f"{RESULTS}/report.html",
            caption="../reports/captions/report.rst",
            category="Report",
        ),
    log:
        f"{LOGS}/write_report.log",
    benchmark:
        f"{BENCHMARKS}/write_report/all.tsv"
    params:
        study=lambda wildcards, output: os.path.dirname(output.html),
        templates=lambda wildcards, input: os.path.dirname(input.template),
        # The page shows it; the program reads it from the study's record.
        config=as_is(STUDY.to_json()),


# To be sent: the page and the originals that it links to.
rule bundle:
    input:
        page=rules.write_report.output.html,
    output:
        zip=f"{RESULTS}/report.zip",
    log:
        f"{LOGS}/bundle.log",
    localrule: True
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m workflow_scripts.bundle --page {input.page:q} --output {output.zip:q}"
        " > {log:q} 2>&1"


# To be kept or published: the results, the workflow and the run, each file with its digest.
rule crate:
    input:
        page=rules.write_report.output.html,
    output:
        zip=f"{RESULTS}/crate.zip",
    log:
        f"{LOGS}/crate.log",
    localrule: True
    conda:
        "../envs/crate.yaml"
    resources:
        mem_mb=500,
    params:
        study=lambda wildcards, input: os.path.dirname(input.page),
    shell:
        "python -m workflow_scripts.crate --study {params.study:q} --output {output.zip:q}"
        " > {log:q} 2>&1"
