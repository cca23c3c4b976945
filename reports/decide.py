"""Reach the verdicts: verdicts.csv and verdicts.json, both modes, by running the races again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments import schema
from experiments.statistics.records import Judgement
from reports import command, control, plausibility, pool_life, wording
from reports.load import Results
from reports.plausibility import Limits, Speed
from reports.races import Raced, race_settings, raced, raced_controls
from reports.summarise import approach_columns, block_rows, by_mode_and_approach, where

_LISTS = ("ties", "undecided", "flags")
#: what to do about a function of the user's
UNLIKE_ITSELF = (
    "sort what comes from a set; where answers differ by nature set check: none, or name a "
    "function in same"
)
Summary = Mapping[tuple[str, str, str], Mapping[str, Any]]


def verdicts(results: Results, summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of verdicts.csv, lists still as lists; those of the A/A control come last."""
    controls = list(raced_controls(results))
    rows = {**by_mode_and_approach(summary), **_control_rows(results, controls)}
    suspicion = control.suspicion(controls)
    ceilings = plausibility.ceilings(results.table(schema.CEILING))
    margin = race_settings(results).margin

    def limits(one: Raced, mode: str) -> Limits:
        return Limits(one.block.cores, _cpu_bound(one, mode, rows), margin, ceilings)

    return [
        {
            "machine": results.name,
            **where(one.block),
            "mode": mode,
            **_judged(one.judgements[mode]),
            "reason": _reason(one, mode),
            "margin": margin,
            **_recommended(one, mode, rows),
            **_objective(one, mode),
            **_runner_up(one, mode),
            "flags": [*suspicion, *_flags(results, one, mode, limits(one, mode))],
        }
        for one in (*raced(results), *controls)
        for mode in one.judgements
    ]


def _control_rows(results: Results, controls: list[Raced]) -> dict[tuple[str, str, str], Any]:
    """What summary.csv, which holds answers only, would say of the control's twins."""
    made = [row for one in controls for row in block_rows(results.name, one, {})]
    return {(row["block"], row["mode"], row["approach"]): row for row in made}


def _judged(judgement: Judgement) -> dict[str, Any]:
    speedup = judgement.speedup
    return {
        "verdict": judgement.verdict,
        "approach": judgement.pick,
        "speedup": speedup and speedup.estimate,
        "speedup_low": speedup and speedup.low,
        "speedup_high": speedup and speedup.high,
        "ties": list(judgement.ties),
        "undecided": list(judgement.undecided),
        "regret_bound": judgement.regret_bound,
        "rounds": judgement.rounds,
        "launches": judgement.launches,
        "rounds_needed": judgement.rounds_needed,
    }


def _reason(one: Raced, mode: str) -> str:
    """The race's words, and what it can't know: why nothing has a value, why it is on seconds."""
    said, objective = one.judgements[mode], one.block.objective
    reason = said.reason
    ran = int((one.launches["status"] == "ok").sum())
    if said.verdict == "failed" and ran and not objective.is_time:
        told = wording.count(ran, "launch", "launches")
        reason = f"none of {told} that ran tells its {objective.noun}: {objective.unknown}"
    return "; ".join(filter(None, [reason, _unlike_itself(one), one.block.objective_note]))


def _unlike_itself(one: Raced) -> str:
    """Said where the sequential program's answers weren't those that it had given before.

    All are held against those of the first interpreter's.
    """
    first = next((approach.interpreter for approach in one.block.approaches), "")
    alone = [a.label for a in one.block.approaches
             if a.executor == "sequential" and a.interpreter == first]  # fmt: skip
    seen = one.launches[one.launches["approach"].isin(alone)]
    if not (seen["status"] == "wrong").any():
        return ""
    said = "the sequential program doesn't repeat its own answers in another process"
    return said + (f": {UNLIKE_ITSELF}" if one.block.own else "")


def _objective(one: Raced, mode: str) -> dict[str, Any]:
    """What it was decided on: the pick's number and the sequential program's."""
    pick = one.judgements[mode].pick
    value = one.objective(mode, pick) if pick else None
    return {
        "objective": one.block.objective.name,
        "objective_value": value and value.estimate,
        "objective_low": value and value.low,
        "objective_high": value and value.high,
        "baseline_objective_value": one.baseline_objective(mode),
    }


def _runner_up(one: Raced, mode: str) -> dict[str, Any]:
    """The second in what was decided on, and its ratio to the pick on the rounds both ran in."""
    pick = one.judgements[mode].pick
    values = {
        approach.label: value.estimate
        for approach in one.block.approaches
        if approach.label != pick and (value := one.objective(mode, approach.label)) is not None
    }
    second = min(values, key=values.__getitem__, default=None)
    if pick is None or second is None:
        return {}
    ratio = one.race.ratio(mode, second, pick)
    return {
        "runner_up": second,
        "runner_up_ratio": ratio and ratio.estimate,
        "runner_up_low": ratio and ratio.low,
        "runner_up_high": ratio and ratio.high,
    }


def _recommended(one: Raced, mode: str, rows: Summary) -> dict[str, Any]:
    """Seconds, memory, CPU and start-up of the pick, beside the sequential program's."""
    baseline = _baseline(one, mode, rows)
    seconds = baseline.get("seconds") if baseline else None
    label = one.judgements[mode].pick
    if label is None:
        return {"baseline_seconds": seconds}
    pick = next(approach for approach in one.block.approaches if approach.label == label)
    row = rows.get((one.block.name, mode, label), {})
    names = ("seconds", "seconds_low", "seconds_high", "peak_memory_mib", "cpu_seconds",
             "startup_seconds", "heartbeat_max_ms")  # fmt: skip
    return {
        **approach_columns(pick),
        "nodes": pick.nodes,
        **{name: row.get(name) for name in names},
        "baseline_seconds": seconds,
        **(_payback(one, label) if mode == "steady" else {}),
    }


def _payback(one: Raced, label: str) -> dict[str, float | None]:
    life = pool_life.payback(one, label)
    if life is None:
        return {}
    names = ("payback_batches", "payback_low", "payback_high")
    return dict(zip(names, (life.estimate, life.low, life.high), strict=True))


def _baseline(one: Raced, mode: str, rows: Summary) -> Mapping[str, Any] | None:
    """The fastest sequential approach that gave a time."""
    labels = [a.label for a in one.block.approaches if a.executor == "sequential"]
    found = [rows[one.block.name, mode, label] for label in labels]
    found = [row for row in found if wording.known(row["seconds"])]
    return min(found, key=lambda row: float(row["seconds"]), default=None)


def _flags(results: Results, one: Raced, mode: str, limits: Limits) -> list[str]:
    """Warnings of the run, of plausibility, of noise; each once."""
    run = results.runs.get(one.block.name, {})
    flags = [str(flag) for flag in run.get("flags") or []]
    flags += _implausible(one, mode, limits) + _other_primitives(one, mode)
    return list(dict.fromkeys(flags + list(one.judgements[mode].flags)))


def _cpu_bound(one: Raced, mode: str, rows: Summary) -> bool:
    """Whether the sequential program hardly waits: only then are the cores its limit."""
    baseline = next((a.label for a in one.block.approaches if a.executor == "sequential"), "")
    share = rows.get((one.block.name, mode, baseline), {}).get("cpu_share")
    return plausibility.cpu_bound(one.block.kind, share)


def _implausible(one: Raced, mode: str, limits: Limits) -> list[str]:
    """What can't be true of the pick's speedup, or of the baseline's time."""
    speeds = {
        approach.label: Speed(
            approach.label,
            approach.workers,
            speedup,
            approach.nodes,
            one.block.alike(approach),
        )
        for approach in one.block.approaches
        if approach.executor != "sequential" and (speedup := one.speedup(mode, approach.label))
    }
    alone = [speed for speed in speeds.values() if speed.workers == 1]
    return plausibility.flags(speeds.get(one.judgements[mode].pick or ""), alone, limits)


def _other_primitives(one: Raced, mode: str) -> list[str]:
    """Locks and counters of another module than the sequential program's cost something else."""
    return [
        f"{pick.label} has its locks and counters from {pick.primitives}, the sequential program "
        f"from {one.block.primitives}: its speedup holds what these cost as well as its workers"
        for pick in one.block.approaches
        if pick.label == one.judgements[mode].pick and not one.block.alike(pick)
    ]


def as_json(rows: list[dict[str, Any]]) -> str:
    """The verdicts as JSON: a list of objects with the columns of verdicts.csv, lists as lists."""
    made = [{name: _plain(row.get(name)) for name in schema.VERDICT_TABLE.names} for row in rows]
    return json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, (list, str)) or value is None:
        return value
    return None if pd.isna(value) or not wording.known(value) else value


def main(results: Results) -> None:
    """Write verdicts.csv and verdicts.json from launches.csv, samples.csv and summary.csv."""
    rows = verdicts(results, results.table(schema.SUMMARY))
    cells = [
        {**row, **{name: json.dumps(row[name], ensure_ascii=False) for name in _LISTS}}
        for row in rows
    ]
    results.write(schema.VERDICT_TABLE, cells)
    schema.write_atomically(results.folder / "verdicts.json", as_json(rows))


if __name__ == "__main__":
    sys.exit(command.run(main, "Decide: launches.csv, samples.csv, summary.csv -> verdicts.csv."))
