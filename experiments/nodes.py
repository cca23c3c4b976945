"""Approaches over several nodes of a cluster (config key `nodes`): few, so the grid stays small.

Only on the largest core count, which is that of every node, and with as many workers as all these
cores together. The option `nodes` says of an approach that it is one; on one node it isn't named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.launch.base import Executor
from experiments.schema import nodes_of
from experiments.task_points import TaskPoint

#: on one node: for blocks that the key isn't about
ONE = (1,)


def node_counts(settings: Mapping[str, Any]) -> list[int]:
    """The counts above one that are asked for; plans of before the key was there have none."""
    wanted = settings.get("nodes", "auto")
    return [] if wanted == "auto" else sorted(count for count in set(wanted) if count > 1)


def over_nodes(
    executor: type[Executor], levels: Sequence[dict[str, Any]], settings: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], int]]:
    """Options of an executor's approaches over several nodes, each with the number of nodes."""
    for options in levels:
        if executor.over_nodes(executor.all_options(options)):
            for nodes in node_counts(settings):
                yield {**options, "nodes": nodes}, nodes


def workers_on_a_node(entry: Mapping[str, Any]) -> int:
    """How many of an approach's workers run on each of its nodes."""
    return int(entry["workers"]) // nodes_of(entry["options"])


def bound(entry: Mapping[str, Any], point: TaskPoint) -> str:
    """Why an approach over several nodes can't do the task; empty where nothing is in its way."""
    if nodes_of(entry["options"]) == 1:
        return ""
    most = getattr(point.task, "most_workers", None)
    if most is not None and entry["workers"] > most:
        return f"the task has work for {most} workers at most"
    return point.task.bound_to_node({**point.task.defaults, **point.params}) or ""
