"""Shared state that every item updates, under a lock, a semaphore, or nothing.

An update reads the counter, adds one and writes it back; between two updates the worker computes
for itself. The guarded part is about a sixth of an update (measured uncontended, CPython 3.11,
`threading` and `multiprocessing` locks), so the lock alone bounds the speedup near 6 (Amdahl),
before any cost of contention.
Without a guard updates can be lost; they are counted, and are no wrong answer.

Beside that counter, which is made to be seen by all workers, each item writes its result into an
ordinary dictionary of the task, and after the batch the main program counts what it sees there: the
direct test of whether workers share its memory. Each item writes once, which takes about 40 ns of
its milliseconds, under every executor alike.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ..base import Context, SharedKit, Task
from . import checks
from .arithmetic import churn, start_of

GUARDS = ("lock", "semaphore", "none")
#: steps of the generator between two updates, about 1.4 microseconds
STEPS_BETWEEN = 20

Item = Tuple[int, int]


class LockedCounter(Task):
    """Every item updates one counter many times; its answer is the result of its own work."""

    name = "locked_counter"
    kind = "cpu"
    defaults = {"guard": "lock", "item_ms": 6.0}
    summary = "adds to one shared counter under a guard, with work of its own in between"
    native_async = True
    async_libraries = ("asyncio", "trio")
    uses_kit = True

    def __init__(self, params: Dict[str, Any], context: Context) -> None:
        super().__init__(params, context)
        self._guard: Any = None
        self._counter: Any = None
        self._expected = self._items = 0
        self._written: Dict[int, int] = {}

    @classmethod
    def check_params(cls, params: Dict[str, Any]) -> Optional[str]:
        """See Task."""
        return checks.one_of(params, "guard", GUARDS) or checks.item_ms(params)

    def make_items(self, count: int, scale: int) -> List[Item]:
        """Items are (start of the worker's own work, updates)."""
        self._expected, self._items = count * scale, count
        return [(start_of(self.context.seed, index), scale) for index in range(count)]

    def share(self, kit: SharedKit) -> Tuple[Any, Any]:
        """(guard or None, counter), seen by all workers."""
        if self.params["guard"] == "lock":
            self._guard = kit.Lock()
        elif self.params["guard"] == "semaphore":
            self._guard = kit.Semaphore(1)
        self._counter = kit.counter()
        return self._guard, self._counter

    def start_worker(self, shared: Any) -> None:
        """Take up the shared state."""
        self._guard, self._counter = shared

    def run(self, item: Item) -> int:
        """Work and update in turn; the state of the worker's own work at the end."""
        state, updates = item
        guard, counter = self._guard, self._counter
        for _ in range(updates):
            state = churn(state, STEPS_BETWEEN)
            if guard is None:
                counter.value = counter.value + 1
            else:
                with guard:
                    counter.value = counter.value + 1
        self._written[item[0]] = state
        return state

    async def arun(self, item: Item) -> int:
        """The same with the loop's own guards."""
        state, updates = item
        guard, counter = self._guard, self._counter
        for _ in range(updates):
            state = churn(state, STEPS_BETWEEN)
            if guard is None:
                counter.value = counter.value + 1
            else:
                async with guard:
                    counter.value = counter.value + 1
        self._written[item[0]] = state
        return state

    def before_batch(self) -> None:
        """Start counting from 0."""
        self._written.clear()
        if self._counter is not None:
            self._counter.value = 0

    def after_batch(self) -> Dict[str, int]:
        """How many updates the counter misses, and how many of the items' writes are seen here."""
        return {
            "lost_updates": self._expected - int(self._counter.value),
            "object_writes": self._items,
            "seen_writes": len(self._written),
        }

    def answer(self, results: List[Any]) -> List[Any]:
        """The items' own results and, where it is guarded, the counter: a lost update is wrong."""
        if self.params["guard"] == "none":
            return results
        return [*results, int(self._counter.value)]
