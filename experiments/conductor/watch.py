"""Follows the events of a launch (experiments/launch/__init__.py lists them)."""

from __future__ import annotations

import contextlib
import json
import math
import os
import selectors
import subprocess
import time
from typing import Any

import psutil

from experiments.conductor import noise
from experiments.conductor.outcome import Outcome
from experiments.launch.cores import Taken
from experiments.launch.latency import middle_ms

#: how often a silent launch is looked at (its end is normally seen at once, as an event)
WATCH_SECONDS = 0.1
#: how often the memory of the process tree is read in the profile batch
MEMORY_SECONDS = 0.02
#: columns of launches.csv that a task's own counts fill; what else it counts is not kept
COUNTS = ("lost_updates", "object_writes", "seen_writes")


class Watch:
    """Follows the events of one launch until its last one, its end or its time limit."""

    def __init__(self, process: subprocess.Popen[bytes], reader: int, outcome: Outcome,
                 deadline: float, service_pids: tuple[int, ...]) -> None:  # fmt: skip
        self.process, self.reader, self.outcome = process, reader, outcome
        self.deadline, self.services = deadline, service_pids
        self.service_mark: tuple[float, float] | None = None

    def follow(self) -> None:
        """Read events; sets status `timeout` when the time limit passes first."""
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.reader, selectors.EVENT_READ)
            while not self.outcome.ended:
                left = self.deadline - time.perf_counter()
                if left <= 0:
                    self._give_up("timeout", "time limit reached")
                    return
                profiling = self.outcome.phase == "profile"
                pause = MEMORY_SECONDS if profiling else WATCH_SECONDS
                if selector.select(min(left, pause)):
                    piece = os.read(self.reader, 65536)
                    if not piece:
                        return
                    *lines, text = (text + piece).split(b"\n")
                    for line in lines:
                        if not self._take(line):
                            return
                elif profiling:
                    self._see_memory(tree_memory_mib(self.process.pid))
                elif _gone(self.process.pid):
                    return

    def _take(self, line: bytes) -> bool:
        """Heed one event; False where it is none, as measured code wrote into the pipe."""
        try:
            event = json.loads(line)
            handler = getattr(self, f"_on_{event.pop('event')}", None)
            if handler:
                handler(event)
            return True
        except _ClockError as error:
            self._give_up("crashed", f"{error}: its clock stood still or went backwards")
            return False
        except (ValueError, KeyError, TypeError, AttributeError):
            self._give_up("crashed", f"not an event: {line[:60]!r}")
            return False

    def _give_up(self, status: str, reason: str) -> None:
        self.outcome.status, self.outcome.must_end = status, True
        self.outcome.reason = f"{reason} in phase {self.outcome.phase}"

    def _on_hello(self, event: dict[str, Any]) -> None:
        self.outcome.gil_at_start = _flag(event.get("gil"))

    def _on_gil(self, event: dict[str, Any]) -> None:
        self.outcome.gil_at_end = _flag(event.get("enabled"))

    def _on_phase(self, event: dict[str, Any]) -> None:
        self.outcome.phase = event["name"]
        if self.services and event["name"] == "cold":
            self.service_mark = (time.perf_counter(), self._service_seconds())
        elif self.service_mark and event["name"] in ("profile", "teardown"):
            (since, used), self.service_mark = self.service_mark, None
            wall = time.perf_counter() - since
            self.outcome.service_cpu_share = (self._service_seconds() - used) / wall

    def _service_seconds(self) -> float:
        return sum(map(noise.family_cpu_seconds, self.services))

    def _on_startup(self, event: dict[str, Any]) -> None:
        self.outcome.startup_seconds = _passed(event["seconds"], "start-up")
        imports = event.get("worker_import_seconds")
        self.outcome.worker_import_seconds = imports and _passed(imports, "a worker's import")

    def _on_teardown(self, event: dict[str, Any]) -> None:
        self.outcome.teardown_seconds = _passed(event["seconds"], "teardown")

    def _on_elsewhere(self, event: dict[str, Any]) -> None:
        self.outcome.elsewhere_seconds = _passed(event["cpu_seconds"], "a worker's CPU time")

    def _on_other_nodes(self, event: dict[str, Any]) -> None:
        for name, value in event.items():
            if value is not None:
                _passed(value, f"another node's {name}")
        self.outcome.other_nodes = Taken(**event)

    def _on_batch(self, event: dict[str, Any]) -> None:
        if not 0 < event["wall_seconds"] < math.inf:
            raise _ClockError(f"a batch took {event['wall_seconds']} s")
        told = {name: event[name] for name in ("phase", "batch", "wall_seconds")}
        tried = {name: event.get(name) for name in ("core_seconds", "calm")}
        self.outcome.batches.append({**told, **tried})

    def _on_profile(self, event: dict[str, Any]) -> None:
        self._see_memory(event.pop("peak_memory_mib", None))
        self.outcome.profile = event

    def _on_latencies(self, event: dict[str, Any]) -> None:
        buckets = sorted((int(number), items) for number, items in event.pop("buckets").items())
        self.outcome.latencies = [[middle_ms(number), items] for number, items in buckets]
        self.outcome.latency_quantiles = event

    def _on_extras(self, event: dict[str, Any]) -> None:
        self.outcome.counts = {name: event.get(name) for name in COUNTS}

    def _on_calibrated(self, event: dict[str, Any]) -> None:
        self.outcome.calibrated = event

    def _on_checked(self, event: dict[str, Any]) -> None:
        self.outcome.checked = event

    def _on_unsupported(self, event: dict[str, Any]) -> None:
        self._end("unsupported", event["reason"])

    def _on_wrong(self, event: dict[str, Any]) -> None:
        self._end("wrong", event["reason"])

    def _on_failed(self, event: dict[str, Any]) -> None:
        self._end("crashed", f"{event['reason']} in phase {event['phase']}")

    def _on_end(self, event: dict[str, Any]) -> None:
        self._end("ok", "")

    def _end(self, status: str, reason: str) -> None:
        self.outcome.status, self.outcome.reason, self.outcome.ended = status, reason, True

    def _see_memory(self, mib: float | None) -> None:
        seen = [value for value in (mib, self.outcome.peak_memory_mib) if value is not None]
        self.outcome.peak_memory_mib = max(seen, default=None)


class _ClockError(ArithmeticError):
    """A launch told a time that can't be."""


def _flag(told: Any) -> bool | None:
    return told if isinstance(told, bool) else None


def _passed(seconds: float, what: str) -> float:
    if not 0 <= seconds < math.inf:
        raise _ClockError(f"{what} took {seconds} s")
    return seconds


def _gone(pid: int) -> bool:
    """Whether the process has ended (it stays a zombie until we reap it)."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


def tree_memory_mib(pid: int) -> float | None:
    """Memory of a process tree in MiB: proportional set size, so shared pages count once.

    Where the system has no PSS (macOS), the unique set size instead.
    """
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                info = process.memory_full_info()
                total += getattr(info, "pss", info.uss)
    except psutil.Error:
        return None
    return total / 2**20 if total else None
