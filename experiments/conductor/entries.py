"""Whether a line of the journal can be a launch: what a damaged disk or an editor may leave of it.

A line may be good JSON and still hold no launch, and a block that goes on from one would end in the
middle, or be judged on a time that can't be. So all of it is checked before anything is measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from experiments.conductor.surroundings import Disturbance
from experiments.schema import LATENCIES, LAUNCHES, PHASES, SAMPLES, STATUSES, Column, Table

#: kind of a column -> the types its values have in the journal
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "flag": (bool,),
}
#: what a block that goes on asks of every launch; all else may be unknown, or not be there
_NEEDED = {
    LAUNCHES.name: ("launch_id", "interpreter", "workers", "round", "status", "disturbed"),
    SAMPLES.name: ("launch_id", "phase", "batch", "wall_seconds"),
    LATENCIES.name: ("latency_ms", "count"),
}
#: columns that a row must have, though their value may be unknown
_THERE = (
    "launch_seconds", "startup_seconds", "teardown_seconds", "service_cpu_share", "load_1min",
    *(field.name for field in fields(Disturbance)),
)  # fmt: skip


def fault(entry: Any) -> str:
    """What makes this no line of a launch, in a few words; empty where nothing does."""
    return next(_faults(entry), "")


def _faults(entry: Any) -> Iterator[str]:
    keys = {"approach": str, "launch": dict, "samples": list, "latencies": list}
    if not isinstance(entry, dict) or not keys.keys() <= entry.keys():
        yield "it is no launch"
        return
    for key, kind in keys.items():
        if not isinstance(entry[key], kind):
            yield f"{key!r} is no {kind.__name__}"
            return
    yield from _launch_faults(entry["launch"])
    for number, sample in enumerate(entry["samples"]):
        yield from _sample_faults(sample, f"sample {number}: ")
    for number, bucket in enumerate(entry["latencies"]):
        yield from _bucket_faults(bucket, f"latency {number}: ")
    if entry["launch"]["status"] == "ok":
        yield from (f"status is ok, but there is no {what}" for what in _lacking(entry))


def _launch_faults(launch: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name!r} is missing" for name in _THERE if name not in launch)
    yield from _row_faults(launch, LAUNCHES, "")
    if launch["status"] not in STATUSES:
        yield f"'status' is {launch['status']!r}, none of {', '.join(STATUSES)}"


def _sample_faults(sample: Any, where: str) -> Iterator[str]:
    if not isinstance(sample, dict):
        yield f"{where}is no object"
        return
    yield from _row_faults(sample, SAMPLES, where)
    if sample["phase"] not in PHASES:
        yield f"{where}'phase' is {sample['phase']!r}, none of {', '.join(PHASES)}"


def _bucket_faults(bucket: Any, where: str) -> Iterator[str]:
    names = _NEEDED[LATENCIES.name]
    if not isinstance(bucket, list) or len(bucket) != len(names):
        yield f"{where}is no pair of milliseconds and items"
        return
    yield from _row_faults(dict(zip(names, bucket, strict=True)), LATENCIES, where)


def _row_faults(row: Mapping[str, Any], table: Table, where: str) -> Iterator[str]:
    """Values that the table can't hold, and columns that are needed or not the table's."""
    for name in _NEEDED[table.name]:
        if row.get(name) is None:
            yield f"{where}{name!r} is missing"
    columns = {column.name: column for column in table.columns}
    for name, value in row.items():
        if name not in columns:
            yield f"{where}{name!r} is no column of {table.name}.csv"
        elif value is not None and not _fits(columns[name], value):
            yield f"{where}{name!r} can't be {value!r}"


def _fits(column: Column, value: Any) -> bool:
    """Whether the column may hold the value; true and false are no numbers here."""
    number = column.kind in ("integer", "number")
    if not isinstance(value, _TYPES[column.kind]) or (number and isinstance(value, bool)):
        return False
    return not number or _within(column, value)


def _within(column: Column, value: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    least = column.minimum
    return least is None or value > least or (value == least and not column.positive)


def _lacking(entry: Mapping[str, Any]) -> Iterator[str]:
    """What a launch that went well has told, and this one has not."""
    for name in ("startup_seconds", "teardown_seconds"):
        if entry["launch"][name] is None:
            yield name
    if not any(sample["phase"] == "cold" for sample in entry["samples"]):
        yield "cold batch"
