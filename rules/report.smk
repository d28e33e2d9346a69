# The HTML report: reads the study's files, computes nothing.


rule report:
    input:
        selection=f"{RESULTS}/selection.csv",
        notes=f"{RESULTS}/selection.json",
        inputs=selected_inputs,
        backbones=expand(rules.load_backbone.output.about, backbone=STUDY.backbones),
        histories=expand(
            rules.train.output.history,
            backbone=STUDY.backbones,
            aggregation=STUDY.aggregations,
            optimizer=STUDY.optimizers,
        ),
        choices=rules.collect_choices.output.csv,
        stylized=stylized_images,
        # Nothing where the config names no judge.
        scores=rules.collect_scores.output if STUDY.judge else [],
        findings=rules.compare.output if STUDY.judge else [],
        template=f"{TEMPLATES}/report.html.j2",
        style=f"{TEMPLATES}/report.css",
        script=f"{TEMPLATES}/report.js",
    output:
        html=report(
            f"{RESULTS}/report.html",
            caption="../reports/captions/report.rst",
            category="Report",
        ),
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{BENCHMARKS}/report/all.tsv"
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=1000,
    params:
        study=lambda wildcards, output: os.path.dirname(output.html),
        templates=lambda wildcards, input: os.path.dirname(input.template),
        # The page shows it; the program reads it from the study's record.
        config=json.dumps(STUDY.config),
    shell:
        "python -m workflow_scripts.report --study {params.study:q} --templates {params.templates:q}"
        " --output {output.html:q} > {log:q} 2>&1"
