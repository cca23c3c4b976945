"""Every cell of the grid that has no result, with what happened to it and why."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports import wording
from reports.load import Approach, Block, NotRun, Results, records
from reports.sentences import FAILURES

#: the task with its parameters, and the core count
Place = tuple[str, int]
#: how a failed status is called, and the order of the table's rows: what was planned comes last
KINDS = {
    **FAILURES,
    "not run": "never launched",
    "can't run": "unsupported by its interpreter",
    "left out": "left out by the plan",
}
#: executors that run coroutines on one loop
LOOPS = ("asyncio", "trio", "anyio")
WHOLE_BLOCK = "every approach"
#: what the label of an approach ends in where several interpreters compete
_TAG = re.compile(r" \[[^\[\]]*\]$")
_FIRST_ONLY = "variants and some worker counts are measured on the first interpreter only"
_VARIANTS = {
    "none": "config key 'variants' is none: only the first start method and chunk",
    "at_cores": "config key 'variants' is at_cores: other start methods and chunks one at a time, "
    "with as many workers as cores, on all cores",
}


@dataclass(frozen=True)
class Missing:
    """A cell without a result; `reason` is empty where none is known."""

    place: Place
    approach: str
    kind: str
    reason: str

    @property
    def was_planned(self) -> bool:
        """Whether the plan has it among what is launched."""
        return self.kind not in ("can't run", "left out")


@dataclass(frozen=True)
class MissingLine:
    """Cells that are missing for one reason, as a row of the report's table."""

    kind: str
    reason: str
    cells: str
    where: str


def missing(results: Results, summary: pd.DataFrame) -> list[Missing]:
    """All of them: those that failed, those never launched, and those the plan left out."""
    return [*_failed(results, summary), *left_out(results)]


def _failed(results: Results, summary: pd.DataFrame) -> list[Missing]:
    known = {block.name: block for block in results.blocks}
    bad = summary[(summary["mode"] == "steady") & (summary["status"] != "ok")]
    return [
        Missing(_place(known[row["block"]]), row["approach"], row["status"], _reason(row))
        for row in records(bad)
        if row["block"] in known
    ]


def _reason(row: Mapping[str, Any]) -> str:
    """Of a cell that was never launched the table says no more than that: no reason is known."""
    return "" if row["status"] == "not run" else str(row["reason"]).strip()


def _place(block: Block) -> Place:
    return (block.subject, block.cores)


def left_out(results: Results) -> list[Missing]:
    """Cells of the full grid that the plan doesn't have.

    The full grid: each task on each core count, with each executor in every combination of its
    options' levels, with each worker count of the block, on one node. The reasons are the plan's
    own words, or follow from its settings.
    """
    settings = results.plan.get("settings") or {}
    found = list(_missing_blocks(results.blocks, settings))
    options = _option_levels(results.blocks)
    for block in results.blocks:
        found += [
            Missing(_place(block), one.label, _kind(one), one.reason) for one in block.not_run
        ]
        named = {one.label for one in block.approaches} | {one.label for one in block.not_run}
        found += [
            Missing(_place(block), cell.label + tag, "left out", _why(cell, block, settings, place))
            for place, tag in enumerate(tags(block))
            for cell in _full(block, options)
            if cell.label + tag not in named
        ]
    return found


def _kind(one: NotRun) -> str:
    return "can't run" if one.unsupported else "left out"


def tags(block: Block) -> list[str]:
    """What the labels of each interpreter end in, in the plan's order: ` [3.13t]`, or nothing."""
    labels = [*(one.label for one in block.approaches), *(one.label for one in block.not_run)]
    found = map(_TAG.search, labels)
    return list(dict.fromkeys(one.group() if one else "" for one in found))


@dataclass(frozen=True)
class _Cell:
    executor: str
    options: Mapping[str, Any]
    workers: int

    @property
    def label(self) -> str:
        """As the plan labels approaches."""
        options = self.options
        words = [str(options["start_method"])] if "start_method" in options else []
        if options.get("chunk", "default") != "default":
            words.append(f"chunk {options['chunk']}")
        others = sorted(set(options) - {"start_method", "chunk"})
        words += [f"{key.removeprefix('task.')} {options[key]}" for key in others]
        return f"{self.executor} x{self.workers}" + (f" ({', '.join(words)})" if words else "")


def _option_levels(blocks: Sequence[Block]) -> dict[str, list[dict[str, Any]]]:
    """Every combination of the levels that an executor's options have anywhere in the plan."""
    seen: dict[str, dict[str, dict[str, Any]]] = {}
    for one in {
        (a.executor, a.options): a for block in blocks for a in on_one_node(block)
    }.values():
        own = seen.setdefault(one.executor, {})
        given = json.loads(one.options)
        for key in dict.fromkeys([*own, *given]):  # a set has another order each time
            level = given.get(key)
            own.setdefault(key, {})[json.dumps(level)] = level
    return {executor: _combined(levels) for executor, levels in seen.items()}


def _combined(levels: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    combinations = itertools.product(*(own.values() for own in levels.values()))
    named = [dict(zip(levels, values, strict=True)) for values in combinations]
    return [{k: v for k, v in one.items() if v is not None} for one in named]


def _full(block: Block, options: Mapping[str, list[dict[str, Any]]]) -> Iterator[_Cell]:
    """The pools of the full grid (the sequential program has no levels)."""
    workers = sorted({a.workers for a in on_one_node(block) if a.executor != "sequential"})
    for executor, combinations in options.items():
        if executor != "sequential":
            for one, count in itertools.product(combinations, workers):
                yield _Cell(executor, one, count)


def _why(cell: _Cell, block: Block, settings: Mapping[str, Any], interpreter: int) -> str:
    """Why the plan hasn't got this cell; empty where its settings don't tell."""
    if cell.executor in LOOPS and _counts(block, cell.executor) == 1:
        return (
            f"{cell.executor}: the items never yield to the event loop, so its tasks in flight "
            "don't count"
        )
    if interpreter:
        return _FIRST_ONLY
    if _is_variant(cell, settings):
        if not _named(settings.get("variant_tasks", "all"), block):
            return "config key 'variant_tasks' doesn't name the task: main options only"
        return _VARIANTS.get(str(settings.get("variants")), "")
    return ""


def _counts(block: Block, executor: str) -> int:
    return len({one.workers for one in on_one_node(block) if one.executor == executor})


def on_one_node(block: Block) -> list[Approach]:
    """The approaches of a block's grid; several nodes have one number of workers only."""
    return [one for one in block.approaches if one.nodes == 1]


def _is_variant(cell: _Cell, settings: Mapping[str, Any]) -> bool:
    """Whether it has other options than the first of each, which every task is measured with."""
    first = {"start_method": settings.get("start_methods"), "chunk": settings.get("chunks")}
    return any(
        levels and cell.options.get(key, levels[0]) != levels[0] for key, levels in first.items()
    )


def _named(names: Any, block: Block) -> bool:
    return names == "all" or block.task in names


def _missing_blocks(blocks: Sequence[Block], settings: Mapping[str, Any]) -> Iterator[Missing]:
    """Tasks that were not measured on each core count of the plan."""
    there = {_place(block) for block in blocks}
    subjects = {block.subject: block for block in blocks}
    for cores in sorted({block.cores for block in blocks}):
        for subject, block in subjects.items():
            if (subject, cores) not in there:
                unnamed = not _named(settings.get("core_axis", "all"), block)
                why = "config key 'core_axis' doesn't name the task: all cores only"
                yield Missing((subject, cores), WHOLE_BLOCK, "left out", why if unnamed else "")


def tally(results: Results, found: Sequence[Missing]) -> str:
    """How many cells the full grid has, and how many of them have a result, in a sentence."""
    planned = sum(len(block.approaches) for block in results.blocks)
    cells = [one for one in found if one.approach != WHOLE_BLOCK]
    ran = planned - sum(one.was_planned for one in cells)
    full = planned + sum(not one.was_planned for one in cells)
    blocks = len(found) - len(cells)
    text = f"{ran:,} of the {wording.count(full, 'cell')} of the full grid have a result"
    return (
        f"{text}; {wording.count(blocks, 'block')} more were left out whole."
        if blocks
        else (f"{text}.")
    )


def lines(results: Results, found: Sequence[Missing]) -> list[MissingLine]:
    """A row a kind and reason; reasons that differ in their numbers alone share one."""
    grouped: dict[tuple[str, str], list[Missing]] = {}
    for one in found:
        grouped.setdefault((one.kind, re.sub(r"\d+", "0", one.reason)), []).append(one)
    order = list(KINDS)
    ranked = sorted(grouped.items(), key=lambda pair: order.index(pair[0][0]))
    return [_line(kind, own, len(results.blocks)) for (kind, _), own in ranked]


def _line(kind: str, found: Sequence[Missing], blocks: int) -> MissingLine:
    whole = found[0].approach == WHOLE_BLOCK
    others = len({one.reason for one in found}) - 1
    like = f" (and {wording.count(others, 'reason')} alike)" if others else ""
    return MissingLine(
        kind=KINDS[kind],
        reason=(wording.short(found[0].reason, 200) or "no reason is known") + like,
        cells=wording.count(len(found), "block") if whole else f"{len(found):,}",
        where=_where(found, blocks),
    )


def _where(found: Sequence[Missing], blocks: int) -> str:
    """Approaches with the blocks they are missing in; blocks that miss the same ones together."""
    own: dict[Place, list[str]] = {}
    for one in found:
        own.setdefault(one.place, []).append(one.approach)
    alike: dict[tuple[str, ...], list[Place]] = {}
    for place, approaches in own.items():
        alike.setdefault(tuple(approaches), []).append(place)
    every = 0 if found[0].approach == WHOLE_BLOCK else blocks  # those aren't blocks of the plan
    return "; ".join(
        f"{_approaches(approaches)}: {places(where, every)}" for approaches, where in alike.items()
    )


def _approaches(labels: Sequence[str]) -> str:
    """Labels that differ in their workers alone are written as one: processes x1, x4 (spawn)."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for label in labels:
        found = re.match(r"^(.*?) (x\d+)(?= |$)(.*)$", label, flags=re.DOTALL)
        head, count, rest = found.groups() if found else (label, "", "")
        grouped.setdefault((head, rest), []).append(count)
    return ", ".join(
        f"{wording.short(head)} {', '.join(counts)}".strip() + wording.short(rest)
        for (head, rest), counts in grouped.items()
    )


def places(found: Iterable[Place], every: int) -> str:
    """Blocks in words, the core counts of a task together; `every` is how many blocks there are."""
    cores: dict[str, list[int]] = {}
    for subject, count in found:
        cores.setdefault(subject, []).append(count)
    if every > 1 and sum(map(len, cores.values())) == every:
        return f"all {every} blocks"
    return ", ".join(
        f"{wording.short(subject)} on {'/'.join(map(str, sorted(own)))}c"
        for subject, own in cores.items()
    )
