"""What a call of a user's function costs: seconds of the clock, of the CPU, and without a core."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Sequence, Tuple

#: below, nobody waits for a first call; a remembered answer would not show in the noise
FIRST_SECONDS, REMEMBERED_SECONDS = 0.1, 0.001
#: so many times as long as the same call again is more than a cold cache or the noise of one call
MUCH_LONGER = 5.0
REMEMBERED_RATIO = 10.0


class Cost(NamedTuple):
    """Seconds of one or several calls."""

    wall: float
    cpu: float
    #: without the wait for a core that others use: it would look like waiting work
    seconds: float


def timed(call: Callable[[], Any]) -> Tuple[Any, Cost]:
    """What a call gives, and its cost. Raises what the call raises."""
    queued, cpu, began = _queued_seconds(), _cpu_seconds(), time.perf_counter()
    result = call()
    wall, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
    queued = _queued_seconds() - queued
    return result, Cost(wall, cpu, max(wall - queued, min(cpu, wall)))


class Calls:
    """The costs of calls: of each item the first time, and of the first ones of them again."""

    def __init__(self, fresh: Sequence[Cost] = (), again: Sequence[Cost] = ()) -> None:
        self.fresh, self.again = list(fresh), list(again)

    def warm_up_seconds(self) -> float:
        """What the first call may have taken for what is done once; 0 before the second."""
        first, *later = (cost.wall for cost in self.fresh)
        return max(0.0, first - later[0]) if later else 0.0

    def usual(self) -> Cost:
        """A call's mean cost, of every item the last time: the first call may import something.

        Where answers are remembered, of items that are new.
        """
        return _mean(self._counted())

    def notes(self) -> Iterator[str]:
        """What the times say of a function, where its measured ones could surprise."""
        remembers, first = self._remembers(), self.fresh[0].seconds
        later = self.again[:1] if self.again and not remembers else self.fresh[1:]
        if later and first >= max(FIRST_SECONDS, MUCH_LONGER * _mean(later).seconds):
            ratio = first / max(_mean(later).seconds, 1e-6)
            yield (
                "its first call took {:.2g} s, {:,.0f} times as long as later ones: what it does "
                "once counts in single batches only".format(first, ratio)
            )
        if remembers:
            yield (
                "it remembers answers, so repeated items cost next to nothing: steady batches, "
                "which repeat them, tell nothing of new ones"
            )

    def _counted(self) -> Sequence[Cost]:
        if self.again and not self._remembers():
            return [*self.again, *self.fresh[len(self.again) :]]
        return self.fresh[1:] or self.fresh

    def _remembers(self) -> bool:
        """Whether the same items cost far less again; of the first one that is no wonder."""
        pairs = list(zip(self.fresh, self.again))[1:]
        if not pairs:
            return False
        fresh, again = (statistics.median(c.seconds for c in part) for part in zip(*pairs))
        return bool(fresh >= max(REMEMBERED_SECONDS, REMEMBERED_RATIO * again))


def _mean(costs: Iterable[Cost]) -> Cost:
    wall, cpu, seconds = (statistics.fmean(part) for part in zip(*costs))
    return Cost(wall, cpu, seconds)


def _queued_seconds() -> float:
    """How long this thread could have run but had no core; 0 where the system doesn't tell.

    Source: Linux Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat, second field.
    """
    try:
        with open("/proc/self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _cpu_seconds() -> float:
    """Of all threads of this process, and of programs it has started and waited for."""
    return time.process_time() + sum(os.times()[2:4])
