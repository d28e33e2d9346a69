# One content in one style by one model, at the content's original size.


rule stylize:
    input:
        backbone=rules.load_backbone.output.backbone,
        target=rules.build_target.output.target,
        content=f"{RESULTS}/inputs/{{content_id}}.png",
        choice=rules.choose.output.csv,
    output:
        png=report(
            STYLIZED,
            caption="../reports/captions/stylized.rst",
            category="Stylised images",
            subcategory="{style}",
            labels={
                "backbone": "{backbone}",
                "aggregation": "{aggregation}",
                "content": "{content_id}",
            },
        ),
    log:
        f"{LOGS}/stylize/{{backbone}}/{{aggregation}}/{{style}}/{{content_id}}.log",
    benchmark:
        f"{BENCHMARKS}/stylize/{{backbone}}/{{aggregation}}/{{style}}/{{content_id}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: COMPUTE["threads"]
    resources:
        mem_mb=2000,
        gpu=0,
    params:
        optimizers=json.dumps(STUDY.optimizers),
        loss=lambda wildcards: loss_options(backbone_of(wildcards)),
        steps_per_epoch=TRAINING["steps_per_epoch"],
        seed=STUDY.seed,
        threads=COMPUTE["threads"],
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.stylize --backbone {input.backbone:q} --target {input.target:q}"
        " --content {input.content:q} --choice {input.choice:q}"
        " --optimizers {params.optimizers:q} {params.loss}"
        " --steps-per-epoch {params.steps_per_epoch} --seed {params.seed}"
        " --threads {params.threads} --output {output.png:q} > {log:q} 2>&1"
