"""A block on the node that measures it: its job, which of its CPUs, and whether it is of the kind
that the plan was made for."""  # fmt: skip

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import host as host_facts
from experiments.cluster import granted
from experiments.launch import node_kind

#: names the folder of a node that the tasks' files go to; without it they lie among the results
SCRATCH = "POOLWISE_SCRATCH"
#: what of the hardware is named where two kinds differ
_NAMED = ("cpu_model", "logical_cpus", "memory_mib", "numa_nodes", "smt", "kernel", "architecture")


class NodeError(RuntimeError):
    """A node that can't measure what is planned; one line for the user."""


@dataclass(frozen=True)
class Here:
    """This node: `facts` as of machine.json, with the plan's interpreters."""

    name: str
    facts: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Equal for nodes of one kind."""
        return host_facts.fingerprint(dict(self.facts))

    def described(self, cpus: list[int] | None) -> dict[str, Any]:
        """What run.json keeps of it; `cpus` are those that are measured."""
        job = self.facts["job"] or {}
        return {
            "node": self.name,
            "fingerprint": self.fingerprint,
            "manager": job.get("manager"),
            "job": job.get("job"),
            "partition": job.get("partition"),
            "cpus": cpus,
            "memory_limit_mib": self.facts["memory_limit_mib"],
            "exclusive": job.get("exclusive"),
            "gres": job.get("gres", ""),
            "devices": job.get("devices") or {},
        }


def look(host: Mapping[str, Any]) -> Here:
    """This node now, beside what was probed (`host`)."""
    now = {**host_facts.hardware(), **host_facts.usable(), **host_facts.grant()}
    then = host["memory_mib"]
    if node_kind.same_memory(now["memory_mib"], then):
        now["memory_mib"] = then
    return Here(granted.node(), {**host, **now})


def differences(here: Here, host: Mapping[str, Any]) -> list[str]:
    """In what this node is of another kind than the one that was probed."""
    now, then = ({key: facts.get(key) for key in _NAMED} for facts in (here.facts, host))
    return node_kind.differences(now, then)


def placed(plan: Mapping[str, Any], here: Here, name: str) -> dict[str, Any]:
    """The plan with this node's CPUs in one of its blocks. Raises NodeError if they are too few.

    Equal nodes may number what they grant differently. Measured is what was granted, and no more.
    """
    order = list(here.facts["core_order"])
    blocks = list(plan["blocks"])
    place = next(i for i, block in enumerate(blocks) if block["block"] == name)
    block = blocks[place]
    if block["cpus"] is None:
        return dict(plan)
    if here.facts["usable_cores"] < block["cores"]:  # a quota grants less than the CPUs it shows
        limits = "; ".join(here.facts["limits"])
        raise NodeError(
            f"{here.name}: block {name} needs {block['cores']} cores, and this job may use "
            f"{here.facts['usable_cores']} ({limits}): the job must hold its node alone and ask "
            "for all of its CPUs (profile key 'default-resources': slurm_extra, cpus_per_task)"
        )
    if set(block["cpus"]) <= set(order):
        return dict(plan)
    blocks[place] = {**block, "cpus": order[: block["cores"]]}
    return {**plan, "blocks": blocks}


def scratch_root(results: Path) -> Path:
    """The folder that all tasks' files of a run on this node go to.

    Its name has the node's: the disk may be one that others share, and a job removes its own alone.
    """
    named = os.environ.get(SCRATCH)
    if not named:
        return results / "scratch"
    told = f"{results.resolve()} {granted.node()}"
    return Path(named) / f"poolwise-{os.getuid()}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


@contextmanager
def scratch(results: Path, folder: str | None) -> Iterator[None]:
    """Have the tasks' files in a folder of this node's own, and remove them with the job."""
    if folder is None:
        yield
        return
    if not Path(folder).is_dir():
        raise NodeError(
            f"{folder}: no such folder on {granted.node()}: profile key 'default-resources': "
            "tmpdir must name a folder that every node has"
        )
    os.environ[SCRATCH] = folder
    try:
        yield
    finally:
        shutil.rmtree(scratch_root(results), ignore_errors=True)
        del os.environ[SCRATCH]
