"""What came of one launch, as its events are heard and its processes end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from experiments.conductor.surroundings import Disturbance
from experiments.launch.cores import Taken


@dataclass
class Outcome:
    """What one launch said and cost. Missing numbers are None, never 0."""

    status: str = "crashed"
    reason: str = ""
    phase: str = "start"
    startup_seconds: float | None = None
    teardown_seconds: float | None = None
    worker_import_seconds: float | None = None
    batches: list[dict[str, Any]] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    latency_quantiles: dict[str, float] = field(default_factory=dict)
    #: [milliseconds, items] of each bucket, the fastest first; empty where not recorded
    latencies: list[list[float]] = field(default_factory=list)
    #: what the task itself counted over the timed batches, by column
    counts: dict[str, int | None] = field(default_factory=dict)
    calibrated: dict[str, Any] | None = None
    #: what the look at a function of the user's found
    checked: dict[str, Any] | None = None
    peak_memory_mib: float | None = None
    disturbance: Disturbance = field(default_factory=Disturbance)
    service_cpu_share: float | None = None
    load_1min: float | None = None
    #: whether the interpreter held a GIL; None: not told, or nothing is known of one
    gil_at_start: bool | None = None
    gil_at_end: bool | None = None
    #: CPU seconds on this machine of workers that the launch only used, such as a given cluster's
    elsewhere_seconds: float = 0.0
    #: what others took of the other nodes of a launch over several
    other_nodes: Taken = field(default_factory=Taken)
    launch_seconds: float = 0.0
    ended: bool = False
    must_end: bool = False
