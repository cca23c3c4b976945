# What all rules share: the project's code on the path, the checked config, the results folder.
import json
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
from experiments.workflow import Blocks, calm, is_quiet
from reports.catalogue import figure_kind, figure_labels
from reports.render import pdf_problem
from snakemake.logging import logger as snakemake_logger

CONFIG_FILE = preflight.config_file(given=bool(workflow.configfiles))
if CONFIG_FILE:

    configfile: CONFIG_FILE


calm(snakemake_logger)
if is_quiet(workflow):
    os.environ.update(POOLWISE_QUIET="1")

RUN = preflight.prepare(
    config,
    given=workflow.config_settings.config,
    cores=workflow.resource_settings.cores,
    dry=workflow.output_settings.dryrun,
    errand=bool(preflight.ERRANDS & {word.partition("=")[0] for word in sys.argv})
    or not workflow.is_main_process,
    file=CONFIG_FILE or str(workflow.configfiles[-1]),
)
RESULTS = RUN.results
PDF_PROBLEM = pdf_problem()
PDF = [] if PDF_PROBLEM else f"{RESULTS}/report.pdf"
# results don't depend on the code that was used, unless it is an input: edits never re-measure
REPORT_CODE = sorted(
    str(path)
    for path in Path(ROOT, "reports").rglob("*.py")
    if Path(ROOT, "reports", "bench") not in path.parents
)
TEMPLATES = sorted(str(path) for path in Path(ROOT, "reports", "templates").iterdir())


def measured_blocks(until=None):
    """The plan's blocks, then those of each break-even step (before step `until`).

    One after the other: what is asked of a step's file is only there once the ones before are measured.
    """
    yield Blocks(Path(checkpoints.plan.get().output[0]))
    step = 0
    while RUN.settings["breakeven"] and step != until:
        added = Blocks.of_step(Path(checkpoints.breakeven.get(step=step).output[0]))
        if not added:
            return
        yield added
        step += 1


def holding(block, groups):
    """The group of blocks that this one belongs to."""
    return next(blocks for blocks in groups if block in blocks)


def outputs(groups, name):
    """The files of that name of all blocks."""
    return [path for blocks in groups for path in blocks.outputs(name)]


wildcard_constraints:
    block="[^/]+",
    step="[0-9]+",


localrules:
    all,
