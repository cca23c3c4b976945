"""The rules behind the claims: each takes the measured rows and gives a ruling with its numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pandas as pd

from reports import wording
from reports.races import curve_of

NOT_MEASURED = "not measured in this grid"
#: CPU-bound work written in Python alone, so that it holds the GIL
PURE_PYTHON = ("math_python",)
WAITING = ("file_read", "http_request", "sqlite_query", "postgres_query")
#: a start-up of this share of a sequential batch is called much
MUCH_STARTUP = 0.1
#: lateness that people notice in a window is about 100 ms; half of it leaves room for the rest
RESPONSIVE_MS = 50.0


@dataclass(frozen=True)
class Ruling:
    """What the data say of a claim, with the numbers and the cells that carry it."""

    ruling: str
    evidence: str
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Steady rows of summary.csv that ran, with their subject; margin; interpreters with a GIL."""

    steady: pd.DataFrame
    margin: float
    with_gil: frozenset[str]

    def rows(
        self, executor: str, tasks: tuple[str, ...] = (), least_workers: int = 1
    ) -> pd.DataFrame:
        """An executor's rows, of these tasks, with at least so many workers."""
        frame = self.steady[self.steady["executor"] == executor]
        if tasks:
            frame = frame[frame["task"].isin(tasks)]
        return frame[frame["workers"] >= least_workers]

    def gil_rows(self, executor: str) -> pd.DataFrame:
        """An executor's rows on pure-Python CPU work: a GIL, several workers, several cores."""
        frame = self.rows(executor, PURE_PYTHON, least_workers=2)
        return frame[frame["interpreter"].isin(self.with_gil) & (frame["cores"] >= 2)]


def _best(frame: pd.DataFrame) -> pd.Series:
    return frame.sort_values("speedup").iloc[-1]


def _told(row: pd.Series) -> str:
    interval = wording.times_interval(row["speedup_low"], row["speedup_high"])
    where = f"{row['subject']} on {wording.count(row['cores'], 'core')}"
    return f"{row['approach']} {wording.times(row['speedup'])} ({interval}) on {where}"


def _cells(*frames: pd.DataFrame) -> tuple[str, ...]:
    names = [
        f"{row['block']}: {row['approach']}" for frame in frames for _, row in frame.iterrows()
    ]
    return tuple(dict.fromkeys(names))


def _undecided(evidence: str = NOT_MEASURED) -> Ruling:
    return Ruling("undecided", evidence)


def threads_held_by_gil(evidence: Evidence) -> Ruling:
    """Threads must stay within the margin of sequential for pure-Python CPU work."""
    threads = evidence.gil_rows("threads")
    threads = threads[threads["speedup"].notna()]
    if threads.empty:
        return _undecided(f"{NOT_MEASURED}: needs math_python with 2 threads on 2 cores and a GIL")
    limit = 1 + evidence.margin
    best = _best(threads)
    told = f"The most that threads reach: {_told(best)}."
    if (threads["speedup_low"] > limit).any():
        return Ruling("contradicted", told, _cells(threads))
    if (threads["speedup_high"] <= limit).all():
        return Ruling("supported", told, _cells(threads))
    return Ruling("undecided", f"{told} The intervals reach past {wording.times(limit)}.",
                  _cells(threads))  # fmt: skip


def threads_suit_waiting(evidence: Evidence) -> Ruling:
    """Threads must gain in every waiting task that was measured."""
    threads = evidence.rows("threads", WAITING, least_workers=2)
    threads = threads[threads["speedup"].notna()]
    if threads.empty:
        return _undecided(f"{NOT_MEASURED}: needs a waiting task with 2 threads")
    groups = [group for _, group in threads.groupby(["task", "params"], sort=False)]
    best = pd.DataFrame([_best(group) for group in groups])
    gains = best["speedup_low"] > 1 + evidence.margin
    told = f"Threads gain in {gains.sum()} of {wording.count(len(best), 'waiting task')}: "
    told += wording.listing([_told(row) for _, row in best.iterrows()], most=6) + "."
    ruling = "supported" if gains.all() else "undecided"
    if (best["speedup_high"] <= 1 + evidence.margin).all():
        ruling = "contradicted"
    return Ruling(ruling, told, _cells(best))


def processes_escape_gil(evidence: Evidence) -> Ruling:
    """Processes must gain on pure-Python CPU work, and more than threads do."""
    processes, threads = evidence.gil_rows("processes"), evidence.gil_rows("threads")
    processes, threads = (f[f["speedup"].notna()] for f in (processes, threads))
    if processes.empty or threads.empty:
        return _undecided(
            f"{NOT_MEASURED}: needs math_python with 2 threads and 2 processes on 2 cores and a GIL"
        )
    process, thread = _best(processes), _best(threads)
    told = f"{wording.capital(_told(process))}; the best threads: {_told(thread)}."
    cells = _cells(pd.DataFrame([process, thread]))
    if process["speedup_low"] > max(1 + evidence.margin, float(thread["speedup_high"])):
        return Ruling("supported", told, cells)
    if process["speedup_high"] <= 1 + evidence.margin:
        return Ruling("contradicted", told, cells)
    return Ruling("undecided", told, cells)


def starting_processes_costs(evidence: Evidence) -> Ruling:
    """Starting a process pool must take a good part of a sequential batch."""
    processes = evidence.rows("processes", least_workers=2)
    processes = processes[processes["startup_seconds"].notna()]
    batches = evidence.rows("sequential").groupby("block")["seconds"].min()
    labels = zip(processes["approach"], processes["workers"], strict=True)
    processes = processes.assign(
        share=processes["startup_seconds"] / processes["block"].map(batches),
        curve=[curve_of(*label) for label in labels],
    )
    processes = processes[processes["share"].notna()]
    threads = evidence.rows("threads", least_workers=2)["startup_seconds"].median()
    if processes.empty:
        return _undecided(f"{NOT_MEASURED}: needs 2 processes beside the sequential program")
    parts = [_startup(*pair) for pair in processes.groupby("curve")]
    sizes = f"{processes['workers'].min()} to {processes['workers'].max()} workers"
    told = f"Median start-up of pools with {sizes}: {wording.listing(parts, most=6)}"
    told += f"; threads {wording.seconds(threads)}." if wording.known(threads) else "."
    shares = processes.groupby("curve")["share"].median()
    much = shares >= MUCH_STARTUP
    ruling = "supported" if much.all() else "undecided" if much.any() else "contradicted"
    return Ruling(ruling, told, tuple(dict.fromkeys(processes["block"])))


def _startup(curve: object, group: pd.DataFrame) -> str:
    spent = wording.seconds(group["startup_seconds"].median())
    return f"{curve} {spent}, {wording.percent(group['share'].median())} of a sequential batch"


def threads_keep_responsive(evidence: Evidence) -> Ruling:
    """With threads the main thread's p99 lateness must stay small and below the sequential one."""
    threads = evidence.rows("threads")
    threads = threads[threads["heartbeat_p99_ms"].notna()]
    alone = evidence.rows("sequential").groupby("block")["heartbeat_p99_ms"].min()
    worst = threads.groupby("block")["heartbeat_p99_ms"].max()
    both = pd.DataFrame({"threads": worst, "alone": alone}).dropna()
    if both.empty:
        return _undecided(f"{NOT_MEASURED}: needs the heartbeat of threads and of sequential")
    good = (both["threads"] <= RESPONSIVE_MS) & (both["threads"] < both["alone"])
    lowest, highest = (wording.milliseconds(both["threads"].agg(how)) for how in ("min", "max"))
    told = (
        f"In {good.sum()} of {wording.count(len(both), 'block')} the main thread's 99th percentile "
        f"of lateness stays within {wording.milliseconds(RESPONSIVE_MS)} under every number of "
        f"threads (from {lowest} to {highest}); sequentially it is up to "
        f"{wording.milliseconds(both['alone'].max())}."
    )
    ruling = "supported" if good.all() else "undecided" if good.any() else "contradicted"
    return Ruling(ruling, told, tuple(str(name) for name in both.index))


def locks_prevent_races(evidence: Evidence) -> Ruling:
    """Updates must be lost without a guard, and none with one."""
    frame = evidence.steady[
        (evidence.steady["task"] == "locked_counter") & evidence.steady["lost_updates"].notna()
    ]
    frame = frame[frame["workers"] >= 2]
    guards = [json.loads(text).get("guard") for text in frame["params"]]
    frame = frame.assign(guard=guards)
    free, guarded = (
        frame[frame["guard"] == "none"],
        frame[frame["guard"].isin(["lock", "semaphore"])],
    )
    if free.empty or guarded.empty:
        return _undecided(f"{NOT_MEASURED}: needs locked_counter with a guard and without")
    lost_free, lost_guarded = free["lost_updates"].max(), guarded["lost_updates"].max()
    worst = free.sort_values("lost_updates").iloc[-1]
    told = (
        f"Without a guard {worst['approach']} lost {wording.number(lost_free)} updates a launch; "
        f"with one, at most {wording.number(lost_guarded)} in {len(guarded)} approaches."
    )
    if lost_guarded > 0:
        return Ruling("contradicted", told, _cells(frame))
    if lost_free > 0:
        return Ruling("supported", told, _cells(frame))
    return Ruling("undecided", told + " So there was nothing to prevent.", _cells(frame))
