"""What a Slurm cluster on this machine needs, and its slurm.conf."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

LOOPBACK = "127.0.0.1"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "setpriv")
PACKAGES = "on Debian or Ubuntu: apt-get install --no-install-recommends slurm-wlm munge"
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
#: AF_UNIX takes 107 bytes; the longest socket is that of a step of a job
LONGEST_FOLDER = 107 - len("/node10/node10_9999999.4294967295")
#: below those that Linux gives to outgoing connections (32768 to 60999)
PORTS = range(20_000, 32_000)

CONFIG = """
ClusterName=poolwise
SlurmctldHost={host}({loopback})
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
SlurmdTimeout={node_timeout}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
PropagateResourceLimits=NONE
ReturnToService=2
KillWait=5
MinJobAge={min_job_age}
DefMemPerCPU={memory_per_cpu}
NodeName=DEFAULT {shape} RealMemory={memory}
{nodes}
PartitionName=main Nodes={names} Default=YES
PartitionName=short Nodes={names} MaxTime=1
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=urgent Nodes={names} PriorityTier=10 PreemptMode=OFF
"""

#: a node that a cluster may have besides: another machine, and never up
ODD_NODE = """
NodeName=odd1 NodeAddr={loopback} Port={odd_port} CPUs=64 Boards=1 SocketsPerBoard=2 \
CoresPerSocket=32 ThreadsPerCore=1 Feature=odd State=DOWN
PartitionName=odd Nodes=odd1
"""


class Hardware(NamedTuple):
    """This machine as Slurm sees it; memory in MB."""

    cpus: int
    threads_per_core: int
    memory: int
    shape: str

    @property
    def cores(self) -> int:
        return self.cpus // self.threads_per_core

    @classmethod
    def found(cls) -> Hardware:
        """What slurmd measures: a node that is less than its definition would be drained."""
        said = _output("slurmd", "-C").splitlines()[0]  # NodeName=host CPUs=2 Boards=1 ...
        number = {key: int(value) for key, value in re.findall(r" (\w+)=(\d+)\b", said)}
        memory = number.pop("RealMemory")
        shape = " ".join(f"{key}={value}" for key, value in number.items())
        return cls(number["CPUs"], number["ThreadsPerCore"], memory, shape)


def missing(folder: Path | None, nodes: int, disjoint: bool) -> str | None:
    """Why no cluster can run here, in that folder or in one of the system's for such."""
    place = str((folder or Path(tempfile.gettempdir()) / "slurm-12345678").absolute())
    if len(os.fsencode(place)) > LONGEST_FOLDER or re.search(r"\s", place):
        return f"Slurm's folder has blanks or more than {LONGEST_FOLDER} bytes: {place}"
    absent = [program for program in PROGRAMS if not which(program)]
    if absent:
        return f"no {', '.join(absent)}; {PACKAGES}"
    if "-N node" not in _output("slurmd", "-h"):
        return "this slurmd can't be one of several nodes on a machine"
    host = socket.gethostname()
    # told not to listen on every address, Slurm listens on that of the host's name
    if _address(host) != LOOPBACK:
        return f"{host} isn't {LOOPBACK}: /etc/hosts needs '{LOOPBACK} {host}' as its first line"
    return _too_few_cores(nodes) if disjoint else None


def _too_few_cores(nodes: int) -> str | None:
    hardware = Hardware.found()
    if len(os.sched_getaffinity(0)) < hardware.cpus:
        return "this process may not use all CPUs, so nodes can't have cores of their own"
    if hardware.cores < nodes:
        return f"{nodes} nodes can't have cores of their own, of {hardware.cores}"
    return None


def configuration(
    folder: Path, names: list[str], ports: list[int], *, disjoint: bool, odd: bool, **seconds: int
) -> str:
    """The text of slurm.conf; ports are the controller's, each node's and the odd node's."""
    hardware = Hardware.found()
    host = socket.gethostname().split(".")[0]
    memory = hardware.memory * 9 // 10 // len(names)
    share = hardware.cores // len(names) * hardware.threads_per_core if disjoint else hardware.cpus
    nodes = [
        f"NodeName={name} NodeHostname={host} NodeAddr={LOOPBACK} Port={ports[index + 1]} "
        f"Feature=even,{name} " + _reserved(hardware.cpus, index * share if disjoint else 0, share)
        for index, name in enumerate(names)
    ]
    return (CONFIG + ODD_NODE * odd).format(
        folder=folder,
        host=host,
        loopback=LOOPBACK,
        user=pwd.getpwuid(os.getuid()).pw_name,
        port=ports[0],
        odd_port=ports[-1],
        shape=hardware.shape,
        memory=memory,
        memory_per_cpu=memory // share,
        names=",".join(names),
        nodes="\n".join(nodes),
        **seconds,
    )


def _reserved(cpus: int, first: int, share: int) -> str:
    """Keeps jobs off all but a node's share of the CPUs, which Slurm numbers core by core."""
    others = [str(cpu) for cpu in range(cpus) if not first <= cpu < first + share]
    return f"CpuSpecList={','.join(others)}" if others else ""


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, by chance: clusters that start together hardly want the same ones."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            taken = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                taken.bind((LOOPBACK, random.choice(PORTS)))
                found.append(taken.getsockname()[1])
    return found


def which(program: str) -> str | None:
    """Where a program is; daemons are in folders that few users have on their PATH."""
    return shutil.which(program, path=PATH)


def _output(program: str, option: str) -> str:
    done = subprocess.run([which(program) or program, option], capture_output=True, text=True)
    return done.stdout + done.stderr  # help goes to either


def _address(host: str) -> str | None:
    try:
        return socket.gethostbyname(host)
    except OSError:
        return None
