"""Facts of the machine that measures: cores it may really use, their order, memory, versions.

Usable cores are affinity, cgroup cpuset (already inside the affinity) and cgroup CPU quota
together: each alone has misled users of other tools.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import math
import os
import platform
import re
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from experiments import old_results
from experiments.cluster import granted
from experiments.launch import control_groups, node_kind
from experiments.launch.throttling import CPU_ROOT
from experiments.pythons.ask import interpreters
from experiments.pythons.find import CURRENT
from experiments.pythons.grid import settings_modules
from experiments.schema import write_atomically
from experiments.settings import ConfigError

PACKAGES = ("snakemake", "pandas", "numpy", "scipy", "seaborn", "jinja2", "weasyprint", "uvicorn",
            "uvloop", "httptools", "aiohttp", "psutil")  # fmt: skip


def affinity_supported() -> bool:
    """Whether a process can be bound to cores here (not on macOS)."""
    return hasattr(os, "sched_setaffinity")


def allowed_cpus() -> list[int]:
    """Logical CPUs this process may run on."""
    if affinity_supported():
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def cgroup_quota(
    proc: Path = control_groups.PROC, root: Path = control_groups.ROOT
) -> float | None:
    """Cores granted by the tightest CPU quota on the way to the root group, or None (no quota).

    Source: Linux Documentation/admin-guide/cgroup-v2.rst (cpu.max), cgroup-v1 (cpu.cfs_quota_us).
    """
    return min(control_groups.upwards("cpu", _quota_v2, _quota_v1, proc, root), default=None)


def _quota_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 else None


def _number(path: Path, default: int = 0) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return default


def _first_sibling(cpu: int, cpus: Collection[int], root: Path) -> bool:
    """Whether no lower one of `cpus` shares its physical core."""
    try:
        text = (root / f"cpu{cpu}/topology/thread_siblings_list").read_text()
    except OSError:
        return True
    return cpu == min(_cpu_list(text) & {*cpus}, default=cpu)


def _cpu_list(text: str) -> set[int]:
    """The CPUs of a kernel list such as `0-2,8` (Linux Documentation/core-api/printk-formats)."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def core_order(cpus: list[int], root: Path = CPU_ROOT) -> list[int]:
    """The order in which cores are handed out: fast physical cores of one socket and NUMA node
    first, then efficiency cores, then SMT siblings."""  # fmt: skip
    slowness = _slowness(cpus, root)

    def key(cpu: int) -> tuple[int, int, int, int]:
        node = next(iter(sorted((root / f"cpu{cpu}").glob("node[0-9]*"))), Path("node0")).name
        package = _number(root / f"cpu{cpu}/topology/physical_package_id")
        return (slowness[cpu], package, int(node[4:]), cpu)

    return sorted(cpus, key=key)


def fast_cores(cpus: list[int], root: Path = CPU_ROOT) -> int:
    """How many of them are fast physical cores: no efficiency core, no SMT sibling of another."""
    return sum(slow == 0 for slow in _slowness(cpus, root).values())


def _slowness(cpus: list[int], root: Path) -> dict[int, int]:
    """0 for a fast physical core, 1 for an efficiency core, 2 for a sibling of a lower one."""
    capacity = {cpu: _number(root / f"cpu{cpu}/cpu_capacity", 1024) for cpu in cpus}
    fastest = max(capacity.values(), default=1024)
    return {
        cpu: 2 if not _first_sibling(cpu, cpus, root) else int(capacity[cpu] < 0.9 * fastest)
        for cpu in cpus
    }


def usable(limit: int | None = None) -> dict[str, Any]:
    """Usable cores with the limits that set them, in sentences.

    `limit` is a cap of the caller's (snakemake --cores).
    """
    cpus = allowed_cpus()
    logical = os.cpu_count() or 1
    limits = [f"CPU affinity allows {len(cpus)} of {logical} logical CPUs"]
    count = len(cpus)
    quota = cgroup_quota()
    if quota is not None:
        limits.append(f"the control group's CPU quota grants {quota:g} cores")
        count = min(count, max(1, math.floor(quota)))
    if limit is not None and limit < count:
        limits.append(f"--cores {limit} asks for no more")
        count = limit
    if not affinity_supported():
        limits.append("this platform can't bind a process to cores: only all cores are measured")
    order = core_order(cpus)
    return {"usable_cores": count, "usable_cpus": order[:count], "core_order": order,
            "fast_cores": fast_cores(order[:count]), "quota_cores": quota, "limits": limits,
            "logical_cpus": logical}  # fmt: skip


def cpu_model() -> str:
    """The processor's name as the system tells it."""
    return node_kind.cpu_model() or platform.processor() or platform.machine() or "unknown"


def _package_versions() -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"


def virtualisation() -> str:
    """Whether a hypervisor lies below (from the CPU flags), and whose."""
    flags = re.search(r"^flags.*\bhypervisor\b", _text("/proc/cpuinfo"), re.MULTILINE)
    vendor = _text("/sys/devices/virtual/dmi/id/sys_vendor")
    return f"virtual machine ({vendor})" if flags else "none seen"


def hardware() -> dict[str, Any]:
    """What is the same on all machines of one kind, whatever part of one this process may use."""
    every = range(os.cpu_count() or 1)
    return {
        "os": platform.system(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpu_model": cpu_model(),
        "logical_cpus": os.cpu_count() or 1,
        "smt": any(not _first_sibling(cpu, every, CPU_ROOT) for cpu in every),
        "numa_nodes": max(1, len(list(Path("/sys/devices/system/node").glob("node[0-9]*")))),
        "memory_mib": psutil.virtual_memory().total // 2**20,
    }


def grant() -> dict[str, Any]:
    """The job that this process is of (None: of none), and the limit of its memory."""
    job = granted.job()
    return {"job": job, "memory_limit_mib": granted.memory_limit_mib((job or {}).get("memory_mib"))}


def probe(
    machine: str = "auto",
    limit: int | None = None,
    pythons: Sequence[str] = (CURRENT,),
    modules: Sequence[str] = (),
) -> dict[str, Any]:
    """Everything that machine.json holds; interpreters are asked which of `modules` they lack.

    Raises ConfigError where config key `pythons` names something that can't be used.
    """
    facts: dict[str, Any] = {
        "schema_version": 1,
        "machine": machine_name(machine),
        "hostname": platform.node(),
        **hardware(),
        **usable(limit),
        **grant(),
        "asked": {"pythons": list(pythons), "modules": list(modules)},
        "governor": _text(str(CPU_ROOT / "cpu0/cpufreq/scaling_governor")),
        "virtualisation": virtualisation(),
        "affinity_supported": affinity_supported(),
        "interpreters": interpreters(pythons, modules),
        "packages": _package_versions(),
        "timer_resolution_seconds": time.get_clock_info("perf_counter").resolution,
    }
    facts["fingerprint"] = fingerprint(facts)
    return facts


def asked(settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """What settings ask of a probe: their interpreters, and the modules that their grid needs."""
    return {"pythons": settings["pythons"], "modules": settings_modules(settings)}


def machine_name(wanted: str = "auto") -> str:
    """The name of the results folder: as configured, or the host name made safe for a path."""
    if wanted != "auto":
        return wanted
    return re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node().split(".")[0]).strip("-.") or "machine"


def fingerprint(facts: dict[str, Any]) -> str:
    """What makes two machines different for a measurement: hardware, kernel, interpreter.

    Of several interpreters it is the first, which all answers and calibrations are made with; the
    others are named by the blocks that they compete in, and are in those blocks' digests.
    """
    keys = ("os", "kernel", "architecture", "cpu_model", "logical_cpus", "smt", "numa_nodes")
    identity = {key: facts[key] for key in keys}
    identity["memory_gib"] = round(facts["memory_mib"] / 1024)
    identity["interpreters"] = [entry["interpreter"] for entry in facts["interpreters"][:1]]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def of_kind(facts: dict[str, Any], kinds: Collection[str]) -> dict[str, Any]:
    """The facts as those of a kind of machine whose fingerprint is known, if it is one of these.

    Nodes of one kind differ a little in memory; a fingerprint has it in whole GiB.
    """
    memory, most_off = facts["memory_mib"], node_kind.SAME_MEMORY
    least, most = (round(memory * (1 + share) / 1024) for share in (-most_off, most_off))
    for gib in range(least, most + 1):
        near = min(max(memory, gib * 1024 - 511), gib * 1024 + 511)  # the next that rounds to it
        alike = {**facts, "memory_mib": near}
        alike["fingerprint"] = fingerprint(alike)
        if alike["fingerprint"] in kinds:
            return alike
    return facts


def main() -> None:
    """Write machine.json (rule probe), unless another kind of machine has measured there."""
    parser = argparse.ArgumentParser(prog="python -m experiments.host")
    parser.add_argument("--machine", default="auto")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--asked", type=json.loads, default={}, help="what `asked` gives, JSON")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    try:
        facts = probe(args.machine, args.limit, **args.asked)
        facts = of_kind(facts, old_results.kinds(args.out.parent))
        old_results.check_kind(args.out.parent, facts)
    except ConfigError as error:
        sys.exit("\n".join(f"Poolwise: {line}" for line in str(error).splitlines()))
    write_atomically(args.out, json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
