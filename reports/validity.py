"""Where a block's verdict holds: what was measured, and where a search saw it change."""

from __future__ import annotations

import json
from typing import Any

from reports import wording
from reports.load import Block, Results


def told(results: Results, changes: list[dict[str, Any]], block: Block) -> str:
    """The domain of a verdict in words, and what searches (`changes`) know beyond it."""
    run = results.runs.get(block.name, {})
    parts = [_items(block, run), _axes(block), _interpreters(block)]
    text = f"Measured with {'; '.join(filter(None, parts))}; not beyond."
    return " ".join([text, *_changes(changes, block)])


def _items(block: Block, run: Any) -> str:
    """24 items a batch of 5.94 ms each."""
    if not wording.known(run.get("items")):
        return ""
    whose = "for each worker" if block.is_weak else "a batch"
    text = f"{wording.count(run['items'], 'item')} {whose}"
    if wording.known(run.get("item_ms")):
        text += f" of {wording.milliseconds(run['item_ms'])} each"
    return text


def _axes(block: Block) -> str:
    """1 to 4 workers on 2 cores."""
    workers = sorted({one.workers for one in block.approaches}) or [1]
    ends = wording.count(workers[-1], "worker")
    if workers[0] != workers[-1]:
        ends = f"{workers[0]} to {ends}"
    return f"{ends} on {block.place}"


def _interpreters(block: Block) -> str:
    labels = dict.fromkeys(wording.short(one.interpreter) for one in block.approaches)
    return wording.listing(list(labels), most=6)


def _changes(changes: list[dict[str, Any]], block: Block) -> list[str]:
    """What searches along a parameter of this task say on these cores, in their own words.

    A search with other fixed parameters than the block's says nothing of it.
    """
    here = (block.task, block.cores, "steady")
    return [
        f"Along {row['parameter']}: {row['sentence']}"
        for row in changes
        if (row["task"], row["cores"], row["mode"]) == here
        and _fits(str(row["params"]), str(row["parameter"]), json.loads(block.params))
    ]


def _fits(fixed: str, varied: str, params: dict[str, Any]) -> bool:
    given = json.loads(fixed or "{}")
    return all(params.get(name) == value for name, value in given.items() if name != varied)
