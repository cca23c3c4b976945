"""The blocks that a search adds: one task point, few approaches, judged on which family wins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.approaches import approach, worker_counts
from experiments.breakeven.searches import point_at
from experiments.plan import block_digest, make_block
from experiments.pythons.grid import first_only
from experiments.scaling import item_limits
from experiments.schema import nodes_of
from experiments.statistics.breakeven import OVERRIDE, family_name
from experiments.task_points import TaskPoint

ROLE = "breakeven"
#: five or more approaches can be judged after two rounds, two or three after four (the race wants
#: three degrees of freedom); what is close to the change takes the later ones
LOOKS = (2, 4, 6, 9, 14)
#: where nothing is known of a waiting task's best worker count: so many a core (and as many as
#: `auto` goes to)
WAITING_WORKERS_A_CORE = 8
#: worker counts by executor
Workers = Mapping[str, Sequence[int]]


def families(approaches: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The family of each approach, by its label."""
    return {one["approach"]: family_name(one["executor"], one["options"]) for one in approaches}


def added_block(
    plan: Mapping[str, Any], host: Mapping[str, Any], search: Mapping[str, Any], value: float,
    workers: Workers, budget_seconds: float,
) -> dict[str, Any]:  # fmt: skip
    """The block of a search at one value; `workers` says which counts compete, by executor."""
    settings, point = plan["settings"], point_at(search, value)
    first = _first_counts(point, search, settings)
    counts = dict(workers) or dict.fromkeys(search["executors"], first)
    every = sorted({count for wanted in counts.values() for count in wanted})
    own = {**settings, "executors": search["executors"], "workers": every, "variants": "none"}
    block = make_block(own, first_only(host), point, int(search["cores"]))
    kept = [entry for entry in block["approaches"] if _wanted(entry, block, search, counts)]
    approaches = [leveled for entry in kept for leveled in _levels(entry, search)]
    ranked = [{**entry, "simplicity": place} for place, entry in enumerate(approaches)]
    block |= {
        "block": f"breakeven-{search['search']}-{value:.6g}-{search['cores']}c",
        "role": ROLE,
        "search": search["search"],
        "value": value,
        "approaches": ranked,
        "not_run": [],
        "statistics": {"looks": list(LOOKS)},
        "modes": ["steady"],
        "budget_seconds": budget_seconds,
    }
    block |= item_limits(block, max(entry["workers"] for entry in ranked))
    return {**block, "digest": block_digest(block, settings)}


def _first_counts(
    point: TaskPoint, search: Mapping[str, Any], settings: Mapping[str, Any]
) -> list[int]:
    """Worker counts that compete where no neighbour has been measured."""
    cores = int(search["cores"])
    if settings["workers"] != "auto":
        given = sorted(settings["workers"])
        return sorted({given[0], given[len(given) // 2], given[-1]})
    if point.kind == "cpu":
        return [cores]
    most = worker_counts("auto", "waiting", cores)[-1]
    return sorted({min(most, WAITING_WORKERS_A_CORE * cores), most})


def _wanted(
    entry: Mapping[str, Any], block: Mapping[str, Any], search: Mapping[str, Any], counts: Workers
) -> bool:
    """Whether an approach competes: named, and on a count that does."""
    name = entry["executor"]
    if name not in search["executors"]:
        return False
    if nodes_of(entry["options"]) > 1:  # there is one count of workers
        return True
    rivals = [one for one in block["approaches"] if nodes_of(one["options"]) == 1]
    alone = sum(other["executor"] == name for other in rivals) == 1
    return alone or entry["workers"] in counts.get(name, ())


def _levels(entry: dict[str, Any], search: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The approach once with each level of what is compared."""
    if not search["compare"]:
        yield entry
    for name, levels in search["compare"].items():
        for level in levels:
            options = {**entry["options"], OVERRIDE + name: level}
            yield {**entry, **approach(entry["executor"], options, entry["workers"])}


def step_path(results: Path, number: int) -> Path:
    """Where a step's blocks are listed."""
    return results / "breakeven" / f"{number}.json"


def steps(results: Path) -> Iterator[dict[str, Any]]:
    """What the steps so far decided, in their order; the last one adds nothing.

    Beyond it there may be files of an earlier run that was asked for something else.
    """
    number, open_ = 0, True
    while open_ and (path := step_path(results, number)).exists():
        step = json.loads(path.read_text(encoding="utf-8"))
        yield step
        number, open_ = number + 1, bool(step["blocks"])


def blocks_of(results: Path) -> list[dict[str, Any]]:
    """The blocks added so far."""
    return [block for step in steps(results) for block in step["blocks"]]


def with_added(plan: Mapping[str, Any], results: Path) -> dict[str, Any]:
    """The plan with the blocks added so far at its end."""
    added = blocks_of(results) if plan.get("searches") else []
    return {**plan, "blocks": [*plan["blocks"], *added]}
