"""A break-even search on this host, beside a sweep of the same resolution."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments import host, settings
from experiments.breakeven.added import added_block, step_path
from experiments.breakeven.searches import axis_of
from experiments.breakeven.step import measured, next_step
from experiments.conductor.block import measure_block
from experiments.plan import make_plan
from experiments.schema import write_atomically
from experiments.statistics.breakeven import Flip, Point, flips

#: from which item on does a process pool pay? To a 32nd of the range, as runs search it
RANGE_MS = (0.05, 5.0)
#: a search that needs more steps than this does not end
MOST_STEPS = 100
SEARCH = {
    "task": "math_python",
    "vary": "item_ms",
    "between": list(RANGE_MS),
    "executors": ["sequential", "processes"],
}
#: a block near the change is not decided sooner; more would be spent on it in both designs alike
BLOCK_SECONDS = 8
#: share of the sweep's launches that a search may take
AIM = 1 / 3


@dataclass(frozen=True)
class Design:
    """What one way of choosing values took, and what it found."""

    name: str
    values: int
    launches: int
    seconds: float
    found: tuple[Flip, ...]


def print_searches() -> None:
    """Run both and print them side by side."""
    facts = host.probe("bench", None)
    plan = make_plan(settings.resolve(_config()), facts)
    (search,) = plan["searches"]
    with tempfile.TemporaryDirectory() as folder:
        designs = [
            _search(plan, facts, search, Path(folder) / "search"),
            _sweep(plan, facts, search, Path(folder) / "sweep"),
        ]
    print(f"\nBreak-even of {search['task']}, {search['vary']} from {RANGE_MS[0]} to {RANGE_MS[1]}")
    for design in designs:
        print(
            f"  {design.name:8} {design.values:3} values {design.launches:5} launches "
            f"{design.seconds:6.0f} s   {_told(design.found)}"
        )
    share = designs[0].launches / designs[1].launches
    print(f"  the search took {share:.0%} of the sweep's launches (aim: at most {AIM:.0%})")


def _config() -> dict[str, Any]:
    return {
        "tasks": ["math_python"], "executors": ["processes"], "workers": [2], "control": False,
        "overheads": False, "breakeven": [SEARCH], "breakeven_seconds": 3600,
        "block_seconds": BLOCK_SECONDS,
    }  # fmt: skip


def _search(
    plan: Mapping[str, Any], facts: Mapping[str, Any], search: Mapping[str, Any], folder: Path
) -> Design:
    blocks: list[Mapping[str, Any]] = []
    for number in range(MOST_STEPS):
        step = next_step({**plan, "blocks": []}, facts, folder, number)
        write_atomically(step_path(folder, number), json.dumps(step))
        if not step["blocks"]:
            break
        blocks += step["blocks"]
        _measure(plan, facts, step["blocks"], folder)
    return _design("search", plan, search, blocks, folder)


def _sweep(
    plan: Mapping[str, Any], facts: Mapping[str, Any], search: Mapping[str, Any], folder: Path
) -> Design:
    values = [float(f"{value:.3g}") for value in axis_of(search).uniform()]
    blocks = [added_block(plan, facts, search, value, {}, BLOCK_SECONDS) for value in values]
    _measure(plan, facts, blocks, folder)
    return _design("sweep", plan, search, blocks, folder)


def _measure(
    plan: Mapping[str, Any],
    facts: Mapping[str, Any],
    blocks: Iterable[Mapping[str, Any]],
    folder: Path,
) -> None:
    for block in blocks:
        name = block["block"]
        whole = {**plan, "blocks": [block]}
        measure_block(whole, facts, name, folder / "blocks" / name, folder / "logs" / f"{name}.log")


def _design(
    name: str,
    plan: Mapping[str, Any],
    search: Mapping[str, Any],
    blocks: Sequence[Mapping[str, Any]],
    folder: Path,
) -> Design:
    runs = [json.loads((folder / "blocks" / b["block"] / "run.json").read_text()) for b in blocks]
    found = measured({**plan, "blocks": []}, search, folder, blocks)
    return Design(
        name=name,
        values=len(blocks),
        launches=sum(run["launches"] for run in runs),
        seconds=sum(run["wall_seconds"] for run in runs),
        found=tuple(flips([Point(one.value, one.family) for one in found])),
    )


def _told(found: Iterable[Flip]) -> str:
    changes = [f"{f.below} up to {f.low:g} to {f.high:g} ms, {f.above} above" for f in found]
    return "; ".join(changes) or "no change"
