"""What the run cost, and what a fixed number of rounds of everything would have cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.statistics.fixed import FIXED_ROUNDS, fixed_launches
from reports import wording
from reports.load import Block, Results, canonical

_APPROACH = ["interpreter", "executor", "executor_options", "workers"]


@dataclass(frozen=True)
class Cost:
    """Launches and seconds of launches: as the race spent them, and under the fixed design.

    The fixed design's seconds are an estimate: its launches at the mean seconds that a launch of
    that approach took in this run. None where the tables don't say how long launches took.
    """

    launches: int
    fixed_launches: int
    seconds: float | None
    fixed_seconds: float | None


@dataclass(frozen=True)
class CostLine:
    """A cost in words; a block's line says too how often it ran everything, and why it stopped."""

    name: str
    rounds: str
    stopped: str
    launches: str
    fixed_launches: str
    launch_share: str
    seconds: str
    fixed_seconds: str
    second_share: str


def block_costs(results: Results, summary: pd.DataFrame, launches: pd.DataFrame) -> dict[str, Cost]:
    """The cost of every block of the plan, by name; `summary` says which approaches failed."""
    without_race = [block.name for block in results.overheads]
    launches = launches[~launches["block"].isin(without_race)]
    known = {text: canonical(text) for text in launches["executor_options"].unique()}
    launches = launches.assign(executor_options=launches["executor_options"].map(known))
    rows = summary[(summary["mode"] == "steady") & (summary["race"] == "failed")]
    options = rows["executor_options"].map(canonical)
    failed = set(
        zip(rows["block"], rows["interpreter"], rows["executor"], options, rows["workers"],
            strict=True)
    )  # fmt: skip
    parts: dict[str, list[Cost]] = {block.name: [] for block in results.blocks}
    grouped = launches.groupby(["block", *_APPROACH], sort=False)["launch_seconds"]
    for key, *told in grouped.agg(["size", "count", "sum", "mean"]).itertuples():
        parts.setdefault(str(key[0]), []).append(_approach_cost(key in failed, *told))
    return {name: total(costs) for name, costs in parts.items()}


def _approach_cost(failed: bool, launches: int, known: int, seconds: float, mean: float) -> Cost:
    """`known` of the launches tell how long they took, `seconds` in all."""
    fixed = fixed_launches(failed)
    if known < launches:
        return Cost(int(launches), fixed, None, None)
    return Cost(int(launches), fixed, float(seconds), fixed * float(mean))


def total(costs: Iterable[Cost]) -> Cost:
    """Several costs as one; seconds are known if all are."""
    given = list(costs)
    return Cost(
        sum(cost.launches for cost in given),
        sum(cost.fixed_launches for cost in given),
        _sum([cost.seconds for cost in given]),
        _sum([cost.fixed_seconds for cost in given]),
    )


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def saving(whole: Cost) -> str:
    """What the race saved in this run, in a sentence."""
    if not whole.launches:
        return "Nothing was launched."
    share = wording.percent(whole.launches / whole.fixed_launches)
    ours = f"The race made {wording.count(whole.launches, 'launch', 'launches')}"
    fixed = f"{FIXED_ROUNDS} rounds of everything would have made {whole.fixed_launches:,}"
    if whole.seconds is None or whole.fixed_seconds is None:
        return f"{ours}; {fixed}: it took {share} of the launches."
    return (
        f"{ours} in {wording.seconds(whole.seconds)}; {fixed} in about "
        f"{wording.seconds(whole.fixed_seconds)}: it took {share} of the launches and "
        f"{_share(whole.seconds, whole.fixed_seconds)} of the time."
    )


def lines(results: Results, costs: dict[str, Cost]) -> list[CostLine]:
    """The table: the total, then a line a block in the plan's order, and what else was raced."""
    whole = _line("All blocks", {}, total(costs.values()))
    raced = [
        *((_name(block), block) for block in results.blocks),
        *((f"A/A control: {_name(block)}", block) for block in results.controls),
        *((f"Search: {_name(block)}", block) for block in results.searched),
    ]
    return [
        whole,
        *(
            _line(name, results.runs.get(block.name, {}), costs[block.name])
            for name, block in raced
            if block.name in costs
        ),
    ]


def _name(block: Block) -> str:
    return f"{block.subject} on {block.place}"


def _line(name: str, run: Any, cost: Cost) -> CostLine:
    rounds = run.get("rounds")
    return CostLine(
        name=name,
        rounds="" if rounds is None else f"{rounds}",
        stopped=str(run.get("stopped_because") or ""),
        launches=f"{cost.launches:,}",
        fixed_launches=f"{cost.fixed_launches:,}",
        launch_share=_share(cost.launches, cost.fixed_launches),
        seconds=wording.seconds(cost.seconds),
        fixed_seconds=wording.seconds(cost.fixed_seconds),
        second_share=_share(cost.seconds, cost.fixed_seconds),
    )


def _share(part: float | None, whole: float | None) -> str:
    return wording.percent(part / whole) if part is not None and whole else wording.UNKNOWN
