"""What the first page says beside the answers: what is not decided, and what narrows the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from experiments.statistics.objectives import OBJECTIVES, Objective
from reports import nodes, sentences, wording
from reports.answers import described
from reports.load import Results


@dataclass(frozen=True)
class Notes:
    """Sentences: `before` reading the rules, `undecided` blocks, and `trouble` to know of."""

    before: tuple[str, ...]
    undecided: str
    trouble: tuple[str, ...]


def notes(results: Results, verdicts: pd.DataFrame) -> Notes:
    """Each sentence carries its numbers and is absent where there are none."""
    verdicts = described(results, verdicts)
    steady = verdicts[verdicts["mode"] == "steady"]
    return Notes(
        before=tuple(filter(None, [_weak(results), _objective(steady)])),
        undecided=_undecided(steady),
        trouble=tuple(filter(None, [*_each(steady, _failed), *_general(results, verdicts)])),
    )


def _general(results: Results, verdicts: pd.DataFrame) -> list[str]:
    return [_doubted(verdicts), nodes.shared(results), nodes.apart(results)]


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


def _undecided(steady: pd.DataFrame) -> str:
    """Blocks without a verdict; and where at least a gain over sequential is certain."""
    rows = steady[steady["verdict"] == "inconclusive"]
    if rows.empty:
        return ""
    many = wording.count(len(steady), "block")
    return f"{len(rows)} of {many}, {wording.listing(_places(rows))}. {_why(rows)}{_certain(rows)}"


def _why(rows: pd.DataFrame) -> str:
    """What is missing: rounds, where the noise says how many; else the race's own reasons."""
    needed = rows["rounds_needed"].dropna()
    parts = []
    if len(needed):
        low, high = int(needed.min()), int(needed.max())
        many = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        spent = f"{int(rows['rounds'].min())} to {int(rows['rounds'].max())}"
        parts.append(
            f"Launches of one approach differ by too much: about {many} rounds would tell the "
            f"candidates apart, {spent} were run."
        )
    others = rows[rows["rounds_needed"].isna()]["reason"]
    parts += [f"{wording.capital(str(reason))}." for reason in dict.fromkeys(others) if reason]
    return " ".join(parts[:3])


def _certain(rows: pd.DataFrame) -> str:
    """Where at least a gain over the sequential program is certain."""
    timed = rows[(rows["objective"] == "seconds") & (rows["doubt"] == "")]
    gains = timed[timed["speedup_low"] > 1 + timed["margin"]].sort_values("speedup_low")
    if gains.empty:
        return ""
    return (
        f" In {len(gains)} of them the candidate so far does gain by more than the margin, "
        f"{_places(gains.iloc[-1:])[0]} the most."
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
    told: dict[str, list[str]] = {}
    for (_, row), place in zip(rows.iterrows(), _places(rows), strict=True):
        told.setdefault(f"{row['approach']} in {place} {row['doubt']}", []).append(str(row["mode"]))
    named = [
        f"{text}, for a single batch" if modes == ["oneshot"] else text
        for text, modes in told.items()
    ]
    return (
        f"Left out above, as they can't be right as measured: {len(rows)} of "
        f"{wording.count(len(verdicts), 'verdict')}, {wording.listing(named, most=3)}."
    )


def _places(rows: pd.DataFrame) -> list[str]:
    return [
        f"{row['subject']} on {wording.count(row['cores'], 'core')}" for _, row in rows.iterrows()
    ]
