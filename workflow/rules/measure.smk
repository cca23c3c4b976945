# Measuring: exclusive jobs (all cores), chained so that only one is ever ready.
rule ceiling:
    input:
        plan=ancient(f"{RESULTS}/plan.json"),
    output:
        f"{RESULTS}/ceiling.csv",
    log:
        f"{RESULTS}/logs/ceiling.log",
    group:
        START_JOB
    conda:
        "../envs/poolwise.yaml"
    threads: WHOLE
    resources:
        **START_RESOURCES,
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
        node=ON_NODE,
    shell:
        "exec python -m experiments.conductor ceiling {params.results:q} {params.node}"
        " 2> >(tee {log:q} >&2)"


rule block:
    input:
        plan=ancient(f"{RESULTS}/plan.json"),
        ceiling=ancient(f"{RESULTS}/ceiling.csv"),
        before=lambda wildcards: ancient(holds(wildcards.block).before(wildcards.block)),
    output:
        launches=f"{RESULTS}/blocks/{{block}}/launches.csv",
        samples=f"{RESULTS}/blocks/{{block}}/samples.csv",
        latencies=f"{RESULTS}/blocks/{{block}}/latencies.csv",
        run=f"{RESULTS}/blocks/{{block}}/run.json",
    log:
        f"{RESULTS}/logs/{{block}}.log",
    group:
        BLOCK_JOB
    conda:
        "../envs/poolwise.yaml"
    threads: WHOLE
    resources:
        **BLOCK_RESOURCES,
    params:
        results=lambda wildcards, input: os.path.dirname(input.plan),
        digest=lambda wildcards: holds(wildcards.block).digest(wildcards.block),
        # files on the node's own disk, but for approaches that run over several nodes
        node=lambda wildcards: (
            f"{ON_NODE} {holds(wildcards.block).scratch(wildcards.block)}" if RUN.nodes else ""
        ),
    shell:
        # exec: the conductor is Snakemake's own child, and ends when Snakemake dies
        "exec python -m experiments.conductor block {params.results:q} {wildcards.block:q}"
        " --log {log:q} {params.node}"


checkpoint breakeven:
    input:
        lambda wildcards: outputs(measured_blocks(int(wildcards.step)), "launches.csv"),
        lambda wildcards: outputs(measured_blocks(int(wildcards.step)), "run.json"),
    output:
        f"{RESULTS}/breakeven/{{step}}.json",
    log:
        f"{RESULTS}/logs/breakeven-{{step}}.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(os.path.dirname(output[0])),
        digest=RUN.search_digest,  # other searches than those of an earlier run
    shell:
        "python -m experiments.breakeven {params.results:q} --step {wildcards.step} > {log:q} 2>&1"


rule collect:
    input:
        lambda wildcards: outputs(measured_blocks(), "launches.csv"),
        lambda wildcards: outputs(measured_blocks(), "samples.csv"),
        lambda wildcards: outputs(measured_blocks(), "latencies.csv"),
        lambda wildcards: outputs(measured_blocks(), "run.json"),
    output:
        f"{RESULTS}/launches.csv",
        f"{RESULTS}/samples.csv",
        f"{RESULTS}/latencies.csv",
        f"{RESULTS}/runs.json",
        f"{RESULTS}/searches.json",
    log:
        f"{RESULTS}/logs/collect.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m experiments.collect {params.results:q} 2> >(tee {log:q} >&2)"
