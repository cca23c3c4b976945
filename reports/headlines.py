"""The sentences at the top of the report, each made from this run's verdicts or left out."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from reports import wording
from reports.load import Results

_DECIDED = ("best", "tie")
_WORK = {"cpu": "CPU-bound work", "waiting": "Work that mostly waits"}


def headlines(results: Results, verdicts: pd.DataFrame) -> list[str]:
    """Three to six sentences; each carries its numbers and is absent where there are none."""
    kinds = {block.name: block.kind for block in results.blocks}
    subjects = {block.name: wording.short(block.subject) for block in results.blocks}
    verdicts = verdicts.assign(
        kind=verdicts["block"].map(kinds), subject=verdicts["block"].map(subjects)
    )
    steady = verdicts[verdicts["mode"] == "steady"]
    made = [_kind(steady, kind) for kind in _WORK]
    makers: tuple[Callable[[pd.DataFrame], str], ...] = (_no_gain, _undecided, _failed)
    made += [maker(steady) for maker in makers]
    made.insert(3, _oneshot(verdicts))
    return [sentence for sentence in made if sentence]


def _kind(steady: pd.DataFrame, kind: str) -> str:
    """Which executor is recommended for a kind of work on the most cores, with its range."""
    blocks = steady[steady["kind"] == kind]
    blocks = blocks[blocks["cores"] == blocks["cores"].max()]
    won = blocks[blocks["verdict"].isin(_DECIDED) & (blocks["executor"] != "sequential")]
    won = won[won["speedup"].notna()]
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
    return (
        f"{executor} with {sizes} workers in {many}, {wording.span(speedups)} sequential ({tasks})"
    )


def _no_gain(steady: pd.DataFrame) -> str:
    rows = steady[steady["verdict"] == "no-gain"]
    if rows.empty:
        return ""
    where = _places(rows)
    margin = wording.percent(rows["margin"].iloc[0])
    return (
        f"In {len(rows)} of {wording.count(len(steady), 'block')} nothing beats the sequential "
        f"program by more than {margin}: {wording.listing(where)}."
    )


def _oneshot(verdicts: pd.DataFrame) -> str:
    """In how many blocks the answer differs when the pool lives for one batch only."""
    sure = verdicts[verdicts["verdict"].isin((*_DECIDED, "no-gain"))]
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
    gains = rows[rows["speedup_low"] > 1 + rows["margin"]].sort_values("speedup_low")
    if gains.empty:
        return text
    surest = gains.iloc[-1]
    return (
        f"{text} In {len(gains)} of them the candidate so far does gain by more than the margin: "
        f"{surest['approach']} is at least {wording.times(surest['speedup_low'])} sequential in "
        f"{_places(gains.iloc[-1:])[0]}."
    )


def _failed(steady: pd.DataFrame) -> str:
    rows = steady[steady["verdict"] == "failed"]
    if rows.empty:
        return ""
    where = _places(rows)
    return f"No approach gave a right answer in {wording.listing(where)}."


def _places(rows: pd.DataFrame) -> list[str]:
    return [
        f"{row['subject']} on {wording.count(row['cores'], 'core')}" for _, row in rows.iterrows()
    ]
