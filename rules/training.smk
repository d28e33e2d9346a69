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
    threads: COMPUTE["threads"]
    resources:
        mem_mb=4000,
        gpu=0,
    params:
        settings=lambda wildcards: json.dumps(STUDY.optimizers[wildcards.optimizer]),
        loss=lambda wildcards: loss_options(backbone_of(wildcards)),
        max_epochs=TRAINING["max_epochs"],
        min_improvement=TRAINING["min_improvement"],
        steps_per_epoch=TRAINING["steps_per_epoch"],
        batch=TRAINING["batch"],
        seed=STUDY.seed,
        threads=COMPUTE["threads"],
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.train --backbone {input.backbone:q} --targets {input.targets:q}"
        " --contents {input.contents:q} --aggregation {wildcards.aggregation}"
        " --optimizer {wildcards.optimizer} --settings {params.settings:q}"
        " {params.loss} --max-epochs {params.max_epochs}"
        " --min-improvement {params.min_improvement}"
        " --steps-per-epoch {params.steps_per_epoch} --batch {params.batch}"
        " --seed {params.seed} --threads {params.threads}"
        # No parameters: they change no result, so a change of theirs must make none anew.
        f" --pairs-in-memory {COMPUTE['pairs_in_memory']} --save-every {COMPUTE['save_every']}"
        " --output {output.history:q} > {log:q} 2>&1"
