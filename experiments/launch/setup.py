"""The task's and the executor's instances of a launch, or the reason why there are none."""

from __future__ import annotations

import importlib
import sys
from typing import Sequence, Type

from experiments.launch import executors, tasks
from experiments.launch.base import Executor, Task, Unsupported
from experiments.launch.latency import recorded
from experiments.launch.naming import missing_declared, missing_module, missing_package
from experiments.launch.spec import Spec


def enter(spec: Spec) -> None:
    """Import what the executor needs; raises Unsupported where that is missing."""
    executor_class = _executor_class(spec)
    _find(spec.executor, executor_class.requires)
    executor_class.enter()
    _import(spec.executor, executor_class.requires)


def make_task(spec: Spec) -> Task:
    """The task in this process; raises Unsupported where a requirement it declares is missing."""
    try:
        task_class = tasks.load(spec.task)
    except ModuleNotFoundError as error:
        missing = missing_declared(error) or missing_package(spec.task, error)
        if missing is None:
            raise
        raise Unsupported(_needs(spec.task, missing)) from error
    requirements = _executor_class(spec).modules_of(task_class)
    _find(spec.task, requirements)
    _import(spec.task, requirements)
    params = {**task_class.defaults, **spec.params}
    problem = task_class.check_params(params)
    if problem is not None:
        raise ValueError(problem)
    return task_class(params, spec.ref.context)


def make_executor(spec: Spec, task: Task) -> Executor:
    """The executor, sequential if nothing is measured; raises Unsupported with its reason."""
    calibrating = spec.mode != "measure"
    executor_class = _executor_class(spec)
    given = {} if calibrating else spec.options
    unknown = sorted(set(given) - set(executor_class.defaults))
    if unknown:
        raise ValueError(f"executor {spec.executor} has no option {', '.join(unknown)}")
    options = executor_class.all_options(given)
    reason = executor_class.unsupported(task, options)
    if reason is not None:
        raise Unsupported(reason)
    workers = 1 if executor_class.single else spec.workers
    given_task = recorded(task) if spec.latencies and not calibrating else task
    return executor_class(spec.ref, given_task, workers, options)


def _executor_class(spec: Spec) -> Type[Executor]:
    name = spec.executor if spec.mode == "measure" else "sequential"
    try:
        return executors.load(name)
    except ModuleNotFoundError as error:
        missing = missing_package(name, error)
        if missing is None:
            raise
        raise Unsupported(_needs(name, missing)) from error


def _find(who: str, names: Sequence[str]) -> None:
    missing = missing_module(names)
    if missing is not None:
        raise Unsupported(_needs(who, missing))


def _import(who: str, names: Sequence[str]) -> None:
    """Now, as imports are the program's own, not the pool's start-up."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:  # it is there, but lacks something itself
            reason = " ".join(str(error).split())
            raise Unsupported(f"{_needs(who, name)} in working order: {reason}") from error


def _needs(name: str, module: str) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    who = name.partition("=")[0]
    return f"{who} needs the module {module}, which Python {version} ({sys.executable}) lacks"
