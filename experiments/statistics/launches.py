"""From the tables of measured launches to the rounds of a race: one number a launch and mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

#: column name, or a function of a launches row, that gives the candidate's key
Key = str | Callable[["pd.Series[Any]"], str]


def calm_walls(batches: Sequence[tuple[float, bool | None]]) -> list[float]:
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


def launch_values(
    launches: pd.DataFrame, samples: pd.DataFrame, key: Key = "approach"
) -> list[dict[str, dict[str, float]]]:
    """Rounds of **one block**, [{mode: {key: log seconds}}], as `replay` takes them.

    `launches` and `samples` are tables of the contract (`launches` with the key's column, unless
    `key` is a function). Only launches with status ok count; of several of one key and round the
    last undisturbed one, else the last. A value whose parts are unknown stays away. Raises
    ValueError naming the launch on a time that is not positive.
    """
    counted = _counting_launches(launches, key)
    batches = _batches(samples)
    rounds = int(launches["round"].max()) + 1 if len(launches) else 0
    table: list[dict[str, dict[str, float]]] = [
        {"steady": {}, "oneshot": {}} for _ in range(rounds)
    ]
    for row in counted.to_dict("records"):
        where = table[int(row["round"])]
        for mode, value in _values(row, batches).items():
            where[mode][str(row["_key"])] = value
    return table


def _counting_launches(launches: pd.DataFrame, key: Key) -> pd.DataFrame:
    """One row a key and round: the last undisturbed ok launch, else the last ok one."""
    names = launches[key] if isinstance(key, str) else launches.apply(key, axis=1)
    frame = launches.assign(_key=names) if len(launches) else launches.assign(_key=[])
    frame = frame[frame["status"] == "ok"]
    calm = ~frame["disturbed"].astype("boolean").fillna(False).astype(bool)
    frame = frame.assign(_calm=calm).sort_values("_calm", kind="stable")
    return frame.drop_duplicates(["_key", "round"], keep="last")


def _batches(samples: pd.DataFrame) -> dict[tuple[str, str], list[float]]:
    """{(launch, phase): wall seconds that count, in the order of the batches}."""
    ordered = samples.sort_values("batch", kind="stable")
    calm = ordered["calm"].astype("boolean").fillna(True).astype(bool)
    rows = zip(
        ordered["launch_id"], ordered["phase"], ordered["wall_seconds"].tolist(), calm.tolist(),
        strict=True,
    )  # fmt: skip
    found: dict[tuple[str, str], list[tuple[float, bool | None]]] = {}
    for launch, phase, wall, known in rows:
        found.setdefault((str(launch), str(phase)), []).append((wall, known))
    return {key: calm_walls(batches) for key, batches in found.items()}


def _values(
    row: Mapping[Any, Any], batches: dict[tuple[str, str], list[float]]
) -> dict[str, float]:
    launch = str(row["launch_id"])
    steady, cold = batches.get((launch, "steady"), []), batches.get((launch, "cold"), [])
    around = [row["startup_seconds"], row["teardown_seconds"]]
    found = {}
    try:
        if steady:
            found["steady"] = steady_value(steady)
        if cold and not any(pd.isna(part) for part in around):
            found["oneshot"] = oneshot_value(float(around[0]), cold[0], float(around[1]))
    except ValueError as error:
        raise ValueError(f"launch {launch!r}: {error}") from error
    return found
