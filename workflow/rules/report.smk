# Figures and the report, as one HTML file and as PDF.
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
        "breakeven",
    )
]


rule plot:
    input:
        MEASURED,
        TABLES,
        code=REPORT_CODE,
    output:
        directory(f"{RESULTS}/figures"),
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
        f"{RESULTS}/report.html",
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
        f"{RESULTS}/report.pdf",
    log:
        f"{RESULTS}/logs/pdf.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        results=lambda wildcards, output: os.path.dirname(output[0]),
    shell:
        "python -m reports.render {params.results:q} --only pdf > {log:q} 2>&1"
