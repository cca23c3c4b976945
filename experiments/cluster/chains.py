"""Which node measures which blocks: as many chains as nodes, each in the plan's order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def chained(
    blocks: Sequence[Mapping[str, Any]], count: int, seconds: Sequence[float]
) -> list[dict[str, Any]]:
    """The blocks, each with its `chain` (0 to count - 1), so that the chains take alike.

    All blocks of a task with its parameters stay in one chain: they share what calibration finds,
    as their speedups are for the same items. The longest are given away first (R. L. Graham,
    "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17, 1969: at most 4/3 of the
    best). `seconds` is what each block will likely take.
    """
    shares: dict[str, float] = {}
    for block, likely in zip(blocks, seconds, strict=True):
        shares[_share(block)] = shares.get(_share(block), 0.0) + likely
    taken = [0.0] * count
    chain_of: dict[str, int] = {}
    for share in sorted(shares, key=lambda name: -shares[name]):  # stable: equal ones as planned
        chain = taken.index(min(taken))
        chain_of[share] = chain
        taken[chain] += shares[share]
    return [{**block, "chain": chain_of[_share(block)]} for block in blocks]


def of(block: Mapping[str, Any]) -> int:
    """The chain of a block; where there is only one, blocks don't name it."""
    return int(block.get("chain", 0))


def _share(block: Mapping[str, Any]) -> str:
    return json.dumps([block["task"], block["params"], bool(block.get("control"))], sort_keys=True)
