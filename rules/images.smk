# Every selected picture at the study's size.


rule prepare_input:
    input:
        selection=f"{RESULTS}/selection.csv",
        sources=ancient(SOURCES),
    output:
        png=f"{RESULTS}/inputs/{{id}}.png",
    log:
        f"{LOGS}/prepare_input/{{id}}.log",
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(1000),
        preparing=1,
        runtime=growing(1),
    params:
        size=shape,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.prepare_input --selection {input.selection:q} --id {wildcards.id:q}"
        " --size {params.size} --output {output.png:q} > {log:q} 2>&1"
