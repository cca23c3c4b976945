"""How a block of a slow function is thinned out, so that it stays within its budget.

A function's items can't be made smaller, as those of a built-in task are. So where a batch of the
usual number of items takes far longer than `batch_seconds`, there are fewer workers, then fewer
items; the smallest design that can still be judged is run whatever it takes, up to a limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments import installed
from experiments.estimate import LAUNCH_SECONDS
from experiments.scaling import ITEMS_PER_WORKER, is_weak
from experiments.settings import ConfigError
from experiments.task_points import TaskPoint

#: a batch up to this many times `batch_seconds` is left as it is
USUAL = 3.0
#: rounds that a budget is planned for: two or three approaches can be judged after four
ROUNDS = 4
#: batches of a launch: the cold one and a steady one
BATCHES = 2
#: the smallest design may take this long without being asked for by block_seconds
MOST_SECONDS = 1800.0
#: a launch's time limit over what it should take, and what it may take besides
SLACK, BESIDE_SECONDS = 3.0, 10.0


def within(
    blocks: Iterable[dict[str, Any]], points: Iterable[TaskPoint], settings: Mapping[str, Any],
    most_cores: int,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The planned blocks, those of slow functions thinned out. Raises ConfigError.

    A block on fewer than `most_cores` that even then takes more than its budget is left out.
    """
    known = {(p.name, p.label): p for p in points if p.checked}
    for block in blocks:
        point = known.get((block["task"], block["params_label"]))
        facts = point.checked if point else None
        changes = thinned(block, facts, settings) if facts else {}
        seconds = changes.get("budget_seconds", 0.0)
        if seconds > settings["block_seconds"] and block["cores"] < most_cores:
            continue
        if point and facts and seconds > max(settings["block_seconds"], MOST_SECONDS):
            raise ConfigError(
                f"config key '{point.key}.call': {_an_item(facts['item_seconds'])}, so the "
                f"least that can be compared, {ROUNDS} rounds of {len(changes['approaches'])} "
                f"approaches, takes {_short(seconds)}: give smaller items, or allow it by config "
                "key 'block_seconds'"
            )
        yield {**block, **changes}


def thinned(
    block: Mapping[str, Any], checked: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What changes in a planned block: nothing where its items are fast."""
    item_seconds = float(checked["item_seconds"])
    if block["min_items"] * item_seconds <= USUAL * settings["batch_seconds"]:
        return {}
    budget = float(settings["block_seconds"])
    designs = list(_designs(block, int(checked["items"])))
    items, approaches = next(
        (one for one in designs if _seconds(block, *one, item_seconds) <= budget), designs[-1]
    )
    seconds = _seconds(block, items, approaches, item_seconds)
    return _changes(block, items, approaches, item_seconds, seconds, settings)


def _changes(
    block: Mapping[str, Any], items: int, approaches: Sequence[Mapping[str, Any]],
    item_seconds: float, seconds: float, settings: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    kept = {entry["approach"] for entry in approaches}
    reason = f"{_an_item(item_seconds)}: left out to stay within the budget"
    left_out = [e["approach"] for e in block["approaches"] if e["approach"] not in kept]
    longest = (BATCHES + 1) * items * item_seconds
    return {
        "approaches": [{**entry, "simplicity": i} for i, entry in enumerate(approaches)],
        "not_run": [*block["not_run"], *({"approach": n, "reason": reason} for n in left_out)],
        "items": items,
        "min_items": items,
        "batches": 1,
        "steady_seconds": 0,
        "profiled_rounds": 1,
        "statistics": {"looks": [ROUNDS, 2 * ROUNDS]},
        "likely_seconds": seconds,
        "budget_seconds": max(seconds, float(settings["block_seconds"])),
        "launch_timeout_seconds": max(
            settings["launch_timeout_seconds"], math.ceil(SLACK * longest + BESIDE_SECONDS)
        ),
        "notes": [
            f"{_an_item(item_seconds)}, {_limit(seconds, settings['block_seconds'])} "
            f"a batch has {items} items, a launch one steady batch, and "
            f"{len(approaches)} of {len(block['approaches'])} approaches are measured, in "
            f"{ROUNDS} rounds at least",
            *block.get("notes", ()),
        ],
    }


def _an_item(seconds: float) -> str:
    return f"an item takes about {_short(seconds)}"


def _limit(seconds: float, budget: float) -> str:
    """What the design was made for: the budget, or as little beyond it as there can be."""
    if seconds <= budget:
        return f"so to stay within block_seconds ({_short(budget)})"
    return (
        f"so the least that can be judged takes about {_short(seconds)}, more than block_seconds "
        f"({_short(budget)}):"
    )


def _designs(block: Mapping[str, Any], there: int) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """(items, approaches), the largest first: fewer worker counts, then an item a worker.

    `there` is how many items the user has.
    """
    counts = sorted({entry["workers"] for entry in block["approaches"]} - {1}) or [1]
    for most in reversed(counts):
        below = [count for count in counts if count <= most]
        for some in ([1, *below], below[::-2]):  # every other one reaches as far for half the time
            kept = [
                e for e in block["approaches"]
                if e["workers"] in some or e["executor"] == "sequential"
            ]  # fmt: skip
            yield ITEMS_PER_WORKER * most, kept
    least = min(counts, key=lambda count: (abs(count - block["cores"]), count))
    if block["kind"] == "waiting":  # twice the fewest, where there are as many items
        least = max((count for count in counts[:2] if count <= there), default=counts[0])
    # asyncio with a blocking function is the sequential program once more
    blocks_loop = "acall" not in block.get("own", {})
    alone = [
        e for e in block["approaches"]
        if (e["workers"] == least or e["executor"] == "sequential")
        and not (blocks_loop and e["executor"] == "asyncio")
    ]  # fmt: skip
    main = {e["executor"]: e for e in reversed(alone)}  # the simplest of each executor
    kept = [e for e in block["approaches"] if e is main.get(e["executor"])]
    yield ITEMS_PER_WORKER * least, kept
    yield max(2, least), kept


def _seconds(
    block: Mapping[str, Any], items: int, approaches: Sequence[Mapping[str, Any]],
    item_seconds: float,
) -> float:  # fmt: skip
    """Likely seconds of the planned rounds, with a batch more of each approach for its profile."""
    a_batch = sum(
        items * item_seconds * (entry["workers"] if is_weak(block) else 1) / _speedup(entry, block)
        for entry in approaches
    )
    beside = ROUNDS * len(approaches) * LAUNCH_SECONDS
    return (ROUNDS * BATCHES + 1) * a_batch + items * item_seconds + beside


def _speedup(entry: Mapping[str, Any], block: Mapping[str, Any]) -> float:
    if entry["executor"] == "sequential":
        return 1.0
    if block["kind"] == "waiting":
        return float(entry["workers"])
    executor = installed.load_executor(entry["executor"])
    in_processes = executor.in_processes(executor.all_options(entry["options"]))
    return float(min(entry["workers"], block["cores"])) if in_processes else 1.0


def _short(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.2g} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
