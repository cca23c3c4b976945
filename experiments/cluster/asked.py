"""What was typed for jobs of a cluster: executor and resources, and what is wrong of them."""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.conductor.progress import say
from experiments.settings import ConfigError

#: two snakemakes inside a job and the conductor take 340 MiB (PSS, measured with 9.27); on top of
#: that comes what is measured
LEAST_MEM_MB = 500
#: resources that Snakemake's plugin hands to Slurm under names of its own
SLURM_RESOURCES = ("slurm_partition", "slurm_account", "slurm_extra", "slurm_cluster")


@dataclass(frozen=True)
class Asked:
    """What was typed: resources that are an expression, no number or text, are left out."""

    executor: str
    resources: Mapping[str, Any]
    status_command: str = "auto"
    #: all resources, those left out too
    names: tuple[str, ...] = ()
    #: for all jobs, by options of their own
    qos: str | None = None
    reservation: str | None = None


def asked_for(argv: Sequence[str]) -> Asked:
    """What a snakemake command line asks for, profiles included.

    Snakemake itself doesn't tell a Snakefile.
    """
    from snakemake.cli import parse_args

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # it says which profiles it uses
            _, args = parse_args(list(argv))
    except (Exception, SystemExit):  # not snakemake's own command line: it is called as a library
        return Asked("local", {})
    resources = {
        name: value
        for name, one in dict(args.default_resources or {}).items()
        if (value := _literal(getattr(one, "raw", None))) is not None
    }
    status, qos, reservation = (
        value if isinstance(value := getattr(args, f"slurm_{name}", None), str) else None
        for name in ("status_command", "qos", "reservation")
    )
    names = tuple(dict(args.default_resources or {}))
    executor = str(args.executor or "local")
    return Asked(executor, resources, status or "auto", names, qos, reservation)


def _literal(raw: Any) -> Any:
    """A resource as it was written: a number, or a text with or without quotes of its own."""
    try:
        found = ast.literal_eval(str(raw))
    except (ValueError, SyntaxError):
        plain = raw is not None and all(c.isalnum() or c in "_-.:/" for c in str(raw))
        return str(raw) if plain else None
    return found if isinstance(found, int | str) else None


def check_names(names: Sequence[str]) -> None:
    """Resources that Snakemake takes and nobody reads: other nodes would be measured than meant.

    Raises ConfigError where it is plain what was meant, else warns: the plugin may know more.
    """
    for name in names:
        likely = difflib.get_close_matches(name, SLURM_RESOURCES, 1, cutoff=0.85)
        meant = [f"slurm_{name}"] if name in ("partition", "account") else likely
        if name in SLURM_RESOURCES:
            continue
        if meant:
            raise ConfigError(
                f"profile key 'default-resources': {name} is no resource of Slurm's, which would "
                f"not be told of it: {meant[0]} is"
            )
        if name.startswith("slurm_"):
            say(
                f"Poolwise: warning: profile key 'default-resources': {name} may be no resource of "
                f"Snakemake's plugin for Slurm, which knows {', '.join(SLURM_RESOURCES)}"
            )


def check_memory(resources: Mapping[str, Any], cpus: int) -> None:
    """Raises ConfigError where a job of so many CPUs has too little for what runs in it."""
    key = "mem_mb_per_cpu" if resources.get("mem_mb_per_cpu") else "mem_mb"
    asked = resources.get(key)
    if not isinstance(asked, int):
        return
    whole, times = (asked, "") if key == "mem_mb" else (asked * cpus, f" for {cpus} CPUs")
    if 0 < whole < LEAST_MEM_MB:
        raise ConfigError(
            f"profile key 'default-resources': {key}={asked}{times} is too little: the snakemake "
            f"inside a job needs {LEAST_MEM_MB}, and what is measured comes on top"
        )


def options(asked: Asked, partition: str, cpus: int, minutes: int) -> list[str]:
    """sbatch's options for a job that holds a node, as the executor's plugin gives them."""
    resources = asked.resources
    memory = "mem_mb_per_cpu" if resources.get("mem_mb_per_cpu") else "mem_mb"
    names = {"slurm_account": "--account", "constraint": "--constraint", "qos": "--qos",
             memory: "--mem-per-cpu" if memory == "mem_mb_per_cpu" else "--mem",
             "gres": "--gres"}  # fmt: skip
    given = [f"{names[key]}={resources[key]}" for key in names if resources.get(key)]
    if resources.get("gpu") or resources.get("gpu_model"):
        model = f"{resources['gpu_model']}:" if resources.get("gpu_model") else ""
        given.append(f"--gpus={model}{resources.get('gpu', 1)}")
    for name, value in (("qos", asked.qos), ("reservation", asked.reservation)):
        if value:
            given.append(f"--{name}={value}")
    extra = str(resources.get("slurm_extra", "")).split()
    size = ["--ntasks=1", f"--cpus-per-task={cpus}", f"--time={minutes}"]
    return [f"--partition={partition}", *size, *given, *extra]
