# Which pictures the study uses.


checkpoint select_pictures:
    input:
        dataset=ancient(DATASET),
        photographs=ancient(PHOTOGRAPHS) if PHOTOGRAPHS else [],
    output:
        csv=f"{RESULTS}/selection.csv",
    log:
        f"{LOGS}/select_pictures.log",
    benchmark:
        f"{BENCHMARKS}/select_pictures/all.tsv"
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=1000,
    params:
        photographs=photographs_option(),
        artists=shlex.join(style.artist for style in STUDY.styles),
        images=STUDY.styles[0].images,
        train=STUDY.contents["train"],
        test=STUDY.contents["test"],
        seed=STUDY.seed,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.select_pictures --dataset {input.dataset:q} {params.photographs}"
        " --artists {params.artists} --images {params.images}"
        " --train {params.train} --test {params.test} --seed {params.seed}"
        " --output {output.csv:q} > {log:q} 2>&1"
