"""From a launch to its row, from a round's rows to what the race may know, and a block's flags."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from experiments import schema
from experiments.conductor.child import Outcome
from experiments.statistics.block import Round
from experiments.statistics.launches import Batch, values_of
from experiments.statistics.objectives import SECONDS, Objective

#: a server above this share of one core was what limited the clients (its loop is one thread)
SERVER_BOTTLENECK = 0.8
#: a block with a larger share of disturbed launches says so in its verdict
DISTURBED_BLOCK = 0.25

#: a block with a larger share of batches between slowed cores says so, too
SLOWED_BLOCK = 0.10

#: a line of the journal: {"approach", "launch": a row of launches.csv, "samples": its samples,
#: "latencies": [[milliseconds, items], ...]}
Entry = Mapping[str, Any]


def launch_row(
    plan: Mapping[str, Any], block: Mapping[str, Any], entry: Mapping[str, Any], number: int,
    launch_id: str, outcome: Outcome, items: int | None, code_digest: str,
) -> dict[str, Any]:  # fmt: skip
    """The row of launches.csv for one launch of an approach (`entry`) in a round."""
    return {
        "schema_version": schema.SCHEMA_VERSION, "machine": plan["machine"],
        "launch_id": launch_id, "block": block["block"], "task": block["task"],
        "params": json.dumps(block["params"], sort_keys=True),
        "interpreter": entry["interpreter"], "executor": entry["executor"],
        "executor_options": json.dumps(entry["options"], sort_keys=True),
        "workers": entry["workers"], "cores": block["cores"], "round": number,
        "started_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": outcome.status, "reason": outcome.reason, "items": items,
        "startup_seconds": outcome.startup_seconds, "teardown_seconds": outcome.teardown_seconds,
        "peak_memory_mib": outcome.peak_memory_mib,
        "foreign_cpu_share": outcome.foreign_cpu_share, "steal_share": outcome.steal_share,
        "disturbed": is_disturbed(outcome, plan["settings"]["disturbed"]),
        "code_digest": code_digest, "service_cpu_share": outcome.service_cpu_share,
        "lost_updates": outcome.lost_updates, "load_1min": outcome.load_1min,
        "launch_seconds": outcome.launch_seconds, **outcome.profile,
        **outcome.latency_quantiles,
    }  # fmt: skip


def latency_rows(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """The rows of latencies.csv."""
    for entry in entries:
        launch_id = entry["launch"]["launch_id"]
        for latency_ms, count in entry["latencies"]:
            yield {"launch_id": launch_id, "latency_ms": latency_ms, "count": count}


def is_disturbed(outcome: Outcome, limits: Mapping[str, Any]) -> bool:
    """Whether others used more of the measured cores than config key `disturbed` allows, or
    slowed them during every steady batch."""  # fmt: skip
    foreign, steal = outcome.foreign_cpu_share or 0.0, outcome.steal_share or 0.0
    calm = [
        batch.get("calm") is not False for batch in outcome.batches if batch["phase"] == "steady"
    ]
    slowed = bool(calm) and not any(calm)
    return slowed or bool(foreign > limits["foreign_cpu_share"] or steal > limits["steal_share"])


def core_limit_seconds(entries: Iterable[Entry], interpreter: str, slowdown: float) -> float | None:
    """The longest try of a core at its own speed: `slowdown` above what is usual in this block.

    Usual is the lower quartile: most cores may be slowed most of the time, while a short burst
    above the speed that a core can hold does not set the measure. None before the first launch.
    """
    tries = [
        sample["core_seconds"]
        for entry in entries
        if entry["launch"]["interpreter"] == interpreter
        for sample in entry["samples"]
        if sample.get("core_seconds") is not None
    ]
    return float(np.quantile(tries, 0.25)) * (1 + slowdown) if tries else None


def round_values(entries: Iterable[Entry], objective: Objective = SECONDS) -> Round:
    """What the race may know of a round: {mode: {approach: log of the objective}}.

    Of several launches of an approach the last undisturbed ok one counts, else the last ok one.
    """
    counted: dict[str, Entry] = {}
    good = [entry for entry in entries if entry["launch"]["status"] == "ok"]
    for entry in sorted(good, key=lambda e: not e["launch"]["disturbed"]):
        counted[entry["approach"]] = entry
    values: dict[str, dict[str, float]] = {mode: {} for mode in objective.modes}
    for name, entry in counted.items():
        for mode, value in _entry_values(entry, objective).items():
            values[mode][name] = value
    return values


def _entry_values(entry: Entry, objective: Objective) -> dict[str, float]:
    batches: dict[str, list[Batch]] = {}
    for sample in entry["samples"]:
        batch = (sample["wall_seconds"], sample.get("calm"))
        batches.setdefault(sample["phase"], []).append(batch)
    return values_of(entry["launch"], batches, objective)


def flags(entries: Sequence[Entry], objective: Objective = SECONDS) -> list[str]:
    """Warnings about a block's launches, as sentences."""
    return [
        *_server_flags(entries),
        *_disturbance_flags(entries),
        *_slowness_flags(entries),
        *_unknown_flags(entries, objective),
    ]


def _unknown_flags(entries: Sequence[Entry], objective: Objective) -> Iterator[str]:
    """Launches that ran, but without what the block is decided on."""
    if objective.is_time:
        return
    ran = [entry for entry in entries if entry["launch"]["status"] == "ok"]
    mute = [entry for entry in ran if "steady" not in _entry_values(entry, objective)]
    if mute:
        names = ", ".join(dict.fromkeys(entry["approach"] for entry in mute))
        yield (
            f"no {objective.noun} known of {len(mute)} of {len(ran)} launches that ran, so they "
            f"count as launches without a value ({objective.unknown}): {names}"
        )


def _server_flags(entries: Sequence[Entry]) -> Iterator[str]:
    shares: dict[str, list[float]] = {}
    for entry in entries:
        share = entry["launch"]["service_cpu_share"]
        if share is not None:
            shares.setdefault(entry["approach"], []).append(share)
    busy = {name: statistics.median(seen) for name, seen in shares.items()}
    limited = {name: share for name, share in busy.items() if share > SERVER_BOTTLENECK}
    if limited:
        yield (
            f"the server was the bottleneck (it used up to {max(limited.values()):.0%} of a "
            f"core) for {', '.join(limited)}: they could be faster against a faster server"
        )


def _disturbance_flags(entries: Sequence[Entry]) -> Iterator[str]:
    disturbed = sum(bool(entry["launch"]["disturbed"]) for entry in entries)
    if entries and disturbed / len(entries) > DISTURBED_BLOCK:
        yield (
            f"disturbed by other programs: {disturbed} of {len(entries)} launches had foreign "
            "CPU use or steal time above the limit, also after repeats"
        )


def _slowness_flags(entries: Sequence[Entry]) -> Iterator[str]:
    samples = [sample for entry in entries for sample in entry["samples"]]
    known = [sample["calm"] for sample in samples if sample.get("calm") is not None]
    slowed = known.count(False)
    if known and slowed / len(known) > SLOWED_BLOCK:
        yield (
            f"the cores were slowed from outside around {slowed / len(known):.0%} of the batches "
            "(a busy neighbour, or throttling): steady times are from the calm ones where there "
            "are any, one-shot times can't avoid them"
        )
