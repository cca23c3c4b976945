"""What each way of running costs, in words: the table of overheads, and what they explain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports import wording
from reports.answers import cell
from reports.load import Results, records
from reports.sentences import Row

#: component -> its column's heading
HEADINGS = {
    "startup_seconds": "Start-up",
    "startup_seconds_per_worker": "A further worker",
    "import_seconds": "Import",
    "dispatch_seconds_per_item": "An item",
    "serialisation_seconds_per_kib": "A KiB, one way",
    "memory_mib_per_worker": "Memory of a worker",
}
ABSENT = (
    "The overhead of the executors was not taken apart in this run; config key 'overheads' set to "
    "true does it, in about half a minute."
)
#: how many pools a block's section explains: the fastest of each executor that lost
MOST_TOLD = 2
#: a single batch is told of where its start is at least so much of the loss: else it is as steady
WORTH_A_START = 0.1


@dataclass(frozen=True)
class CostLine:
    """One approach: (value, interval) of each component."""

    approach: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RunningCosts:
    """What the report says of overheads; `lines` is empty where none were measured."""

    text: str
    headings: tuple[str, ...]
    lines: tuple[CostLine, ...]
    reasons: tuple[str, ...]
    workers: str
    payload: str


def view(results: Results, overheads: pd.DataFrame) -> RunningCosts:
    """The section of a run, from overheads.csv."""
    headings = tuple(HEADINGS.values())
    if overheads.empty:
        return RunningCosts(ABSENT, headings, (), (), "", "")
    rows, labels = records(overheads), _labels(results)
    grouped: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(labels[_key(row)], {})[str(row["component"])] = row
    lines = [
        CostLine(label, tuple(_cell(found.get(name)) for name in HEADINGS))
        for label, found in grouped.items()
    ]
    counts = sorted({int(row["workers"]) for row in rows})
    return RunningCosts(
        text=_text(results, rows),
        headings=headings,
        lines=tuple(lines),
        reasons=tuple(_reasons(grouped)),
        workers=" and ".join(wording.count(n, "worker") for n in counts),
        payload=wording.listing(sorted(_payloads(results))),
    )


def _labels(results: Results) -> dict[tuple[str, ...], str]:
    return {
        tuple(map(str, approach.key)): approach.label
        for block in results.overheads
        for approach in block.approaches
    }


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(row[name]) for name in ("interpreter", "executor", "executor_options", "workers")
    )


def _payloads(results: Results) -> set[str]:
    sizes = {float(json.loads(block.params)["payload_kib"]) for block in results.overheads}
    return {f"{size:g} KiB" for size in sizes if size}


def _text(results: Results, rows: list[dict[str, Any]]) -> str:
    place = results.overheads[0].place
    launches = max(int(row["launches"]) for row in rows if row["component"] == "startup_seconds")
    each = wording.count(launches, "launch", "launches")
    return (
        "Measured apart from the answers, with a task that does no work: what is left is the "
        f"executor's own (on {place}, {each} of each approach, paired by round)."
    )


def _cell(row: dict[str, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    low, high = row["low"], row["high"]
    if row["unit"] == "MiB":
        return cell(_signed(row["estimate"], "MiB")), _interval(low, high, 1.0)
    scale, unit = _unit(max(abs(value) for value in (low, high)) if wording.known(low) else 0.0)
    return cell(_signed(row["estimate"], unit, scale)), _interval(low, high, scale)


def _unit(seconds: float) -> tuple[float, str]:
    """The unit in which the larger end of an interval is a number from 1 on."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= scale:
            return scale, unit
    return 1e-9, "ns"


def _signed(value: float, unit: str, scale: float = 1.0) -> str:
    return f"{wording.number(value / scale)} {unit}" if wording.known(value) else wording.UNKNOWN


def _interval(low: float, high: float, scale: float) -> str:
    if not (wording.known(low) and wording.known(high)):
        return ""
    return f"{wording.number(low / scale)} to {wording.number(high / scale)}"


def _reasons(grouped: dict[str, dict[str, dict[str, Any]]]) -> Iterator[str]:
    """What could not be told, once an approach and reason."""
    for label, found in grouped.items():
        for reason in dict.fromkeys(str(row["reason"]) for row in found.values() if row["reason"]):
            yield f"{label}: {reason}"


def told(lost: Sequence[Row]) -> tuple[str, ...]:
    """What explains the loss of a block's pools: the fastest of each executor, steady first.

    Then the fastest for a single batch, where its start is a part of the loss. `lost` are the
    block's rows of losses.csv that say something, the fastest first.
    """
    fastest = {(row["mode"], row["executor"]): row for row in reversed(lost)}
    ordered = sorted(fastest.values(), key=lambda row: float(row["seconds"]))
    steady = [str(row["sentence"]) for row in ordered if row["mode"] == "steady"]
    once = [str(row["sentence"]) for row in ordered
            if row["mode"] == "oneshot" and row["startup_share"] >= WORTH_A_START]  # fmt: skip
    return (*steady[:MOST_TOLD], *once[:1])
