# Runs of several machines, or several runs of one, beside each other. Nothing is measured.
COMPARISON = preflight.comparison(config, given=workflow.config_settings.config)
COMPARED = [
    f"{COMPARISON}/comparison.html",
    *([] if PDF_PROBLEM else [f"{COMPARISON}/comparison.pdf"]),
]


def watched(paths):
    """The files of bundles and results folders; a name with a brace would be one with wildcards."""
    files = [os.path.join(path, "launches.csv") if os.path.isdir(path) else path for path in paths]
    return [file for file in files if "{" not in file and "}" not in file]


rule compare:
    default_target: True
    input:
        runs=lambda wildcards: watched(BUNDLES),
        code=REPORT_CODE,
        templates=TEMPLATES,
    output:
        COMPARED,
    log:
        f"{COMPARISON}/logs/compare.log",
    conda:
        "../envs/poolwise.yaml"
    params:
        paths=lambda wildcards: BUNDLES,
        folder=COMPARISON,
    shell:
        "python -m reports.compare {params.paths:q} --out {params.folder:q} 2> >(tee {log:q} >&2)"
