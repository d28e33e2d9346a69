# Squared against simple, on the originals; with or without a judge.

PAIRED = [
    name for name in STUDY.backbones if {"simple", "squared"} <= set(STUDY.aggregations_of(name))
]


rule measure_pairs:
    input:
        simple=paired_images("simple"),
        squared=paired_images("squared"),
    output:
        csv=f"{RESULTS}/pairs/{{backbone}}.csv",
    log:
        f"{LOGS}/measure_pairs/{{backbone}}.log",
    benchmark:
        f"{BENCHMARKS}/measure_pairs/{{backbone}}.tsv"
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(1000),
    shell:
        "python -m workflow_scripts.measure_pairs --backbone {wildcards.backbone:q}"
        f" --simple {lines('input.simple')}"
        f" --squared {lines('input.squared')}"
        " --output {output.csv:q} > {log:q} 2>&1"


DIFFERENCES = each(rules.measure_pairs.output.csv, backbone=PAIRED)
