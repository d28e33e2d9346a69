# What a study will take here, by a few steps of each of its networks. Makes no file.


rule estimate:
    log:
        f"{LOGS}/estimate.log",
    localrule: True
    conda:
        "../envs/nst.yaml"
    threads: STUDY.compute.threads
    resources:
        mem_mb=memory(STUDY, STUDY.training.batch, 1),
    params:
        study=as_is(json.dumps(STUDY.recorded())),
        # On a cluster there is no such number.
        cores=workflow.resource_settings.cores or os.cpu_count(),
    shell:
        "python -m workflow_scripts.estimate --study {params.study:q} --cores {params.cores}"
        " 2> {log:q}"
