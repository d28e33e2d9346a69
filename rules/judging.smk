# Scores by networks that no model optimises, and what they say. Only with a judge in the config.

JUDGE = f"{RESULTS}/judge/{{judge}}"


use rule load_backbone as load_judge with:
    output:
        backbone=f"{JUDGE}/network.weights.h5",
        about=f"{JUDGE}/network.json",
    log:
        f"{LOGS}/load_judge/{{judge}}.log",
    benchmark:
        f"{BENCHMARKS}/load_judge/{{judge}}.tsv"
    # A judge that cannot be had, or must not judge, is told before hours of painting.
    priority: 10
    localrule: True
    params:
        name=lambda wildcards: f"judge {wildcards.judge}",
        network=lambda wildcards: JUDGES[wildcards.judge].network().to_json(),
        seed=STUDY.seed,
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,


rule check_judge:
    input:
        judge=rules.load_judge.output.backbone,
        other=rules.load_backbone.output.backbone,
    output:
        similarity=f"{JUDGE}/likeness/{{backbone}}.json",
    log:
        f"{LOGS}/check_judge/{{judge}}/{{backbone}}.log",
    priority: 10
    localrule: True
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(1000),
    params:
        other=lambda wildcards: wildcards.backbone,
        kind="backbone",
    shell:
        "python -m workflow_scripts.check_judge --judge {input.judge:q}"
        " --judge-name {wildcards.judge:q} --kind {params.kind} --other {input.other:q} --other-name {params.other:q}"
        " --output {output.similarity:q} > {log:q} 2>&1"


# A second judge of the first one's training is no second opinion.
use rule check_judge as check_judges with:
    input:
        judge=rules.load_judge.output.backbone,
        other=f"{RESULTS}/judge/{{other_judge}}/network.weights.h5",
    output:
        similarity=f"{JUDGE}/related/{{other_judge}}.json",
    log:
        f"{LOGS}/check_judges/{{judge}}/{{other_judge}}.log",
    localrule: True
    params:
        other=lambda wildcards: wildcards.other_judge,
        kind="judge",


rule measure_bounds:
    input:
        judge=rules.load_judge.output.backbone,
        selection=f"{RESULTS}/selection.csv",
        inputs=judged_inputs,
    output:
        reference=f"{JUDGE}/reference.npz",
        csv=f"{JUDGE}/bounds.csv",
        fitness=f"{JUDGE}/fitness.json",
    log:
        f"{LOGS}/measure_bounds/{{judge}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_bounds/{{judge}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=growing(memory(STUDY, 1, 1)),
        gpu=a_gpu,
    params:
        # Nothing reads this: without it, every study would be judged by other parameters than before.
        inputs=f"{RESULTS}/inputs",
        threads=STUDY.compute.threads,
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.measure_bounds --judge-name {wildcards.judge:q}"
        ' --judge {input.judge:q} --selection {input.selection:q} --inputs "$(dirname {input.inputs[0]:q})"'
        # The same as that of the pictures, so no parameter of its own.
        f" --size {STUDY.image_size}"
        " --threads {params.threads} --reference {output.reference:q} --fitness {output.fitness:q}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule score:
    input:
        judge=rules.load_judge.output.backbone,
        similarity=likeness,
        related=compared_judges,
        reference=rules.measure_bounds.output.reference,
        contents=test_inputs,
        pictures=model_images,
    output:
        # Kept while it is brought up to date: only pictures that have changed are scored.
        csv=updated(SCORES),
    log:
        f"{LOGS}/score/{{judge}}/{{backbone}}/{{aggregation}}.log",
    benchmark:
        f"{BENCHMARKS}/score/{{judge}}/{{backbone}}/{{aggregation}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=growing(memory(STUDY, 1, 1)),
        gpu=a_gpu,
    params:
        threads=STUDY.compute.threads,
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.score --judge-name {wildcards.judge:q} --judge {input.judge:q}"
        " --reference {input.reference:q}"
        " --backbone {wildcards.backbone:q} --aggregation {wildcards.aggregation}"
        f" --pictures {lines('input.pictures')}"
        f" --contents {lines('input.contents')}"
        f" --size {STUDY.image_size} --threads {{params.threads}}"
        " --output {output.csv:q} > {log:q} 2>&1"


if PER_JOB:

    use rule score as score_part with:
        input:
            judge=rules.load_judge.output.backbone,
            similarity=likeness,
            related=compared_judges,
            reference=rules.measure_bounds.output.reference,
            contents=lambda wildcards: INPUT_PART.format(**wildcards),
            pictures=STYLIZED_PART,
        output:
            csv=update(SCORES_PART),
        log:
            f"{LOGS}/score_part/{{judge}}/{{backbone}}/{{aggregation}}/{{style}}/{PER_JOB}/{{part}}.log",
        benchmark:
            f"{BENCHMARKS}/score_part/{{judge}}/{{backbone}}/{{aggregation}}/{{style}}/{PER_JOB}/{{part}}.tsv"


rule collect_scores:
    input:
        bounds=each(rules.measure_bounds.output.csv, judge=JUDGES),
        scores=score_tables,
    output:
        csv=report(
            f"{RESULTS}/scores.csv",
            caption="../reports/captions/scores.rst",
            category="Scores",
        ),
    log:
        f"{LOGS}/collect_scores.log",
    localrule: True
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(500),
    params:
        scores=SCORES_VERSION,
        # In whose order the rows are.
        judges=list(JUDGES),
    shell:
        "python -m workflow_scripts.collect_scores --bounds {input.bounds:q}"
        f" --scores {lines('input.scores')}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule compare:
    input:
        scores=rules.collect_scores.output.csv,
        histories=of_models(rules.train.output.history, optimizer=STUDY.optimizers),
        judges=each(rules.load_judge.output.about, judge=JUDGES),
        fitness=each(rules.measure_bounds.output.fitness, judge=JUDGES),
        similarities=each(rules.check_judge.output.similarity, judge=JUDGES, backbone=STUDY.files),
        related=compared_judges,
        differences=DIFFERENCES,
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
        mem_mb=growing(1000),
    params:
        training=STUDY.training.to_json(),
        styles=as_is(STUDY.styles.to_json()),
        names=list(JUDGES),
        canvases=as_is(canvases()),
        scores=SCORES_VERSION,
    shell:
        "python -m workflow_scripts.compare --scores {input.scores:q}"
        f" --histories {lines('input.histories')}"
        " --training {params.training:q} --judge-names {params.names:q} --judges {input.judges:q}"
        f" --styles {lines('params.styles')}"
        f" --similarities {lines('input.similarities')} {{input.related:q}}"
        " --fitness {input.fitness:q} --differences {input.differences:q}"
        " --canvases {params.canvases:q} --findings {output.findings:q}"
        " --picture {output.picture:q} > {log:q} 2>&1"
