# Pretrained networks: fetched once, cut, and kept with the study.


rule load_backbone:
    output:
        backbone=f"{RESULTS}/backbones/{{backbone}}.weights.h5",
        about=f"{RESULTS}/backbones/{{backbone}}.json",
    log:
        f"{LOGS}/load_backbone/{{backbone}}.log",
    benchmark:
        f"{BENCHMARKS}/load_backbone/{{backbone}}.tsv"
    # Where a cluster's nodes have no network, the machine that Snakemake runs on has.
    localrule: True
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        downloads=1,
        mem_mb=growing(2000),
    params:
        name=lambda wildcards: wildcards.backbone,
        network=lambda wildcards: STUDY.network(wildcards.backbone).to_json(),
        seed=STUDY.seed,
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.load_backbone --name {params.name:q} --network {params.network:q}"
        " --seed {params.seed} --threads {params.threads}"
        " --output {output.backbone:q} --about {output.about:q} > {log:q} 2>&1"
