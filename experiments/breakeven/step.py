"""One step of all searches: from what is measured so far to the blocks that come next."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments import schema
from experiments.breakeven import added, searches
from experiments.cluster import chains
from experiments.conductor.block import candidates, race_settings
from experiments.control import answer_blocks
from experiments.statistics.block import Round, replay
from experiments.statistics.breakeven import Point, family, next_values
from experiments.statistics.launches import launch_values
from experiments.statistics.objectives import OBJECTIVES, Objective

#: a block with fewer seconds can't even run the rounds before its first look
LEAST_SECONDS = 4.0


@dataclass(frozen=True)
class Measured:
    """One value of a search: the family recommended, and each executor's fastest worker count."""

    value: float
    family: str | None
    workers: Mapping[str, int]


def next_step(
    plan: Mapping[str, Any], host: Mapping[str, Any], results: Path, number: int
) -> dict[str, Any]:
    """The content of step `number`'s file: blocks to measure now (none: the searches have ended).

    A step gets half of what is left, shared by its blocks: an end that is not decided is worth
    more seconds than a last halving.
    """
    earlier = [block for step in _before(results, number) for block in step["blocks"]]
    limit = float(plan["settings"]["breakeven_seconds"])
    left = limit - sum(_wall_seconds(results, block) for block in earlier)
    found = {s["search"]: measured(plan, s, results, earlier) for s in plan["searches"]}
    wanted = {s["search"]: _next(s, found[s["search"]]) for s in plan["searches"]}
    content = {"step": number, "blocks": [], "stopped": ""}
    if not any(wanted.values()):
        return {**content, "stopped": "narrowed down as far as asked for"}
    share = min(left / 2 / sum(map(len, wanted.values())), plan["settings"]["block_seconds"])
    if left < LEAST_SECONDS:
        return {**content, "stopped": f"the {limit:g} s of breakeven_seconds are spent"}
    blocks = [
        added.added_block(plan, host, search, value,
                          _contenders(search, value, found[search["search"]]),
                          round(max(share, LEAST_SECONDS), 1))
        for search in plan["searches"] for value in wanted[search["search"]]
    ]  # fmt: skip
    count = plan["settings"].get("chains", 1)
    if count > 1:
        blocks = chains.chained(blocks, count, [block["budget_seconds"] for block in blocks])
    return {**content, "blocks": blocks}


def _before(results: Path, number: int) -> Iterator[dict[str, Any]]:
    """The earlier steps; a later one may be left from a run that was asked for something else."""
    return (step for step in added.steps(results) if step["step"] < number)


def _next(search: Mapping[str, Any], measured: Sequence[Measured]) -> list[float]:
    return next_values(_points(measured), searches.axis_of(search))


def _points(measured: Sequence[Measured]) -> list[Point]:
    return [Point(one.value, one.family) for one in measured]


def _wall_seconds(results: Path, block: Mapping[str, Any]) -> float:
    path = results / "blocks" / block["block"] / "run.json"
    return float(json.loads(path.read_text(encoding="utf-8"))["wall_seconds"])


# --- what is measured ---------------------------------------------------------------------------


def measured(
    plan: Mapping[str, Any], search: Mapping[str, Any], results: Path,
    earlier: Sequence[Mapping[str, Any]],
) -> list[Measured]:  # fmt: skip
    """The values of a search measured so far, in rising order: those of the grid that decide, and
    all that were added (`earlier`)."""  # fmt: skip
    judged = [
        (_judged(plan, block, value, results), "search" in block)
        for value, block in points(plan, search, earlier)
    ]
    return [one for one, own in judged if own or one.family is not None]


def points(
    plan: Mapping[str, Any], search: Mapping[str, Any], added_blocks: Iterable[Mapping[str, Any]]
) -> list[tuple[float, Mapping[str, Any]]]:
    """The measured values of a search with their blocks, in rising order.

    A block that was added stands before one of the grid at the same value: it was added because
    that one, with many more approaches, had not been decided.
    """
    grid = ((float(block["params"][search["vary"]]), block) for block in grid_blocks(plan, search))
    own = ((float(b["value"]), b) for b in added_blocks if b["search"] == search["search"])
    return sorted({**dict(grid), **dict(own)}.items(), key=lambda found: found[0])


def grid_blocks(plan: Mapping[str, Any], search: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Blocks of the grid that lie on the search's line and hold all its executors.

    Searches are about one interpreter: where several compete, a block does not tell of one alone.
    """
    axis = searches.axis_of(search)
    for block in [] if search["compare"] else answer_blocks(plan):
        pythons = {entry["interpreter"] for entry in block["approaches"]}
        elsewhere = block["task"] != search["task"] or block["cores"] != search["cores"]
        if elsewhere or len(pythons) > 1:
            continue
        value = block["params"][search["vary"]]
        same = searches.point_at(search, value).params == block["params"]
        executors = {entry["executor"] for entry in block["approaches"]}
        if same and executors == set(search["executors"]) and axis.low <= value <= axis.high:
            yield block


def _judged(
    plan: Mapping[str, Any], block: Mapping[str, Any], value: float, results: Path
) -> Measured:
    """A measured block's family and fastest worker counts, its race run again from the CSVs."""
    objective = _objective(block)
    rounds = _rounds(block, results / "blocks" / block["block"], objective)
    rules = race_settings(plan, block)
    race = replay(candidates(block), rules, rounds, objective.modes, objective)
    decided = family(race.judgements()["steady"], added.families(block["approaches"]))
    return Measured(value, decided, _fastest(block, rounds))


def _objective(block: Mapping[str, Any]) -> Objective:
    return OBJECTIVES[block["objective"]].judged_in(block.get("modes"))


def _rounds(block: Mapping[str, Any], folder: Path, objective: Objective) -> list[Round]:
    labels = {
        (entry["executor"], json.dumps(entry["options"], sort_keys=True), entry["workers"]):
        entry["approach"] for entry in block["approaches"]
    }  # fmt: skip
    launches = schema.read(schema.LAUNCHES, folder / "launches.csv")
    samples = schema.read(schema.SAMPLES, folder / "samples.csv")
    columns = [launches[name] for name in ("executor", "executor_options", "workers")]
    named = [
        labels[name, options, int(count)] for name, options, count in zip(*columns, strict=True)
    ]
    return list(launch_values(launches.assign(approach=named), samples, "approach", objective))


def _fastest(block: Mapping[str, Any], rounds: Sequence[Round]) -> dict[str, int]:
    """Worker count with the smallest mean log value, by executor; on one node, as over several
    there is no other."""  # fmt: skip
    best: dict[str, tuple[float, int]] = {}
    for entry in block["approaches"]:
        if schema.nodes_of(entry["options"]) > 1:
            continue
        logs = [r["steady"][entry["approach"]] for r in rounds if entry["approach"] in r["steady"]]
        if logs:
            found = (float(np.mean(logs)), int(entry["workers"]))
            best[entry["executor"]] = min(best.get(entry["executor"], found), found)
    return {executor: workers for executor, (_, workers) in best.items()}


def _contenders(
    search: Mapping[str, Any], value: float, measured: Sequence[Measured]
) -> dict[str, list[int]]:
    """For each executor the fastest worker counts of the neighbours on both sides."""
    below = max((m for m in measured if m.value < value), key=lambda m: m.value, default=None)
    above = min((m for m in measured if m.value > value), key=lambda m: m.value, default=None)
    near = [one for one in (below, above) if one is not None]
    found = {
        executor: sorted({one.workers[executor] for one in near if executor in one.workers})
        for executor in search["executors"]
    }
    return found if all(found.values()) and len(near) == 2 else {}
