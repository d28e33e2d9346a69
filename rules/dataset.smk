# The dataset: from Kaggle, once for all studies, or one's own archive or folder; and its catalogue.


if STUDY.data.download:

    rule download_dataset:
        output:
            archive=local(ARCHIVE),
        log:
            f"{LOGS}/{STUDY.data.download}.download.log",
        # As with networks: a cluster's nodes may have no network.
        localrule: True
        conda:
            "../envs/kaggle.yaml"
        resources:
            downloads=1,
            mem_mb=growing(500),
        params:
            dataset=STUDY.data.dataset,
            # Nothing reads this. Without it every archive would count as made by other parameters,
            # and be downloaded again; as with the keys below, which are no parameters.
            cache="data/kaggle/cache",
        message:
            "Downloading {params.dataset}; {log} tells how far it is."
        shell:
            "python -m workflow_scripts.download_dataset"
            " --dataset {params.dataset:q} --output {output.archive:q}"
            # Outside of the outputs, which Snakemake deletes when a job fails: a download is resumed.
            f" --cache {quoted(STUDY.data.cache_folder)}"
            f" --patience {quoted(STUDY.data.patience.to_json())}"
            " > {log:q} 2>&1"


if ARCHIVE:

    rule extract_dataset:
        input:
            # What is extracted stays, even if the archive looks newer: another archive has another
            # folder. Kaggle's is only made where nothing is extracted yet.
            archive=ancient(local(ARCHIVE)),
        output:
            folder=local(directory(DATASET)),
        log:
            f"{LOGS}/{os.path.basename(DATASET)}.extract.log",
        localrule: STORED
        conda:
            "../envs/kaggle.yaml"
        resources:
            mem_mb=growing(500),
        shell:
            "python -m workflow_scripts.extract_dataset"
            " --archive={input.archive:q} --output {output.folder:q} > {log:q} 2>&1"


rule catalogue_dataset:
    input:
        dataset=ancient(local(DATASET)),
    output:
        csv=f"{RESULTS}/catalogue.csv",
    log:
        f"{LOGS}/catalogue_dataset.log",
    benchmark:
        f"{BENCHMARKS}/catalogue_dataset/all.tsv"
    localrule: STORED
    conda:
        "../envs/nst.yaml"
    threads: 4
    resources:
        mem_mb=growing(2000),
    shell:
        "python -m workflow_scripts.catalogue_dataset --dataset={input.dataset:q}"
        " --threads {threads} --output {output.csv:q} > {log:q} 2>&1"
