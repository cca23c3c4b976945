# Facts of the node that measures, and the plan made from them.
rule probe:
    output:
        f"{RESULTS}/machine.json",
    log:
        f"{RESULTS}/logs/probe.log",
    group:
        START_JOB
    conda:
        "../envs/poolwise.yaml"
    threads: WHOLE
    resources:
        **START_RESOURCES,
    params:
        machine=RUN.machine,
        limit=f"--limit {RUN.limit}" if RUN.limit else "",
        # a function, as below; other settings are no reason to probe again
        asked=lambda wildcards: json.dumps(RUN.probed, sort_keys=True),
    shell:
        "python -m experiments.host --machine {params.machine:q} {params.limit}"
        " --asked {params.asked:q} --out {output:q} > {log:q} 2>&1"


checkpoint plan:
    input:
        f"{RESULTS}/machine.json",
    output:
        f"{RESULTS}/plan.json",
    log:
        f"{RESULTS}/logs/plan.log",
    group:
        START_JOB
    conda:
        "../envs/poolwise.yaml"
    threads: WHOLE
    resources:
        **START_RESOURCES,
    params:
        # a function, or braces in a name would be taken for wildcards
        settings=lambda wildcards: json.dumps(RUN.settings, sort_keys=True),
        digest=RUN.plan_digest,  # a plan that would be another one by now is made again
        look=f"--look {RESULTS}/checks" if RUN.nodes else "",
    shell:
        "python -m experiments.plan --machine {input:q} --settings {params.settings:q}"
        " {params.look} --out {output:q} > {log:q} 2>&1"
