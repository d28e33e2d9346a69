# All training pairs of one backbone, aggregation and optimizer, in lockstep until it pays no more.


rule train:
    input:
        backbone=rules.load_backbone.output.backbone,
        targets=expand(rules.build_target.output.target, style=STYLES, allow_missing=True),
        contents=training_inputs,
    output:
        history=f"{RESULTS}/training/{{backbone}}/{{aggregation}}/{{optimizer}}.csv",
    log:
        f"{LOGS}/train/{{backbone}}/{{aggregation}}/{{optimizer}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{backbone}}/{{aggregation}}/{{optimizer}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.threads
    resources:
        mem_mb=4000,
        gpu=0,
    params:
        settings=lambda wildcards: json.dumps(STUDY.optimizers[wildcards.optimizer]),
        alpha=lambda wildcards: backbone_of(wildcards).alpha,
        beta=lambda wildcards: backbone_of(wildcards).beta,
        max_epochs=TRAINING["max_epochs"],
        min_improvement=TRAINING["min_improvement"],
        steps_per_epoch=TRAINING["steps_per_epoch"],
        batch=TRAINING["batch"],
        seed=STUDY.seed,
        threads=STUDY.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.train --backbone {input.backbone:q} --targets {input.targets:q}"
        " --contents {input.contents:q} --aggregation {wildcards.aggregation}"
        " --optimizer {wildcards.optimizer} --settings {params.settings:q}"
        " --alpha {params.alpha} --beta {params.beta} --max-epochs {params.max_epochs}"
        " --min-improvement {params.min_improvement}"
        " --steps-per-epoch {params.steps_per_epoch} --batch {params.batch}"
        " --seed {params.seed} --threads {params.threads}"
        " --output {output.history:q} > {log:q} 2>&1"
