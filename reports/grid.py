"""The grid of a run: every factor with its levels, and every cell that has no result, with why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from reports import wording
from reports.load import Block, Results

Pair = tuple[str, str]
#: settings of the plan that are the same in every block, in words; unit last
_FIXED = (
    ("batch_seconds", "a batch is calibrated to", "s"),
    ("steady_seconds", "steady batches fill at least", "s"),
    ("block_seconds", "a block may take", "s"),
    ("launch_timeout_seconds", "a launch may take", "s"),
)


def factors(results: Results, samples: pd.DataFrame) -> list[Pair]:
    """Each factor of the plan with all its levels, then what was held fixed; `samples` tell how
    many steady batches a launch timed."""  # fmt: skip
    blocks = results.blocks
    if not blocks:
        return []
    return [
        *((f"Task {wording.short(task)}", text) for task, text in _tasks(blocks)),
        *((f"Executor {wording.short(name)}", text) for name, text in _executors(blocks)),
        ("Cores", _levels(sorted({block.cores for block in blocks}))),
        *_nodes(blocks),
        ("Interpreters", _levels(_seen(one.interpreter for one in _approaches(blocks)))),
        ("Scaling", _levels(_seen(block.scaling for block in blocks))),
        ("Decided on", _levels(_seen(block.objective.noun for block in blocks))),
        ("Searched parameters", _searched(results)),
        ("Without work", "; ".join(text for _, text in _tasks(results.overheads)) or "none"),
        ("Items in a batch", _items(results)),
        ("Repeats", _repeats(results, samples)),
        ("BLAS threads", _blas(blocks)),
        ("Held fixed", _fixed(results)),
    ]


def _nodes(blocks: Sequence[Block]) -> list[Pair]:
    """Where there is more than one: a factor of its own."""
    nodes = sorted({one.nodes for one in _approaches(blocks)})
    return [("Nodes", f"{_levels(nodes)}, each with these cores")] if nodes[-1:] > [1] else []


def _approaches(blocks: Iterable[Block]) -> list[Any]:
    return [one for block in blocks for one in block.approaches]


def _seen(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _levels(values: Sequence[object]) -> str:
    """All of them: a table of levels leaves none out."""
    texts = [wording.short(str(value)) for value in values]
    return wording.listing(texts, most=len(texts)) if texts else "none"


def _tasks(blocks: Sequence[Block]) -> list[Pair]:
    """Parameters with their levels, and the core counts, by task."""
    grouped: dict[str, list[Block]] = {}
    for block in blocks:
        grouped.setdefault(block.task, []).append(block)
    return [(task, _task(own)) for task, own in grouped.items()]


def _task(blocks: Sequence[Block]) -> str:
    params = _values(json.loads(block.params) for block in blocks)
    cores = sorted({block.cores for block in blocks})
    said = [f"{wording.short(name)} {_levels(levels)}" for name, levels in params.items()]
    return "; ".join([*said, f"on {_levels(cores)} {'core' if cores == [1] else 'cores'}"])


def _values(mappings: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Each key with its different values, sorted where they are numbers."""
    found: dict[str, dict[str, Any]] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            found.setdefault(key, {})[json.dumps(value)] = value
    return {key: _ordered(list(levels.values())) for key, levels in sorted(found.items())}


def _ordered(values: list[Any]) -> list[Any]:
    numeric = all(isinstance(value, int | float) for value in values)
    return sorted(values) if numeric else values


def _executors(blocks: Sequence[Block]) -> list[Pair]:
    """Worker counts and options with their levels, by executor."""
    grouped: dict[str, list[Any]] = {}
    for one in _approaches(blocks):
        grouped.setdefault(one.executor, []).append(one)
    return [(name, _executor(own)) for name, own in grouped.items()]


def _executor(approaches: Sequence[Any]) -> str:
    workers = sorted({one.workers for one in approaches})
    options = _values(json.loads(one.options) for one in approaches)
    many = f"{_levels(workers)} {'worker' if workers == [1] else 'workers'}"
    return "; ".join([many, *(f"{name} {_levels(levels)}" for name, levels in options.items())])


def _searched(results: Results) -> str:
    """What the break-even searches varied beside the grid."""
    return (
        "; ".join(
            f"{one.vary} of {wording.short(one.subject)} from {one.axis.low:g} to "
            f"{one.axis.high:g} ({wording.count(len(one.points), 'value')} measured)"
            for one in results.searches
        )
        or "none"
    )


def _items(results: Results) -> str:
    """How many, and how long one takes alone: the range over blocks, whose sections have each."""
    runs = [results.runs[block.name] for block in results.blocks if block.name in results.runs]
    many = [int(run["items"]) for run in runs if wording.known(run.get("items"))]
    each = [float(run["item_ms"]) for run in runs if wording.known(run.get("item_ms"))]
    said = [f"{_range([f'{n:,}' for n in (min(many), max(many))])} by block"] if many else []
    if each:
        ends = [wording.milliseconds(value) for value in (min(each), max(each))]
        said.append(f"an item alone takes {_range(ends)}")
    weak = any(block.is_weak for block in results.blocks)
    said.append("times the workers (weak scaling)" if weak else "the same for every approach")
    return "; ".join(said)


def _range(ends: Sequence[str]) -> str:
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _repeats(results: Results, samples: pd.DataFrame) -> str:
    """Looks that were planned, rounds that were run, batches of a launch."""
    looks = results.plan["statistics"].get("looks", [])
    runs = [results.runs[block.name] for block in results.blocks if block.name in results.runs]
    rounds = [int(run["rounds"]) for run in runs if wording.known(run.get("rounds"))]
    said = [f"looks planned after {_levels(looks)} rounds"]
    if rounds:
        said.append(f"{_range([str(min(rounds)), str(max(rounds))])} rounds run by block")
    steady = samples["launch_id"][samples["phase"] == "steady"].value_counts()
    if len(steady):
        ends = [str(steady.min()), str(steady.max())]
        said.append(f"{_range(ends)} steady batches in a launch")
    return "; ".join(said)


def _blas(blocks: Sequence[Block]) -> str:
    """The environment of every launch pins them, to 1 unless the task has the parameter."""
    given = _values(json.loads(block.params) for block in blocks).get("blas_threads", [])
    set_ = f"{_levels(given)} where the task has the parameter blas_threads, else " if given else ""
    return f"{set_}1 in every launch"


def _fixed(results: Results) -> str:
    plan = results.plan
    settings = plan.get("settings") or {}
    said = [f"seed {plan.get('seed', wording.UNKNOWN)}"]
    said += [f"{text} {settings[key]:g} {unit}" for key, text, unit in _FIXED
             if wording.known(settings.get(key))]  # fmt: skip
    disturbed = settings.get("disturbed")
    if isinstance(disturbed, Mapping):
        limits = ", ".join(f"{key} {value}" for key, value in sorted(disturbed.items()))
        said.append(f"a launch counts as disturbed above {limits}")
    return "; ".join(said)
