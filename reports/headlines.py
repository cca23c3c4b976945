"""The sentences at the top of the report, each made from this run's verdicts or left out."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from experiments.statistics.objectives import OBJECTIVES, Objective
from reports import sentences, wording
from reports.load import Results, records

_DECIDED = ("best", "tie")
_WORK = {"cpu": "CPU-bound work", "waiting": "Work that mostly waits"}


def headlines(results: Results, verdicts: pd.DataFrame) -> list[str]:
    """A few sentences; each carries its numbers and is absent where there are none."""
    kinds = {block.name: block.kind for block in results.blocks}
    subjects = {block.name: wording.short(block.subject) for block in results.blocks}
    verdicts = verdicts.assign(
        kind=verdicts["block"].map(kinds),
        subject=verdicts["block"].map(subjects),
        doubt=[sentences.doubt(row) for row in records(verdicts)],
    )
    steady = verdicts[verdicts["mode"] == "steady"]
    made = [_weak(results), _objective(steady), *(_kind(steady, kind) for kind in _WORK)]
    made += _each(steady, _no_gain)
    made += [_oneshot(verdicts), _undecided(steady)]
    made += [*_each(steady, _failed), _doubted(verdicts)]
    return [sentence for sentence in made if sentence]


def _each(steady: pd.DataFrame, maker: Callable[[pd.DataFrame, Objective], str]) -> list[str]:
    """A sentence for each thing that blocks were decided on."""
    groups = steady.groupby("objective", sort=False)
    return [maker(group, OBJECTIVES[str(name)]) for name, group in groups]


def _weak(results: Results) -> str:
    """That the speedups are scaled ones, where they are."""
    weak = [block for block in results.blocks if block.is_weak]
    if not weak:
        return ""
    where = "" if len(weak) == len(results.blocks) else f" ({wording.count(len(weak), 'block')})"
    return f"{sentences.WEAK}{where}."


def _objective(steady: pd.DataFrame) -> str:
    """What decides, where it isn't time everywhere."""
    found = [OBJECTIVES[str(name)] for name in steady["objective"].unique()]
    other = [one for one in found if not one.is_time]
    if not other:
        return ""
    nouns = wording.listing([one.noun for one in other])
    text = f"Decided on {nouns}, not on how long a batch takes"
    rest = steady[steady["objective"] == "seconds"]
    if len(rest):
        text += f"; {wording.count(len(rest), 'block')} of {len(steady)} on seconds, as their "
        text += "items are not timed one by one"
    return f"{text}. Speedups are of time in every case."


def _kind(steady: pd.DataFrame, kind: str) -> str:
    """Which executor is recommended for a kind of work on the most cores, with its range."""
    blocks = steady[steady["kind"] == kind]
    blocks = blocks[blocks["cores"] == blocks["cores"].max()]
    won = blocks[blocks["verdict"].isin(_DECIDED) & (blocks["executor"] != "sequential")]
    won = won[won["speedup"].notna() & (won["doubt"] == "")]
    if won.empty:
        return ""
    groups = sorted(won.groupby("executor"), key=lambda pair: -len(pair[1]))
    parts = [_won(str(executor), group, len(blocks)) for executor, group in groups]
    cores = wording.count(blocks["cores"].iloc[0], "core")
    return f"{_WORK[kind]} on {cores}: {'; '.join(parts)}."


def _won(executor: str, group: pd.DataFrame, total: int) -> str:
    ordered = group.sort_values("speedup", ascending=False)
    speedups = [float(value) for value in ordered["speedup"]]
    tasks = wording.listing(list(ordered["subject"]), most=3)
    workers = sorted({int(n) for n in ordered["workers"]})
    sizes = f"{workers[0]}" if len(workers) == 1 else f"{workers[0]} to {workers[-1]}"
    many = f"{len(group)} of {wording.count(total, 'task')}"
    share = _share(group)
    return (
        f"{executor} with {sizes} workers in {many}, {share}{wording.span(speedups)} sequential "
        f"({tasks})"
    )


def _share(group: pd.DataFrame) -> str:
    """The objective against the sequential program's: 21% to 30% of its p99 latency, ..."""
    what = OBJECTIVES[str(group["objective"].iloc[0])]
    shares = (group["objective_value"] / group["baseline_objective_value"]).dropna()
    if what.is_time or shares.empty:
        return ""
    low, high = wording.percent(shares.min()), wording.percent(shares.max())
    return f"{low if low == high else f'{low} to {high}'} of the sequential {what.noun}, "


def _no_gain(steady: pd.DataFrame, what: Objective) -> str:
    rows = steady[(steady["verdict"] == "no-gain") & (steady["doubt"] == "")]
    if rows.empty:
        return ""
    where = _places(rows)
    margin = wording.percent(rows["margin"].iloc[0])
    return (
        f"In {len(rows)} of {wording.count(len(steady), 'block')} nothing "
        f"{sentences.beats(what)} the sequential program by more than {margin}: "
        f"{wording.listing(where)}."
    )


def _oneshot(verdicts: pd.DataFrame) -> str:
    """In how many blocks the answer differs when the pool lives for one batch only."""
    sure = verdicts[verdicts["verdict"].isin((*_DECIDED, "no-gain")) & (verdicts["doubt"] == "")]
    both = sure[sure["mode"] == "steady"].merge(
        sure[sure["mode"] == "oneshot"], on="block", suffixes=("", "_once")
    )
    other = both[both["approach"] != both["approach_once"]]
    if other.empty:
        return ""
    cost = other.sort_values("startup_seconds", ascending=False).iloc[0]
    place = f"{cost['subject']} on {wording.count(cost['cores'], 'core')}"
    return (
        f"A pool that is started for a single batch changes the recommendation in {len(other)} of "
        f"{wording.count(len(both), 'block')} decided in both modes: on {place}, for example, "
        f"{cost['approach_once']} rather than {cost['approach']}, "
        f"which takes {wording.seconds(cost['startup_seconds'])} to start."
    )


def _undecided(steady: pd.DataFrame) -> str:
    """Blocks without a verdict; and where at least a gain over sequential is certain."""
    rows = steady[steady["verdict"] == "inconclusive"]
    if rows.empty:
        return ""
    many = wording.count(len(steady), "block")
    text = f"Not decided: {len(rows)} of {many}, {wording.listing(_places(rows))}."
    timed = rows[(rows["objective"] == "seconds") & (rows["doubt"] == "")]
    gains = timed[timed["speedup_low"] > 1 + timed["margin"]].sort_values("speedup_low")
    if gains.empty:
        return text
    surest = gains.iloc[-1]
    return (
        f"{text} In {len(gains)} of them the candidate so far does gain by more than the margin: "
        f"{surest['approach']} is at least {wording.times(surest['speedup_low'])} sequential in "
        f"{_places(gains.iloc[-1:])[0]}."
    )


def _failed(steady: pd.DataFrame, what: Objective) -> str:
    rows = steady[steady["verdict"] == "failed"]
    if rows.empty:
        return ""
    where = _places(rows)
    return f"{sentences.nothing(what)} in {wording.listing(where)}."


def _doubted(verdicts: pd.DataFrame) -> str:
    """Recommendations that can't be right as measured: the other sentences leave them out."""
    rows = verdicts[(verdicts["doubt"] != "") & (verdicts["approach"] != "")]
    if rows.empty:
        return ""
    told = [
        f"{row['approach']} {row['doubt']} in {place}"
        + (" for a single batch" if row["mode"] == "oneshot" else "")
        for (_, row), place in zip(rows.iterrows(), _places(rows), strict=True)
    ]
    return (
        f"Left out of these recommendations, as they can't be right as measured: {len(rows)} of "
        f"{wording.count(len(verdicts), 'verdict')}, {wording.listing(told)}."
    )


def _places(rows: pd.DataFrame) -> list[str]:
    return [
        f"{row['subject']} on {wording.count(row['cores'], 'core')}" for _, row in rows.iterrows()
    ]
