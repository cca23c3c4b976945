# The whole run as one file that stands alone.
BUNDLE = f"{RESULTS}/bundle.zip"
ANONYMOUS = ", without host name, user names, servers and paths" if RUN.anonymise else ""
REPORTS = [f"{RESULTS}/report.html", PDF, f"{RESULTS}/decision.md"]


rule bundle:
    input:
        MEASURED,
        TABLES,
        REPORTS,
        f"{RESULTS}/machine.json",
        f"{RESULTS}/plan.json",
        f"{RESULTS}/verdicts.json",
        f"{RESULTS}/figures",
        code=REPORT_CODE,
    output:
        BUNDLE,
    log:
        f"{RESULTS}/logs/bundle.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
        anonymise="--anonymise" if RUN.anonymise else "",
        tasks=lambda wildcards: [f"--task={name}" for name in RUN.decision],
    shell:
        "python -m reports.bundle {params.results:q} {params.anonymise} {params.tasks:q}"
        " > {log:q} 2>&1"


# only on a cluster: nodes of a partition may turn out to be of several kinds
OTHER_NODES = f"{RESULTS}/other-nodes.json" if RUN.nodes else []


if RUN.nodes:

    localrules:
        other_nodes,

    rule other_nodes:
        input:
            MEASURED,
            code=REPORT_CODE,
            templates=TEMPLATES,
        output:
            OTHER_NODES,
        log:
            f"{RESULTS}/logs/other-nodes.log",
        conda:
            "../envs/poolwise.yaml"
        params:
            results=RESULTS,
        shell:
            "python -m reports.other_nodes {params.results:q} > {log:q} 2>&1"
