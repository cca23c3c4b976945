"""How long a plan will take, before anything is known of the host's speed.

The batch time is what calibration aims at; the rest are the costs of a launch as seen on one
machine. Estimates are for the user's patience only: nothing is decided on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.scaling import batch_multiple, fewest_batches
from experiments.schema import nodes_of
from experiments.statistics.objectives import OBJECTIVES, steady_batches

#: seconds of a launch outside its batches: interpreter, imports, items, checks
LAUNCH_SECONDS = 0.16
#: seconds to start one worker process, by start method (they start on all cores at once)
WORKER_SECONDS = {"fork": 0.012, "forkserver": 0.03, "spawn": 0.12}
#: seconds that workers on several nodes take to start, whatever their number: ray's are the slowest
NODES_SECONDS = 5.0
#: seconds of a block outside its launches: conductor, calibration, services
BLOCK_SECONDS = 2.5
#: whose workers compute at the same time; of other executors that isn't known
SIDE_BY_SIDE = ("processes", "multiprocessing_pool", "interpreters", "process_per_item")


def _likely_speedup(entry: Mapping[str, Any], block: Mapping[str, Any]) -> float:
    if entry["executor"] == "sequential":
        return 1.0
    if block["kind"] == "waiting":
        return float(min(entry["workers"], 8))
    return float(min(entry["workers"], block["cores"]) if entry["executor"] in SIDE_BY_SIDE else 1)


def launch_seconds(
    entry: Mapping[str, Any], block: Mapping[str, Any], settings: Mapping[str, Any]
) -> float:
    """Likely wall seconds of one launch of an approach."""
    multiple = batch_multiple(block, entry["workers"])
    batch = multiple * settings["batch_seconds"] / _likely_speedup(entry, block)
    objective = OBJECTIVES[block["objective"]]
    fewest = fewest_batches(block, entry["workers"], settings["batches"])
    batches = steady_batches(objective, fewest, multiple * block["min_items"])
    steady = max(batches * batch, settings["steady_seconds"])
    start = WORKER_SECONDS.get(entry["options"].get("start_method", ""), 0.0)
    starts = entry["workers"]
    apart = NODES_SECONDS if nodes_of(entry["options"]) > 1 else 0.0
    if entry["executor"] == "process_per_item":
        starts = (2 + batches) * multiple * block["min_items"]
    return float(LAUNCH_SECONDS + apart + start * starts / block["cores"] + 2 * batch + steady)


def block_settings(block: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The plan's settings with what is the block's own."""
    own = {key: block[key] for key in ("batch_seconds", "steady_seconds") if key in block}
    return {**settings, **own, **block.get("statistics", {})}


def round_seconds(block: Mapping[str, Any], settings: Mapping[str, Any]) -> float:
    """Likely wall seconds of one round of all approaches of a block."""
    return sum(launch_seconds(entry, block, settings) for entry in block["approaches"])


def launches_at_first_look(block: Mapping[str, Any], settings: Mapping[str, Any]) -> int:
    """Launches that always run: every approach up to the first look."""
    return len(block["approaches"]) * int(block_settings(block, settings)["looks"][0])


def block_seconds_bounds(
    block: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[float, float]:
    """Likely and largest seconds of a block.

    Most blocks are decided soon after the first look; an undecided one goes on until its budget
    is spent, and finishes the round it is in.
    """
    if "likely_seconds" in block:  # its items are the user's own, and known to be slow
        return BLOCK_SECONDS + block["likely_seconds"], BLOCK_SECONDS + block["budget_seconds"]
    settings = block_settings(block, settings)
    one = round_seconds(block, settings)
    first = one * settings["looks"][0]
    full = one * settings["looks"][-1]
    budget = min(full, max(first, settings["block_seconds"] + one / 2))
    beside = BLOCK_SECONDS + _answers_seconds(block, settings)
    return beside + (first + budget) / 2, beside + budget


def _answers_seconds(block: Mapping[str, Any], settings: Mapping[str, Any]) -> float:
    """Likely seconds of the launches that find the sequential answers of larger batches."""
    larger = {batch_multiple(block, entry["workers"]) for entry in block["approaches"]} - {1}
    return float(sum(LAUNCH_SECONDS + one * settings["batch_seconds"] for one in larger))
