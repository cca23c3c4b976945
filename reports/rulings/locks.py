"""The claim that locks and semaphores prevent race conditions, and what they cost."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import comb

import pandas as pd

from experiments.statistics.intervals import combined, exponential
from experiments.statistics.records import Interval
from reports import wording
from reports.rulings.evidence import MODE, SEQUENTIAL, Cell, Evidence, Picked
from reports.rulings.outcome import ALPHA, Ruling, Word, listed, names, ratio, undecided

TASKS = ("locked_counter",)
FREE, GUARDS = "none", ("lock", "semaphore")
#: coroutines of one thread are left out: they take turns without a guard
COSTED = (SEQUENTIAL, "threads", "processes", "interpreters")
#: where the reason of a wrong answer says which entry of it was; the counter comes after the items
_ENTRY = re.compile(r"item (\d+): expected")


@dataclass(frozen=True)
class Losses:
    """Launches of one executor under one guard, and in how many of them an update was lost."""

    launches: int
    lossy: int
    #: updates lost in the median lossy launch; NaN where that is not told
    usual: float


#: by guard and executor
Table = Mapping[str, Mapping[str, Losses]]


def locks_prevent_races(evidence: Evidence) -> Ruling:
    """Updates must be lost without a guard, and none under a lock, and none under a semaphore.

    Proven for an executor and a guard if it would be a chance of at most 5% that all launches that
    lose updates are among those without it (the hypergeometric tail of Fisher's exact test); every
    executor that loses any must show it for both guards. One update lost under a guard refutes it.
    """
    picked = evidence.pick(None, TASKS, failed=True, timed=False)
    table = {guard: _by_executor(picked, guard) for guard in (FREE, *GUARDS)}
    missing = [guard for guard, found in table.items() if not found]
    if missing:
        return undecided(f"locked_counter with guard={' and '.join(missing)}", picked)
    told = f"{_told(table)}{_cost(evidence)}"
    return Ruling(_word(table), told, names(picked.sound)).leaving_out(picked)


def _word(table: Table) -> Word:
    if any(found.lossy for guard in GUARDS for found in table[guard].values()):
        return "contradicted"
    racing = {name: found for name, found in table[FREE].items() if found.lossy}
    proven = bool(racing) and all(
        _chance(found, table[guard].get(name)) <= ALPHA
        for name, found in racing.items()
        for guard in GUARDS
    )
    return "supported" if proven else "undecided"


def _chance(free: Losses, guarded: Losses | None) -> float:
    """That no launch under the guard lost anything, if they lose as often as those without."""
    if guarded is None:
        return 1.0
    together = free.launches + guarded.launches
    return comb(free.launches, free.lossy) / comb(together, free.lossy)


def _by_executor(picked: Picked, guard: str) -> dict[str, Losses]:
    launches: dict[str, list[pd.DataFrame]] = {}
    for cell in picked.sound:
        if _params(cell).get("guard") == guard:
            launches.setdefault(cell.approach.executor, []).append(cell.launches)
    found = {name: _losses(pd.concat(frames)) for name, frames in launches.items()}
    return {name: losses for name, losses in found.items() if losses.launches}


def _params(cell: Cell) -> dict[str, object]:
    return dict(json.loads(cell.block.params))


def _losses(launches: pd.DataFrame) -> Losses:
    """Launches that tell: those that went well, and those whose counter was wrong.

    A lost update under a guard is a wrong answer, so that its launch ends before it is counted.
    """
    told = launches[(launches["status"] == "ok") & launches["lost_updates"].notna()]
    lost = told["lost_updates"].astype("float64")
    wrong = launches[(launches["status"] == "wrong") & launches["items"].notna()]
    short = sum(
        _counter_is_wrong(*row) for row in zip(wrong["reason"], wrong["items"], strict=True)
    )
    usual = float(lost[lost > 0].median())
    return Losses(len(told) + short, int((lost > 0).sum()) + short, usual)


def _counter_is_wrong(reason: object, items: object) -> bool:
    entry = _ENTRY.search(str(reason))
    return entry is not None and int(entry[1]) == int(str(items))


def _told(table: Table) -> str:
    free = [_losses_told(name, found) for name, found in table[FREE].items()]
    text = f"Without a guard updates were lost with {listed(free)}"
    for guard in GUARDS:
        launches = sum(found.launches for found in table[guard].values())
        lossy = sum(found.lossy for found in table[guard].values())
        text += f"; under a {guard} in {lossy} of {launches:,} launches"
    nothing = not any(found.lossy for found in table[FREE].values())
    return f"{text}.{' So there was nothing to prevent.' if nothing else ''}"


def _losses_told(executor: str, found: Losses) -> str:
    usual = f" ({wording.number(found.usual)} a launch)" if wording.known(found.usual) else ""
    launches = wording.count(found.launches, "launch", "launches")
    return f"{executor} in {found.lossy} of {launches}{usual}"


def _cost(evidence: Evidence) -> str:
    """What an update takes under each guard against none, for the same approach.

    The blocks hold different numbers of updates in a batch, and were measured one after the other:
    an update's seconds are compared, each with its own interval.
    """
    ran = [cell for cell in evidence.cells if cell.block.task in TASKS and not cell.failed]
    cells = list(Picked.of(ran).sound)
    found = {guard: list(_costs(evidence, cells, guard)) for guard in GUARDS}
    told = [f"under a {guard} {listed(parts)}" for guard, parts in found.items() if parts]
    return f" Times as long as without a guard: {'; '.join(told)}." if told else ""


def _costs(evidence: Evidence, cells: list[Cell], guard: str) -> Iterator[str]:
    """The sequential program, where nobody else wants the guard, then the smallest pool of each."""
    seen = set()
    guarded = [cell for cell in cells if _params(cell).get("guard") == guard]
    for cell in sorted(guarded, key=lambda one: one.approach.workers):
        executor = cell.approach.executor
        wanted = executor in COSTED and (executor == SEQUENTIAL or cell.approach.workers >= 2)
        free = next((one for one in cells if _differ_in_guard(cell, one)), None)
        if free is None or not wanted or executor in seen:
            continue
        more = _more(evidence, cell, free)
        if more is not None:
            seen.add(executor)
            yield f"{cell.approach.label} {more}"


def _differ_in_guard(cell: Cell, other: Cell) -> bool:
    same = cell.approach == other.approach and cell.block.cores == other.block.cores
    return same and {**_params(cell), "guard": FREE} == _params(other)


def _more(evidence: Evidence, guarded: Cell, free: Cell) -> str | None:
    """1.62x (1.35 to 1.94x), 45.1 ms more in a batch of 118 ms."""
    one, other = (_update_logs(evidence, cell) for cell in (guarded, free))
    seconds = guarded.one.seconds(MODE, guarded.approach.label)
    if one is None or other is None or seconds is None:
        return None
    times = exponential(combined(one.estimate - other.estimate, one, other))
    added = seconds.estimate * (1 - 1 / times.estimate)
    change = f"{wording.seconds(abs(added))} {'more' if added >= 0 else 'less'}"
    return f"{ratio(times)}, {change} in a batch of {wording.seconds(seconds.estimate)}"


def _update_logs(evidence: Evidence, cell: Cell) -> Interval | None:
    """Log seconds of one update of the counter; None where the run doesn't tell their number."""
    run = evidence.runs.get(cell.block.name, {})
    seconds = cell.one.seconds(MODE, cell.approach.label)
    updates = float(run.get("items") or 0) * float(run.get("scale") or 0)
    if seconds is None or not updates or not wording.known(seconds.low):
        return None
    return Interval(*(math.log(end / updates) for end in
                      (seconds.estimate, seconds.low, seconds.high)))  # fmt: skip
