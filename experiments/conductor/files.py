"""What a block leaves beside its journal: launches.csv, samples.csv, latencies.csv, run.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments import schema
from experiments.conductor.calibration import Calibration
from experiments.conductor.rows import Entry


def write(folder: Path, run: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    """Write all four; `run` is what run.json holds beside the counts and sums of the journal."""
    samples = [sample for entry in entries for sample in entry["samples"]]
    schema.write(schema.SAMPLES, samples, folder / "samples.csv")
    latencies = list(latency_rows(entries))
    schema.write(schema.LATENCIES, latencies, folder / "latencies.csv")
    counts = {"launches": len(entries), "samples": len(samples), "latencies": len(latencies)}
    spent = {"launch_seconds": launch_seconds(entries), "timed_seconds": timed_seconds(entries)}
    content = json.dumps({**run, **counts, **spent}, indent=1) + "\n"
    schema.write_atomically(folder / "run.json", content)
    launches = [entry["launch"] for entry in entries]
    schema.write(schema.LAUNCHES, launches, folder / "launches.csv")


def of_calibration(found: Calibration | None) -> dict[str, Any]:
    """What run.json says of the block's items; nulls where nothing was measured."""
    return {
        "items": found.items if found else None,
        "scale": found.scale if found else None,
        "item_ms": found.item_seconds * 1000 if found else None,
        "batch_seconds": found.batch_seconds if found else None,
        "item_kib": found.item_kib if found else None,
        "result_kib": found.result_kib if found else None,
    }


def latency_rows(entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
    """The rows of latencies.csv."""
    for entry in entries:
        launch_id = entry["launch"]["launch_id"]
        for latency_ms, count in entry["latencies"]:
            yield {"launch_id": launch_id, "latency_ms": latency_ms, "count": count}


def launch_seconds(entries: Iterable[Entry]) -> float:
    """Wall seconds that launches took in all."""
    return sum(entry["launch"]["launch_seconds"] or 0.0 for entry in entries)


def timed_seconds(entries: Iterable[Entry]) -> float:
    """Seconds that became numbers: start-up, batches, teardown."""
    total = 0.0
    for entry in entries:
        launch = entry["launch"]
        total += (launch["startup_seconds"] or 0.0) + (launch["teardown_seconds"] or 0.0)
        total += sum(sample["wall_seconds"] for sample in entry["samples"])
        total += launch.get("profile_seconds") or 0.0
    return total
