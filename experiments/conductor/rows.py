"""From a launch to its row, and from a round's rows to what the race may know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from experiments import schema
from experiments.conductor.outcome import Outcome
from experiments.scaling import batch_multiple
from experiments.statistics.block import Round
from experiments.statistics.launches import Batch, values_of
from experiments.statistics.objectives import SECONDS, Objective

#: a line of the journal: {"approach", "launch": a row of launches.csv, "samples": its samples,
#: "latencies": [[milliseconds, items], ...]}
Entry = Mapping[str, Any]


def launch_row(
    plan: Mapping[str, Any], block: Mapping[str, Any], entry: Mapping[str, Any], number: int,
    launch_id: str, outcome: Outcome, items: int | None, code_digest: str,
) -> dict[str, Any]:  # fmt: skip
    """The row of launches.csv for one launch of an approach (`entry`) in a round."""
    seen = asdict(outcome.disturbance)
    disturbed = disturbances(seen, outcome.batches, plan["settings"]["disturbed"])
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
        **seen, "disturbed": bool(disturbed),
        "code_digest": code_digest, "service_cpu_share": outcome.service_cpu_share,
        "worker_import_seconds": outcome.worker_import_seconds,
        **outcome.counts, "load_1min": outcome.load_1min,
        "launch_seconds": outcome.launch_seconds, **outcome.profile,
        "gil_at_start": outcome.gil_at_start, "gil_at_end": outcome.gil_at_end,
        **outcome.latency_quantiles, "batch_multiple": batch_multiple(block, entry["workers"]),
        "nodes": schema.nodes_of(entry["options"]),
    }  # fmt: skip


def disturbances(
    row: Mapping[str, Any], batches: Iterable[Mapping[str, Any]], limits: Mapping[str, Any]
) -> tuple[str, ...]:
    """What disturbed a launch, by config key `disturbed`; nothing where the machine was its own.

    `row` needs the columns of `Disturbance`, `batches` those of samples.csv.
    """
    steady = [batch.get("calm") for batch in batches if batch["phase"] == "steady"]
    found = {
        "foreign CPU use": (row["foreign_cpu_share"] or 0.0) > limits["foreign_cpu_share"],
        "steal time": (row["steal_share"] or 0.0) > limits["steal_share"],
        "the CPU quota": (row["quota_throttled_share"] or 0.0) > limits["throttled_share"],
        "heat": (row["throttle_events"] or 0) > 0,
        "sleep": (row["suspended_seconds"] or 0.0) > 0,
        "slowed cores": bool(steady) and all(calm is False for calm in steady),
    }
    return tuple(name for name, is_so in found.items() if is_so)


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
        for mode, value in entry_values(entry, objective).items():
            values[mode][name] = value
    return values


def entry_values(entry: Entry, objective: Objective) -> dict[str, float]:
    """{mode: log of the objective} of one launch that ran."""
    batches: dict[str, list[Batch]] = {}
    for sample in entry["samples"]:
        batch = (sample["wall_seconds"], sample.get("calm"))
        batches.setdefault(sample["phase"], []).append(batch)
    return values_of(entry["launch"], batches, objective)
