"""Make summary.csv: a row for each approach of each block in each mode."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments import schema
from experiments.statistics.latencies import Histogram
from experiments.statistics.records import Interval
from reports import command, latencies
from reports.load import Approach, Block, Results, records
from reports.races import Raced, raced

#: medians over the launches of an approach, by column
_MEDIANS = (
    "startup_seconds",
    "teardown_seconds",
    "peak_memory_mib",
    "heartbeat_p99_ms",
    "service_cpu_share",
    "lost_updates",
)


#: of an approach without a launch
NOT_RUN: dict[str, Any] = {
    "status": "not run",
    "reason": "never launched",
    "items": None,
    "disturbed_launches": 0,
}


def summary(results: Results) -> list[dict[str, Any]]:
    """Rows of summary.csv, in the plan's order, steady before oneshot."""
    recorded = latencies.histograms(results)
    return [row for one in raced(results) for row in block_rows(results.name, one, recorded)]


def block_rows(machine: str, one: Raced, recorded: Mapping[str, Histogram]) -> list[dict[str, Any]]:
    """The rows of one block; `recorded` are the latencies of its launches, where there are any."""
    taken = latencies.by_approach(one.launches, recorded)
    known = _facts(one.launches)
    facts = {
        approach.label: known.get(approach.label, NOT_RUN) for approach in one.block.approaches
    }
    return [
        {
            "machine": machine,
            **where(one.block),
            "mode": mode,
            **approach_columns(approach),
            "nodes": approach.nodes,
            **facts[approach.label],
            **_race_columns(one, approach, mode, facts[approach.label]["items"]),
            **(taken.get(approach.label, {}) if mode == "steady" else {}),
        }
        for approach in one.block.approaches
        for mode in schema.MODES
    ]


def where(block: Block) -> dict[str, Any]:
    """The columns that name a block."""
    return {
        "block": block.name,
        "task": block.task,
        "params": block.params,
        "cores": block.cores,
    }


def approach_columns(approach: Approach) -> dict[str, Any]:
    """The columns that name an approach."""
    return {
        "approach": approach.label,
        "interpreter": approach.interpreter,
        "executor": approach.executor,
        "executor_options": approach.options,
        "workers": approach.workers,
    }


def _facts(launches: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What doesn't depend on the mode, by approach: status, and medians beside the time.

    All approaches of a block at once: one by one takes several times as long.
    """
    if launches.empty:
        return {}
    ok = launches[launches["status"] == "ok"]
    medians = _records(_measured(ok).groupby(ok["approach"], sort=False).median())
    freezes = ok["heartbeat_max_ms"].groupby(ok["approach"], sort=False).max().to_dict()
    names = launches["approach"]
    items = launches["items"] // launches["batch_multiple"].fillna(1)
    most = items.groupby(names, sort=False).max().to_dict()
    disturbed = launches["disturbed"].fillna(False).groupby(names, sort=False).sum().to_dict()
    return {
        label: {
            **status,
            "items": _whole(most[label]),
            **{name: _number(value) for name, value in medians.get(label, {}).items()},
            "heartbeat_max_ms": _number(freezes.get(label)),
            "disturbed_launches": int(disturbed[label]),
        }
        for label, status in _statuses(launches).items()
    }


def _measured(ok: pd.DataFrame) -> pd.DataFrame:
    """The columns of which an approach's median is told, a row a launch that worked."""
    cpu = ok["cpu_user_seconds"] + ok["cpu_system_seconds"]
    return pd.DataFrame(
        {
            **{name: ok[name].astype("float64") for name in _MEDIANS},
            "cpu_seconds": cpu / ok["batch_multiple"].fillna(1).astype("float64"),
            "cpu_share": cpu / ok["profile_seconds"],
            "seen_write_share": _share(ok["seen_writes"], ok["object_writes"]),
        }
    )


def _records(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """The rows of a frame by its index."""
    return dict(zip(map(str, frame.index), records(frame), strict=True))


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Part of each whole; unknown where either is, or where there is nothing to have a part of."""
    return part.astype("float64") / whole.astype("float64").where(whole > 0)


def _statuses(launches: pd.DataFrame) -> dict[str, dict[str, str]]:
    """By approach the status that took it out: that of its last launch that isn't ok, if any."""
    found: dict[str, dict[str, str]] = {}
    rows = zip(*(launches[name] for name in ("approach", "status", "reason")), strict=True)
    for label, status, reason in rows:
        if status != "ok":
            found[str(label)] = {"status": str(status), "reason": str(reason)}
        else:
            found.setdefault(str(label), {"status": "ok", "reason": ""})
    return found


def _race_columns(one: Raced, approach: Approach, mode: str, items: int | None) -> dict[str, Any]:
    judgement = one.judgements.get(mode)  # a mode that isn't decided has no race
    seconds = one.seconds(mode, approach.label)
    speedup = one.speedup(mode, approach.label) if seconds else None
    own = one.own_speedup(mode, approach) if seconds else None
    ratio = speedup.estimate if speedup else None
    return {
        "race": judgement.status.get(approach.label, "") if judgement else "",
        "rounds": one.count(mode, approach.label),
        "seconds": seconds and seconds.estimate,
        "seconds_low": seconds and seconds.low,
        "seconds_high": seconds and seconds.high,
        "items_per_second": items / seconds.estimate if items and seconds else None,
        "speedup": ratio,
        "speedup_low": speedup and speedup.low,
        "speedup_high": speedup and speedup.high,
        **_scaling(one.block, approach, ratio, own),
    }


def _scaling(
    block: Block, approach: Approach, speedup: float | None, own: Interval | None
) -> dict[str, Any]:
    """Efficiency and Karp-Flatt's serial fraction, over the parallelism the workers can use.

    Karp and Flatt (1990): e = (1/S - 1/p) / (1 - 1/p); it needs p > 1, and work that is the same
    whatever p, and S against the sequential program of the same interpreter (`own`). Over several
    nodes the way between them is in it, which is no serial part of the work: it is left out.
    """
    cores = block.cores_of(approach)
    parallel = min(approach.workers, cores) if block.kind == "cpu" else approach.workers
    if speedup is None or approach.executor == "sequential":
        return {}
    row = {"efficiency": speedup / parallel}
    alike = block.kind == "cpu" and not block.is_weak and approach.nodes == 1
    if own is not None and parallel > 1 and alike:
        serial = (1 / own.estimate - 1 / parallel) / (1 - 1 / parallel)
        row["karp_flatt_serial_fraction"] = serial
    return row


def median(values: pd.Series) -> float | None:
    """Median of what is known, or nothing."""
    return _number(values.median()) if values.notna().any() else None


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def by_mode_and_approach(frame: pd.DataFrame) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Rows of summary.csv by block, mode and approach."""
    return {(row["block"], row["mode"], row["approach"]): row for row in records(frame)}


def main(results: Results) -> None:
    """Write summary.csv from launches.csv, samples.csv and latencies.csv."""
    results.write(schema.SUMMARY, summary(results))


if __name__ == "__main__":
    sys.exit(
        command.run(main, "Summarise: launches.csv, samples.csv, latencies.csv -> summary.csv.")
    )
