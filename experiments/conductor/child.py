"""Starts one launch, reads its events, ends it, and says what came of it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Mapping
from typing import IO, Any

from experiments.conductor import noise
from experiments.conductor.outcome import Outcome
from experiments.conductor.reaper import Reaper
from experiments.conductor.surroundings import disturbance, look_around
from experiments.conductor.watch import Watch
from experiments.environment import environment

_PR_SET_CHILD_SUBREAPER = 36
#: grace for a launch to exit after its last event
EXIT_SECONDS = 10.0
#: grace for what a launch has left in process groups of its own
STRAY_SECONDS = 2.0


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
            Watch(process, reader, outcome, started + self.timeout, service_pids).follow()
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
