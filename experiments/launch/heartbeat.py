"""A heartbeat of the main thread: how late would a program that waits for its turn be served?

Beats are due on a fixed schedule, whatever happened to the ones before (an open loop): after a
freeze all beats that fell due meanwhile count, each with its own lateness, as waiting requests
would. The first beat is due when the batch starts, so a thread frozen by the batch itself is late
by the whole batch.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, List

INTERVAL_NS = 5_000_000


class Beats:
    """The beats of one batch: `begin`, then `beat` whenever the main thread can, `finish`.

    The thread that runs the batch calls `begin` and `finish` next to it; all in nanoseconds of
    `clock`.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._began_ns = self._finished_ns = self._due_ns = 0
        self._late_ns: List[int] = []

    def begin(self) -> None:
        """The batch starts now, and so does the schedule of the beats."""
        self._began_ns = self._due_ns = self._clock()

    def finish(self) -> None:
        """The batch has ended now."""
        self._finished_ns = self._clock()

    def beat(self) -> None:
        """Record every beat that is due by now."""
        now = self._clock()
        while self._due_ns <= now:
            self._late_ns.append(now - self._due_ns)
            self._due_ns += INTERVAL_NS

    @property
    def wait_seconds(self) -> float:
        """Until the next beat is due."""
        return max(0, self._due_ns - self._clock()) / 1e9

    @property
    def batch_seconds(self) -> float:
        """Wall time of the batch."""
        return (self._finished_ns - self._began_ns) / 1e9

    def summary(self) -> Dict[str, float]:
        """Lateness in ms: median, 99th percentile and maximum (the longest freeze)."""
        late_ms = sorted(late / 1e6 for late in self._late_ns)
        return {
            "heartbeat_p50_ms": quantile(late_ms, 0.5),
            "heartbeat_p99_ms": quantile(late_ms, 0.99),
            "heartbeat_max_ms": late_ms[-1],
        }


def quantile(ordered: List[float], share: float) -> float:
    """Quantile of sorted values, linear between neighbours (Hyndman and Fan's type 7)."""
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (position - low) * (ordered[high] - ordered[low])


def frozen(run: Callable[[List[Any]], List[Any]], items: List[Any], beats: Beats) -> List[Any]:
    """Run a batch on the main thread: its heartbeat stands still until the end."""
    beats.begin()
    results = run(items)
    beats.finish()
    beats.beat()
    return results


def drained(run: Callable[[List[Any]], List[Any]], items: List[Any], beats: Beats) -> List[Any]:
    """Run a batch from a helper thread while this thread beats; the batch's error is raised."""
    done = threading.Event()
    outcome: Dict[str, Any] = {}

    def drain() -> None:
        try:
            outcome["results"] = run(items)
        except BaseException as error:
            outcome["error"] = error
        beats.finish()
        done.set()

    beats.begin()
    helper = threading.Thread(target=drain, name="drain")
    helper.start()
    while not done.wait(beats.wait_seconds):
        beats.beat()
    beats.beat()
    helper.join()
    if "error" in outcome:
        raise outcome["error"]
    return list(outcome["results"])
