# The Kaggle dataset: downloaded once for all studies, and extracted.


rule download_dataset:
    output:
        archive=f"data/kaggle/{SLUG}.zip",
    log:
        f"data/kaggle/{SLUG}.download.log",
    conda:
        "../envs/kaggle.yaml"
    resources:
        downloads=1,
        mem_mb=500,
    params:
        dataset=STUDY.data["dataset"],
        # Outside of the outputs, which Snakemake deletes when a job fails: a download is resumed.
        cache="data/kaggle/cache",
    shell:
        "python -m workflow_scripts.download_dataset"
        " --dataset {params.dataset} --cache {params.cache} --output {output.archive:q}"
        " > {log:q} 2>&1"


rule extract_dataset:
    input:
        archive=rules.download_dataset.output.archive,
    output:
        folder=directory(DATASET),
    log:
        f"data/kaggle/{SLUG}.extract.log",
    conda:
        "../envs/kaggle.yaml"
    resources:
        mem_mb=500,
    shell:
        "python -m workflow_scripts.extract_dataset"
        " --archive {input.archive:q} --output {output.folder:q} > {log:q} 2>&1"
