# The whole run as one file that stands alone.
BUNDLE = f"{RESULTS}/bundle.zip"
ANONYMOUS = ", without host name, user names and paths" if RUN.anonymise else ""
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
