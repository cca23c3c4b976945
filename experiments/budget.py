"""The seconds a block may spend: its own, and what the blocks before it left of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.cluster import chains
from experiments.estimate import round_seconds
from experiments.overheads import is_overhead

#: a block's budget with what others saved is at most this many times its own
MOST_SAVED = 3


def budget_seconds(own: float, spent_before: Sequence[float]) -> float:
    """A block's budget: its own seconds and what earlier blocks saved, at most MOST_SAVED times.

    Blocks that are decided early pay for those that are not; the run as a whole stays within the
    sum of the budgets.
    """
    return _with_saved(own, sum(own - spent for spent in spent_before))


def _with_saved(own: float, saved: float) -> float:
    return own + min(max(saved, 0.0), (MOST_SAVED - 1) * own)


def late_first_looks(plan: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Blocks whose rounds before the first look will likely take longer than their budget.

    With those rounds' likely seconds; every block before is taken to be decided at its first look.
    """
    settings, saved_in = plan["settings"], dict[int, float]()
    own = float(settings["block_seconds"])
    for block in plan["blocks"]:
        if is_overhead(block):  # it has no budget
            continue
        first = round_seconds(block, settings) * settings["looks"][0]
        chain = chains.of(block)
        saved = saved_in.get(chain, 0.0)
        if first > _with_saved(own, saved):
            yield block, first
        saved_in[chain] = saved + own - first
