# Every selected picture at the study's size.


rule prepare_input:
    input:
        selection=own_selection if PER_JOB else f"{RESULTS}/selection.csv",
        sources=ancient(local(SOURCES)),
    output:
        png=f"{RESULTS}/inputs/{{id}}.png",
    log:
        f"{LOGS}/prepare_input/{{id}}.log",
    localrule: STORED
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


if PER_JOB:

    # The test contents, whose number is not bounded by what models are trained with.
    rule prepare_part:
        input:
            selection=part_selection,
            sources=ancient(SOURCES),
        output:
            # Kept while it is brought up to date: only what has changed is prepared.
            index=update(INPUT_PART),
        log:
            f"{LOGS}/prepare_part/{PER_JOB}/{{part}}.log",
        conda:
            "../envs/nst.yaml"
        resources:
            mem_mb=growing(1000),
            # A second a picture.
            runtime=growing(1 + PER_JOB // 60),
        params:
            size=as_given(STUDY.test_shape),
            rows=rows_of_part,
            numerics=NUMERICS_VERSION,
        shell:
            "python -m workflow_scripts.prepare_part --selection {input.selection:q}"
            f" --part {{wildcards.part}} --pictures {PER_JOB} --size {{params.size}}"
            f" --inputs {quoted(RESULTS)}/inputs --output {{output.index:q}} > {{log:q}} 2>&1"
