"""The blocks that take the overhead of every executor apart: launches of a task that does no work.

They are planned, launched and journalled as any block is, but ask nothing and answer nothing: every
approach runs in every round, on a fixed number of items, and reports/overheads.py reads what is
left. Neither their verdicts nor their seconds count anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.scaling import STRONG

TASK = "overhead"
ROLE = "overhead"
#: a t interval over 5 rounds is 2.8 standard errors wide to each side, over 10 it is 2.3
ROUNDS = {"quick": 5, "standard": 5, "thorough": 10}
#: payload in KiB -> items of a batch. With none, that many last tens of ms in a process pool; with
#: 256 KiB, what the payload's travel costs is many times what an item costs
ITEMS = {0: 500, 256: 32}
#: but no fewer items than these a worker: else some have nothing to do
ITEMS_PER_WORKER = 2
#: batches of a launch go on for this long: there are no slow ones, and at most 25
STEADY_SECONDS = 0.05
#: likely seconds of a batch, for the estimate of the plan
BATCH_SECONDS = 0.03


def is_overhead(block: Mapping[str, Any]) -> bool:
    """Whether a block of a plan is one of these."""
    return bool(block.get("role") == ROLE)


def task_entry(payload_kib: int) -> dict[str, Any]:
    """The task of one block, as config key `tasks` would name it."""
    return {"task": TASK, "params": {"payload_kib": payload_kib}}


def lone_settings(settings: Mapping[str, Any], payload_kib: int, cores: int) -> dict[str, Any]:
    """Settings under which a block has what is compared: one worker, and as many as cores.

    How processes are started makes no difference to how items travel, so with a payload there is
    the main start method only; and from a coroutine to its loop nothing travels.
    """
    loaded = [name for name in settings["executors"] if name not in ("asyncio", "trio", "anyio")]
    return {
        **settings, "executors": loaded if payload_kib else settings["executors"],
        "workers": [1, max(2, cores)], "chunks": ["default"],
        "variants": "none" if payload_kib else "all", "objective": "seconds", "scaling": STRONG,
        "narrow_pythons": True, "nodes": [1],
    }  # fmt: skip


def overhead_block(
    block: Mapping[str, Any], settings: Mapping[str, Any], payload_kib: int
) -> dict[str, Any]:
    """A block of this kind from one that was planned as usual."""
    most = max(entry["workers"] for entry in block["approaches"])
    items = max(ITEMS[payload_kib], ITEMS_PER_WORKER * most)
    return {
        **block,
        "block": f"overhead-{payload_kib}kib-{block['cores']}c",
        "role": ROLE,
        "statistics": {"looks": [ROUNDS[settings["preset"]]]},
        "items": items,
        "min_items": items,
        "steady_seconds": STEADY_SECONDS,
        "batch_seconds": BATCH_SECONDS,
    }


def payloads() -> Iterator[int]:
    """KiB an item carries, a block each."""
    return iter(ITEMS)
