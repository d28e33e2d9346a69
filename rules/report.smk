# The HTML report: reads the study's files, computes nothing.


rule report:
    input:
        config=rules.record_config.output.json,
        selection=f"{RESULTS}/selection.csv",
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
        templates=f"{workflow.basedir}/reports",
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
    params:
        study=RESULTS,
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=1000,
    shell:
        "python {PROGRAMS}/report.py --study {params.study:q} --templates {input.templates:q}"
        " --output {output.html:q} > {log:q} 2>&1"
