"""The tables that a comparison of several runs writes; not part of a machine's results."""

from __future__ import annotations

from experiments.schema.columns import (
    APPROACH,
    Column,
    Table,
    amount,
    count,
    gain,
    number,
    text,
)

_QUESTION = (
    text("task", "kind of work"),
    text("params", "task parameters, JSON with sorted keys"),
    text("objective", "what verdicts are decided on"),
    text("scaling", "strong or weak"),
    text("mode", "steady or oneshot"),
    text("on_cores", "all (as many as each machine has), or the count that is compared"),
)
_LETTER = text("machine", "letter of the machine in the comparison, see machines.csv")

MACHINES = Table(
    "machines",
    "one run that was compared",
    (
        _LETTER,
        text("name", "name of the measured machine"),
        text("run_id", "start of the first launch and digest of the data"),
        text("source", "file or folder that it was read from"),
        text("started_at", "UTC, ISO 8601: start of its first launch"),
        Column("stands", "flag", "the newest run of its machine: the one that is compared"),
        text("fingerprint", "hardware, kernel, interpreter"),
        count("cores", "usable logical CPUs"),
        text("cpus", "their numbers, JSON list"),
        amount("quota_cores", "CPU quota; empty: none"),
        text("interpreters", "their kinds, JSON list"),
        text("doubts", "what speaks against all of it, JSON list"),
    ),
)

COMPARED = Table(
    "compared",
    "one machine's verdict in one question",
    (
        *_QUESTION,
        _LETTER,
        count("cores", "logical CPUs the verdict is about"),
        text("verdict", "best, tie, no-gain, inconclusive or failed"),
        text("approach", "recommended approach (for inconclusive: the candidate so far)"),
        *APPROACH,
        *gain("speedup", "against the block's best sequential, as in verdicts.csv"),
        Column("comparable", "flag", "others can be held against it"),
        text("reason", "why not"),
    ),
)

REGRETS = Table(
    "regrets",
    "one machine's advice on another machine",
    (
        *_QUESTION,
        text("adviser", "letter of the machine whose recommendation is followed"),
        _LETTER,
        text("approach", "what the recommendation comes to on the machine"),
        text("carried", "how it was carried over"),
        text("outcome", "holds, flip, worse, open, fails or none"),
        *gain("regret", "its objective / that of the machine's best - 1, paired by round"),
        number("margin", "differences up to this share do not matter"),
        text("reason", "why there is no regret"),
    ),
)

FLEET = Table(
    "fleet",
    "one question: one configuration for all machines that can be compared",
    (
        *_QUESTION,
        text("outcome", "holds, compromise, open (not proven) or none"),
        text("approaches", "what it is called on each machine, JSON by letter"),
        amount("worst_regret", "upper end of the largest regret; allows for the choice"),
        text("worst_machine", "letter of the machine where that is"),
        count("candidates", "approaches that worked on all machines"),
        number("margin", "differences up to this share do not matter"),
        text("reason", "why there is none"),
    ),
)

SPEEDS = Table(
    "speeds",
    "one machine's best in one question, for the same work",
    (
        *_QUESTION,
        _LETTER,
        text("approach", "recommended approach, or the candidate so far"),
        *gain("own_seconds", "of its own batch, as in summary.csv"),
        *gain("seconds", "for the work of the base's batch"),
        text("base", "letter of the machine that the ratio is against"),
        *gain("ratio", "seconds / the base's, by launches that don't depend on each other"),
        Column("same_work", "flag", "both did the same items of the same scale"),
        text("reason", "why there is no ratio"),
    ),
)

REPEATS = Table(
    "repeats",
    "one verdict in the newest run of a machine beside the run before it",
    (
        *_QUESTION[:-1],
        count("cores", "logical CPUs the verdict is about"),
        _LETTER,
        text("older_run", "its run_id"),
        text("newer_run", "its run_id"),
        text("older_verdict", "best, tie, no-gain, inconclusive or failed"),
        text("older_approach", "recommended approach, or the candidate so far"),
        text("newer_verdict", "the same in the newer run"),
        text("newer_approach", "the same in the newer run"),
        text("change", "same, tied, flip, differs, open, fails or none"),
        *gain("regret", "of the older recommendation in the newer run"),
        *gain("seconds_ratio", "its seconds in the newer run / in the older, for the same work"),
        text("shift", "faster or slower beyond noise and margin, none; empty: no ratio"),
        text("reason", "why something is not told"),
    ),
)

TRENDS = Table(
    "trends",
    "one verdict in one run of a machine with several",
    (
        *_QUESTION[:-1],
        count("cores", "logical CPUs the verdict is about"),
        _LETTER,
        text("run_id", "the run"),
        text("started_at", "UTC, ISO 8601: start of its first launch"),
        text("verdict", "best, tie, no-gain, inconclusive or failed"),
        text("approach", "recommended approach, or the candidate so far"),
        *gain("speedup", "against the block's best sequential, as in verdicts.csv"),
        text("code_digest", "digest of the task's code: runs of other code are other tasks"),
        text("measured_code_digest", "digest of all code that was measured with"),
    ),
)

#: what a comparison of several runs writes; not part of a machine's results
COMPARISON_TABLES = {
    table.name: table for table in (MACHINES, COMPARED, REGRETS, FLEET, SPEEDS, REPEATS, TRENDS)
}
