"""The approaches of a block: executors with their options, worker counts, the simplest first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments import installed, own
from experiments.launch.base import Executor
from experiments.launch.executors import EXECUTORS
from experiments.nodes import bound, node_counts, over_nodes, workers_on_a_node
from experiments.pythons.grid import (
    are_several,
    fewer_workers,
    named,
    narrowed,
    runnable,
    unsupported,
)
from experiments.schema import nodes_of
from experiments.settings import ConfigError, named_executor
from experiments.statistics.breakeven import OVERRIDE
from experiments.task_points import TaskPoint

WAITING_WORKERS = 64
#: what a job takes before anything is measured, and a worker process of its own (both PSS, MiB)
BESIDE_MIB, PROCESS_MIB = 400, 48


def ranked(
    host: Mapping[str, Any], settings: Mapping[str, Any], point: TaskPoint, cores: int
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Those of a task point on a core count, and the others with why they don't compete."""
    most = getattr(point.task, "most_workers", None)
    workers = worker_counts(settings["workers"], point.kind, cores, most)
    found = list(_on_each(host, settings, point, cores, workers))
    found = list({entry["approach"]: entry for entry in found}.values())  # joblib, and one level
    found, not_run = runnable(found, host["interpreters"], point.task)
    places = [python["interpreter"] for python in host["interpreters"]]
    # a move to another interpreter asks for more than any pool on the one that is there
    in_order = sorted(
        found, key=lambda e: (places.index(e["interpreter"]), _complexity(e, settings))
    )
    limits = [*_process_limits(settings, host, cores)]
    approaches: list[dict[str, Any]] = []
    for entry in in_order:
        executor = installed.load_executor(entry["executor"])
        refusal = own.refusal(point.checked, executor, entry, entry["interpreter"])
        if refusal:
            not_run.append(unsupported(entry, refusal))
            continue
        refusal = bound(entry, point)
        if refusal:
            not_run.append({"approach": entry["approach"], "reason": refusal})
            continue
        beyond = [why for limit, why in limits if workers_on_a_node(entry) > limit]
        if beyond and _in_processes(executor, entry):
            not_run.append({"approach": entry["approach"], "reason": beyond[0]})
        else:
            approaches.append(
                {**entry, **_primitives(executor, entry, point), "simplicity": len(approaches)}
            )
    return approaches, not_run


def doubling(largest: int) -> list[int]:
    """1, 2, 4, ... up to and always including `largest`."""
    powers = itertools.takewhile(lambda n: n < largest, (2**k for k in itertools.count()))
    return [*powers, largest]


def worker_counts(wanted: Any, kind: str, cores: int, most: int | None = None) -> list[int]:
    """Worker counts for a kind of work on a core count."""
    if wanted != "auto":
        return sorted(wanted)
    if kind == "waiting":
        counts = doubling(max(WAITING_WORKERS, 2 * cores))
    else:
        counts = sorted({*doubling(2 * cores), cores})
    return [count for count in counts if most is None or count <= most] or [1]


def check_executors(key: str, entries: Sequence[Any]) -> None:
    """Refuse entries of a config key that can't be had. Raises ConfigError naming the entry."""
    for position, entry in enumerate(entries):
        where = f"config key '{key}.{position}'"
        name, options = named_executor(entry)
        try:
            executor = installed.load_executor(name)
        except (Exception, SystemExit) as error:  # a user's module may raise anything
            if ":" in name or name in installed.names("poolwise.executors"):
                why = f"{type(error).__name__}: {' '.join(str(error).split())}"
                raise ConfigError(f"{where}: {name!r} can't be loaded: {why}") from error
            known = ", ".join(installed.names("poolwise.executors"))
            raise ConfigError(
                f"{where}: unknown executor {name!r}; known: {known}; your own: "
                "package.module:ClassName"
            ) from error
        _check_options(f"{where[:-1]}.options'", name, executor, options)


def check_nodes(settings: Mapping[str, Any]) -> None:
    """Refuse several nodes where no executor runs over them. Raises ConfigError."""
    able = False
    for name, options in _named_executors(settings["executors"]):
        executor = installed.load_executor(name)
        able = able or any(over_nodes(executor, _levels(executor, options), settings))
    if node_counts(settings) and not able:
        raise ConfigError(
            "config key 'nodes': none of the executors runs over several nodes; dask (scheduler: "
            "distributed), ray and mpi4py do"
        )


def _check_options(
    where: str, name: str, executor: type[Executor], options: Mapping[str, Any]
) -> None:
    # start methods and chunks are levels of the whole grid, with config keys of their own
    own = [] if "start_method" in executor.defaults else list(executor.defaults)
    if "nodes" in options and executor.over_nodes(executor.all_options(dict(options))):
        raise ConfigError(f"{where}: over how many nodes is measured says config key 'nodes'")
    own = [option for option in own if option != "nodes"]
    for option, value in options.items():
        if option not in own:
            known = ", ".join(own) or "none"
            raise ConfigError(f"{where}: {name} has no option {option!r} here; it has {known}")
        levels = executor.levels.get(option)
        if levels and value not in levels:
            raise ConfigError(
                f"{where}: {option} is {value!r}, must be one of {', '.join(map(str, levels))}"
            )
    message = executor.check_options(dict(options))
    if message:
        raise ConfigError(f"{where}: {message}")


def _process_limits(
    settings: Mapping[str, Any], host: Mapping[str, Any], cores: int
) -> Iterable[tuple[int, str]]:
    """The largest numbers of worker processes, each with what sets it.

    A job that takes more memory than it was granted is killed as a whole, and its block could never
    be measured to its end.
    """
    most = int(settings["most_processes"])
    most *= cores if settings.get("most_processes_per_core") else 1
    yield most, f"config key 'most_processes' allows {most} processes on {cores} cores"
    memory = host.get("memory_limit_mib")
    if memory:
        most = max(1, (int(memory) - BESIDE_MIB) // PROCESS_MIB)
        yield most, f"{memory} MiB of memory were granted: {most} processes of {PROCESS_MIB} MiB"


def _primitives(
    executor: type[Executor], entry: Mapping[str, Any], point: TaskPoint
) -> dict[str, str]:
    """Named only where it matters."""
    if not point.task.uses_kit:
        return {}
    options = executor.all_options(entry["options"])
    return {"primitives": executor.primitives(point.task, options)}


def _in_processes(executor: type[Executor], entry: Mapping[str, Any]) -> bool:
    return executor.in_processes(executor.all_options(entry["options"]))


def _named_executors(entries: Sequence[Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Each executor with the options it is asked for; sequential is always one."""
    found: list[tuple[str, dict[str, Any]]] = [("sequential", {})]
    for entry in entries:
        named = named_executor(entry)
        if named not in found:
            found.append(named)
    return found


def _approaches(
    name: str,
    options: dict[str, Any],
    settings: Mapping[str, Any],
    point: TaskPoint,
    cores: int,
    workers: Sequence[int],
) -> Iterable[dict[str, Any]]:
    if name == "sequential":
        yield approach(name, {}, 1)
    elif "start_method" in installed.load_executor(name).defaults:
        yield from _process_approaches(name, settings, cores, workers)
    else:
        executor = installed.load_executor(name)
        if executor.on_loop and not point.task.native_async:
            # items that never yield to the loop run one after the other on any worker count
            workers = [min(cores, max(workers))]
        for own, count in itertools.product(_levels(executor, options), workers):
            yield approach(name, own, count)
        for own, nodes in over_nodes(executor, _levels(executor, options), settings):
            yield approach(name, own, nodes * cores)


def _levels(executor: type[Executor], options: dict[str, Any]) -> list[dict[str, Any]]:
    """The options asked for, with each combination of the levels of those that were not."""
    left = {key: values for key, values in executor.levels.items() if key not in options}
    combined = itertools.product(*left.values())
    return [{**dict(zip(left, values, strict=True)), **options} for values in combined]


def _on_each(
    host: Mapping[str, Any], settings: Mapping[str, Any], point: TaskPoint, cores: int,
    workers: Sequence[int],
) -> Iterable[dict[str, Any]]:  # fmt: skip
    """The approaches of every interpreter; those but the first have fewer variants and workers."""
    for place, python in enumerate(host["interpreters"]):
        here = narrowed(settings) if place else settings
        counts = fewer_workers(settings, workers, cores) if place else workers
        for name, options in _named_executors(settings["executors"]):
            for entry in _approaches(name, options, here, point, cores, counts):
                yield named(entry, python, are_several(host))


def _process_approaches(
    name: str, settings: Mapping[str, Any], cores: int, workers: Sequence[int]
) -> Iterable[dict[str, Any]]:
    methods, chunks = settings["start_methods"], settings["chunks"]
    known = installed.load_executor(name).defaults
    if "chunk" not in known:  # it has its own way
        chunks = ["default"]
    at = cores if cores in workers else max(workers)
    for count in workers:
        for method, chunk in itertools.product(methods, chunks):
            main = method == methods[0] and chunk == chunks[0]
            single = method == methods[0] or chunk == chunks[0]  # one factor at a time
            variant = settings["variants"] == "all" or (
                settings["variants"] == "at_cores" and count == at and single
            )
            if main or variant:
                options = {"start_method": method, "chunk": chunk}
                yield approach(name, {key: options[key] for key in options if key in known}, count)


def approach(executor: str, options: dict[str, Any], workers: int) -> dict[str, Any]:
    """One approach with its label: what a verdict recommends."""
    label = executor if executor == "sequential" else f"{executor} x{workers}"
    words = []
    if "start_method" in options:
        words.append(options["start_method"])
    if options.get("chunk", "default") != "default":
        words.append(f"chunk {options['chunk']}")
    known = ("start_method", "chunk")
    words += [
        f"{key.removeprefix(OVERRIDE)} {value}"
        for key, value in sorted(options.items())
        if key not in known
    ]
    if words:
        label += f" ({', '.join(words)})"
    found = {"approach": label, "executor": executor, "options": options, "workers": workers}
    launched = installed.launched("poolwise.executors", executor)
    return found if launched == executor else {**found, "launched": launched}


def _complexity(
    entry: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[int, int, str, int, int, tuple[int, ...], int]:
    """Simplest first: one node, the configured order of executors, main options, fewer workers.

    Executors that it doesn't name come last, in the order of their registry.
    """
    order, options = [*settings["simplicity"], *EXECUTORS], entry["options"]
    place = order.index(entry["executor"]) if entry["executor"] in order else len(order)
    method = options.get("start_method")
    methods = settings["start_methods"]
    odd_method = methods.index(method) if method in methods else 0
    chunk = options.get("chunk")
    odd_chunk = settings["chunks"].index(chunk) if chunk in settings["chunks"] else 0
    levels = installed.load_executor(entry["executor"]).levels
    odd_levels = tuple(values.index(options[option]) for option, values in levels.items())
    how = (odd_method, odd_chunk, odd_levels, int(entry["workers"]))
    return (nodes_of(options), place, entry["executor"], *how)
