# Which pictures the study uses.


checkpoint select_pictures:
    input:
        catalogue=rules.catalogue_dataset.output.csv,
        folders=ancient(local(SOURCES[1:])),
    output:
        csv=f"{RESULTS}/selection.csv",
        notes=f"{RESULTS}/selection.json",
    log:
        f"{LOGS}/select_pictures.log",
    benchmark:
        f"{BENCHMARKS}/select_pictures/all.tsv"
    localrule: STORED
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=growing(1000),
    params:
        styles=as_is(STUDY.styles.to_json()),
        contents=as_is(STUDY.contents.only(DrawnContents).to_json()),
        heldout=STUDY.judge.heldout if STUDY.judge else 0,
        seed=STUDY.seed,
        numerics=NUMERICS_VERSION,
    shell:
        "python -m workflow_scripts.select_pictures --catalogue {input.catalogue:q}"
        f" --styles {lines('params.styles')}"
        " --contents {params.contents:q} --heldout {params.heldout}"
        " --seed {params.seed}"
        # No parameter: what was selected under "stop" has nothing that "skip" would skip.
        f" --on-bad-image {STUDY.data.on_bad_image}"
        " --output {output.csv:q} --notes {output.notes:q} > {log:q} 2>&1"
