"""The nodes that Slurm gave to the job this launch is part of, and how a program starts on them.

A job step of Slurm (`srun`) starts one keeper on each (keeper.py), and the keepers all else: so
workers of every library are started, bound, counted and ended alike.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import Dict, List, Tuple

from experiments.launch.base import Unsupported

#: of Slurm's variables, those that say where it is and which job this is. The others describe the
#: job step that the launch runs in, and srun would take them for wishes
KEPT = ("SLURM_JOB_ID", "SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS")
_FOREIGN = re.compile(r"^(SLURM|SLURMD|SRUN|SBATCH|SALLOC|PMI|PMIX)_")
#: a question to Slurm's controller takes milliseconds where it answers at all
ASK_SECONDS = 30
#: a job step that can't have its nodes by then is given up
STEP_SECONDS = 30
#: any port: nothing is sent there
_DISCARD = 9


@dataclass(frozen=True)
class Allocation:
    """`names` are the nodes to use, the one that this process is on first."""

    job: str
    names: Tuple[str, ...]

    @property
    def others(self) -> Tuple[str, ...]:
        """All but this one."""
        return self.names[1:]

    def step(self, names: Tuple[str, ...], program: List[str]) -> List[str]:
        """The command that runs a program once on each of some nodes, beside what runs there."""
        count = len(names)
        return [
            "srun", f"--jobid={self.job}", f"--nodelist={','.join(names)}",
            f"--nodes={count}", f"--ntasks={count}", "--ntasks-per-node=1",
            # what the launch's own step holds is shared, all of it; the keeper binds itself
            "--overlap", "--whole", "--mem=0", "--cpu-bind=none",
            "--mpi=none", "--kill-on-bad-exit=1", f"--immediate={STEP_SECONDS}", *program,
        ]  # fmt: skip

    def address(self) -> str:
        """The address of this node that the others reach: that of the way to the next one."""
        told = _ask(["scontrol", "--oneliner", "show", "node", self.others[0]])
        found = re.search(r"\bNodeAddr=(\S+)", told)
        other = found.group(1) if found else self.others[0]
        try:
            return way_to(other)
        except OSError as error:
            raise Unsupported(f"no way from this node to {other} ({error.strerror})") from error


def way_to(other: str) -> str:
    """The address that this machine has on its way to another; raises OSError without one."""
    found = socket.getaddrinfo(other, _DISCARD, type=socket.SOCK_DGRAM)[0]
    family, kind, protocol, _, where = found
    with socket.socket(family, kind, protocol) as way:
        way.connect(where)  # sends nothing: the kernel only looks for the way
        return str(way.getsockname()[0])


def allocation(count: int) -> Allocation:
    """The first `count` nodes of this job. Raises Unsupported, saying what to do."""
    wanted = f"it runs on {count} nodes"
    how = f"start Poolwise in a job of {count} nodes, as by sbatch --nodes={count} --exclusive"
    job, here = os.environ.get("SLURM_JOB_ID"), os.environ.get("SLURMD_NODENAME")
    if not job:
        raise Unsupported(f"{wanted}, and this is no job of Slurm: {how}")
    if not here:
        raise Unsupported(f"{wanted}, and this process is on none of its job's: {how}")
    missing = [name for name in ("srun", "scontrol") if shutil.which(name) is None]
    if missing:
        raise Unsupported(f"{wanted}, and Slurm's program {missing[0]} isn't on the PATH here")
    # not its own variable: within a job step that may name the step's nodes alone
    told = _ask(["scontrol", "--oneliner", "show", "job", job])
    listed = re.search(r"(?:^|\s)NodeList=(\S+)", told)
    names = _ask(["scontrol", "show", "hostnames", listed.group(1)]).split() if listed else []
    if here not in names or len(names) < count:
        raise Unsupported(f"{wanted}, and its job has {len(names)} ({', '.join(names)}): {how}")
    ordered = [here, *(name for name in names if name != here)]
    return Allocation(job, tuple(ordered[:count]))


def environment() -> Dict[str, str]:
    """That of this process without what describes the job step that it runs in."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not _FOREIGN.match(name)
    }


def _ask(command: List[str]) -> str:
    """What Slurm answers. Raises Unsupported where it doesn't."""
    try:
        done = subprocess.run(
            command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=ASK_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unsupported(f"Slurm doesn't answer ({error})") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise Unsupported(f"Slurm doesn't answer ({said})")
    return done.stdout.decode(errors="replace")
