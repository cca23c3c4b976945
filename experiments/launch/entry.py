"""One launch from its spec to its last event: sets the process up, runs it, reports failures."""

from __future__ import annotations

import os
import platform
import sys
import threading
import traceback
from typing import Any, Dict, List, Optional

from experiments.launch.base import Executor, Unsupported
from experiments.launch.events import Events
from experiments.launch.gil import gil_enabled
from experiments.launch.spec import Spec, SpecError, parse

#: after a failure was reported, a pool that can't be shut down may hold the launch this long
GIVE_UP_SECONDS = 2.0


def main() -> int:
    """Run the launch whose spec is on standard input; 0 where its events tell the rest, else 2."""
    _forget_working_directory()
    try:
        spec = parse(sys.stdin.read())
        events = Events(spec.events)
    except (SpecError, OSError) as error:
        print(f"experiments.launch: {error}", file=sys.stderr)
        return 2
    _close_input()
    events.emit("hello", **_interpreter())
    if _Launch(spec, events).succeeds():
        events.emit("gil", enabled=gil_enabled())
        events.emit("end")
    return 0


class _Launch:
    """Keeps the executor at hand, so that its pool can be stopped after a failure."""

    def __init__(self, spec: Spec, events: Events) -> None:
        self._spec, self._events = spec, events
        self._executor: Optional[Executor] = None

    def succeeds(self) -> bool:
        """Run it; where that fails, say why, stop the pool, and return False."""
        from experiments.launch.answers import WrongAnswer

        try:
            self._run()
            return True
        except Unsupported as error:
            self._events.emit("unsupported", reason=str(error))
        except WrongAnswer as error:
            self._events.emit("wrong", reason=str(error))
        except (Exception, SystemExit) as error:  # measured code may raise anything
            traceback.print_exc()
            self._events.failed(error)
        self._give_up()
        return False

    def _run(self) -> None:
        self._events.phase("import")
        stay_on(self._spec.cpus)
        # only now: what these import may size its thread pools by the CPUs it finds
        from experiments.launch import calibrate, own_check, phases, setup

        if self._spec.mode == "check":
            own_check.check(self._spec, self._events)
            return
        setup.enter(self._spec)
        task = setup.make_task(self._spec)
        self._executor = setup.make_executor(self._spec, task)
        if self._spec.mode == "measure":
            phases.measure(self._spec, task, self._executor, self._events)
        else:
            calibrate.calibrate(self._spec, task, self._executor, self._events)

    def _give_up(self) -> None:
        """Shut the pool down if that works; the last event is written, so never wait for long."""
        last_resort = threading.Timer(GIVE_UP_SECONDS, os._exit, (0,))
        last_resort.daemon = True
        last_resort.start()
        try:
            if self._executor is not None:
                self._executor.stop()
        except (Exception, SystemExit):
            traceback.print_exc()


def stay_on(cpus: Optional[List[int]]) -> None:
    """Keep this process and its children on some logical CPUs (None: wherever the system likes)."""
    if cpus is None:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise Unsupported("this platform can't keep a process on chosen CPUs")
    try:
        os.sched_setaffinity(0, cpus)
    except OSError as error:
        raise RuntimeError(f"can't run on the CPUs {cpus}: {error}") from error
    if os.sched_getaffinity(0) != set(cpus):
        raise RuntimeError(f"may run only on {sorted(os.sched_getaffinity(0))} of the CPUs {cpus}")


def _interpreter() -> Dict[str, Any]:
    return {
        "pid": os.getpid(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "gil": gil_enabled(),
    }


def _forget_working_directory() -> None:
    """`python -m` looks for modules in the working directory first; nothing of ours lives there.

    A neighbour named like a module of the standard library would be imported in its place.
    """
    if getattr(sys.flags, "safe_path", False):
        return
    try:
        here = os.getcwd()
    except OSError:  # it has been deleted
        return
    if sys.path and sys.path[0] == here:
        del sys.path[0]


def _close_input() -> None:
    """Measured code that reads standard input finds its end at once."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
