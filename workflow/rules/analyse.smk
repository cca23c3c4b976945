# From the CSVs to verdicts: nothing is measured any more, and each step can be done again anywhere.
MEASURED = [
    f"{RESULTS}/{name}"
    for name in ("launches.csv", "samples.csv", "latencies.csv", "runs.json", "searches.json")
]


rule summarise:
    input:
        MEASURED,
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"table": "summary.csv"},
        ),
    log:
        f"{RESULTS}/logs/summarise.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.summarise {params.results:q} > {log:q} 2>&1"


rule decide:
    input:
        MEASURED,
        f"{RESULTS}/summary.csv",
        f"{RESULTS}/ceiling.csv",
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/verdicts.csv",
            caption="../report/verdicts.rst",
            category="Tables",
            labels={"table": "verdicts.csv"},
        ),
        f"{RESULTS}/verdicts.json",
    log:
        f"{RESULTS}/logs/decide.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.decide {params.results:q} > {log:q} 2>&1"


rule fit:
    input:
        f"{RESULTS}/summary.csv",
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/fits.csv",
            caption="../report/fits.rst",
            category="Tables",
            labels={"table": "fits.csv"},
        ),
    log:
        f"{RESULTS}/logs/fit.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.fit {params.results:q} > {log:q} 2>&1"


rule breakeven_points:
    input:
        MEASURED,
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/breakeven.csv",
            caption="../report/breakeven.rst",
            category="Tables",
            labels={"table": "breakeven.csv"},
        ),
    log:
        f"{RESULTS}/logs/breakeven.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.breakeven {params.results:q} > {log:q} 2>&1"


rule claims:
    input:
        MEASURED,
        f"{RESULTS}/ceiling.csv",
        f"{RESULTS}/overheads.csv",
        f"{RESULTS}/breakeven.csv",
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/claims.csv",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims.csv"},
        ),
    log:
        f"{RESULTS}/logs/claims.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.claims {params.results:q} > {log:q} 2>&1"


rule overheads:
    input:
        MEASURED,
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/overheads.csv",
            caption="../report/overheads.rst",
            category="Tables",
            labels={"table": "overheads.csv"},
        ),
    log:
        f"{RESULTS}/logs/overheads.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.overheads {params.results:q} > {log:q} 2>&1"


rule losses:
    input:
        MEASURED,
        f"{RESULTS}/ceiling.csv",
        f"{RESULTS}/overheads.csv",
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/losses.csv",
            caption="../report/losses.rst",
            category="Tables",
            labels={"table": "losses.csv"},
        ),
    log:
        f"{RESULTS}/logs/losses.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.losses {params.results:q} > {log:q} 2>&1"


rule interpreters:
    input:
        MEASURED,
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/interpreters.csv",
            caption="../report/interpreters.rst",
            category="Tables",
            labels={"table": "interpreters.csv"},
        ),
    log:
        f"{RESULTS}/logs/interpreters.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.interpreters {params.results:q} > {log:q} 2>&1"
