# What all rules of a measuring run share: the checked config, the results folder.
import json

from experiments.workflow import Blocks
from reports.catalogue import figure_kind, figure_labels

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
PDF = [] if PDF_PROBLEM else f"{RESULTS}/report.pdf"


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
