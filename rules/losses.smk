# A style's paintings as a backbone sees them, and what its losses are weighed by: computed once,
# used by every model of the backbone.


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
        mem_mb=growing(memory(STUDY, 1, 1)),
        gpu=a_gpu,
    params:
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.build_target --backbone {input.backbone:q}"
        f" --paintings {lines('input.paintings')}"
        " --threads {params.threads}"
        " --output {output.target:q} --about {output.about:q} > {log:q} 2>&1"


rule weigh_losses:
    input:
        backbone=network_file,
        targets=target_files,
        contents=training_inputs,
    output:
        weights=f"{RESULTS}/loss_weights/{{backbone}}.json",
    log:
        f"{LOGS}/weigh_losses/{{backbone}}.log",
    benchmark:
        f"{BENCHMARKS}/weigh_losses/{{backbone}}.tsv"
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=growing(memory(STUDY, 1, len(STYLES))),
        gpu=a_gpu,
    params:
        loss=lambda wildcards: STUDY.objective(wildcards.backbone).to_json(),
        canvas=canvas,
        threads=STUDY.compute.threads,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.weigh_losses --backbone {input.backbone:q}"
        f" --targets {lines('input.targets')}"
        f" --contents {lines('input.contents')}"
        " --loss {params.loss:q} --canvas {params.canvas:q}"
        " --threads {params.threads} --output {output.weights:q} > {log:q} 2>&1"
