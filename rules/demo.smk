# The pictures of the embedded demo. A study asks for them by naming their folders in its config.


rule paint_demo:
    output:
        dataset=local(directory("data/demo/artworks")),
        photographs=local(directory("data/demo/photographs")),
    log:
        "data/demo/paint_demo.log",
    localrule: STORED
    conda:
        "../envs/nst.yaml"
    resources:
        mem_mb=1000,
    params:
        seed=1,
        paintings=18,
    shell:
        "python -m workflow_scripts.paint_demo --seed {params.seed} --paintings {params.paintings}"
        " --dataset {output.dataset:q} --photographs {output.photographs:q} > {log:q} 2>&1"
