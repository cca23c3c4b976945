"""CPU work and waiting in a given proportion, as in a program that talks to something slow.

The wait is fixed at (1 - cpu_share) * item_ms; the CPU work grows with `scale` until the whole
item costs item_ms, so what a sleep overshoots is taken from the CPU part and not added to the item.

What remains of the clock's grain: `time.sleep` wakes up about 0.06 ms late on Linux (timer
slack); asyncio's timers round up to the next whole millisecond there (epoll counts milliseconds),
so with few tasks in flight a wait of 1.1 ms lasts about 2 ms in asyncio. That is how asyncio
behaves, not an error of measurement, but it weighs more the shorter the wait. Above cpu_share 0.5
fewer items are needed, and an item_ms of 8 keeps the wait at 2 ms (cpu_share 0.75) in a batch of
the same length.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..base import Context, SharedKit, Task
from . import checks
from .arithmetic import churn, start_of

#: steps of the generator in one unit of scale, about 1 microsecond
STEPS_PER_SCALE = 20

Item = Tuple[int, int, float]


class Mixed(Task):
    """Every item computes, waits, and computes again; its answer is the arithmetic's result."""

    name = "mixed"
    kind = "waiting"
    #: 1.5: the 128 items that 64 workers need take 0.2 s, and half of it is still 0.75 ms of wait
    defaults = {"cpu_share": 0.25, "item_ms": 1.5}
    summary = "pure-Python work for cpu_share of its time, waiting (sleep) for the rest"
    native_async = True
    async_libraries = ("asyncio", "trio")
    exact_item = True

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._sleep: Callable[[float], Any] = asyncio.sleep

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.number(params, "cpu_share", 0, 1) or checks.item_ms(params)

    @classmethod
    def kind_of(cls, params: Dict[str, Any]) -> str:
        """ "waiting" up to a CPU share of one half, "cpu" above it."""
        return "waiting" if params["cpu_share"] <= 0.5 else "cpu"

    @classmethod
    def scalable(cls, params: Dict[str, Any]) -> bool:
        """Whether `scale` changes the cost of an item: not where all of it is waiting."""
        return bool(params["cpu_share"] > 0)

    def make_items(self, count: int, scale: int) -> List[Item]:
        """Items are (start, steps before and again after the wait, seconds to wait)."""
        share = self.params["cpu_share"]
        steps = scale * STEPS_PER_SCALE // 2 if share > 0 else 0
        wait_seconds = (1 - share) * self.params["item_ms"] / 1000
        seed = self.context.seed
        return [(start_of(seed, index), steps, wait_seconds) for index in range(count)]

    def share(self, kit: SharedKit) -> None:
        """Nothing but the loop's own way to wait."""
        self._sleep = kit.sleep or asyncio.sleep

    def run(self, item: Item) -> int:
        """Compute, sleep, compute."""
        start, steps, wait_seconds = item
        state = churn(start, steps)
        if wait_seconds > 0:
            time.sleep(wait_seconds)
        return churn(state, steps)

    async def arun(self, item: Item) -> int:
        """Compute, let others run while waiting, compute."""
        start, steps, wait_seconds = item
        state = churn(start, steps)
        if wait_seconds > 0:
            await self._sleep(wait_seconds)
        return churn(state, steps)
