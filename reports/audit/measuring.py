"""Rules 8 and 10: more than a centre where that matters, and sound timing."""

from __future__ import annotations

import pandas as pd

from experiments import schema
from reports import sentences, wording
from reports.audit.evidence import Evidence, names
from reports.audit.finding import Finding, Part, count

#: a batch must last so many ticks of the clock: reading it then errs by 1% at most
LEAST_TICKS = 100
_QUANTILES = ["latency_p50_ms", "latency_p95_ms", "latency_p99_ms"]


def centres(evidence: Evidence) -> Finding:
    """Rule 8: work that waits has percentiles, every approach its longest freeze."""
    steady = evidence.cells[evidence.cells["mode"] == "steady"]
    waiting = [block.name for block in evidence.results.blocks if block.kind == "waiting"]
    timed = steady[steady["block"].isin(waiting)]
    p50, p95, p99 = (timed[name] for name in _QUANTILES)
    told = timed[_QUANTILES].notna().all(axis=1) & (p50 <= p95) & (p95 <= p99)
    return Finding(
        (
            count("approaches of waiting work with p50, p95 and p99 of its items", told,
                  names(timed), needed=False),
            count("approaches with the longest freeze of the main thread",
                  steady["heartbeat_max_ms"].notna(), names(steady)),
            _one_group(evidence),
        )
    )  # fmt: skip


def _one_group(evidence: Evidence) -> Part:
    """Launches that fall into a fast and a slow group have no centre worth the name."""
    verdicts = evidence.tables.verdicts
    split = [any("fall into two groups" in flag for flag in sentences.names(cell))
             for cell in verdicts["flags"]]  # fmt: skip
    good = ~pd.Series(split, dtype=bool)
    what = "verdicts whose launches don't fall into a fast and a slow group"
    return count(what, good, names(verdicts), needed=False)


def timing(evidence: Evidence) -> Finding:
    """Rule 10: batches were timed, workers waited for, and the clock is fine enough."""
    launches, samples = evidence.tables.launches, evidence.tables.samples
    ok = launches[launches["status"] == "ok"]
    first, steady = (samples["launch_id"][samples["phase"] == phase] for phase in schema.PHASES)
    pools = ok[ok["executor"] != "sequential"]
    return Finding(
        (
            count("launches that worked and timed a first batch", ok["launch_id"].isin(first),
                  list(ok["launch_id"])),
            _steady(evidence, set(steady)),
            count("pools whose workers were waited for: start-up took time and was timed",
                  pools["startup_seconds"] > 0, list(pools["launch_id"]), needed=False),
            _ticks(evidence),
        ),
        _disturbed(launches),
    )  # fmt: skip


def _steady(evidence: Evidence, timed: set[str]) -> Part:
    """Approaches judged for a pool that lives on timed steady batches (a launch that only the
    single batch's race still wants may go without)."""  # fmt: skip
    rows = evidence.cells[evidence.cells["mode"] == "steady"]
    launches = evidence.counting
    own = launches[launches["launch_id"].isin(timed)].groupby(["block", "approach"]).size()
    keys = pd.MultiIndex.from_frame(rows[["block", "approach"]])
    there = pd.Series(own.reindex(keys).fillna(0).to_numpy() >= rows["rounds"].to_numpy(dtype=int))
    what = "approaches with timed steady batches in every round that counts"
    return count(what, there, names(rows))


def _ticks(evidence: Evidence) -> Part:
    what = f"timed batches that last {LEAST_TICKS} ticks of the clock or more"
    tick, samples = (
        evidence.results.machine.get("timer_resolution_seconds"),
        evidence.tables.samples,
    )
    if tick is None or not wording.known(tick):
        return Part(what, 0, 0)
    shortest = samples["wall_seconds"].min()
    what += f" ({wording.seconds(tick)}; the shortest took {wording.seconds(shortest)})"
    good = samples["wall_seconds"] >= LEAST_TICKS * float(tick)
    return count(what, good, list(samples["launch_id"]))


def _disturbed(launches: pd.DataFrame) -> str:
    """How many launches had company; they are repeated as long as repeats are left."""
    told = launches["disturbed"].dropna()
    many = int(told.sum())
    text = f"{wording.count(many, 'launch', 'launches')} of {len(launches):,} "
    text += f"{'was' if many == 1 else 'were'} disturbed by others"
    unknown = len(launches) - len(told)
    return f"{text}; of {unknown:,} that is unknown." if unknown else f"{text}."
