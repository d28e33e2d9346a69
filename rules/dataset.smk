# The Kaggle dataset. Where the config names a folder instead, nothing here is needed.


rule download_dataset:
    output:
        archive="data/kaggle/{slug}.zip",
    log:
        "data/kaggle/{slug}.download.log",
    conda:
        "../envs/kaggle.yaml"
    resources:
        downloads=1,
        mem_mb=500,
    params:
        dataset=STUDY.data.get("dataset", ""),
        # Outside of the outputs, which Snakemake deletes when a job fails: a download is resumed.
        cache="data/kaggle/cache",
    shell:
        "python -m workflow_scripts.download_dataset"
        " --dataset {params.dataset} --cache {params.cache} --output {output.archive:q}"
        " > {log:q} 2>&1"


rule extract_dataset:
    input:
        archive="data/kaggle/{slug}.zip",
    output:
        folder=directory("data/{slug}"),
    log:
        "data/kaggle/{slug}.extract.log",
    wildcard_constraints:
        slug=r"[\w-]+",
    conda:
        "../envs/kaggle.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m workflow_scripts.extract_dataset"
        " --archive {input.archive:q} --output {output.folder:q} > {log:q} 2>&1"
