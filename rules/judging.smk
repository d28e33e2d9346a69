# Scores by a network that no model optimises, and what they say. Only with a judge in the config.


use rule load_backbone as load_judge with:
    output:
        backbone=f"{RESULTS}/judge/network.weights.h5",
        about=f"{RESULTS}/judge/network.json",
    log:
        f"{LOGS}/load_judge.log",
    benchmark:
        f"{BENCHMARKS}/load_judge/all.tsv"
    # A judge that cannot be had, or must not judge, is told before hours of painting.
    priority: 10
    params:
        name="judge",
        network=as_is(STUDY.judge.network().to_json()),
        seed=STUDY.seed,
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,


rule check_judge:
    input:
        judge=rules.load_judge.output.backbone,
        backbone=rules.load_backbone.output.backbone,
    output:
        similarity=f"{RESULTS}/judge/likeness/{{backbone}}.json",
    log:
        f"{LOGS}/check_judge/{{backbone}}.log",
    priority: 10
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=1000,
    params:
        name=as_is(STUDY.judge.label),
    shell:
        "python -m workflow_scripts.check_judge --judge {input.judge:q} --judge-name {params.name:q}"
        " --backbone {input.backbone:q} --backbone-name {wildcards.backbone:q}"
        " --output {output.similarity:q} > {log:q} 2>&1"


rule measure_bounds:
    input:
        judge=rules.load_judge.output.backbone,
        selection=f"{RESULTS}/selection.csv",
        inputs=judged_inputs,
    output:
        reference=f"{RESULTS}/judge/reference.npz",
        csv=f"{RESULTS}/judge/bounds.csv",
    log:
        f"{LOGS}/measure_bounds.log",
    benchmark:
        f"{BENCHMARKS}/measure_bounds/all.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=memory(STUDY, 1, 1),
    params:
        inputs=f"{RESULTS}/inputs",
        threads=STUDY.compute.threads,
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.measure_bounds --judge {input.judge:q}"
        " --selection {input.selection:q} --inputs {params.inputs:q} --threads {params.threads}"
        " --reference {output.reference:q} --output {output.csv:q} > {log:q} 2>&1"


rule score:
    input:
        judge=rules.load_judge.output.backbone,
        similarity=rules.check_judge.output.similarity,
        reference=rules.measure_bounds.output.reference,
        contents=test_inputs,
        pictures=model_images,
    output:
        # Kept while it is brought up to date: only pictures that have changed are scored.
        csv=update(f"{RESULTS}/scores/{{backbone}}/{{aggregation}}.csv"),
    log:
        f"{LOGS}/score/{{backbone}}/{{aggregation}}.log",
    benchmark:
        f"{BENCHMARKS}/score/{{backbone}}/{{aggregation}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=memory(STUDY, 1, 1),
    params:
        threads=STUDY.compute.threads,
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.score --judge {input.judge:q} --reference {input.reference:q}"
        " --backbone {wildcards.backbone:q} --aggregation {wildcards.aggregation}"
        f" --pictures {lines('input.pictures')}"
        f" --contents {lines('input.contents')}"
        " --threads {params.threads}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule collect_scores:
    input:
        bounds=rules.measure_bounds.output.csv,
        scores=expand(
            rules.score.output.csv,
            backbone=STUDY.backbones,
            aggregation=STUDY.aggregations,
        ),
    output:
        csv=report(
            f"{RESULTS}/scores.csv",
            caption="../reports/captions/scores.rst",
            category="Scores",
        ),
    log:
        f"{LOGS}/collect_scores.log",
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=500,
    params:
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.collect_scores --bounds {input.bounds:q}"
        f" --scores {lines('input.scores')}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule compare:
    input:
        scores=rules.collect_scores.output.csv,
        histories=expand(
            rules.train.output.history,
            backbone=STUDY.backbones,
            aggregation=STUDY.aggregations,
            optimizer=STUDY.optimizers,
        ),
        judge=rules.load_judge.output.about,
        similarities=expand(rules.check_judge.output.similarity, backbone=STUDY.backbones),
    output:
        findings=f"{RESULTS}/findings.json",
        picture=report(
            f"{RESULTS}/pareto.svg",
            caption="../reports/captions/pareto.rst",
            category="Scores",
        ),
    log:
        f"{LOGS}/compare.log",
    benchmark:
        f"{BENCHMARKS}/compare/all.tsv"
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=1000,
    params:
        training=STUDY.training.to_json(),
        styles=as_is(STUDY.styles.to_json()),
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.compare --scores {input.scores:q}"
        f" --histories {lines('input.histories')}"
        " --training {params.training:q} --judge {input.judge:q}"
        f" --styles {lines('params.styles')}"
        f" --similarities {lines('input.similarities')}"
        " --findings {output.findings:q}"
        " --picture {output.picture:q} > {log:q} 2>&1"
