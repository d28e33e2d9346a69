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
        histories=expand(rules.train.output.history, optimizer=STUDY.optimizers, allow_missing=True),
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


# All pictures of a model in a style in one process, which starts in as long as a small network
# paints one. One after the other: a picture does not depend on which others are painted.
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
        contents=painted_inputs,
        optimizers=as_is(write_optimizers(STUDY.optimizers)),
        loss=lambda wildcards: STUDY.objective(wildcards.backbone).to_json(),
        epochs=STUDY.training.only(Epochs).to_json(),
        canvas=canvas,
        seed=STUDY.seed,
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.paint --backbone {input.backbone:q}"
        " --name {wildcards.backbone:q} --target {input.target:q}"
        f" --contents {lines('params.contents')}"
        " --choice {input.choice:q}"
        " --optimizers {params.optimizers:q} --loss {params.loss:q}"
        " --loss-weights {input.weights:q} --epochs {params.epochs:q} --canvas {params.canvas:q}"
        " --seed {params.seed} --threads {params.threads} --output {output.pictures:q}"
        " > {log:q} 2>&1"


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
