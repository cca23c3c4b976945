"""A launch from its spec to its last event."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Tuple, Type

from experiments.launch import calibrate, executors, phases, tasks
from experiments.launch.answers import WrongAnswer
from experiments.launch.base import Executor, Task, Unsupported
from experiments.launch.events import Events
from experiments.launch.naming import missing_declared, missing_module
from experiments.launch.spec import Spec, SpecError, parse


def main() -> int:
    """Read the spec, run the launch; 0 where its events tell everything, 2 for a bad spec."""
    try:
        spec = parse(sys.stdin.read())
    except SpecError as error:
        sys.stderr.write(f"experiments.launch: {error}\n")
        return 2
    _leave_stdin()
    events = Events(spec.events)
    _hello(events)
    if spec.cpus is not None:  # before the task's module: numpy sizes its thread pools on import
        os.sched_setaffinity(0, spec.cpus)
    try:
        _run(spec, events)
    except Unsupported as reason:
        events.emit("unsupported", reason=str(reason))
    except WrongAnswer as wrong:
        events.emit("wrong", reason=str(wrong))
    except Exception as error:
        events.failed(error)
    else:
        events.emit("end")
    return 0


def _leave_stdin() -> None:
    """Measured code that reads standard input finds its end at once."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _hello(events: Events) -> None:
    gil = getattr(sys, "_is_gil_enabled", None)
    events.emit(
        "hello",
        pid=os.getpid(),
        python=sys.version.split()[0],
        implementation=sys.implementation.name,
        gil=gil() if gil else None,
    )


def _run(spec: Spec, events: Events) -> None:
    events.phase("import")
    task_class, executor_class = _classes(spec)
    task = task_class({**task_class.defaults, **spec.params}, spec.ref.context)
    if spec.mode == "calibrate":
        calibrate.run(spec, task, events)
        return
    options = {**executor_class.defaults, **spec.options}
    reason = executor_class.unsupported(task, options)
    if reason:
        raise Unsupported(reason)
    executor = executor_class(spec.ref, task, spec.workers, options)
    phases.measure(spec, task, executor, events)


def _classes(spec: Spec) -> Tuple[Type[Task], Type[Executor]]:
    """The task's and the executor's class; Unsupported where a declared requirement is missing."""
    try:
        task_class, executor_class = tasks.load(spec.task), executors.load(spec.executor)
    except ModuleNotFoundError as error:
        name = missing_declared(error)
        if name is None:
            raise
        raise Unsupported(_needs(spec.task, name)) from error
    wanted = task_class.requires
    if spec.executor == "asyncio" and task_class.native_async:
        wanted += task_class.requires_async
    missing = missing_module(wanted)
    if missing:
        raise Unsupported(_needs(spec.task, missing))
    for name in wanted:  # imports are the program's own, not the pool's start-up
        importlib.import_module(name)
    return task_class, executor_class


def _needs(task: str, module: str) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{task} needs the module {module}, which Python {version} does not have here"
