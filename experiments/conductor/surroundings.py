"""What happened around a launch: one reading before, one after, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.conductor import noise
from experiments.conductor.clocks import Clocks, jump_seconds, read_clocks, suspended_seconds
from experiments.conductor.throttling import (
    Throttling,
    new_heat_events,
    quota_share,
    read_throttling,
)


@dataclass(frozen=True)
class Surroundings:
    """One reading of all counters."""

    cpu: noise.CpuTimes | None
    throttling: Throttling
    clocks: Clocks
    cpus: int


@dataclass(frozen=True)
class Disturbance:
    """What others did during a launch; columns of launches.csv. None: the system doesn't tell.

    Shares are of the measured cores' time.
    """

    foreign_cpu_share: float | None = None
    steal_share: float | None = None
    throttle_events: int | None = None
    quota_throttled_share: float | None = None
    clock_jump_seconds: float | None = None
    suspended_seconds: float | None = None


def look_around(cpus: Sequence[int] | None) -> Surroundings:
    """Read the counters of the measured CPUs (None: of all)."""
    count = noise.cpu_count(cpus)
    return Surroundings(noise.read_cpu_times(cpus), read_throttling(cpus), read_clocks(), count)


def disturbance(before: Surroundings, after: Surroundings, own_seconds: float) -> Disturbance:
    """What lies between two readings; `own_seconds` as `noise.shares` takes them."""
    foreign, steal = noise.shares(before.cpu, after.cpu, own_seconds)
    wall = after.clocks.steady - before.clocks.steady
    return Disturbance(
        foreign_cpu_share=foreign,
        steal_share=steal,
        throttle_events=new_heat_events(before.throttling, after.throttling),
        quota_throttled_share=quota_share(before.throttling, after.throttling, wall, before.cpus),
        clock_jump_seconds=jump_seconds(before.clocks, after.clocks),
        suspended_seconds=suspended_seconds(before.clocks, after.clocks),
    )
