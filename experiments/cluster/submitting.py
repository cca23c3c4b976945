"""Where `snakemake` was typed: which executor it has, what nodes there are, what a job asks for.

Every rule is read again by the snakemake inside each job, where Slurm may not be asked: what was
found here travels there in the environment.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from experiments.cluster import granted, slurm
from experiments.cluster.asked import Asked, asked_for, check_memory, check_names, options
from experiments.settings import ConfigError

VARIABLE = "POOLWISE_NODES"
#: the rules that share the first job, and the minutes that each may take
START_JOBS, START_MINUTES = 3, 10
#: executors of Snakemake that run jobs on this host, or none at all
HERE = {"local", "dryrun", "touch", "slurm-jobstep"}
#: the executor's plugin looks at its jobs every 3 minutes at the least
LEAST_JOB_AGE_SECONDS = 200


@dataclass(frozen=True)
class Nodes:
    """The nodes that jobs run on; `most_minutes` is the longest a job may take, None: no limit."""

    executor: str
    machine: str
    cpus: int
    most_minutes: int | None = None

    def minutes(self, likely: int, of: int = 1) -> int:
        """Minutes to ask for, for one of so many that share a job, whose times add up.

        More than the partition allows would wait for ever, and a job that is cut off goes on from
        its journal.
        """
        return max(1, min(likely, (self.most_minutes or likely * of) // of))

    def start_minutes(self) -> int:
        """Minutes that each of the first rules asks for."""
        return self.minutes(START_MINUTES, START_JOBS if self.start_together() else 1)

    def start_together(self) -> bool:
        """Whether probe, plan and ceiling can share a job: a minute each, within the limit."""
        return self.most_minutes is None or self.most_minutes >= START_JOBS


def nodes(
    argv: Sequence[str], config: Mapping[str, Any], remote: bool, dry: bool = False
) -> Nodes | None:
    """The cluster's nodes, or None where everything runs on this host.

    `remote`: whether this is a snakemake inside a job. Raises ConfigError with what keeps jobs
    from running, before any is submitted.
    """
    wide = config.get("cluster") or {}
    cpus = wide.get("cpus", "auto") if isinstance(wide, Mapping) else "auto"
    cpus = cpus if isinstance(cpus, int) else None
    if remote:
        granted.hand_on_restarts()
        return _told(config, cpus)
    os.environ.pop(granted.RESTARTS, None)  # of a job that this snakemake itself may run in
    asked = asked_for(argv)
    executor = asked.executor
    if executor in HERE:
        os.environ.pop(VARIABLE, None)
        return None
    if executor == "slurm":
        found = _of_slurm(asked, cpus, dry, config.get("nodes"))
    else:
        found = _of_others(executor, config, cpus)
    os.environ[VARIABLE] = json.dumps(asdict(found))
    return found


def warning() -> str:
    """A warning where measuring starts on what seems to be a login node; else empty."""
    manager, job = granted.identity() or ("", "")
    # the shell that salloc starts is on the login node, and knows its job but no node of it
    on_node = manager not in ("", "slurm") or "SLURMD_NODENAME" in os.environ
    if on_node or shutil.which("sbatch") is None:
        return ""
    names = slurm.nodes()
    if not names or granted.node() in names:
        return ""
    to_measure = (
        f"the node of job {job}: srun --ntasks=1 --cpus-per-task=ITS_CPUS snakemake --cores all"
        if job
        else "these: snakemake --executor slurm --profile workflow/profiles/slurm"
    )
    return (
        "warning: this host submits to Slurm and is none of its nodes, so it seems to be a login "
        "node, which others use: its measurements say nothing of the nodes. To measure "
        f"{to_measure}"
    )


def _told(config: Mapping[str, Any], cpus: int | None) -> Nodes:
    """Inside a job: what was found where it was submitted."""
    try:
        return Nodes(**json.loads(os.environ[VARIABLE]))
    except (KeyError, ValueError, TypeError):  # an executor that doesn't hand on the environment
        return _of_others("this executor", config, cpus)


def _of_others(executor: str, config: Mapping[str, Any], cpus: int | None) -> Nodes:
    """Nodes that nobody can be asked about: the config says what they are."""
    machine = config.get("machine", "auto")
    if cpus is None or machine == "auto":
        lacking = [("cluster.cpus", cpus is None), ("machine", machine == "auto")]
        keys = " and ".join(f"'{key}'" for key, missing in lacking if missing)
        raise ConfigError(
            f"config key {keys}: {executor} can't tell what its nodes are: give machine (a name "
            "for the kind of node) and cluster.cpus (the CPUs of one)"
        )
    return Nodes(executor, str(machine), cpus)


def _of_slurm(asked: Asked, cpus: int | None, dry: bool, node_counts: Any) -> Nodes:
    resources = asked.resources
    missing = slurm.missing()
    if missing:
        raise ConfigError(missing)
    check_names(asked.names)
    _check_ends(asked.status_command)
    constraint = str(resources.get("constraint", ""))
    name = resources.get("slurm_partition")
    partition = slurm.partition(None if name is None else str(name), constraint)
    found = Nodes(
        executor="slurm",
        machine="-".join(part for part in (partition.name, _safe(constraint)) if part),
        cpus=cpus or _cpus(partition),
        most_minutes=partition.most_minutes,
    )
    check_memory(resources, found.cpus)
    _check_node_counts(node_counts, partition)
    if not dry:
        refused = slurm.refusal(options(asked, partition.name, found.cpus, found.start_minutes()))
        if refused:
            raise ConfigError(f"Slurm would refuse a job of {found.cpus} CPUs: {refused}")
    return found


def _check_node_counts(wanted: Any, partition: slurm.Partition) -> None:
    """Config key nodes: blocks over more nodes than there are would wait for ever."""
    most = max((n for n in wanted if isinstance(n, int)), default=1) if _is_list(wanted) else 1
    there = sum(len(kind.names) for kind in partition.kinds)
    if most > there:
        raise ConfigError(
            f"config key 'nodes': {most} nodes, and partition {partition.name} has {there} that "
            "are up and fit"
        )


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _check_ends(status_command: str) -> None:
    """Snakemake has to learn that a job has ended before Slurm forgets it."""
    age, accounting = slurm.memory_of_jobs()
    if age is None or age >= LEAST_JOB_AGE_SECONDS or (accounting and status_command == "sacct"):
        return
    way = (
        "give --slurm-status-command sacct, which asks the accounting"
        if accounting
        else "ask your administrator for MinJobAge=300, Slurm's own default; until then measure "
        "one node by itself: srun --exclusive --cpus-per-task=ITS_CPUS snakemake --cores all"
    )
    raise ConfigError(
        f"--executor slurm: Slurm forgets a job {age} s after its end (MinJobAge), Snakemake looks "
        f"every 3 minutes, so it could wait for a job that is long gone: {way}"
    )


def _cpus(partition: slurm.Partition) -> int:
    counts = {kind.cpus for kind in partition.kinds}
    if len(counts) > 1:
        raise ConfigError(
            f"profile key 'default-resources': partition {partition.name} has nodes of several "
            f"kinds ({'; '.join(map(str, partition.kinds))}): name one by constraint=FEATURE, or "
            "say how many CPUs to use by config key 'cluster.cpus'"
        )
    return counts.pop()


def _safe(constraint: str) -> str:
    """A constraint as part of a folder's name."""
    return "".join(c if c.isalnum() or c in "._" else "-" for c in constraint).strip("-.")
