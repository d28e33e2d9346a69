# Each model's optimizer and number of epochs.


rule choose:
    input:
        histories=expand(rules.train.output.history, optimizer=STUDY.optimizers, allow_missing=True),
    output:
        # One file per model: another model's changed choice must not remake this one's pictures.
        csv=f"{RESULTS}/choices/{{backbone}}/{{aggregation}}.csv",
    log:
        f"{LOGS}/choose/{{backbone}}/{{aggregation}}.log",
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=500,
    params:
        max_epochs=TRAINING["max_epochs"],
        min_improvement=TRAINING["min_improvement"],
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.choose --backbone {wildcards.backbone:q}"
        " --aggregation {wildcards.aggregation} --histories {input.histories:q}"
        " --max-epochs {params.max_epochs} --min-improvement {params.min_improvement}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule collect_choices:
    input:
        choices=expand(
            rules.choose.output.csv,
            backbone=STUDY.backbones,
            aggregation=STUDY.aggregations,
        ),
    output:
        csv=report(
            f"{RESULTS}/choices.csv",
            caption="../reports/captions/choices.rst",
            category="Choices",
        ),
    log:
        f"{LOGS}/collect_choices.log",
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m workflow_scripts.collect_choices --choices {input.choices:q}"
        " --output {output.csv:q} > {log:q} 2>&1"
