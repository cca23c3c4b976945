"""The seconds that a block's launches may take, and whether they have taken them."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.budget import budget_seconds
from experiments.cluster import chains
from experiments.conductor.journal import Journal
from experiments.control import answer_blocks
from experiments.overheads import is_overhead


class Spending:
    """Of one block; `blocks` is the folder of all blocks' folders."""

    def __init__(
        self, plan: Mapping[str, Any], block: Mapping[str, Any], journal: Journal, blocks: Path
    ) -> None:
        self._plan, self._block, self._journal, self._blocks = plan, block, journal, blocks

    @functools.cached_property
    def budget(self) -> float:
        """Seconds of launches: the block's own, and what the blocks before it left unspent.

        The control neither gives nor takes: with it or without it the others run alike. Nor do
        the overheads, whose rounds are as many as planned in any case; the blocks of break-even
        searches share a budget of their own.
        """
        if is_overhead(self._block):
            return math.inf
        if "budget_seconds" in self._block:
            return float(self._block["budget_seconds"])
        # those of its own chain: another node's blocks are none before it
        names = [
            block["block"]
            for block in answer_blocks(self._plan)
            if chains.of(block) == chains.of(self._block)
        ]
        name = self._block["block"]
        before = names[: names.index(name)] if name in names else []
        spent = [_spent_seconds(self._blocks / name) for name in before]
        return budget_seconds(float(self._plan["settings"]["block_seconds"]), spent)

    def used_up(self, number: int) -> bool:
        """Whether the rounds before this one have used it up; later ones are there when a killed
        block goes on, and must not count: it has to end where it would have ended."""  # fmt: skip
        return self._seconds_before(number) >= self.budget

    def flags(self, first_look: int) -> list[str]:
        """A warning where the rounds before the first look, which always run, broke the budget."""
        spent = self._seconds_before(first_look)
        if spent <= self.budget:
            return []
        return [
            f"its first look was late: {first_look} rounds took {spent:.0f} s, the budget was "
            f"{self.budget:.0f} s (config key 'block_seconds')"
        ]

    def _seconds_before(self, number: int) -> float:
        before = (e["launch"] for e in self._journal.entries if e["launch"]["round"] < number)
        return sum(float(launch["launch_seconds"] or 0.0) for launch in before)


def _spent_seconds(folder: Path) -> float:
    return float(json.loads((folder / "run.json").read_text())["launch_seconds"])
