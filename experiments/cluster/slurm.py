"""What Slurm says of a partition and its nodes, asked where `snakemake` was typed.

Source of the fields: man scontrol, man sbatch (--test-only), Slurm 20.11 and later.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.settings import ConfigError

#: a controller that doesn't answer for so long is down
PATIENCE_SECONDS = 30
#: a node in one of these states runs no job until an administrator acts
OUT = {"DOWN", "DRAIN", "DRAINED", "DRAINING", "FAIL", "FAILING", "NO_RESPOND", "NOT_RESPONDING"}


@dataclass(frozen=True)
class Kind:
    """Nodes that Slurm describes alike; `cpus` are those that jobs may have."""

    cpus: int
    memory_mib: int
    features: str
    gres: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        more = len(self.names) - 1
        named = f"{self.names[0]} and {more} more" if more else self.names[0]
        has = [f"{self.cpus} CPUs", f"{self.memory_mib} MiB", self.features, self.gres]
        return f"{named}: {', '.join(filter(None, has))}"


@dataclass(frozen=True)
class Job:
    """A job in the queue, in Slurm's words."""

    number: str
    state: str
    reason: str


@dataclass(frozen=True)
class Partition:
    """A partition; `most_minutes` is None where jobs may run for ever."""

    name: str
    most_minutes: int | None
    kinds: tuple[Kind, ...]


def missing() -> str | None:
    """Why Slurm can't be asked here, or None."""
    for program in ("sbatch", "scontrol"):
        if shutil.which(program) is None:
            return (
                f"--executor slurm: {program} isn't on the PATH: run this where jobs are "
                "submitted, such as a login node (some sites need `module load slurm` first)"
            )
    return None


def partition(name: str | None, constraint: str = "") -> Partition:
    """The partition of that name, or Slurm's default one, with its nodes that fit.

    Raises ConfigError where there is none, it takes no jobs, or no node of it is up.
    """
    every = [_fields(line) for line in _ask("scontrol", "show", "partition", "-o").splitlines()]
    wanted = [one for one in every if _is_wanted(one, name)]
    if not wanted:
        known = ", ".join(one["PartitionName"] for one in every) or "none"
        what = f"no partition {name!r}" if name else "no default partition: name one"
        raise ConfigError(f"{_KEY}: Slurm has {what} (slurm_partition); it has {known}")
    found = wanted[0]
    if found.get("State", "UP") != "UP":
        raise ConfigError(
            f"{_KEY}: partition {found['PartitionName']} is {found['State']}: it takes no jobs"
        )
    return Partition(
        name=found["PartitionName"],
        most_minutes=minutes(found.get("MaxTime", "UNLIMITED")),
        kinds=tuple(_kinds(found, constraint)),
    )


def refusal(options: Sequence[str]) -> str | None:
    """What Slurm has against a job with these options of sbatch, without submitting one."""
    done = _run("sbatch", "--test-only", *options, "--wrap", "true")
    if done.returncode == 0:
        return None
    lines = [line.split(": ", 1)[-1] for line in done.stderr.splitlines() if line.strip()]
    return "; ".join(dict.fromkeys(lines)) or f"sbatch ended with status {done.returncode}"


def state_of(job: str) -> str | None:
    """The state of a job in Slurm's words (RUNNING, ...), or None where that isn't known."""
    if shutil.which("squeue") is None:
        return None
    try:
        done = _run("squeue", "--noheader", "--jobs", job, "--states=all", "--format=%T")
    except ConfigError:
        return None
    if done.returncode == 0:
        return done.stdout.strip().split("\n")[0] or "GONE"
    return "GONE" if "Invalid job id" in done.stderr else None


def job(number: str) -> dict[str, Any]:
    """What Slurm granted a job; nothing where it can't be asked on this node.

    Keys: partition, memory_mib (of a node), exclusive, gres, constraint.
    """
    told = _shown(number)
    if not told:
        return {}
    return {
        "partition": told.get("Partition", ""),
        "memory_mib": mib(told.get("MinMemoryNode", "")),
        "exclusive": told["OverSubscribe"] == "NO" if "OverSubscribe" in told else None,
        "gres": _some(told.get("TresPerNode")),
        "constraint": _some(told.get("Features")),
    }


def restarts(number: str) -> int | None:
    """How often a job was put back into the queue; None where Slurm can't be asked."""
    told = _shown(number).get("Restarts", "")
    return int(told) if told.isdigit() else None


def _shown(number: str) -> dict[str, str]:
    """What Slurm shows of a job; nothing where it can't be asked on this node."""
    if shutil.which("scontrol") is None:
        return {}
    try:
        return _fields(_run("scontrol", "show", "job", number, "-o", patience=10).stdout)
    except ConfigError:
        return {}


def jobs_of(folder: Path) -> list[Job] | None:
    """The user's jobs that wait, run or were preempted, submitted from a folder; None: not known.

    Only those of Snakemake's: its plugin names the rule in the comment.
    """
    states = "PENDING,CONFIGURING,RUNNING,SUSPENDED,COMPLETING,PREEMPTED"
    asked = ("squeue", "--noheader", f"--user={os.getuid()}", f"--states={states}",
             "--format=%i|%T|%r|%k|%Z")  # fmt: skip
    try:
        done = _run(*asked)
    except (ConfigError, OSError):
        return None
    if done.returncode != 0:
        return None
    parts = [line.split("|", 4) for line in done.stdout.splitlines() if line.count("|") >= 4]
    return [
        Job(number, state, reason)
        for number, state, reason, comment, where in parts
        if comment.startswith("rule_") and Path(where) == folder
    ]


def cancel(job: str) -> None:
    """Cancel one job of ours."""
    with contextlib.suppress(ConfigError, OSError):
        _run("scancel", job)


def requeue(job: str) -> str | None:
    """Put a job of ours back into the queue; what Slurm has against that, or None."""
    try:
        done = _run("scontrol", "requeue", job)
    except (ConfigError, OSError) as error:
        return str(error)
    return None if done.returncode == 0 else " ".join(done.stderr.split()) or "refused"


def memory_of_jobs() -> tuple[int | None, bool]:
    """Seconds until a job that has ended is forgotten (None: never); whether accounting keeps it.

    Source: man slurm.conf, MinJobAge (0: never; 300 by default) and AccountingStorageType.
    """
    lines = (line.partition("=") for line in _ask("scontrol", "show", "config").splitlines())
    told = {key.strip(): value.strip() for key, _, value in lines}
    age = re.match(r"[1-9]\d*", told.get("MinJobAge", ""))
    storage = told.get("AccountingStorageType", "")
    return int(age[0]) if age else None, storage not in ("", "(null)", "accounting_storage/none")


def mib(text: str) -> int | None:
    """Slurm's `4000M` or `1.5G` in MiB; None where there is no amount, or none but 0."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)", text)
    if found is None:
        return None
    size = {"K": 1 / 1024, "": 1, "M": 1, "G": 1024, "T": 1024**2}[found[2]]
    return int(float(found[1]) * size) or None


def minutes(text: str) -> int | None:
    """Slurm's `days-hours:minutes:seconds` in whole minutes; None for no limit."""
    found = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d+):(\d+)", text)
    if found is None:
        return None
    days, hours, mins, _ = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + mins


def nodes() -> set[str]:
    """Names of all nodes; none where Slurm doesn't answer soon."""
    if shutil.which("sinfo") is None:
        return set()
    try:
        return set(_run("sinfo", "--noheader", "--Node", "--format=%N", patience=5).stdout.split())
    except ConfigError:
        return set()


_KEY = "profile key 'default-resources'"


def _is_wanted(one: Mapping[str, str], name: str | None) -> bool:
    return one["PartitionName"] == name if name else one.get("Default") == "YES"


def _kinds(found: Mapping[str, str], constraint: str) -> Iterable[Kind]:
    """The nodes that are up and have the features asked for, alike ones together."""
    listed = found.get("Nodes", "")
    if listed in ("", "(null)"):
        raise ConfigError(f"{_KEY}: partition {found['PartitionName']} has no nodes")
    lines = _ask("scontrol", "show", "node", listed, "-o").splitlines()
    every = [_fields(line) for line in lines]
    up = [one for one in every if not OUT & set(re.split(r"[+*~#!%$@^-]", one.get("State", "")))]
    if not up:
        states = ", ".join(sorted({one.get("State", "?") for one in every}))
        raise ConfigError(
            f"{_KEY}: no node of partition {found['PartitionName']} is up ({states}): a job would "
            "wait for ever; ask your administrator, or choose another partition"
        )
    fitting = [one for one in up if _has(one, constraint)]
    if not fitting:
        features = sorted({_some(one.get("AvailableFeatures")) for one in up})
        raise ConfigError(
            f"{_KEY}: no node of partition {found['PartitionName']} that is up has the constraint "
            f"{constraint!r}; their features: {'; '.join(features) or 'none'}"
        )
    grouped: dict[tuple[int, int, str, str], list[str]] = {}
    for one in fitting:
        cpus = int(one.get("CPUEfctv") or one["CPUTot"])
        gres, offered = _some(one.get("Gres")), _some(one.get("AvailableFeatures"))
        key = (cpus, int(one.get("RealMemory", 0)), offered, gres)
        grouped.setdefault(key, []).append(one["NodeName"])
    for (cpus, memory, offered, gres), names in grouped.items():
        yield Kind(cpus, memory, offered, gres, tuple(names))


def _has(one: Mapping[str, str], constraint: str) -> bool:
    """Whether a node has all features of `a&b`; what is more than that only Slurm itself knows."""
    if not re.fullmatch(r"[\w.:=-]+(&[\w.:=-]+)*", constraint):
        return True
    return set(constraint.split("&")) <= set(_some(one.get("AvailableFeatures")).split(","))


def _some(text: str | None) -> str:
    return "" if text in (None, "(null)") else str(text)


def _fields(line: str) -> dict[str, str]:
    """The `Key=value` words of scontrol; what follows a blank within a value is not needed."""
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def _ask(*command: str) -> str:
    done = _run(*command)
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise ConfigError(f"--executor slurm: {' '.join(command[:3])} failed: {said}")
    return done.stdout


def _run(*command: str, patience: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=patience, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ConfigError(
            f"--executor slurm: {command[0]} didn't answer within {patience:g} s: is Slurm's "
            "controller up?"
        ) from error
