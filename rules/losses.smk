# A style's paintings as a backbone sees them: computed once, used by every model of the backbone.


rule build_target:
    input:
        backbone=rules.load_backbone.output.backbone,
        paintings=style_inputs,
    output:
        target=f"{RESULTS}/targets/{{backbone}}/{{style}}.npz",
        about=f"{RESULTS}/targets/{{backbone}}/{{style}}.json",
    log:
        f"{LOGS}/build_target/{{backbone}}/{{style}}.log",
    benchmark:
        f"{BENCHMARKS}/build_target/{{backbone}}/{{style}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=2000,
    params:
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.build_target --backbone {input.backbone:q}"
        " --paintings {input.paintings:q} --threads {params.threads}"
        " --output {output.target:q} --about {output.about:q} > {log:q} 2>&1"
