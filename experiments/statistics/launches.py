"""From measured launches to the rounds of a race: one number a launch and mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.statistics.objectives import SECONDS, Objective

#: column name, or a function of a launches row, that gives the candidate's key
Key = str | Callable[["pd.Series[Any]"], str]
#: wall seconds of a batch, and whether the cores were calm around it (None: unknown)
Batch = tuple[float, bool | None]


def calm_walls(batches: Sequence[Batch]) -> list[float]:
    """Wall seconds of the batches that count, given (wall seconds, calm): all but those between
    slowed cores, or all where that leaves none.

    What the cores did is known from work beside the batches, so this does not choose by outcome.
    """  # fmt: skip
    calm = [wall for wall, known in batches if known is not False]
    return calm or [wall for wall, _ in batches]


def steady_value(wall_seconds: Iterable[float]) -> float:
    """Log of the median steady batch; ValueError without batches or on a time that is not > 0."""
    seconds = [_positive(value, "a steady batch") for value in wall_seconds]
    if not seconds:
        raise ValueError("a launch without steady batches has no value")
    return math.log(float(np.median(seconds)))


def oneshot_value(startup_seconds: float, cold_seconds: float, teardown_seconds: float) -> float:
    """Log of start-up + cold batch + teardown; ValueError on a time that is not positive."""
    total = startup_seconds + cold_seconds + teardown_seconds
    if min(startup_seconds, teardown_seconds) < 0:
        raise ValueError("start-up and teardown seconds can't be negative")
    return math.log(_positive(total, "start-up + cold batch + teardown"))


def _positive(seconds: float, what: str) -> float:
    value = float(seconds)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{what} of {value!r} seconds: a time must be finite and above 0")
    return value


def multiple_of(launch: Mapping[Any, Any]) -> int:
    """How many times the sequential program's items its batch has (column batch_multiple)."""
    known = launch.get("batch_multiple")
    return 1 if pd.isna(known) else int(known)  # older launches don't tell: strong scaling


def values_of(
    launch: Mapping[Any, Any], batches: Mapping[str, Sequence[Batch]], objective: Objective
) -> dict[str, float]:
    """{mode: log of the objective} of one launch; what is unknown stays away.

    What grows with the batch is for the work of the sequential program's: divided by the multiple
    of it (weak scaling). `launch` is a row of launches.csv, `batches` its timed batches by phase,
    in their order. Raises ValueError on a time that is not positive.
    """
    found = _values_of_batch(launch, batches, objective)
    times = math.log(multiple_of(launch)) if objective.of_batch else 0.0
    return {mode: value - times for mode, value in found.items()}


def _values_of_batch(
    launch: Mapping[Any, Any], batches: Mapping[str, Sequence[Batch]], objective: Objective
) -> dict[str, float]:
    if objective.is_time:
        found = _seconds_of(launch, batches.get("steady", ()), batches.get("cold", ()))
        return {mode: value for mode, value in found.items() if mode in objective.modes}
    parts: list[Any] = [launch.get(column) for column in objective.columns]
    if pd.isna(parts).any():
        return {}
    total = sum(float(part) for part in parts)
    # a zero is too little for the system's clocks and counters to tell, so it is no value either
    return {"steady": math.log(total)} if total > 0 else {}


def _seconds_of(
    launch: Mapping[Any, Any], steady: Sequence[Batch], cold: Sequence[Batch]
) -> dict[str, float]:
    around = [launch["startup_seconds"], launch["teardown_seconds"]]
    found = {}
    if steady:
        found["steady"] = steady_value(calm_walls(steady))
    if cold and not any(pd.isna(part) for part in around):
        found["oneshot"] = oneshot_value(float(around[0]), cold[0][0], float(around[1]))
    return found


def launch_values(
    launches: pd.DataFrame,
    samples: pd.DataFrame,
    key: Key = "approach",
    objective: Objective = SECONDS,
) -> list[dict[str, dict[str, float]]]:
    """Rounds of **one block**, [{mode: {key: log of the objective}}], as `replay` takes them.

    `launches` and `samples` are tables of the contract (`launches` with the key's column, unless
    `key` is a function). Only launches with status ok count; of several of one key and round the
    last undisturbed one, else the last. A value whose parts are unknown stays away. Raises
    ValueError naming the launch on a time that is not positive.
    """
    counted = counting_launches(launches, key)
    batches = _batches(samples)
    rounds = int(launches["round"].max()) + 1 if len(launches) else 0
    table: list[dict[str, dict[str, float]]] = [
        {mode: {} for mode in objective.modes} for _ in range(rounds)
    ]
    for row in counted.to_dict("records"):
        where = table[int(row["round"])]
        launch = str(row["launch_id"])
        try:
            found = values_of(row, batches.get(launch, {}), objective)
        except ValueError as error:
            raise ValueError(f"launch {launch!r}: {error}") from error
        for mode, value in found.items():
            where[mode][str(row["_key"])] = value
    return table


def counting_launches(launches: pd.DataFrame, key: Key) -> pd.DataFrame:
    """The rows that count, one a key (column `_key`) and round.

    That is the last undisturbed ok launch, else the last ok one.
    """
    names = launches[key] if isinstance(key, str) else launches.apply(key, axis=1)
    frame = launches.assign(_key=names) if len(launches) else launches.assign(_key=[])
    frame = frame[frame["status"] == "ok"]
    calm = ~frame["disturbed"].astype("boolean").fillna(False).astype(bool)
    frame = frame.assign(_calm=calm).sort_values("_calm", kind="stable")
    return frame.drop_duplicates(["_key", "round"], keep="last")


def _batches(samples: pd.DataFrame) -> dict[str, dict[str, list[Batch]]]:
    """{launch: {phase: its batches in their order}}."""
    ordered = samples.sort_values("batch", kind="stable")
    calm = ordered["calm"].astype("boolean").fillna(True).astype(bool)
    rows = zip(
        ordered["launch_id"], ordered["phase"], ordered["wall_seconds"].tolist(), calm.tolist(),
        strict=True,
    )  # fmt: skip
    found: dict[str, dict[str, list[Batch]]] = {}
    for launch, phase, wall, known in rows:
        found.setdefault(str(launch), {}).setdefault(str(phase), []).append((wall, known))
    return found
