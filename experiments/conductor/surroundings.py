"""What happened around a launch: one reading before, one after, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from experiments.conductor.clocks import Clocks, jump_seconds, read_clocks, suspended_seconds
from experiments.launch import cores
from experiments.launch.cores import Cores, Taken


@dataclass(frozen=True)
class Surroundings:
    """One reading of all counters."""

    cores: Cores
    clocks: Clocks


@dataclass(frozen=True)
class Disturbance(Taken):
    """What others did during a launch; columns of launches.csv. None: the system doesn't tell.

    Shares are of the measured cores' time; of several nodes, those of the most disturbed one. The
    clock is that of the node that the launch began on.
    """

    clock_jump_seconds: float | None = None
    suspended_seconds: float | None = None


def look_around(cpus: Sequence[int] | None) -> Surroundings:
    """Read the counters of the measured CPUs (None: of all)."""
    return Surroundings(cores.read(cpus), read_clocks())


def disturbance(
    before: Surroundings, after: Surroundings, own_seconds: float, other_nodes: Taken | None = None
) -> Disturbance:
    """What lies between two readings; `own_seconds` as `cores.shares` takes them."""
    here = cores.taken(before.cores, after.cores, own_seconds)
    return Disturbance(
        **asdict(cores.worst([here, other_nodes or Taken()])),
        clock_jump_seconds=jump_seconds(before.clocks, after.clocks),
        suspended_seconds=suspended_seconds(before.clocks, after.clocks),
    )
