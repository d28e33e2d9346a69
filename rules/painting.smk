# Painting: all training pairs of a model under each optimizer, its choice of one, its pictures.


rule train:
    input:
        backbone=network_file,
        targets=target_files,
        contents=training_inputs,
        weights=loss_weights,
    output:
        history=f"{RESULTS}/training/{{backbone}}/{{aggregation}}/{{optimizer}}.csv",
    log:
        f"{LOGS}/train/{{backbone}}/{{aggregation}}/{{optimizer}}.log",
    benchmark:
        f"{BENCHMARKS}/train/{{backbone}}/{{aggregation}}/{{optimizer}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=growing(memory(STUDY, STUDY.training.batch, len(STYLES))),
        gpu=a_gpu,
        runtime=growing(training_minutes(STUDY)),
    params:
        loss=lambda wildcards: STUDY.objective(wildcards.backbone).to_json(),
        settings=lambda wildcards: STUDY.optimizers[wildcards.optimizer].to_json(),
        training=STUDY.training.to_json(),
        canvas=canvas,
        seed=STUDY.seed,
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.train --backbone {input.backbone:q}"
        f" --targets {lines('input.targets')}"
        f" --contents {lines('input.contents')}"
        " --aggregation {wildcards.aggregation}"
        " --loss {params.loss:q} --loss-weights {input.weights:q}"
        " --optimizer {wildcards.optimizer} --settings {params.settings:q}"
        " --training {params.training:q} --canvas {params.canvas:q} --seed {params.seed}"
        # No parameter, but for the threads: the rest changes no result, so makes none anew.
        f" --compute {quoted(STUDY.compute.to_json())}"
        " --output {output.history:q} > {log:q} 2>&1"


rule choose:
    input:
        histories=each(rules.train.output.history, optimizer=STUDY.optimizers, allow_missing=True),
    output:
        # One file per model: another model's changed choice must not remake this one's pictures.
        csv=f"{RESULTS}/choices/{{backbone}}/{{aggregation}}.csv",
    log:
        f"{LOGS}/choose/{{backbone}}/{{aggregation}}.log",
    localrule: True
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(500),
    params:
        training=STUDY.training.to_json(),
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.choose --backbone {wildcards.backbone:q}"
        " --aggregation {wildcards.aggregation}"
        f" --histories {lines('input.histories')}"
        " --training {params.training:q} --output {output.csv:q} > {log:q} 2>&1"


rule collect_choices:
    input:
        choices=of_models(rules.choose.output.csv),
    output:
        csv=report(
            f"{RESULTS}/choices.csv",
            caption="../reports/captions/choices.rst",
            category="Choices",
        ),
    log:
        f"{LOGS}/collect_choices.log",
    localrule: True
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(500),
    shell:
        "python -m workflow_scripts.collect_choices"
        f" --choices {lines('input.choices')}"
        " --output {output.csv:q} > {log:q} 2>&1"


PAINT = (
    "python -m workflow_scripts.paint --backbone {input.backbone:q}"
    " --name {wildcards.backbone:q} --target {input.target:q} --choice {input.choice:q}"
    " --optimizers {params.optimizers:q} --loss {params.loss:q}"
    " --loss-weights {input.weights:q} --epochs {params.epochs:q} --canvas {params.canvas:q}"
    " --seed {params.seed} --threads {params.threads}"
)

# What a picture depends on beside its files.
PAINTED_WITH = {
    "optimizers": as_is(write_optimizers(STUDY.optimizers)),
    "loss": lambda wildcards: STUDY.objective(wildcards.backbone).to_json(),
    "epochs": STUDY.training.only(Epochs).to_json(),
    "canvas": canvas,
    "seed": STUDY.seed,
    "threads": STUDY.compute.threads,
    "numerics": NUMERICS_VERSION,
}


if PER_JOB:

    # Its pictures are painted under their own names, one by one: see nstcore/selection/part.py.
    rule paint_part:
        input:
            backbone=network_file,
            target=target_files,
            contents=input_part,
            choice=rules.choose.output.csv,
            weights=loss_weights,
        output:
            # Kept while it is brought up to date: only what has changed is painted.
            index=update(STYLIZED_PART),
        log:
            f"{LOGS}/paint_part/{{backbone}}/{{aggregation}}/{{style}}/{PER_JOB}/{{part}}.log",
        benchmark:
            f"{BENCHMARKS}/paint_part/{{backbone}}/{{aggregation}}/{{style}}/{PER_JOB}/{{part}}.tsv"
        conda:
            "../envs/nst.yaml"
        threads: STUDY.compute.threads
        resources:
            mem_mb=growing(painting_memory(STUDY)),
            gpu=a_gpu,
            runtime=growing(painting_minutes(STUDY)),
        params:
            **PAINTED_WITH,
            folder=lambda wildcards: os.path.dirname(STYLIZED).format(**wildcards),
        shell:
            f"{PAINT} --part {{input.contents:q}} --pictures {{params.folder:q}}"
            " --output {output.index:q} > {log:q} 2>&1"

    # One that is asked for by its name.
    rule paint_picture:
        input:
            backbone=network_file,
            target=target_files,
            contents=input_part_of,
            choice=rules.choose.output.csv,
            weights=loss_weights,
        output:
            # One that is painted again stays if that fails.
            png=update(STYLIZED),
        log:
            f"{LOGS}/paint_picture/{{backbone}}/{{aggregation}}/{{style}}/{{content_id}}.log",
        conda:
            "../envs/nst.yaml"
        threads: STUDY.compute.threads
        resources:
            mem_mb=growing(painting_memory(STUDY)),
            gpu=a_gpu,
            runtime=growing(painting_minutes(STUDY)),
        params:
            **PAINTED_WITH,
            content=f"{RESULTS}/inputs/{{content_id}}.png",
            draft=f"{RESULTS}/painted/{{backbone}}/{{aggregation}}/{{style}}/{{content_id}}",
        shell:
            f"{PAINT} --contents {{params.content:q}} --output {{params.draft:q}} > {{log:q}} 2>&1"
            " && mv -f {params.draft:q}/{wildcards.content_id:q}.png {output.png:q} 2>> {log:q}"
            " && rmdir {params.draft:q}"

else:

    rule paint:
        input:
            backbone=network_file,
            target=target_files,
            contents=test_inputs,
            choice=rules.choose.output.csv,
            weights=loss_weights,
        output:
            pictures=temp(directory(f"{RESULTS}/painted/{{backbone}}/{{aggregation}}/{{style}}")),
        log:
            f"{LOGS}/paint/{{backbone}}/{{aggregation}}/{{style}}.log",
        benchmark:
            f"{BENCHMARKS}/paint/{{backbone}}/{{aggregation}}/{{style}}.tsv"
        conda:
            "../envs/nst.yaml"
        threads: STUDY.compute.threads
        resources:
            mem_mb=growing(painting_memory(STUDY)),
            gpu=a_gpu,
            runtime=growing(painting_minutes(STUDY)),
        params:
            **PAINTED_WITH,
            contents=painted_inputs,
        shell:
            f"{PAINT} --contents {lines('params.contents')} --output {{output.pictures:q}} > {{log:q}} 2>&1"

    rule stylize:
        input:
            pictures=rules.paint.output.pictures,
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
        localrule: True
        conda:
            "../envs/nst.yaml"
        resources:
            mem_mb=10,
        params:
            draft=lambda wildcards, output: os.path.join(
                os.path.dirname(output.png), f".part.{os.path.basename(output.png)}"
            ),
        shell:
            "{{ cp {input.pictures:q}/{wildcards.content_id:q}.png {params.draft:q}"
            " && mv -f {params.draft:q} {output.png:q}; }} 2> {log:q}"
