"""Verdicts in words. Takes rows of verdicts.csv and summary.csv, gives sentences with numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from experiments.statistics.objectives import OBJECTIVES, Objective
from experiments.statistics.records import DECIDED, Interval, Judgement
from reports import nodes_words, plausibility, wording
from reports.breakeven_words import batches
from reports.load import Block

Row = Mapping[str, Any]
#: said of a verdict that its launches don't give
STALE = (
    "verdicts.csv says {said}, its launches say {found}; make it again with "
    "`python -m reports.decide DIR`"
)

#: how the status of an approach that gave no answer is called
FAILURES = {
    "wrong": "wrong answer",
    "crashed": "crashed",
    "timeout": "timed out",
    "unsupported": "unsupported",
}
#: a mark for each verdict that reads without colour, from filled to empty
MARKS = {"best": "●", "tie": "◐", "no-gain": "○", "inconclusive": "?", "failed": "✕"}
MEANINGS = {
    "best": "faster than every rival by more than chance explains",
    "tie": "nothing beats it by more than the margin, others may be equal: the simplest such",
    "no-gain": "nothing beats the sequential program by more than the margin",
    "inconclusive": "the measurements don't tell the candidates apart",
    "failed": "nothing gave a right answer",
}
#: the same where not (only) time decides
OTHER_MEANINGS = MEANINGS | {
    "best": "better than every rival, in what is decided on, by more than chance explains",
    "failed": "nothing gave a right answer with a known value of what is decided on",
}

#: said of a run or a block whose work grows with the workers
WEAK = "Weak scaling: the work grows with the workers; the speedup is the scaled one"


def objective(row: Row) -> Objective:
    """What the verdict was decided on."""
    return OBJECTIVES[str(row["objective"])]


def names(cell: Any) -> list[str]:
    """A list in a cell (JSON) as texts; an empty or unreadable cell is an empty list."""
    try:
        value = json.loads(cell) if isinstance(cell, str) and cell else []
    except ValueError:
        return [str(cell)]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def doubt(row: Row) -> str:
    """The mark of a verdict that can't be true as measured; nothing for the others."""
    return plausibility.mark(plausibility.causes(names(row["flags"])))


def marked(name: str, row: Row) -> str:
    """What a verdict recommends, never without its mark: processes x2 (implausible: ...)."""
    return " ".join(filter(None, [name, doubt(row)]))


def concerns(steady: Row, once: Row | None) -> list[str]:
    """The warnings on a block: of its steady verdict, and what can't be true of the other alone."""
    said = names(steady["flags"])
    known = plausibility.causes(said)
    other = names(once["flags"]) if once is not None else []
    fresh = [flag for flag in other if set(plausibility.causes([flag])) - set(known)]
    return list(dict.fromkeys([*said, *(f"for a single batch, {flag}" for flag in fresh)]))


def is_sequential(row: Row) -> bool:
    """Whether the recommendation is the sequential program."""
    return str(row["executor"]) == "sequential"


def stale(row: Row, judgement: Judgement | None) -> str:
    """Where a verdict isn't what its launches give, what they give and what to do; mostly empty."""
    said = f"{row['verdict']} {row['approach']}".strip()
    found = f"{judgement.verdict} {judgement.pick or ''}".strip() if judgement else "none"
    return "" if said == found else STALE.format(said=said, found=found)


def stands(row: Row) -> bool:
    """Whether a verdict says what to take, and nothing speaks against its numbers."""
    return str(row["verdict"]) in DECIDED and not doubt(row)


def picks_pool(row: Row) -> bool:
    """Whether a pool is recommended, and nothing speaks against its numbers."""
    return stands(row) and not is_sequential(row)


def sequential(rows: Iterable[Row]) -> Row | None:
    """The fastest sequential program of some rows of summary.csv that ran (steady ones)."""
    ran = [row for row in rows if is_sequential(row) and row["status"] == "ok"]
    return min(
        (row for row in ran if row["mode"] == "steady"),
        key=lambda row: float(row["seconds"]),
        default=None,
    )


def alone(row: Row) -> bool:
    """Whether there is no verdict because there was no rival (left) to compare with."""
    return str(row["verdict"]) == "inconclusive" and not names(row["undecided"])


def gain(row: Row) -> str:
    """1.93x (1.92 to 1.95x), for a pool that was compared with the sequential program."""
    if not wording.known(row["speedup"]):
        return "speedup unknown (the sequential program didn't run beside it)"
    if not wording.known(row["speedup_low"]):
        return f"{wording.times(row['speedup'])} sequential (too few rounds for an interval)"
    interval = wording.times_interval(row["speedup_low"], row["speedup_high"])
    return f"{wording.times(row['speedup'])} sequential ({interval})"


def against(row: Row) -> str:
    """104 ms a batch instead of 200 ms."""
    text = f"{wording.seconds(row['seconds'])} a batch"
    if wording.known(row["baseline_seconds"]) and not is_sequential(row):
        text += f" instead of {wording.seconds(row['baseline_seconds'])}"
    return text


def decided_on(row: Row) -> str:
    """peak memory 38.2 MiB (38.0 to 38.5 MiB) instead of 20.1 MiB; nothing where time decided."""
    what = objective(row)
    if what.is_time:
        return ""
    text = f"{what.noun} {wording.amount(row['objective_value'], what.unit)}"
    interval = wording.amount_interval(row["objective_low"], row["objective_high"], what.unit)
    text += f" ({interval})" if interval != wording.NO_INTERVAL else ""
    if wording.known(row["baseline_objective_value"]) and not is_sequential(row):
        text += f" instead of {wording.amount(row['baseline_objective_value'], what.unit)}"
    return text


def recommendation(row: Row) -> str:
    """The first sentence on a verdict: what to take, by how much, in seconds."""
    verdict, decided = str(row["verdict"]), decided_on(row)
    approach = marked(f"{row['approach']}{nodes_words.on_nodes(row)}", row)
    first = f"{decided}; " if decided else ""
    if verdict == "failed":
        return f"{nothing(objective(row))}: {row['reason'] or 'see the list of failures'}."
    if alone(row):
        return f"Not decided: {row['reason']}. A batch takes {wording.seconds(row['seconds'])}."
    if verdict == "inconclusive":
        how = against(row) if is_sequential(row) else f"{gain(row)}, {against(row)}"
        return f"Not decided. {approach} looks best so far: {first}{how}."
    if is_sequential(row):
        return (
            f"Stay with {marked('the sequential program', row)} ({first}{against(row)}): nothing "
            f"{beats(objective(row))} it by more than {wording.percent(row['margin'])}."
        )
    return f"Take {approach}: {first}{gain(row)}, {against(row)}."


def beats(what: Objective) -> str:
    """What no rival of a sequential recommendation does."""
    return "beats" if what.is_time else what.beats


def nothing(what: Objective) -> str:
    """That a block failed."""
    known = "" if what.is_time else f" with a known {what.noun}"
    return f"No approach gave a right answer{known}"


def certainty(row: Row, block: Block) -> str:
    """How sure that is: rivals, regret bound, what stays open."""
    verdict, ties, open_ = str(row["verdict"]), names(row["ties"]), names(row["undecided"])
    rounds = wording.count(row["rounds"], "round")
    if verdict == "failed" or alone(row):
        return ""
    if verdict == "inconclusive":
        return _undecided(row, open_, rounds)
    parts = []
    if ties:
        parts.append(
            f"Tied with it, within {wording.percent(row['margin'])}: {wording.listing(ties)}; of "
            "equals the simplest is recommended."
        )
    elif verdict == "best" and len(block.approaches) > 1:
        worse, rivals = objective(row).worse, len(block.approaches) - 1
        who = "Its only rival is" if rivals == 1 else f"Each of its {rivals} rivals is"
        parts.append(f"{who} {worse} or is out.")
    parts.append(f"{_regret(row)} after {rounds}.")
    if open_:
        parts.append(f"Not settled: {wording.listing(open_)}.")
    return " ".join(parts)


def _regret(row: Row) -> str:
    """How much worse than the best it may be."""
    if not wording.known(row["regret_bound"]):
        return "Decided"
    bound = wording.percent(row["regret_bound"])
    regret = objective(row).regret.format(share=bound)
    return f"It {regret}, known" if bound != "0%" else "Decided"


def _undecided(row: Row, rivals: list[str], rounds: str) -> str:
    text = f"After {rounds}"
    text += f" {wording.listing(rivals)} can't be told from it" if rivals else " no verdict stands"
    if wording.known(row["rounds_needed"]):
        text += f"; about {wording.count(row['rounds_needed'], 'round')} would decide it"
    return text + "."


def runner_up(row: Row) -> str:
    """The second best, and what taking it instead would cost; nothing where there is none."""
    second = str(row["runner_up"])
    if not second or str(row["verdict"]) == "failed":
        return ""
    text = f"Runner-up: {second}"
    if not wording.known(row["runner_up_low"]):
        return f"{text} (too few rounds to compare)."
    ratio = wording.times(row["runner_up_ratio"])
    interval = wording.times_interval(row["runner_up_low"], row["runner_up_high"])
    what = objective(row)
    whose = "time" if what.is_time else what.noun
    return f"{text}, {ratio} its {whose} ({interval})."


def price(row: Row, sequential: Row | None) -> str:
    """What the recommendation takes: memory and CPU, beside the sequential program's."""
    parts = []
    if wording.known(row["peak_memory_mib"]):
        parts.append(f"{wording.memory(row['peak_memory_mib'])} of memory")
    if wording.known(row["cpu_seconds"]):
        parts.append(f"{wording.seconds(row['cpu_seconds'])} of CPU a batch")
    if not parts:
        return ""
    text = f"It takes {wording.listing(parts)}"
    if sequential is not None and not is_sequential(row):
        memory = wording.memory(sequential["peak_memory_mib"])
        text += f" (sequential {memory} and {wording.seconds(sequential['cpu_seconds'])})"
    return text + "."


def start(row: Row) -> str:
    """What starting the pool costs and when that is earned back."""
    if is_sequential(row) or not wording.known(row["startup_seconds"]):
        return ""
    text = f"Starting the pool takes {wording.seconds(row['startup_seconds'])}"
    if wording.known(row["payback_high"]):
        ends = (float(row[f"payback_{end}"]) for end in ("batches", "low", "high"))
        return f"{text}, earned back after {batches(Interval(*ends))}."
    return f"{text}, which it is not shown to earn back."


def responsiveness(row: Row, sequential: Row | None) -> str:
    """How long the main thread froze at worst."""
    if not wording.known(row["heartbeat_max_ms"]):
        return ""
    text = f"The main thread froze for {wording.milliseconds(row['heartbeat_max_ms'])} at worst"
    if sequential is not None and not is_sequential(row):
        text += f" (sequential: {wording.milliseconds(sequential['heartbeat_max_ms'])})"
    return text + "."


def latency(row: Row | None, sequential: Row | None) -> str:
    """How long an item takes at most, but for 1 in 100, of two rows of summary.csv."""
    own, other = _tail(row), _tail(sequential)
    if not own:
        return ""
    beside = f"; sequential {other}" if other and row is not None and not is_sequential(row) else ""
    return f"99% of items take at most {own}{beside}."


def _tail(row: Row | None) -> str:
    """4.2 ms (3.9 to 4.8 ms); nothing where items were not timed."""
    if row is None or not wording.known(row["latency_p99_ms"]):
        return ""
    interval = wording.latency_interval(row["latency_p99_low_ms"], row["latency_p99_high_ms"])
    return f"{wording.milliseconds(row['latency_p99_ms'])} ({interval})"


def oneshot(row: Row) -> str:
    """The verdict for a pool that is started for one batch and stopped again."""
    verdict = str(row["verdict"])
    approach = marked(f"{row['approach']}{nodes_words.on_nodes(row)}", row)
    start_text = "With the pool started and stopped around it,"
    if verdict == "failed":
        return f"{start_text} nothing gave a right answer."
    if alone(row):
        return f"{start_text} it is not decided: {row['reason']}."
    if verdict == "inconclusive":
        how = against(row) if is_sequential(row) else gain(row)
        return f"{start_text} it is not decided; {approach} looks best: {how}."
    if is_sequential(row):
        return f"{start_text} {marked('the sequential program', row)} remains: {against(row)}."
    return f"{start_text} take {approach}: {gain(row)}, {against(row)}."


def figure_finding(row: Row, block: Block) -> str:
    """The text alternative of a block's curves: their finding, not their looks."""
    speedup = "Scaled speedup" if block.is_weak else "Speedup"
    where = f"{speedup} against workers, {block.subject} on {block.place}. "
    return where + recommendation(row)
