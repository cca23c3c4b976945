"""Starts one launch, reads its events, ends it, and says what came of it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import psutil

from experiments.conductor import noise
from experiments.conductor.reaper import Reaper
from experiments.conductor.surroundings import Disturbance, disturbance, look_around
from experiments.environment import environment
from experiments.launch.cores import Taken
from experiments.launch.latency import middle_ms

#: how often a silent launch is looked at (its end is normally seen at once, as an event)
WATCH_SECONDS = 0.1
#: how often the memory of the process tree is read in the profile batch
MEMORY_SECONDS = 0.02
_PR_SET_CHILD_SUBREAPER = 36
#: columns of launches.csv that a task's own counts fill; what else it counts is not kept
COUNTS = ("lost_updates", "object_writes", "seen_writes")
#: grace for a launch to exit after its last event
EXIT_SECONDS = 10.0
#: grace for what a launch has left in process groups of its own
STRAY_SECONDS = 2.0


@dataclass
class Outcome:
    """What one launch said and cost. Missing numbers are None, never 0."""

    status: str = "crashed"
    reason: str = ""
    phase: str = "start"
    startup_seconds: float | None = None
    teardown_seconds: float | None = None
    worker_import_seconds: float | None = None
    batches: list[dict[str, Any]] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    latency_quantiles: dict[str, float] = field(default_factory=dict)
    #: [milliseconds, items] of each bucket, the fastest first; empty where not recorded
    latencies: list[list[float]] = field(default_factory=list)
    #: what the task itself counted over the timed batches, by column
    counts: dict[str, int | None] = field(default_factory=dict)
    calibrated: dict[str, Any] | None = None
    #: what the look at a function of the user's found
    checked: dict[str, Any] | None = None
    peak_memory_mib: float | None = None
    disturbance: Disturbance = field(default_factory=Disturbance)
    service_cpu_share: float | None = None
    load_1min: float | None = None
    #: whether the interpreter held a GIL; None: not told, or nothing is known of one
    gil_at_start: bool | None = None
    gil_at_end: bool | None = None
    #: CPU seconds on this machine of workers that the launch only used, such as a given cluster's
    elsewhere_seconds: float = 0.0
    #: what others took of the other nodes of a launch over several
    other_nodes: Taken = field(default_factory=Taken)
    launch_seconds: float = 0.0
    ended: bool = False
    must_end: bool = False


class Launcher:
    """Starts launches one after the other; owns what they share."""

    def __init__(self, python: str, log: IO[bytes], reaper: Reaper, timeout_seconds: float) -> None:
        self.python, self.log, self.reaper, self.timeout = python, log, reaper, timeout_seconds

    def launch(self, spec: Mapping[str, Any], service_pids: tuple[int, ...] = ()) -> Outcome:
        """Run one launch to its end, whatever happens in it."""
        outcome = Outcome(load_1min=noise.load_1min())
        before, own_before = look_around(spec["cpus"]), _own_seconds(service_pids)
        others = set(noise.children(os.getpid()))
        started = time.perf_counter()
        reader, writer = os.pipe()
        try:
            process = self._start(spec, writer)
        finally:
            os.close(writer)
        self.reaper.started(process.pid)
        try:
            _Watch(process, reader, outcome, started + self.timeout, service_pids).follow()
            usage = self._finish(process, outcome)
        except BaseException:  # an interrupt: leave nothing running
            self._finish(process, outcome, kill=True)
            _reap_strays(others, 0.0)
            raise
        finally:
            os.close(reader)
        usage += _reap_strays(others)
        outcome.launch_seconds = time.perf_counter() - started
        own = usage + outcome.elsewhere_seconds + _own_seconds(service_pids) - own_before
        outcome.disturbance = disturbance(
            before, look_around(spec["cpus"]), own, outcome.other_nodes
        )
        return outcome

    def _start(self, spec: Mapping[str, Any], writer: int) -> subprocess.Popen[bytes]:
        # a file, not a pipe: writing a long spec to a launch that doesn't read would never end
        with tempfile.TemporaryFile() as given:
            given.write(json.dumps({**spec, "events": writer}).encode())
            given.seek(0)
            return subprocess.Popen(
                [self.python, "-m", "experiments.launch"],
                stdin=given, stdout=self.log, stderr=self.log, pass_fds=(writer,),
                env=environment(spec["params"]), start_new_session=True,
                cwd=spec["scratch"],  # `-m` looks there first: no queue.py may lie there
            )  # fmt: skip

    def _finish(
        self, process: subprocess.Popen[bytes], outcome: Outcome, kill: bool = False
    ) -> float:
        """Reap the launch and end its group; returns the CPU seconds of its tree."""
        kill = kill or outcome.must_end
        deadline = 0.0 if kill else time.monotonic() + EXIT_SECONDS
        while (seen := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                _kill_group(process.pid)
                seen = os.wait4(process.pid, 0)
                break
            time.sleep(0.001)
        _, status, usage = seen
        process.returncode = os.waitstatus_to_exitcode(status)
        _kill_group(process.pid)  # whatever the measured code left behind
        left = _reap_group(process.pid)
        self.reaper.ended(process.pid)
        if not outcome.ended and not outcome.reason:
            outcome.reason = f"{_exit_words(process.returncode)} in phase {outcome.phase}"
        return usage.ru_utime + usage.ru_stime + left


def _reap_group(group: int) -> float:
    """CPU seconds of the group's orphans: the workers of a forkserver are not the launch's own
    children, and would else look like the work of others. See `adopt_orphans`."""  # fmt: skip
    seconds = 0.0
    with contextlib.suppress(ChildProcessError):
        while True:
            _, _, usage = os.wait4(-group, 0)
            seconds += usage.ru_utime + usage.ru_stime
    return seconds


def _reap_strays(others: Container[int], grace: float = STRAY_SECONDS) -> float:
    """CPU seconds of orphans in groups of their own, such as ray's servers, which we have adopted.

    `others` are our children of before the launch. What doesn't end by itself is killed: it would
    disturb the next launch.
    """
    seconds, until = 0.0, time.monotonic() + grace
    while strays := [pid for pid in noise.children(os.getpid()) if pid not in others]:
        for pid in strays:
            if time.monotonic() > until:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                ended, _, usage = os.wait4(pid, os.WNOHANG)
                seconds += (usage.ru_utime + usage.ru_stime) if ended else 0.0
        time.sleep(0.002)
    return seconds


def adopt_orphans() -> None:
    """Become the parent of what a launch leaves behind (man 2 prctl, PR_SET_CHILD_SUBREAPER)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _exit_words(code: int) -> str:
    if code < 0:
        names = {int(known): known.name for known in signal.Signals}
        return f"killed by {names.get(-code, f'signal {-code}')}"
    return f"exited with status {code} without finishing"


def _own_seconds(service_pids: tuple[int, ...]) -> float:
    """CPU seconds of this process and the services."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    services = sum(map(noise.family_cpu_seconds, service_pids))
    return usage.ru_utime + usage.ru_stime + services


class _Watch:
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
