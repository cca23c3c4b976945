"""Warnings about a block's launches, as sentences."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments import installed
from experiments.conductor.rows import Entry, disturbances, entry_values
from experiments.statistics.objectives import SECONDS, Objective

#: a server above this share of the cores it can use was what limited the clients
SERVER_BOTTLENECK = 0.8
#: an event loop that stands still this long is felt, and no wake-up is late by it (one in a virtual
#: machine may be by 10 ms)
BLOCKED_LOOP_MS = 40.0
#: median lateness on a loop, over the coroutines on it. Where each holds it for 5 ms at a time that
#: is 7.5 ms with asyncio and 3.5 with trio, which takes turns by chance; where they let go it is at
#: most 1, however busy the loop is
HELD_LOOP_MS = 3.0
#: a block with a larger share of disturbed launches says so in its verdict
DISTURBED_BLOCK = 0.25
#: a block with a larger share of batches between slowed cores says so, too
SLOWED_BLOCK = 0.10
#: the kernel averages its load over a minute (man 5 proc, loadavg)
LOAD_SECONDS = 60.0
#: and counts this often (LOAD_FREQ)
LOAD_EVERY_SECONDS = 5.0
#: running tasks of a launch beside its workers: the main thread, the conductor
BESIDE_WORKERS = 2
#: this many running or waiting tasks more than ours can be are others'
FOREIGN_TASKS = 1.0
_HOLDS_LOOP = (
    "what runs on it does not let others run meanwhile (it blocks, or computes); await what waits, "
    "and give the rest to a thread"
)


def flags(
    entries: Sequence[Entry],
    limits: Mapping[str, Any],
    objective: Objective = SECONDS,
    server_cores: int = 1,
) -> list[str]:
    """All warnings; `limits` is config key `disturbed`.

    `server_cores`: cores that the task's server can use at once, one where it is a single thread.
    """
    return [
        *_server_flags(entries, server_cores),
        *_disturbance_flags(entries, limits),
        *_slowness_flags(entries),
        *_load_flags(entries),
        *_clock_flags(entries),
        *_gil_flags(entries),
        *_unknown_flags(entries, objective),
    ]


def _unknown_flags(entries: Sequence[Entry], objective: Objective) -> Iterator[str]:
    """Launches that ran, but without what the block is decided on."""
    if objective.is_time:
        return
    ran = [entry for entry in entries if entry["launch"]["status"] == "ok"]
    mute = [entry for entry in ran if "steady" not in entry_values(entry, objective)]
    if mute:
        names = ", ".join(dict.fromkeys(entry["approach"] for entry in mute))
        yield (
            f"no {objective.noun} known of {len(mute)} of {len(ran)} launches that ran, so they "
            f"count as launches without a value ({objective.unknown}): {names}"
        )


def blocked_loop_flags(entries: Sequence[Entry]) -> Iterator[str]:
    """A coroutine that holds its event loop: nothing else of the program goes on meanwhile."""
    seen: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        if entry["launch"].get("heartbeat_max_ms") is not None:
            seen.setdefault(entry["approach"], []).append(entry["launch"])
    seen = {name: launches for name, launches in seen.items()
            if installed.runs_on_loop(launches[0]["executor"])}  # fmt: skip
    frozen = {name: ms for name, launches in seen.items()
              if (ms := _median(launches, "heartbeat_max_ms")) >= BLOCKED_LOOP_MS}  # fmt: skip
    if frozen:
        yield (
            f"the event loop stood still for up to {max(frozen.values()):.0f} ms in "
            f"{', '.join(frozen)}: {_HOLDS_LOOP}"
        )
    late = {name: (_median(launches, "heartbeat_p50_ms"), launches[0]["workers"])
            for name, launches in seen.items() if name not in frozen}  # fmt: skip
    held = {name: ms for name, (ms, workers) in late.items() if ms >= HELD_LOOP_MS * workers}
    if held:
        yield (
            f"the event loop was held almost all the time in {', '.join(held)}: half of what was "
            f"due on it came {min(held.values()):.0f} ms late or later; {_HOLDS_LOOP}"
        )


def _median(launches: Sequence[Mapping[str, Any]], column: str) -> float:
    return float(statistics.median(launch[column] for launch in launches))


def _server_flags(entries: Sequence[Entry], cores: int) -> Iterator[str]:
    shares: dict[str, list[float]] = {}
    for entry in entries:
        share = entry["launch"]["service_cpu_share"]
        if share is not None:
            shares.setdefault(entry["approach"], []).append(share)
    busy = {name: statistics.median(seen) for name, seen in shares.items()}
    limited = {name: share for name, share in busy.items() if share > SERVER_BOTTLENECK * cores}
    if limited:
        of_cores = "" if cores == 1 else f", of the {cores} it may run on"
        yield (
            f"the server was the bottleneck (it used up to {max(limited.values()):.0%} of a "
            f"core{of_cores}) for {', '.join(limited)}: they could be faster against a faster "
            "server"
        )


def _disturbance_flags(entries: Sequence[Entry], limits: Mapping[str, Any]) -> Iterator[str]:
    disturbed = [entry for entry in entries if entry["launch"]["disturbed"]]
    if not entries or len(disturbed) / len(entries) <= DISTURBED_BLOCK:
        return
    causes = Counter(
        cause
        for entry in disturbed
        for cause in disturbances(entry["launch"], entry["samples"], limits)
    )
    told = ", ".join(f"{cause} in {count}" for cause, count in causes.most_common())
    yield (
        f"{len(disturbed)} of {len(entries)} launches were disturbed, also after repeats: {told}"
    )


def _slowness_flags(entries: Sequence[Entry]) -> Iterator[str]:
    samples = [sample for entry in entries for sample in entry["samples"]]
    known = [sample["calm"] for sample in samples if sample.get("calm") is not None]
    slowed = known.count(False)
    if known and slowed / len(known) > SLOWED_BLOCK:
        yield (
            f"the cores were slowed from outside around {slowed / len(known):.0%} of the batches: "
            "by a busy neighbour or throttling; steady times are from the calm ones where there "
            "are any, one-shot times can't avoid them"
        )


def _load_flags(entries: Sequence[Entry]) -> Iterator[str]:
    """A load average above what our own launches can make: others wait for cores or disks."""
    explained = _explained_loads([entry["launch"] for entry in entries])
    loads = [entry["launch"]["load_1min"] or 0.0 for entry in entries]
    pairs = list(zip(loads, explained, strict=True))
    above = [(load, own) for load, own in pairs if load > own + FOREIGN_TASKS]
    if above and len(above) / len(pairs) > DISTURBED_BLOCK:
        load, own = max(above, key=lambda pair: pair[0] - pair[1])
        yield (
            f"others kept the machine busy: a load average of {load:.1f} before a launch, of "
            f"which its own work explains at most {own:.1f}"
        )


def _explained_loads(launches: Sequence[Mapping[str, Any]]) -> list[float]:
    """The load that may stand before each launch if nobody else runs, from the first one's on.

    The kernel's formula, with every worker running all the time, so the real one is lower. It
    counts every 5 s only: so much may be missing from the first.
    """
    most = max((launch["workers"] + BESIDE_WORKERS for launch in launches), default=0)
    unseen = most * (1 - math.exp(-LOAD_EVERY_SECONDS / LOAD_SECONDS))
    loads: list[float] = []
    load = (launches[0]["load_1min"] or 0.0) + unseen if launches else 0.0
    for launch in launches:
        loads.append(load)
        old = math.exp(-(launch["launch_seconds"] or 0.0) / LOAD_SECONDS)
        load = old * load + (1 - old) * (launch["workers"] + BESIDE_WORKERS)
    return loads


def _clock_flags(entries: Sequence[Entry]) -> Iterator[str]:
    jumps = [jump for entry in entries if (jump := entry["launch"]["clock_jump_seconds"])]
    if jumps:
        yield (
            f"the system's clock was set by {max(jumps, key=abs):+.1f} s while "
            f"{_launches(len(jumps))} ran: times of day are off, timings are not, as they are "
            "made by a clock that can't be set"
        )
    slept = [seconds for entry in entries if (seconds := entry["launch"]["suspended_seconds"])]
    if slept:
        yield f"the machine slept for {sum(slept):.1f} s while {_launches(len(slept))} ran"


def _gil_flags(entries: Sequence[Entry]) -> Iterator[str]:
    """Launches of a free-threaded build that ended with a GIL: their times are those of one.

    Source: https://github.com/airspeed-velocity/asv/issues/1515, and PEP 703: an extension module
    that doesn't say it can do without switches the GIL on when it is imported.
    """
    launches = [entry["launch"] for entry in entries]
    switched = [
        one for one in launches if one.get("gil_at_start") is False and one.get("gil_at_end")
    ]
    if switched:
        names = ", ".join(dict.fromkeys(one["interpreter"] for one in switched))
        yield (
            f"the GIL was switched on in {_launches(len(switched))} of {names}: a module that was "
            "imported doesn't say it can do without, so they ran as with a GIL; a newer release of "
            "it may, or PYTHON_GIL=0 in the environment keeps it off at your own risk"
        )


def _launches(number: int) -> str:
    return f"{number} launch" if number == 1 else f"{number} launches"
