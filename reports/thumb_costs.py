"""Rules of thumb from break-even points and from the executors' own costs: (advice, evidence)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from reports import breakeven_words as words
from reports import wording
from reports.load import records

Told = tuple[str, str]


def changes(breakeven: pd.DataFrame) -> Iterator[Told]:
    """Where along a parameter the recommendation changes, a rule a search."""
    rows = breakeven[(breakeven["kind"] == "parameter") & (breakeven["above"] != "")]
    rows = rows[(rows["below"] != "") & (rows["mode"] == "steady")]
    for _, group in rows.groupby("search", sort=False):
        first = records(group)[0]
        label = words.axis_label(str(first["parameter"])).partition(" (")[0]
        label = label if label[:2].isupper() else label[:1].lower() + label[1:]
        launches = wording.count(int(group["launches"].max()), "launch", "launches")
        cores = wording.count(first["cores"], "core")
        yield (
            f"It depends on the {label} ({wording.short(str(first['task']))} on {cores})",
            f"{_first_sentences(group)} ({launches})",
        )


def _first_sentences(rows: pd.DataFrame) -> str:
    """The changes themselves; what stays open inside them is for the section."""
    first, *others = (str(text).partition(". ")[0].rstrip(".") for text in rows["sentence"])
    return "; ".join([first, *(text[:1].lower() + text[1:] for text in others)])


@dataclass(frozen=True)
class _Cost:
    """One component of one approach, with its interval."""

    name: str
    estimate: float
    low: float
    high: float


def costs(overheads: pd.DataFrame) -> Iterator[Told]:
    """Costs of processes that are, beyond both intervals, at least twice their rivals'."""
    yield from _startup(overheads)
    yield from _item(overheads)
    yield from _memory(overheads)


def _startup(overheads: pd.DataFrame) -> Iterator[Told]:
    found = _known(overheads, "startup_seconds", "processes")
    pair = _far_apart(found)
    if pair:
        cheap, dear = pair
        yield (
            f"Start processes by {cheap.name} where it is safe, and once",
            f"{_seconds(cheap)} for 2 workers, {dear.name} {_seconds(dear)}",
        )


def _item(overheads: pd.DataFrame) -> Iterator[Told]:
    component = "dispatch_seconds_per_item"
    pair = _against_threads(overheads, component)
    if pair:
        yield (
            "Give processes larger items than threads, or chunks of them",
            f"handing one item over costs {_seconds(pair[1])}, to a thread {_seconds(pair[0])}",
        )


def _memory(overheads: pd.DataFrame) -> Iterator[Told]:
    pair = _against_threads(overheads, "memory_mib_per_worker")
    if pair:
        threads, processes = pair
        yield (
            "Count the memory of processes by the worker",
            f"{_memory_of(processes)} each ({processes.name}), a thread at most "
            f"{wording.memory(threads.high)}",
        )


def _against_threads(overheads: pd.DataFrame, component: str) -> tuple[_Cost, _Cost] | None:
    """The cheapest kind of process pool beside threads, where it costs far more."""
    threads = _known(overheads, component, "threads")
    processes = _known(overheads, component, "processes")
    if not threads or not processes:
        return None
    return _far_apart([threads[0], min(processes, key=lambda cost: cost.estimate)], ordered=True)


def _known(overheads: pd.DataFrame, component: str, executor: str) -> list[_Cost]:
    """That component of an executor's largest pools of 2 workers, where it has an interval."""
    rows = overheads[(overheads["component"] == component) & (overheads["executor"] == executor)]
    rows = rows[(rows["workers"] == 2) & rows["low"].notna() & rows["high"].notna()]
    return [
        _Cost(_name(row), float(row["estimate"]), float(row["low"]), float(row["high"]))
        for row in records(rows)
    ]


def _name(row: dict[str, object]) -> str:
    """The start method of processes, as their labels have it; else the executor."""
    options = str(row["executor_options"])
    return next((m for m in ("forkserver", "spawn", "fork") if f'"{m}"' in options), "fork")


def _far_apart(found: list[_Cost], ordered: bool = False) -> tuple[_Cost, _Cost] | None:
    """The cheapest and the dearest, if no value of the first interval reaches half the second's."""
    if len(found) < 2:
        return None
    ends = found if ordered else sorted(found, key=lambda cost: cost.estimate)
    cheap, dear = ends[0], ends[-1]
    return (cheap, dear) if dear.low > 2 * max(cheap.high, 0.0) else None


def _seconds(cost: _Cost) -> str:
    interval = wording.seconds_interval(cost.low, cost.high)
    return f"{wording.seconds(cost.estimate)} ({interval})"


def _memory_of(cost: _Cost) -> str:
    interval = wording.amount_interval(cost.low, cost.high, "MiB")
    return f"{wording.memory(cost.estimate)} ({interval})"
