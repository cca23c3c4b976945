# What all rules of a measuring run share: the checked config, the results folder.
import json

from experiments.cluster.trouble import troubles
from experiments.cluster.waiting import Waiting, waited_for
from experiments.workflow import MOST_CALLS, Blocks, Follower
from reports.catalogue import figure_kind, figure_labels

RUN = preflight.prepare(
    config,
    given=workflow.config_settings.config,
    cores=workflow.resource_settings.cores,
    dry=workflow.output_settings.dryrun,
    errand=bool(preflight.ERRANDS & {word.partition("=")[0] for word in sys.argv})
    or not workflow.is_main_process,
    remote=workflow.remote_exec,
    argv=sys.argv[1:],
    file=CONFIG_FILE or str(workflow.configfiles[-1]),
)
RESULTS = RUN.results
# on a cluster a job asks for all of its node, and says that the node may be another than was probed
WHOLE = RUN.nodes.cpus if RUN.nodes else workflow.cores
ON_NODE = "--node" if RUN.nodes else ""
START_JOB = "start" if RUN.nodes and RUN.nodes.start_together() else None
START_RESOURCES = {"runtime": RUN.nodes.start_minutes()} if RUN.nodes else {}
if RUN.nodes and workflow.is_main_process:
    snakemake_logger.addFilter(Follower(say))
    if RUN.owner:
        Waiting(Path.cwd(), say, RUN.owner, awaited=lambda: waited_for(workflow)).start()
PDF = [] if PDF_PROBLEM else f"{RESULTS}/report.pdf"
# a target inside a chain, as each job of a cluster has one, is reached from call to call
sys.setrecursionlimit(max(sys.getrecursionlimit(), MOST_CALLS))


def measured_blocks(until=None):
    """The plan's blocks, then those of each break-even step (before step `until`).

    One after the other: what is asked of a step's file is only there once the ones before are measured.
    """
    planned = Blocks.of_plan(Path(checkpoints.plan.get().output[0]))
    RUN.tell_once(workflow.is_main_process)
    yield planned
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


def holds(block):
    """The group of blocks that this one belongs to; for parameters and resources of a job."""
    return holding(block, measured_blocks())


def outputs(groups, name):
    """The files of that name of all blocks."""
    return [path for blocks in groups for path in blocks.outputs(name)]


# what a block's job asks of a cluster, and which other blocks share it
BLOCK_RESOURCES = (
    {
        "runtime": lambda wildcards: RUN.nodes.minutes(
            holds(wildcards.block).minutes(wildcards.block), RUN.blocks_per_job
        ),
        "nodes": lambda wildcards: holds(wildcards.block).nodes(wildcards.block),
        # one task a node, or Slurm would not give more than one node
        "tasks": lambda wildcards: holds(wildcards.block).nodes(wildcards.block),
    }
    if RUN.nodes
    else {}
)
BLOCK_JOB = (
    (lambda wildcards: holds(wildcards.block).job(wildcards.block, RUN.blocks_per_job))
    if RUN.nodes and RUN.blocks_per_job > 1  # Snakemake's work for groups grows with their square
    else None
)


wildcard_constraints:
    block="[^/]+",
    step="[0-9]+",


# where jobs run on a cluster: all that only reads what was measured, a minute or two of one core
localrules:
    all,
    breakeven,
    collect,
    summarise,
    decide,
    fit,
    breakeven_points,
    claims,
    overheads,
    losses,
    interpreters,
    plot,
    html,
    pdf,
    decision,
    bundle,
