"""Rules of thumb for the first page: each is made from this run's numbers, or left out.

A rule gives advice and the evidence that carries it. Only verdicts of the race count, and bounds
that an interval excludes; what is doubted as implausible carries no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pandas as pd

from experiments.statistics.objectives import OBJECTIVES, Objective
from experiments.statistics.records import DECIDED
from reports import interpreters_view, nodes_words, sentences, thumb_costs, wording
from reports.answers import Tables, described
from reports.load import Results, records

#: what a reader keeps in mind; the sections have the rest
MOST_RULES = 6
WORK = {"cpu": "CPU-bound work", "waiting": "Waiting work"}
#: of a pool with more workers than cores: proven worse than the leader
_BEATEN = ("slower", "dropped")


@dataclass(frozen=True)
class Rule:
    """What to do, and the numbers it stands on."""

    advice: str
    evidence: str


def rules(results: Results, tables: Tables) -> list[Rule]:
    """The first few that this run's data support, the ones on verdicts first."""
    verdicts = described(results, tables.verdicts)
    return list(islice(_all(verdicts, tables), MOST_RULES))


def _all(verdicts: pd.DataFrame, tables: Tables) -> Iterator[Rule]:
    steady = verdicts[verdicts["mode"] == "steady"]
    for kind in WORK:
        yield from _kind(steady, kind)
    yield from (Rule(*told) for told in interpreters_view.rules(verdicts, tables.interpreters))
    yield from _no_gain(steady)
    yield from (Rule(*told) for told in thumb_costs.changes(tables.breakeven))
    yield from _crowded(steady, tables.summary)
    yield from _oneshot(verdicts)
    yield from (Rule(*told) for told in thumb_costs.costs(tables.overheads))


def _kind(steady: pd.DataFrame, kind: str) -> Iterator[Rule]:
    """Which executor is recommended for a kind of work on the most cores; else what is sure."""
    blocks = steady[steady["kind"] == kind]
    blocks = blocks[blocks["cores"] == blocks["cores"].max()]
    pools = blocks[(blocks["executor"] != "sequential") & blocks["speedup_low"].notna()]
    pools = pools[pools["doubt"] == ""]
    won = _standing(pools)
    if not won.empty:
        # several nodes are another recommendation than the same executor on one
        names = [f"{row['executor']}{nodes_words.on_nodes(row)}" for row in records(won)]
        by = won.groupby(pd.Series(names, index=won.index))
        groups = sorted(by, key=lambda pair: -len(pair[1]))
        for executor, group in groups[:2]:
            yield _won(kind, str(executor), group, len(blocks))
        return
    timed = pools[(pools["verdict"] == "inconclusive") & (pools["objective"] == "seconds")]
    sure = timed[timed["speedup_low"] > 1 + timed["margin"]]
    if not sure.empty:
        yield _sure(kind, sure, len(blocks))


def _won(kind: str, executor: str, group: pd.DataFrame, total: int) -> Rule:
    ordered = group.sort_values("speedup", ascending=False)
    sizes = sorted({int(n) for n in ordered["workers"]})
    workers = wording.count(sizes[-1], "worker")
    if len(sizes) > 1:
        workers = f"{sizes[0]} to {workers}"
    cores = wording.count(group["cores"].iloc[0], "core")
    tasks = wording.listing(list(ordered["subject"]), most=4)
    speedups = wording.span([float(value) for value in ordered["speedup"]])
    least = wording.times(ordered["speedup_low"].min())
    return Rule(
        f"{WORK[kind]} on {cores}: {executor}, {workers}",
        f"{_share(group)}{speedups} sequential, at least {least}, in {len(group)} of "
        f"{wording.count(total, 'task')} ({tasks})",
    )


def _share(group: pd.DataFrame) -> str:
    """The objective against the sequential program's: 21% to 30% of its p99 latency, ..."""
    what = OBJECTIVES[str(group["objective"].iloc[0])]
    shares = (group["objective_value"] / group["baseline_objective_value"]).dropna()
    if what.is_time or shares.empty:
        return ""
    low, high = wording.percent(shares.min()), wording.percent(shares.max())
    return f"{low if low == high else f'{low} to {high}'} of the sequential {what.noun}, "


def _sure(kind: str, sure: pd.DataFrame, total: int) -> Rule:
    """No winner, and yet a gain that no interval denies."""
    best = sure.sort_values("speedup_low").iloc[-1]
    cores = wording.count(best["cores"], "core")
    return Rule(
        f"{WORK[kind]} on {cores}: not sequentially, whichever pool wins in the end",
        f"in {len(sure)} of {wording.count(total, 'task')} without a winner the candidate gains for"
        f" sure; the most is {best['approach']}, at least {wording.times(best['speedup_low'])} "
        f"sequential in {best['subject']}",
    )


def _no_gain(steady: pd.DataFrame) -> Iterator[Rule]:
    """Where the sequential program is enough."""
    for name, blocks in steady.groupby("objective", sort=False):
        what: Objective = OBJECTIVES[str(name)]
        rows = blocks[(blocks["verdict"] == "no-gain") & (blocks["doubt"] == "")]
        if not rows.empty:
            where = wording.listing([_place(row) for row in records(rows)])
            margin = wording.percent(rows["margin"].iloc[0])
            yield Rule(
                f"Stay sequential in {len(rows)} of {wording.count(len(blocks), 'block')}",
                f"nothing {sentences.beats(what)} the sequential program by more than {margin} in "
                f"{where}",
            )


def _crowded(steady: pd.DataFrame, summary: pd.DataFrame) -> Iterator[Rule]:
    """CPU-bound work: whether pools with more workers than cores are all proven worse."""
    picks = _standing(steady[steady["kind"] == "cpu"])
    pools = picks[picks["executor"] != "sequential"]  # one that is crowded itself speaks against it
    cores = summary["cores"] * summary["nodes"].fillna(1)
    races = summary[(summary["mode"] == "steady") & (summary["workers"] > cores)]
    found = [_races(row, races) for row in records(pools)]
    beaten = [race for race in found if race and set(race) <= set(_BEATEN)]
    if beaten and len(beaten) == len([race for race in found if race]):
        many = wording.count(sum(map(len, beaten)), "pool")
        yield Rule(
            "CPU-bound work: no more workers than cores",
            f"{many} of the recommended executor with more workers than cores are proven slower "
            f"in {wording.count(len(beaten), 'block')}, none is not",
        )


def _standing(verdicts: pd.DataFrame) -> pd.DataFrame:
    return verdicts[verdicts["verdict"].isin(DECIDED) & (verdicts["doubt"] == "")]


def _races(pick: sentences.Row, races: pd.DataFrame) -> list[str]:
    rows = races[(races["block"] == pick["block"]) & (races["executor"] == pick["executor"])]
    return [str(race) for race in rows["race"]]


def _oneshot(verdicts: pd.DataFrame) -> Iterator[Rule]:
    """Where the answer differs when the pool lives for one batch only."""
    sure = _standing(verdicts)
    both = sure[sure["mode"] == "steady"].merge(
        sure[sure["mode"] == "oneshot"], on="block", suffixes=("", "_once")
    )
    other = both[both["approach"] != both["approach_once"]]
    # where the start is next to nothing, it is not what changes the recommendation
    other = other[other["startup_seconds"] > other["margin"] * other["seconds"]]
    if other.empty:
        return
    cost = other.sort_values("startup_seconds", ascending=False).iloc[0]
    yield Rule(
        "A single batch is another question: start the pool once",
        f"the recommendation changes in {len(other)} of {wording.count(len(both), 'block')} "
        f"decided both ways; in {_place(cost)}, for example, {cost['approach_once']} rather than "
        f"{cost['approach']}, which takes {wording.seconds(cost['startup_seconds'])} to start",
    )


def _place(row: sentences.Row | pd.Series) -> str:
    return f"{row['subject']} on {wording.count(row['cores'], 'core')}"
