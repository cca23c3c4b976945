"""What a job was granted on this node: the words of Slurm, PBS and LSF, and the memory limit."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import psutil

from experiments.cluster import slurm
from experiments.launch import control_groups

#: manager -> variables: job, name of the node, partition or queue
_MANAGERS = {
    "slurm": ("SLURM_JOB_ID", "SLURMD_NODENAME", "SLURM_JOB_PARTITION"),
    "pbs": ("PBS_JOBID", "", "PBS_QUEUE"),
    "lsf": ("LSB_JOBID", "", "LSB_QUEUE"),
}
#: how often Slurm has put the job back into the queue: its own variable is kept from the rules'
#: processes by Snakemake's plugin, so it travels under this name
RESTARTS = "POOLWISE_RESTARTS"
#: devices that a job got, as the managers and their drivers say it
_DEVICES = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
            "ZE_AFFINITY_MASK")  # fmt: skip


def job(env: Mapping[str, str] = os.environ) -> dict[str, Any] | None:
    """The job that this process is of, or None outside of any. None within: not told.

    Keys: manager, job, node, partition, cpus (of this node, granted), nodes (of the job),
    memory_mib (granted on a node), exclusive (whether no other job may share the node), gres,
    devices (by variable), constraint.
    """
    found = identity(env)
    if found is None:
        return None
    manager, number = found
    _, node_key, partition_key = _MANAGERS[manager]
    told = slurm.job(number) if manager == "slurm" else {}
    return {
        "manager": manager,
        "job": number,
        "node": env.get(node_key) or node(env),
        "partition": env.get(partition_key) or told.get("partition", ""),
        "cpus": _whole(env.get("SLURM_CPUS_ON_NODE")) if manager == "slurm" else None,
        "nodes": _whole(env.get("SLURM_JOB_NUM_NODES")) or 1,
        "memory_mib": _memory_mib(env) or told.get("memory_mib"),
        "exclusive": told.get("exclusive"),
        "gres": told.get("gres", ""),
        "devices": {key: env[key] for key in _DEVICES if env.get(key)},
        "constraint": told.get("constraint", ""),
    }


def identity(env: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Manager and number of the job that this process is of; nobody is asked for that."""
    for manager, (job_key, _, _) in _MANAGERS.items():
        if env.get(job_key):
            return manager, env[job_key]
    return None


def restarts(env: Mapping[str, str] = os.environ) -> int | None:
    """How often Slurm has put this job back into the queue; None where that wasn't told.

    Source: man sbatch, SLURM_RESTART_COUNT, which a job has once it was.
    """
    return _whole(env.get("SLURM_RESTART_COUNT") or env.get(RESTARTS))


def hand_on_restarts(env: MutableMapping[str, str] = os.environ) -> None:
    """Have the processes below this one know `restarts`."""
    told = env.get("SLURM_RESTART_COUNT")
    if told:
        env[RESTARTS] = told


def node(env: Mapping[str, str] = os.environ) -> str:
    """The node's name: Slurm's own, else the host's without its domain."""
    return env.get("SLURMD_NODENAME") or platform.node().split(".")[0]


def memory_limit_mib(
    granted_mib: int | None = None,
    proc: Path = control_groups.PROC,
    root: Path = control_groups.ROOT,
) -> int | None:
    """The tightest limit of this process's memory below the machine's own; None without one.

    `granted_mib` is what the job got, which its manager may enforce or not. Source: Linux
    Documentation/admin-guide/cgroup-v2.rst (memory.max), cgroup-v1/memory.rst
    (memory.limit_in_bytes).
    """
    total = psutil.virtual_memory().total // 2**20
    bounds = control_groups.upwards("memory", _memory_v2, _memory_v1, proc, root)
    limits = [limit for limit in (*(one // 2**20 for one in bounds), granted_mib) if limit]
    found = min(limits, default=None)
    return found if found is not None and found < total else None


def _memory_v2(folder: Path) -> int | None:
    return _bytes(folder / "memory.max")


def _memory_v1(folder: Path) -> int | None:
    return _bytes(folder / "memory.limit_in_bytes")


def _bytes(path: Path) -> int | None:
    """A limit in bytes; None where there is none: v1 says so by a number near 2**63."""
    try:
        amount = int(path.read_text())
    except (OSError, ValueError):  # not there, or "max"
        return None
    return amount if amount < 2**60 else None


def _memory_mib(env: Mapping[str, str]) -> int | None:
    """Slurm's --mem, or its --mem-per-cpu for the CPUs of this node."""
    whole = _whole(env.get("SLURM_MEM_PER_NODE"))
    if whole:
        return whole
    each, cpus = _whole(env.get("SLURM_MEM_PER_CPU")), _whole(env.get("SLURM_CPUS_ON_NODE"))
    return each * cpus if each and cpus else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
