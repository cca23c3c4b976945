# Figures, the report as one HTML file and as PDF, the decision record.
TABLES = [
    f"{RESULTS}/{name}.csv"
    for name in (
        "summary",
        "verdicts",
        "fits",
        "claims",
        "ceiling",
        "overheads",
        "losses",
        "interpreters",
        "breakeven",
    )
]


rule plot:
    input:
        MEASURED,
        TABLES,
        code=REPORT_CODE,
    output:
        report(
            directory(f"{RESULTS}/figures"),
            patterns=["{kind,[a-z]+}-{subject}.svg"],
            caption="../report/figures.rst",
            category="Figures",
            subcategory=lambda wildcards: figure_kind(wildcards.kind),
            labels=lambda wildcards: figure_labels(RESULTS, wildcards.kind, wildcards.subject),
        ),
    log:
        f"{RESULTS}/logs/plot.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.plot {params.results:q} > {log:q} 2>&1"


rule html:
    input:
        MEASURED,
        TABLES,
        f"{RESULTS}/figures",
        code=REPORT_CODE,
        templates=TEMPLATES,
    output:
        report(
            f"{RESULTS}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"document": "the report, as a page"},
        ),
    log:
        f"{RESULTS}/logs/html.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.render {params.results:q} --only html > {log:q} 2>&1"


rule pdf:
    input:
        f"{RESULTS}/report.html",
        code=REPORT_CODE,
    output:
        report(
            f"{RESULTS}/report.pdf",
            caption="../report/report.rst",
            category="Report",
            labels={"document": "the report, to print"},
        ),
    log:
        f"{RESULTS}/logs/pdf.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.render {params.results:q} --only pdf > {log:q} 2>&1"


rule decision:
    input:
        MEASURED,
        f"{RESULTS}/plan.json",
        f"{RESULTS}/summary.csv",
        f"{RESULTS}/verdicts.csv",
        f"{RESULTS}/breakeven.csv",
        f"{RESULTS}/ceiling.csv",
        f"{RESULTS}/figures",
        code=REPORT_CODE,
        templates=TEMPLATES,
    output:
        report(
            f"{RESULTS}/decision.md",
            caption="../report/decision.rst",
            category="Report",
            labels={"document": "the decision record"},
        ),
    log:
        f"{RESULTS}/logs/decision.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
        tasks=lambda wildcards: [f"--task={name}" for name in RUN.decision],
    shell:
        "python -m reports.decision {params.results:q} {params.tasks:q} > {log:q} 2>&1"
