# What every run needs: the project's code on the path, the config, and whether to compare or measure.
import os
import sys
from pathlib import Path

ROOT = str(Path(str(workflow.current_basedir)).resolve().parents[1])
sys.path.insert(0, ROOT)
# shell rules find this very interpreter as `python`, and the project's modules, from any folder;
# `python -m` must not look in that folder first: a queue.py there would replace the library's
os.environ.update(
    PYTHONSAFEPATH="1",
    PATH=os.path.dirname(sys.executable) + os.pathsep + os.getenv("PATH", ""),
    PYTHONPATH=os.pathsep.join(
        [ROOT, *filter(None, os.getenv("PYTHONPATH", "").split(os.pathsep))]
    ),
)

from experiments import preflight
from experiments.conductor.progress import say
from experiments.workflow import calm, is_quiet
from reports.render import pdf_problem
from snakemake.logging import logger as snakemake_logger

CONFIG_FILE = preflight.config_file(given=bool(workflow.configfiles))
if CONFIG_FILE:

    configfile: CONFIG_FILE


calm(snakemake_logger)
if is_quiet(workflow):
    os.environ.update(POOLWISE_QUIET="1")

# bundles to compare: then nothing is probed or measured, whatever else the config says
BUNDLES = preflight.bundles(
    config,
    given=workflow.config_settings.config,
    asked="compare" in sys.argv,
)
PDF_PROBLEM = pdf_problem()
# results don't depend on the code that was used, unless it is an input: edits never re-measure
REPORT_CODE = sorted(
    str(path)
    for path in Path(ROOT, "reports").rglob("*.py")
    if Path(ROOT, "reports", "bench") not in path.parents
)
TEMPLATES = sorted(str(path) for path in Path(ROOT, "reports", "templates").iterdir())
