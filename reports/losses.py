"""Make losses.csv: what pools lose against the ideal, and how much of it is which overhead.

The ideal is the sequential program's time over the machine's own ceiling on the cores that the
workers can use. What an item and a KiB cost is known from blocks without work (overheads.csv), so
the parts say what the same dispatch and pickling would take by themselves; with work some of it
may run beside the work. Parts that come to more than the loss are scaled down to it, and what they
leave is not explained: contention, imbalance, waiting.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from experiments import schema
from experiments.statistics.intervals import (
    centre_interval,
    combined,
    paired_interval,
    scaled,
)
from experiments.statistics.records import Interval
from reports import command
from reports.load import Approach, Results
from reports.overheads import Costs
from reports.races import Raced, race_settings, raced
from reports.shares import Loss, Shares, sentence, shares
from reports.summarise import approach_columns, where

#: run their items on one thread, so cores are no ideal for them
ON_ONE_THREAD = ("sequential", "asyncio", "trio", "anyio", "gevent")
#: run them on threads of one interpreter, which share its GIL
OF_THREADS = ("threads", "asyncio_to_thread")


def losses(results: Results, overheads: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of losses.csv: pools of CPU work, in the plan's order."""
    costs, ceilings = Costs(overheads), ceiling_intervals(results)
    margin = race_settings(results).margin
    return [
        row
        for one in raced(results)
        if one.block.kind == "cpu"
        for row in _block_rows(results, one, costs, ceilings, margin)
    ]


def ceiling_intervals(results: Results) -> dict[int, Interval]:
    """The machine's ceiling by core count, from its repeats."""
    table = results.table(schema.CEILING)
    known = table[table["speedup"] > 0]
    return {
        int(str(cores)): centre_interval([math.log(value) for value in group])
        for cores, group in known.groupby("cores")["speedup"]
    }


def _block_rows(
    results: Results, one: Raced, costs: Costs, ceilings: Mapping[int, Interval], margin: float
) -> Iterator[dict[str, Any]]:
    for approach in one.block.approaches:
        # the ideal is one machine's: several nodes have another, which was not measured
        apart = approach.executor in ON_ONE_THREAD or approach.nodes > 1
        for mode in () if apart else schema.MODES:
            loss = _loss(one, approach, mode, ceilings)
            if loss is None:
                continue
            parts, reason = _parts(results, one, approach, mode, costs)
            found = shares(parts, loss.lost)
            worth_it = not reason and loss.is_known and loss.share.estimate > margin
            gil = approach.executor in OF_THREADS and _has_gil(results, approach.interpreter)
            yield {
                "machine": results.name,
                **where(one.block),
                "mode": mode,
                **approach_columns(approach),
                **_loss_columns(loss),
                **_share_columns(found, reason),
                "sentence": sentence(approach.label, mode, loss, found, gil)
                if found and worth_it
                else "",
            }


def _has_gil(results: Results, interpreter: str) -> bool:
    known = results.machine.get("interpreters") or []
    return any(one.get("interpreter") == interpreter and one.get("gil") is True for one in known)


def _loss(
    one: Raced, approach: Approach, mode: str, ceilings: Mapping[int, Interval]
) -> Loss | None:
    """From the speedup as the race knows it, and the ceiling, which was measured apart.

    seconds - sequential / ceiling = seconds x (1 - speedup / ceiling). None where one is unknown.
    """
    ceiling = ceilings.get(min(approach.workers, one.block.cores))
    seconds, speedup = one.seconds(mode, approach.label), one.own_speedup(mode, approach)
    if ceiling is None or seconds is None or speedup is None or not math.isfinite(ceiling.low):
        return None
    used = speedup.estimate / ceiling.estimate
    own = scaled(speedup, 1 / ceiling.estimate)
    apart = Interval(used, speedup.estimate / ceiling.high, speedup.estimate / ceiling.low)
    share = combined(1 - used, own, apart)
    return Loss(seconds.estimate, seconds.estimate * used, scaled(share, seconds.estimate))


def _parts(
    results: Results, one: Raced, approach: Approach, mode: str, costs: Costs
) -> tuple[dict[str, Interval], str]:
    """Seconds of a batch by part, as far as they are known, and why one is not."""
    run = results.runs.get(one.block.name, {})
    items, kib = run.get("items"), _kib(run)
    dispatch = costs.of(approach, one.block.cores, "dispatch_seconds_per_item")
    travel = costs.of(approach, one.block.cores, "serialisation_seconds_per_kib", any_options=True)
    found = _started(one, approach) if mode == "oneshot" else {}
    if dispatch is None or not items:
        return found, "what an item costs with this executor, options and cores was not measured"
    found["dispatch"] = _not_negative(scaled(dispatch, items))
    if travel is None or kib is None:
        return found, "what a KiB costs, or the size of its pickled items, is not known"
    return found | {"serialisation": _not_negative(scaled(travel, items * kib))}, ""


def _kib(run: Mapping[str, Any]) -> float | None:
    sizes = [run.get("item_kib"), run.get("result_kib")]
    return None if None in sizes else sum(float(size) for size in sizes if size is not None)


def _started(one: Raced, approach: Approach) -> dict[str, Interval]:
    """Start-up and teardown, which a single batch pays in full."""
    ok = one.launches[(one.launches["approach"] == approach.label)]
    ok = ok[ok["status"] == "ok"]
    seconds = (ok["startup_seconds"] + ok["teardown_seconds"]).dropna()
    return {"startup": paired_interval(seconds.to_numpy())} if len(seconds) > 1 else {}


def _not_negative(interval: Interval) -> Interval:
    """A cost that noise has put below 0 is none."""
    return Interval(*(max(0.0, end) for end in (interval.estimate, interval.low, interval.high)))


def _loss_columns(loss: Loss) -> dict[str, float]:
    return {
        "seconds": loss.seconds,
        "ideal_seconds": loss.ideal_seconds,
        **_columns("loss_share", loss.share),
    }


def _share_columns(found: Shares | None, reason: str) -> dict[str, Any]:
    """A part that is missing would be taken for what is not explained, so then that is unknown."""
    if found is None:
        return {"reason": "the loss is within noise"}
    if reason:
        return {**_part_columns(found.parts), "reason": reason}
    parts = {**found.parts, "unexplained": found.unexplained}
    return {**_part_columns(parts), "parts_share": found.alone}


def _part_columns(parts: Mapping[str, Interval]) -> dict[str, float]:
    return {
        column: value
        for name, part in parts.items()
        for column, value in _columns(f"{name}_share", part).items()
    }


def _columns(name: str, interval: Interval) -> dict[str, float]:
    ends = (interval.estimate, interval.low, interval.high)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))


def main(results: Results) -> None:
    """Write losses.csv from launches.csv, samples.csv, ceiling.csv and overheads.csv."""
    overheads = results.table(schema.OVERHEADS)
    results.write(schema.LOSSES, losses(results, overheads) if len(overheads) else [])


if __name__ == "__main__":
    sys.exit(command.run(main, "Take losses apart: launches.csv, overheads.csv -> losses.csv."))
