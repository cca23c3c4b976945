"""One line a block for the user: what it said, how far the run is, how long it will go on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.breakeven import added as added_blocks
from experiments.estimate import block_seconds_bounds
from experiments.overheads import is_overhead
from experiments.statistics.objectives import OBJECTIVES
from experiments.statistics.records import Judgement
from experiments.words import count, minutes, title

QUIET_VARIABLE = "POOLWISE_QUIET"


def say(line: str) -> None:
    """Print for people, on standard error, unless Snakemake was told to be quiet."""
    if not os.environ.get(QUIET_VARIABLE):
        print(line, file=sys.stderr, flush=True)


def block_line(
    plan: Mapping[str, Any], name: str, results: Path, verdict: Judgement, seconds: float
) -> str:
    """`[12/26] math_python on 2 cores: best: processes x2 (fork), 1.92x; 17 s; 5 min left`."""
    names = [block["block"] for block in plan["blocks"]]
    block = plan["blocks"][names.index(name)]
    spent = _seconds_spent(plan, results)
    left = _seconds_left(plan, spent)
    searching = "at most " if plan.get("searches") else ""
    return (
        f"[{len(spent)}/{len(names)}] {title(block)} on {count(block['cores'], 'core')}: "
        f"{_said(block, verdict)}; {seconds:.0f} s"
        + (f"; {searching}about {minutes(left)} left" if left else "")
    )


def _seconds_left(plan: Mapping[str, Any], spent: Mapping[str, float]) -> float:
    """What the planned blocks will likely take, going by those that are done, and what is left of
    the break-even searches' budget."""  # fmt: skip
    added = {block["block"] for block in plan["blocks"] if block.get("role") == added_blocks.ROLE}
    planned = [block for block in plan["blocks"] if block["block"] not in added]
    likely = {b["block"]: block_seconds_bounds(b, plan["settings"])[0] for b in planned}
    known = sum(likely.get(name, 0.0) for name in spent) or 1.0
    slower = sum(seconds for name, seconds in spent.items() if name not in added) / known
    left = sum(seconds for name, seconds in likely.items() if name not in spent) * slower
    if not plan.get("searches"):
        return left
    budget = float(plan["settings"]["breakeven_seconds"])
    return left + max(0.0, budget - sum(spent[name] for name in spent if name in added))


def _said(block: Mapping[str, Any], verdict: Judgement) -> str:
    if is_overhead(block):
        return "measured"
    return f"{_verdict_words(verdict)}{_decided_on(block)}"


def _verdict_words(verdict: Judgement) -> str:
    if verdict.pick is None:
        return verdict.verdict
    gain = f", {verdict.speedup.estimate:.2f}x" if verdict.speedup else ""
    return f"{verdict.verdict}: {verdict.pick}{gain}"


def _decided_on(block: Mapping[str, Any]) -> str:
    objective = OBJECTIVES[block["objective"]]
    return "" if objective.is_time else f", decided on {objective.noun}"


def _seconds_spent(plan: Mapping[str, Any], results: Path) -> dict[str, float]:
    """Wall seconds of the plan's blocks that are done."""
    spent = {}
    for block in plan["blocks"]:
        path = results / "blocks" / block["block"] / "run.json"
        if path.exists():
            spent[block["block"]] = float(json.loads(path.read_text())["wall_seconds"])
    return spent
