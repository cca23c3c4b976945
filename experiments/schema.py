"""The CSV contract: every table Poolwise writes, its columns, types, units and version.

Tables are tidy UTF-8 CSV with a header. Units stand in the column names. An empty cell means
"unknown", never 0. Columns are only ever appended within one schema version.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

SCHEMA_VERSION = 1

Kind = Literal["text", "integer", "number", "flag"]

STATUSES = ("ok", "wrong", "crashed", "timeout", "unsupported")
PHASES = ("cold", "steady")
MODES = ("steady", "oneshot")
VERDICTS = ("best", "tie", "no-gain", "inconclusive", "failed")


class SchemaError(ValueError):
    """A CSV that breaks the contract; the message names file, column and row."""


@dataclass(frozen=True)
class Column:
    """One column: its name (unit included), kind of value, meaning and smallest allowed value.

    `positive`: the smallest value is itself not allowed, as nothing takes no time at all.
    `later`: it was appended, so older files lack it; they read as if it were empty.
    """

    name: str
    kind: Kind
    meaning: str
    minimum: float | None = None
    positive: bool = False
    later: bool = False


@dataclass(frozen=True)
class Table:
    """One CSV file of the contract."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in their written order."""
        return [column.name for column in self.columns]


def _text(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning)


def _count(name: str, meaning: str) -> Column:
    return Column(name, "integer", meaning, 0)


def _amount(name: str, meaning: str) -> Column:
    """A quantity that can't be negative: seconds, shares, memory."""
    return Column(name, "number", meaning, 0)


def _number(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning)


def _later(column: Column) -> Column:
    """A column that older files lack."""
    return replace(column, later=True)


def _ranged(name: str, meaning: str) -> tuple[Column, ...]:
    """A quantity that can't be negative, with its 90% range."""
    return (
        _amount(name, meaning),
        _amount(f"{name}_low", f"{meaning}: lower end of its 90% range"),
        _amount(f"{name}_high", f"{meaning}: upper end of its 90% range"),
    )


def _quantile(name: str, share: str) -> tuple[Column, ...]:
    """A quantile of the items' latency with its interval."""
    column = f"latency_{name}_ms"
    return (
        _amount(column, f"{share} of the items take at most this (waiting tasks, steady)"),
        _amount(column.replace("_ms", "_low_ms"), "lower end of its 95% interval"),
        _amount(column.replace("_ms", "_high_ms"), "upper end; empty if the items show none"),
    )


_WHERE = (
    _text("machine", "name of the measured machine"),
    _text("block", "task with its parameters on one core count: what a verdict is about"),
    _text("task", "kind of work"),
    _text("params", "task parameters, JSON with sorted keys"),
    _count("cores", "logical CPUs the measured process may run on"),
)
_APPROACH = (
    _text("interpreter", "label of the interpreter that ran it"),
    _text("executor", "the way items are run"),
    _text("executor_options", "options of the executor, JSON with sorted keys"),
    _count("workers", "items in progress at once"),
)

LAUNCHES = Table(
    "launches",
    "one launch: one fresh process measuring one approach in one round",
    (
        _count("schema_version", "version of this contract"),
        _text("machine", "name of the measured machine"),
        _text("launch_id", "unique in the results of a machine"),
        _text("block", "block the launch belongs to"),
        _text("task", "kind of work"),
        _text("params", "task parameters, JSON with sorted keys"),
        *_APPROACH,
        _count("cores", "logical CPUs the measured process may run on"),
        _count("round", "round of the block, from 0; a repeat of a disturbed launch keeps it"),
        _text("started_at", "UTC, ISO 8601"),
        _text("status", "ok, wrong, crashed, timeout or unsupported"),
        _text("reason", "why the status is not ok"),
        _count("items", "items in a batch"),
        _amount("startup_seconds", "pool created until every worker has started and imported"),
        _amount("teardown_seconds", "pool shut down"),
        _amount("cpu_user_seconds", "user CPU of the process tree in the profile batch"),
        _amount("cpu_system_seconds", "system CPU of the process tree in the profile batch"),
        _amount("peak_memory_mib", "largest proportional set size of the process tree"),
        _count("voluntary_switches", "context switches in the profile batch, process tree"),
        _count("involuntary_switches", "context switches in the profile batch, process tree"),
        _amount("heartbeat_p50_ms", "median lateness of a 5 ms main-thread heartbeat"),
        _amount("heartbeat_p99_ms", "99th percentile of that lateness"),
        _amount("heartbeat_max_ms", "largest lateness: the longest freeze of the main thread"),
        _amount("foreign_cpu_share", "CPU used by others, share of the measured cores' time"),
        _amount("steal_share", "time the hypervisor took away, share of the measured cores' time"),
        Column("disturbed", "flag", "others, quota, heat or sleep got in its way (key disturbed)"),
        _text("code_digest", "digest of the code that was measured"),
        _amount("profile_seconds", "wall time of the profile batch (CPU share = CPU / this)"),
        _amount("service_cpu_share", "CPU of the task's server, share of one core, timed phases"),
        _count("lost_updates", "updates of shared state that were lost (locked_counter)"),
        _amount("load_1min", "load average of the host before the launch"),
        _amount("launch_seconds", "wall time of the whole launch, process start to end"),
        _amount("latency_p50_ms", "median time of an item in a worker (waiting tasks)"),
        _amount("latency_p95_ms", "95% of the items of its steady batches took at most this"),
        _amount("latency_p99_ms", "99% of the items of its steady batches took at most this"),
        _count("throttle_events", "times a measured core slowed itself down because it was hot"),
        _amount("quota_throttled_share", "time the CPU quota took away, share as above"),
        _number("clock_jump_seconds", "how far the wall clock was set during the launch"),
        _amount("suspended_seconds", "how long the machine slept during the launch"),
        _amount("worker_import_seconds", "import of the task in a worker process, median of them"),
        Column(
            "batch_multiple",
            "integer",
            "items / those of the sequential program's batch: workers in weak scaling; empty: 1",
            0,
            positive=True,
            later=True,
        ),
        _later(_count("object_writes", "writes of items to an ordinary object (locked_counter)")),
        _later(_count("seen_writes", "those of them that the main program saw after their batch")),
        _later(Column("gil_at_start", "flag", "the interpreter held a GIL when it started")),
        _later(Column("gil_at_end", "flag", "and when it ended: an import may switch the GIL on")),
    ),
)

SAMPLES = Table(
    "samples",
    "one timed batch of a launch",
    (
        _text("launch_id", "launch it belongs to"),
        _text("phase", "cold (first batch) or steady"),
        _count("batch", "number of the batch in its phase, from 0"),
        Column("wall_seconds", "number", "wall time of the batch", 0, positive=True),
        _amount("core_seconds", "a fixed bit of work on the slowest core, right before or after"),
        Column("calm", "flag", "the cores ran at their own speed around the batch"),
    ),
)

LATENCIES = Table(
    "latencies",
    "items of a launch of a waiting task that took about equally long (steady batches)",
    (
        _text("launch_id", "launch they belong to"),
        Column(
            "latency_ms",
            "number",
            "time of an item in a worker, within 1%: a bucket's middle",
            0,
            positive=True,
        ),
        _count("count", "items in the bucket"),
    ),
)

SUMMARY = Table(
    "summary",
    "one approach in one block and mode",
    (
        *_WHERE,
        _text("mode", "steady (a pool that lives on) or oneshot (startup + cold + teardown)"),
        _text("approach", "short label of the approach, unique in its block"),
        *_APPROACH,
        _text("status", "ok, or the status that took it out"),
        _text("reason", "why it is out"),
        _text("race", "leader, tied, slower, undecided, dropped or failed; empty: mode not judged"),
        _count("rounds", "rounds that count"),
        _count("items", "items in a batch; weak scaling: in the sequential program's batch"),
        _amount(
            "seconds",
            "geometric mean over launches of the batch (or one-shot) seconds; weak scaling: for "
            "the sequential program's work (divided by batch_multiple)",
        ),
        _amount("seconds_low", "lower end of its 95% interval"),
        _amount("seconds_high", "upper end of its 95% interval"),
        _amount("items_per_second", "items / seconds"),
        _amount(
            "speedup", "sequential / own seconds, paired by round; weak scaling: scaled speedup"
        ),
        _amount("speedup_low", "lower end of its 95% interval"),
        _amount("speedup_high", "upper end of its 95% interval"),
        _amount("efficiency", "speedup / cores that the workers can use (CPU work) or / workers"),
        _number("karp_flatt_serial_fraction", "experimental serial fraction (strong scaling only)"),
        _amount("startup_seconds", "median"),
        _amount("teardown_seconds", "median"),
        _amount("cpu_seconds", "median user + system CPU of a batch; weak scaling: as seconds"),
        _amount("cpu_share", "median CPU seconds / wall seconds of the profile batch"),
        _amount("peak_memory_mib", "median"),
        _amount("heartbeat_p99_ms", "median"),
        _amount("heartbeat_max_ms", "largest"),
        _amount("service_cpu_share", "median"),
        _amount("lost_updates", "median count per launch"),
        _count("disturbed_launches", "launches marked disturbed"),
        *_quantile("p50", "half"),
        *_quantile("p95", "95%"),
        *_quantile("p99", "99%"),
        _later(_amount("seen_write_share", "median of seen_writes / object_writes")),
    ),
)

FITS = Table(
    "fits",
    "one speedup law fitted to one curve",
    (
        _text("machine", "name of the measured machine"),
        _text("task", "kind of work"),
        _text("params", "task parameters, JSON with sorted keys"),
        _text("mode", "steady or oneshot"),
        _text("axis", "workers (on fixed cores) or cores (best workers)"),
        _count("cores", "fixed core count; empty on the axis cores"),
        _text("interpreter", "interpreter of the curve"),
        _text("executor", "executor of the curve"),
        _text("executor_options", "options of the curve, JSON with sorted keys"),
        _text("law", "the law with the most weight, or none"),
        _count("points", "points of the curve that were fitted"),
        _count("largest", "largest N measured (K)"),
        _amount("serial_fraction", "averaged over the laws; weak scaling: Gustafson's"),
        _amount("serial_fraction_low", "lower end of its 90% interval"),
        _amount("serial_fraction_high", "upper end of its 90% interval"),
        _text("reason", "why nothing (more) may be said"),
        _text("sentence", "what the fit says, in words"),
        _text("work", "cpu, waiting or unclear, by the next column: which laws were tried"),
        _amount("cpu_share_per_worker", "CPU / wall seconds of one worker"),
        _text("law_weights", "AIC weights by law, summing to 1, JSON"),
        _text("karp_flatt", "[N, Karp-Flatt's serial fraction] by point, JSON"),
        *_ranged("contention", "alpha of USL, share of one worker's time"),
        *_ranged("coherency", "beta of USL, share of one worker's time for each more worker"),
        *_ranged("oversubscription", "share of one worker's time for each more worker a core"),
        *_ranged("slow_core_share", "what a slower core counts, in fast ones"),
        *_ranged("peak", "N of the largest speedup; empty: not supported"),
        *_ranged("saturation", "N at which waiting work saturates; empty: not supported"),
        *_ranged("bound_items_per_second", "throughput it can't pass; empty as above"),
        *_ranged("speedup_2k", "predicted at 2K; no point where the law isn't identified"),
        *_ranged("seconds_2k", "the same in seconds of a batch (axis cores: that on K cores)"),
        *_ranged("speedup_4k", "predicted at 4K, a range only")[1:],
        *_ranged("seconds_4k", "the same in seconds of a batch")[1:],
        _text("curve", "[N, speedup, low, high] of the laws' average, JSON; null: a range only"),
    ),
)

VERDICT_TABLE = Table(
    "verdicts",
    "one verdict: one block and mode",
    (
        *_WHERE,
        _text("mode", "steady or oneshot"),
        _text("verdict", "best, tie, no-gain, inconclusive or failed"),
        _text("approach", "recommended approach (for inconclusive: the candidate so far)"),
        *_APPROACH,
        _amount("speedup", "against the block's best sequential, by round; weak scaling: scaled"),
        _amount("speedup_low", "lower end of its 95% interval"),
        _amount("speedup_high", "upper end of its 95% interval"),
        _amount("seconds", "seconds of the recommended approach, as in summary.csv"),
        _amount("seconds_low", "lower end of the 95% interval"),
        _amount("seconds_high", "upper end of the 95% interval"),
        _amount("baseline_seconds", "seconds of the sequential approach"),
        _text("ties", "approaches within the margin of it, JSON list"),
        _text("undecided", "approaches not told apart from it, JSON list"),
        _amount("regret_bound", "its objective is at most this share above the best"),
        _number("margin", "differences up to this share do not matter"),
        _count("rounds", "rounds the block ran"),
        _count("launches", "launches of the block that count"),
        _count("rounds_needed", "rounds it would take to decide (inconclusive)"),
        _amount("peak_memory_mib", "median of the recommended approach"),
        _amount("cpu_seconds", "median CPU seconds of a batch, as in summary.csv"),
        _amount("startup_seconds", "median"),
        _amount(
            "payback_batches",
            "batches a pool must live to pay for its start; weak scaling: of"
            " the sequential program's size",
        ),
        _amount("heartbeat_max_ms", "longest freeze of the main thread"),
        _text("flags", "warnings about noise or plausibility, JSON list"),
        _text("reason", "the verdict in words"),
        _text("objective", "what it was decided on: seconds, p99, memory or cpu_seconds"),
        _amount("objective_value", "of the approach: geometric mean over launches; s, ms or MiB"),
        _amount("objective_low", "lower end of its 95% interval"),
        _amount("objective_high", "upper end of its 95% interval"),
        _amount("baseline_objective_value", "the same of the sequential approach"),
        _amount("payback_low", "lower end of the 95% interval of payback_batches"),
        _amount("payback_high", "its upper end; empty: not shown to pay"),
        _later(_text("runner_up", "second in the objective, whatever the race says of it")),
        _later(_amount("runner_up_ratio", "its objective / that of approach, paired by round")),
        _later(_amount("runner_up_low", "lower end of its 95% interval")),
        _later(_amount("runner_up_high", "upper end of its 95% interval")),
    ),
)

BREAKEVEN = Table(
    "breakeven",
    "one change of the recommended approach along a parameter, or one pool's life",
    (
        _text("machine", "name of the measured machine"),
        _text("kind", "parameter (a search along one) or pool life (batches that pay for a start)"),
        _text("search", "name of the search; of a pool's life its block"),
        _text("task", "kind of work"),
        _text("params", "the other task parameters that were given, JSON with sorted keys"),
        _count("cores", "logical CPUs the measured process may run on"),
        _text("mode", "steady or oneshot"),
        _text("parameter", "the task's parameter that was varied, or batches"),
        _text("below", "recommended at low and below it; empty: nothing is decided"),
        _text("above", "recommended at high and above it; empty: no change between low and high"),
        _amount("estimate", "batches, of a pool's life; a search gives the interval alone"),
        _amount("low", "largest value at which below is the verdict (pool life: of the interval)"),
        _amount("high", "smallest value at which above is the verdict; empty: no upper limit"),
        _text("undecided", "measured values between low and high without a verdict, JSON list"),
        _text("values", "all measured values with what is recommended, JSON [[value, what], ...]"),
        _count("blocks", "blocks that carry it"),
        _count("launches", "launches of those blocks"),
        _text("reason", "why the interval is not narrower; empty: as narrow as was asked for"),
        _text("sentence", "the same in words"),
    ),
)

CLAIMS = Table(
    "claims",
    "one textbook claim, ruled on this machine's data",
    (
        _text("machine", "name of the measured machine"),
        _text("claim_id", "short name"),
        _text("claim", "the claim in words"),
        _text("ruling", "supported, contradicted or undecided"),
        _text("evidence", "the numbers that carry the ruling, in words"),
        _text("cells", "blocks and approaches used, JSON list"),
        _later(_text("interpreter", "interpreter whose numbers these are")),
    ),
)


def _gain(name: str, meaning: str) -> tuple[Column, ...]:
    """A ratio of times with its interval."""
    return (
        _amount(name, meaning),
        _amount(f"{name}_low", "lower end of its 95% interval"),
        _amount(f"{name}_high", "upper end of its 95% interval"),
    )


INTERPRETERS = Table(
    "interpreters",
    "one interpreter beside an earlier one of config key pythons: the best that each can do",
    (
        *_WHERE,
        _text("mode", "steady or oneshot"),
        _text("interpreter", "label of the interpreter that one may move to"),
        _text("approach", "its fastest approach, whatever ties with it"),
        _amount("seconds", "seconds of that approach, as in summary.csv"),
        _text("other", "label of the interpreter that one would leave"),
        _text("other_approach", "the other's fastest approach"),
        _amount("other_seconds", "seconds of that approach"),
        *_gain("ratio", "seconds of the other's best / of its own best, paired by round"),
        *_gain("sequential_ratio", "the same of the two sequential programs"),
        *_gain("own_gain", "its own sequential seconds / of its best, paired by round"),
        _text("ruling", "faster, slower or same by the margin, or undecided; empty: no ratio"),
        _number("margin", "differences up to this share do not matter"),
        _text("reason", "why there is no ratio"),
        _text("sentence", "the same in words"),
    ),
)

CEILING = Table(
    "ceiling",
    "one repeat of the built-in kernel run as k independent processes",
    (
        _text("machine", "name of the measured machine"),
        _count("cores", "k: processes, each on a core of its own"),
        _count("repeat", "repeat, from 0; k in random order within a repeat"),
        _amount("wall_seconds", "wall time in which every process ran its share of work"),
        _amount("speedup", "k x the wall time of k = 1 in the same repeat / wall time"),
    ),
)

COMPONENTS = {
    "startup_seconds": "s",
    "startup_seconds_per_worker": "s",
    "import_seconds": "s",
    "dispatch_seconds_per_item": "s",
    "serialisation_seconds_per_kib": "s/KiB",
    "memory_mib_per_worker": "MiB",
}

OVERHEADS = Table(
    "overheads",
    "one part of what an executor costs where there is no work",
    (
        _text("machine", "name of the measured machine"),
        *_APPROACH,
        _count("cores", "logical CPUs the measured process may run on"),
        _text("component", f"part of the cost: {', '.join(COMPONENTS)}"),
        _text("unit", "s, s/KiB or MiB"),
        _number("estimate", "mean over rounds; below 0 where noise is larger than the cost"),
        _number("low", "lower end of its 95% interval"),
        _number("high", "upper end of its 95% interval"),
        _count("launches", "launches it comes from, without the sequential ones beside them"),
        _text("reason", "why there is no estimate"),
    ),
)


def _part(name: str, meaning: str) -> tuple[Column, ...]:
    """A part of a loss with its interval."""
    return (
        _amount(f"{name}_share", f"{meaning}, share of the loss; at most 1 with the others"),
        _amount(f"{name}_share_low", "lower end of its 95% interval"),
        _amount(f"{name}_share_high", "upper end of its 95% interval"),
    )


LOSSES = Table(
    "losses",
    "what one pool loses against the ideal in one block and mode, taken apart (CPU work)",
    (
        *_WHERE,
        _text("mode", "steady or oneshot"),
        _text("approach", "short label of the approach, unique in its block"),
        *_APPROACH,
        _amount("seconds", "mean seconds of the rounds that the sequential program ran in too"),
        _amount("ideal_seconds", "sequential seconds / the machine's ceiling on its cores"),
        _number("loss_share", "(seconds - ideal) / seconds"),
        _number("loss_share_low", "lower end of its 95% interval, the ceiling's included"),
        _number("loss_share_high", "upper end of its 95% interval"),
        _amount("parts_share", "the parts as they cost where there is no work; may be above 1"),
        *_part("startup", "start-up and teardown (oneshot)"),
        *_part("dispatch", "items x dispatch of an item"),
        *_part("serialisation", "pickled KiB of items and results x cost of a KiB"),
        *_part("unexplained", "the rest: contention, imbalance, waiting"),
        _text("sentence", "the same in words, where the loss is beyond noise and margin"),
        _text("reason", "why the loss, or a part of it, is not told"),
    ),
)

TABLES = {
    table.name: table
    for table in (
        LAUNCHES,
        SAMPLES,
        LATENCIES,
        SUMMARY,
        FITS,
        VERDICT_TABLE,
        BREAKEVEN,
        INTERPRETERS,
        CLAIMS,
        CEILING,
        OVERHEADS,
        LOSSES,
    )
}


_QUESTION = (
    _text("task", "kind of work"),
    _text("params", "task parameters, JSON with sorted keys"),
    _text("objective", "what verdicts are decided on"),
    _text("scaling", "strong or weak"),
    _text("mode", "steady or oneshot"),
    _text("on_cores", "all (as many as each machine has), or the count that is compared"),
)
_LETTER = _text("machine", "letter of the machine in the comparison, see machines.csv")

MACHINES = Table(
    "machines",
    "one run that was compared",
    (
        _LETTER,
        _text("name", "name of the measured machine"),
        _text("run_id", "start of the first launch and digest of the data"),
        _text("source", "file or folder that it was read from"),
        _text("started_at", "UTC, ISO 8601: start of its first launch"),
        Column("stands", "flag", "the newest run of its machine: the one that is compared"),
        _text("fingerprint", "hardware, kernel, interpreter"),
        _count("cores", "usable logical CPUs"),
        _text("cpus", "their numbers, JSON list"),
        _amount("quota_cores", "CPU quota; empty: none"),
        _text("interpreters", "their kinds, JSON list"),
        _text("doubts", "what speaks against all of it, JSON list"),
    ),
)

COMPARED = Table(
    "compared",
    "one machine's verdict in one question",
    (
        *_QUESTION,
        _LETTER,
        _count("cores", "logical CPUs the verdict is about"),
        _text("verdict", "best, tie, no-gain, inconclusive or failed"),
        _text("approach", "recommended approach (for inconclusive: the candidate so far)"),
        *_APPROACH,
        *_gain("speedup", "against the block's best sequential, as in verdicts.csv"),
        Column("comparable", "flag", "others can be held against it"),
        _text("reason", "why not"),
    ),
)

REGRETS = Table(
    "regrets",
    "one machine's advice on another machine",
    (
        *_QUESTION,
        _text("adviser", "letter of the machine whose recommendation is followed"),
        _LETTER,
        _text("approach", "what the recommendation comes to on the machine"),
        _text("carried", "how it was carried over"),
        _text("outcome", "holds, flip, worse, open, fails or none"),
        *_gain("regret", "its objective / that of the machine's best - 1, paired by round"),
        _number("margin", "differences up to this share do not matter"),
        _text("reason", "why there is no regret"),
    ),
)

FLEET = Table(
    "fleet",
    "one question: one configuration for all machines that can be compared",
    (
        *_QUESTION,
        _text("outcome", "holds, compromise, open (not proven) or none"),
        _text("approaches", "what it is called on each machine, JSON by letter"),
        _amount("worst_regret", "upper end of the largest regret; allows for the choice"),
        _text("worst_machine", "letter of the machine where that is"),
        _count("candidates", "approaches that worked on all machines"),
        _number("margin", "differences up to this share do not matter"),
        _text("reason", "why there is none"),
    ),
)

SPEEDS = Table(
    "speeds",
    "one machine's best in one question, for the same work",
    (
        *_QUESTION,
        _LETTER,
        _text("approach", "recommended approach, or the candidate so far"),
        *_gain("own_seconds", "of its own batch, as in summary.csv"),
        *_gain("seconds", "for the work of the base's batch"),
        _text("base", "letter of the machine that the ratio is against"),
        *_gain("ratio", "seconds / the base's, by launches that don't depend on each other"),
        Column("same_work", "flag", "both did the same items of the same scale"),
        _text("reason", "why there is no ratio"),
    ),
)

REPEATS = Table(
    "repeats",
    "one verdict in the newest run of a machine beside the run before it",
    (
        *_QUESTION[:-1],
        _count("cores", "logical CPUs the verdict is about"),
        _LETTER,
        _text("older_run", "its run_id"),
        _text("newer_run", "its run_id"),
        _text("older_verdict", "best, tie, no-gain, inconclusive or failed"),
        _text("older_approach", "recommended approach, or the candidate so far"),
        _text("newer_verdict", "the same in the newer run"),
        _text("newer_approach", "the same in the newer run"),
        _text("change", "same, tied, flip, differs, open, fails or none"),
        *_gain("regret", "of the older recommendation in the newer run"),
        *_gain("seconds_ratio", "its seconds in the newer run / in the older, for the same work"),
        _text("shift", "faster or slower beyond noise and margin, none; empty: no ratio"),
        _text("reason", "why something is not told"),
    ),
)

TRENDS = Table(
    "trends",
    "one verdict in one run of a machine with several",
    (
        *_QUESTION[:-1],
        _count("cores", "logical CPUs the verdict is about"),
        _LETTER,
        _text("run_id", "the run"),
        _text("started_at", "UTC, ISO 8601: start of its first launch"),
        _text("verdict", "best, tie, no-gain, inconclusive or failed"),
        _text("approach", "recommended approach, or the candidate so far"),
        *_gain("speedup", "against the block's best sequential, as in verdicts.csv"),
        _text("code_digest", "digest of the task's code: runs of other code are other tasks"),
    ),
)

#: what a comparison of several runs writes; not part of a machine's results
COMPARISON_TABLES = {
    table.name: table for table in (MACHINES, COMPARED, REGRETS, FLEET, SPEEDS, REPEATS, TRENDS)
}


def cell(value: Any) -> str:
    """One value as CSV text: unknown (None, NaN, NA) is empty, floats keep every digit."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def write(table: Table, rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write rows atomically; a row with a column outside the contract is a programming error."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.names)
    for row in rows:
        extra = set(row) - set(table.names)
        if extra:
            raise KeyError(f"{table.name}: not in the contract: {sorted(extra)}")
        writer.writerow([cell(row.get(name)) for name in table.names])
    write_atomically(path, text.getvalue())


def write_atomically(path: Path, text: str) -> None:
    """Write text so that a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read(table: Table, path: Path) -> pd.DataFrame:
    """Read a CSV of the contract, typed (text str, integer Int64, number float64, flag boolean).

    Raises SchemaError naming file, column and row on a missing column, a value that is not of its
    kind, an infinite or a negative time.
    """
    frame = _cells(path)
    missing = [c.name for c in table.columns if c.name not in frame.columns and not c.later]
    if missing:
        raise SchemaError(f"{path}: column {missing[0]!r} is missing ({table.name} table)")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise SchemaError(f"{path}: column {twice!r} is there twice ({table.name} table)")
    frame = frame.reindex(columns=frame.columns.union(table.names, sort=False), fill_value="")
    return pd.DataFrame({c.name: _typed(frame[c.name], c, path) for c in table.columns})


def _cells(path: Path) -> pd.DataFrame:
    """Every cell as text. Not pandas' reader: it fills a row that is cut off, and says nothing."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, None)
        rows = [_whole(row, reader.line_num, header or [], path) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SchemaError(f"{path}: can't be read as CSV: {error}") from error
    if header is None:
        raise SchemaError(f"{path}: can't be read as CSV: it is empty")
    if not text.endswith("\n"):  # half a number would still be a number
        raise SchemaError(f"{path}: row {reader.line_num} has no line end: it is cut off")
    return pd.DataFrame(rows, columns=header, dtype=object)


def _whole(row: list[str], line: int, header: list[str], path: Path) -> list[str]:
    if len(row) != len(header):
        raise SchemaError(
            f"{path}: row {line} has {len(row)} cells, the header {len(header)}: it is cut off or "
            "damaged"
        )
    return row


def _typed(raw: pd.Series, column: Column, path: Path) -> pd.Series:
    if column.kind == "text":
        return raw.astype(object)
    if column.kind == "flag":
        _refuse(raw, ~raw.isin(["true", "false", ""]), column, path)
        return raw.map({"true": True, "false": False}).astype("boolean")
    numbers = pd.to_numeric(raw.where(raw != ""), errors="coerce").astype("float64")
    bad = (raw != "") & (numbers.isna() | numbers.isin([math.inf, -math.inf]))
    if column.minimum is not None:
        bad |= numbers <= column.minimum if column.positive else numbers < column.minimum
    if column.kind == "integer":
        bad |= numbers.notna() & (numbers % 1 != 0)
    _refuse(raw, bad, column, path)
    return numbers.astype("Int64") if column.kind == "integer" else numbers


def _refuse(raw: pd.Series, bad: pd.Series, column: Column, path: Path) -> None:
    if bad.any():
        position = int(bad.to_numpy().argmax())
        raise SchemaError(
            f"{path}: row {position + 2}, column {column.name!r}: {raw.iloc[position]!r} is not a "
            f"valid {column.kind}" + _bound(column)
        )


def _bound(column: Column) -> str:
    if column.minimum is None:
        return ""
    return f" {'>' if column.positive else '>='} {column.minimum:g}"
