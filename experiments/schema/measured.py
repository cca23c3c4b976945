"""The tables of one machine's results: what was measured, and what is made from that."""

from __future__ import annotations

from experiments.schema.columns import (
    APPROACH,
    NODES,
    WHERE,
    Column,
    Table,
    amount,
    count,
    gain,
    later,
    number,
    quantile,
    ranged,
    text,
)

LAUNCHES = Table(
    "launches",
    "one launch: one fresh process measuring one approach in one round",
    (
        count("schema_version", "version of this contract"),
        text("machine", "name of the measured machine"),
        text("launch_id", "unique in the results of a machine"),
        text("block", "block the launch belongs to"),
        text("task", "kind of work"),
        text("params", "task parameters, JSON with sorted keys"),
        *APPROACH,
        count("cores", "logical CPUs the measured process may run on, on each node"),
        count("round", "round of the block, from 0; a repeat of a disturbed launch keeps it"),
        text("started_at", "UTC, ISO 8601"),
        text("status", "ok, wrong, crashed, timeout or unsupported"),
        text("reason", "why the status is not ok"),
        count("items", "items in a batch"),
        amount("startup_seconds", "pool created until every worker has started and imported"),
        amount("teardown_seconds", "pool shut down"),
        amount("cpu_user_seconds", "user CPU of the process tree in the profile batch"),
        amount("cpu_system_seconds", "system CPU of the process tree in the profile batch"),
        amount("peak_memory_mib", "largest proportional set size of the process tree"),
        count("voluntary_switches", "context switches in the profile batch, process tree"),
        count("involuntary_switches", "context switches in the profile batch, process tree"),
        amount("heartbeat_p50_ms", "median lateness of a 5 ms main-thread heartbeat"),
        amount("heartbeat_p99_ms", "99th percentile of that lateness"),
        amount("heartbeat_max_ms", "largest lateness: the longest freeze of the main thread"),
        amount(
            "foreign_cpu_share",
            "CPU used by others, share of the measured cores' time (worst node)",
        ),
        amount("steal_share", "time the hypervisor took away, share of the measured cores' time"),
        Column("disturbed", "flag", "others, quota, heat or sleep got in its way (key disturbed)"),
        text("code_digest", "digest of the code that was measured"),
        amount("profile_seconds", "wall time of the profile batch (CPU share = CPU / this)"),
        amount("service_cpu_share", "CPU of the task's server, share of one core, timed phases"),
        count("lost_updates", "updates of shared state that were lost (locked_counter)"),
        amount("load_1min", "load average of the host before the launch"),
        amount("launch_seconds", "wall time of the whole launch, process start to end"),
        amount("latency_p50_ms", "median time of an item in a worker (waiting tasks)"),
        amount("latency_p95_ms", "95% of the items of its steady batches took at most this"),
        amount("latency_p99_ms", "99% of the items of its steady batches took at most this"),
        count("throttle_events", "times a measured core slowed itself down because it was hot"),
        amount("quota_throttled_share", "time the CPU quota took away, share as above"),
        number("clock_jump_seconds", "how far the wall clock was set during the launch"),
        amount("suspended_seconds", "how long the machine slept during the launch"),
        amount("worker_import_seconds", "import of the task in a worker process, median of them"),
        Column(
            "batch_multiple",
            "integer",
            "items / those of the sequential program's batch: workers in weak scaling; empty: 1",
            0,
            positive=True,
            later=True,
        ),
        later(count("object_writes", "writes of items to an ordinary object (locked_counter)")),
        later(count("seen_writes", "those of them that the main program saw after their batch")),
        later(Column("gil_at_start", "flag", "the interpreter held a GIL when it started")),
        later(Column("gil_at_end", "flag", "and when it ended: an import may switch the GIL on")),
        NODES,
    ),
)

SAMPLES = Table(
    "samples",
    "one timed batch of a launch",
    (
        text("launch_id", "launch it belongs to"),
        text("phase", "cold (first batch) or steady"),
        count("batch", "number of the batch in its phase, from 0"),
        Column("wall_seconds", "number", "wall time of the batch", 0, positive=True),
        amount("core_seconds", "a fixed bit of work on the slowest core, right before or after"),
        Column("calm", "flag", "the cores ran at their own speed around the batch"),
    ),
)

LATENCIES = Table(
    "latencies",
    "items of a launch of a waiting task that took about equally long (steady batches)",
    (
        text("launch_id", "launch they belong to"),
        Column(
            "latency_ms",
            "number",
            "time of an item in a worker, within 1%: a bucket's middle",
            0,
            positive=True,
        ),
        count("count", "items in the bucket"),
    ),
)

SUMMARY = Table(
    "summary",
    "one approach in one block and mode",
    (
        *WHERE,
        text("mode", "steady (a pool that lives on) or oneshot (startup + cold + teardown)"),
        text("approach", "short label of the approach, unique in its block"),
        *APPROACH,
        text("status", "ok, or the status that took it out"),
        text("reason", "why it is out"),
        text("race", "leader, tied, slower, undecided, dropped or failed; empty: mode not judged"),
        count("rounds", "rounds that count"),
        count("items", "items in a batch; weak scaling: in the sequential program's batch"),
        amount(
            "seconds",
            "geometric mean over launches of the batch (or one-shot) seconds; weak scaling: for "
            "the sequential program's work (divided by batch_multiple)",
        ),
        amount("seconds_low", "lower end of its 95% interval"),
        amount("seconds_high", "upper end of its 95% interval"),
        amount("items_per_second", "items / seconds"),
        amount(
            "speedup", "sequential / own seconds, paired by round; weak scaling: scaled speedup"
        ),
        amount("speedup_low", "lower end of its 95% interval"),
        amount("speedup_high", "upper end of its 95% interval"),
        amount("efficiency", "speedup / cores that the workers can use (CPU work) or / workers"),
        number("karp_flatt_serial_fraction", "experimental serial fraction (strong scaling only)"),
        amount("startup_seconds", "median"),
        amount("teardown_seconds", "median"),
        amount("cpu_seconds", "median user + system CPU of a batch; weak scaling: as seconds"),
        amount("cpu_share", "median CPU seconds / wall seconds of the profile batch"),
        amount("peak_memory_mib", "median"),
        amount("heartbeat_p99_ms", "median"),
        amount("heartbeat_max_ms", "largest"),
        amount("service_cpu_share", "median"),
        amount("lost_updates", "median count per launch"),
        count("disturbed_launches", "launches marked disturbed"),
        *quantile("p50", "half"),
        *quantile("p95", "95%"),
        *quantile("p99", "99%"),
        later(amount("seen_write_share", "median of seen_writes / object_writes")),
        NODES,
    ),
)

FITS = Table(
    "fits",
    "one speedup law fitted to one curve",
    (
        text("machine", "name of the measured machine"),
        text("task", "kind of work"),
        text("params", "task parameters, JSON with sorted keys"),
        text("mode", "steady or oneshot"),
        text("axis", "workers (on fixed cores) or cores (best workers)"),
        count("cores", "fixed core count; empty on the axis cores"),
        text("interpreter", "interpreter of the curve"),
        text("executor", "executor of the curve"),
        text("executor_options", "options of the curve, JSON with sorted keys"),
        text("law", "the law with the most weight, or none"),
        count("points", "points of the curve that were fitted"),
        count("largest", "largest N measured (K)"),
        amount("serial_fraction", "averaged over the laws; weak scaling: Gustafson's"),
        amount("serial_fraction_low", "lower end of its 90% interval"),
        amount("serial_fraction_high", "upper end of its 90% interval"),
        text("reason", "why nothing (more) may be said"),
        text("sentence", "what the fit says, in words"),
        text("work", "cpu, waiting or unclear, by the next column: which laws were tried"),
        amount("cpu_share_per_worker", "CPU / wall seconds of one worker"),
        text("law_weights", "AIC weights by law, summing to 1, JSON"),
        text("karp_flatt", "[N, Karp-Flatt's serial fraction] by point, JSON"),
        *ranged("contention", "alpha of USL, share of one worker's time"),
        *ranged("coherency", "beta of USL, share of one worker's time for each more worker"),
        *ranged("oversubscription", "share of one worker's time for each more worker a core"),
        *ranged("slow_core_share", "what a slower core counts, in fast ones"),
        *ranged("peak", "N of the largest speedup; empty: not supported"),
        *ranged("saturation", "N at which waiting work saturates; empty: not supported"),
        *ranged("bound_items_per_second", "throughput it can't pass; empty as above"),
        *ranged("speedup_2k", "predicted at 2K; no point where the law isn't identified"),
        *ranged("seconds_2k", "the same in seconds of a batch (axis cores: that on K cores)"),
        *ranged("speedup_4k", "predicted at 4K, a range only")[1:],
        *ranged("seconds_4k", "the same in seconds of a batch")[1:],
        text("curve", "[N, speedup, low, high] of the laws' average, JSON; null: a range only"),
    ),
)

VERDICT_TABLE = Table(
    "verdicts",
    "one verdict: one block and mode",
    (
        *WHERE,
        text("mode", "steady or oneshot"),
        text("verdict", "best, tie, no-gain, inconclusive or failed"),
        text("approach", "recommended approach (for inconclusive: the candidate so far)"),
        *APPROACH,
        amount("speedup", "against the block's best sequential, by round; weak scaling: scaled"),
        amount("speedup_low", "lower end of its 95% interval"),
        amount("speedup_high", "upper end of its 95% interval"),
        amount("seconds", "seconds of the recommended approach, as in summary.csv"),
        amount("seconds_low", "lower end of the 95% interval"),
        amount("seconds_high", "upper end of the 95% interval"),
        amount("baseline_seconds", "seconds of the sequential approach"),
        text("ties", "approaches within the margin of it, JSON list"),
        text("undecided", "approaches not told apart from it, JSON list"),
        amount("regret_bound", "its objective is at most this share above the best"),
        number("margin", "differences up to this share do not matter"),
        count("rounds", "rounds the block ran"),
        count("launches", "launches of the block that count"),
        count("rounds_needed", "rounds it would take to decide (inconclusive)"),
        amount("peak_memory_mib", "median of the recommended approach"),
        amount("cpu_seconds", "median CPU seconds of a batch, as in summary.csv"),
        amount("startup_seconds", "median"),
        amount(
            "payback_batches",
            "batches a pool must live to pay for its start; weak scaling: of"
            " the sequential program's size",
        ),
        amount("heartbeat_max_ms", "longest freeze of the main thread"),
        text("flags", "warnings about noise or plausibility, JSON list"),
        text("reason", "the verdict in words"),
        text("objective", "what it was decided on: seconds, p99, memory or cpu_seconds"),
        amount("objective_value", "of the approach: geometric mean over launches; s, ms or MiB"),
        amount("objective_low", "lower end of its 95% interval"),
        amount("objective_high", "upper end of its 95% interval"),
        amount("baseline_objective_value", "the same of the sequential approach"),
        amount("payback_low", "lower end of the 95% interval of payback_batches"),
        amount("payback_high", "its upper end; empty: not shown to pay"),
        later(text("runner_up", "second in the objective, whatever the race says of it")),
        later(amount("runner_up_ratio", "its objective / that of approach, paired by round")),
        later(amount("runner_up_low", "lower end of its 95% interval")),
        later(amount("runner_up_high", "upper end of its 95% interval")),
        NODES,
    ),
)

BREAKEVEN = Table(
    "breakeven",
    "one change of the recommended approach along a parameter, or one pool's life",
    (
        text("machine", "name of the measured machine"),
        text("kind", "parameter (a search along one) or pool life (batches that pay for a start)"),
        text("search", "name of the search; of a pool's life its block"),
        text("task", "kind of work"),
        text("params", "the other task parameters that were given, JSON with sorted keys"),
        count("cores", "logical CPUs the measured process may run on"),
        text("mode", "steady or oneshot"),
        text("parameter", "the task's parameter that was varied, or batches"),
        text("below", "recommended at low and below it; empty: nothing is decided"),
        text("above", "recommended at high and above it; empty: no change between low and high"),
        amount("estimate", "batches, of a pool's life; a search gives the interval alone"),
        amount("low", "largest value at which below is the verdict (pool life: of the interval)"),
        amount("high", "smallest value at which above is the verdict; empty: no upper limit"),
        text("undecided", "measured values between low and high without a verdict, JSON list"),
        text("values", "all measured values with what is recommended, JSON [[value, what], ...]"),
        count("blocks", "blocks that carry it"),
        count("launches", "launches of those blocks"),
        text("reason", "why the interval is not narrower; empty: as narrow as was asked for"),
        text("sentence", "the same in words"),
    ),
)

CLAIMS = Table(
    "claims",
    "one textbook claim, ruled on this machine's data",
    (
        text("machine", "name of the measured machine"),
        text("claim_id", "short name"),
        text("claim", "the claim in words"),
        text("ruling", "supported, contradicted or undecided"),
        text("evidence", "the numbers that carry the ruling, in words"),
        text("cells", "blocks and approaches used, JSON list"),
        later(text("interpreter", "interpreter whose numbers these are")),
    ),
)


INTERPRETERS = Table(
    "interpreters",
    "one interpreter beside an earlier one of config key pythons: the best that each can do",
    (
        *WHERE,
        text("mode", "steady or oneshot"),
        text("interpreter", "label of the interpreter that one may move to"),
        text("approach", "its fastest approach, whatever ties with it"),
        amount("seconds", "seconds of that approach, as in summary.csv"),
        text("other", "label of the interpreter that one would leave"),
        text("other_approach", "the other's fastest approach"),
        amount("other_seconds", "seconds of that approach"),
        *gain("ratio", "seconds of the other's best / of its own best, paired by round"),
        *gain("sequential_ratio", "the same of the two sequential programs"),
        *gain("own_gain", "its own sequential seconds / of its best, paired by round"),
        text("ruling", "faster, slower or same by the margin, or undecided; empty: no ratio"),
        number("margin", "differences up to this share do not matter"),
        text("reason", "why there is no ratio"),
        text("sentence", "the same in words"),
    ),
)

CEILING = Table(
    "ceiling",
    "one repeat of the built-in kernel run as k independent processes",
    (
        text("machine", "name of the measured machine"),
        count("cores", "k: processes, each on a core of its own"),
        count("repeat", "repeat, from 0; k in random order within a repeat"),
        amount("wall_seconds", "wall time in which every process ran its share of work"),
        amount("speedup", "k x the wall time of k = 1 in the same repeat / wall time"),
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
        text("machine", "name of the measured machine"),
        *APPROACH,
        count("cores", "logical CPUs the measured process may run on"),
        text("component", f"part of the cost: {', '.join(COMPONENTS)}"),
        text("unit", "s, s/KiB or MiB"),
        number("estimate", "mean over rounds; below 0 where noise is larger than the cost"),
        number("low", "lower end of its 95% interval"),
        number("high", "upper end of its 95% interval"),
        count("launches", "launches it comes from, without the sequential ones beside them"),
        text("reason", "why there is no estimate"),
    ),
)


def _part(name: str, meaning: str) -> tuple[Column, ...]:
    """A part of a loss with its interval."""
    return (
        amount(f"{name}_share", f"{meaning}, share of the loss; at most 1 with the others"),
        amount(f"{name}_share_low", "lower end of its 95% interval"),
        amount(f"{name}_share_high", "upper end of its 95% interval"),
    )


LOSSES = Table(
    "losses",
    "what one pool loses against the ideal in one block and mode, taken apart (CPU work)",
    (
        *WHERE,
        text("mode", "steady or oneshot"),
        text("approach", "short label of the approach, unique in its block"),
        *APPROACH,
        amount("seconds", "mean seconds of the rounds that the sequential program ran in too"),
        amount("ideal_seconds", "sequential seconds / the machine's ceiling on its cores"),
        number("loss_share", "(seconds - ideal) / seconds"),
        number("loss_share_low", "lower end of its 95% interval, the ceiling's included"),
        number("loss_share_high", "upper end of its 95% interval"),
        amount("parts_share", "the parts as they cost where there is no work; may be above 1"),
        *_part("startup", "start-up and teardown (oneshot)"),
        *_part("dispatch", "items x dispatch of an item"),
        *_part("serialisation", "pickled KiB of items and results x cost of a KiB"),
        *_part("unexplained", "the rest: contention, imbalance, waiting"),
        text("sentence", "the same in words, where the loss is beyond noise and margin"),
        text("reason", "why the loss, or a part of it, is not told"),
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
