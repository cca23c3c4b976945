"""Rules 1, 3 and 4: what speedups stand on, and how times and ratios are summed up."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd

from experiments.statistics.intervals import paired_interval
from reports import wording
from reports.audit.evidence import CELL, Evidence, names
from reports.audit.finding import Finding, Part, count
from reports.races import race_settings

#: what three printed digits can hide: half a unit in the last of 100
PRINTED = 0.005
#: how far numbers computed twice may differ by rounding alone
EXACT = 1e-9
_RATIO = re.compile(r"(\d[\d,]*(?:\.\d+)?)x(?: to (\d[\d,]*(?:\.\d+)?)x)? sequential")


def base_case(evidence: Evidence) -> Finding:
    """Rule 1: each speedup has the seconds of its base case beside it, and they agree."""
    gains = _with_baseline(evidence, evidence.gains)
    return Finding(
        (
            count("speedups with the sequential program's seconds in the same block and mode",
                  gains["baseline"].notna(), names(gains)),
            _best_base(evidence),
            _agreeing(gains),
        )
    )  # fmt: skip


def _with_baseline(evidence: Evidence, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the sequential seconds of their block and mode, and those's interval."""
    summary = evidence.tables.summary
    base = summary[(summary["executor"] == "sequential") & summary["seconds"].notna()]
    base = base.sort_values("seconds").drop_duplicates(["block", "mode"])
    wanted = {"seconds": "baseline", "seconds_low": "base_low", "seconds_high": "base_high"}
    base = base[["block", "mode", *wanted]].rename(columns=wanted)
    return rows.merge(base, on=["block", "mode"], how="left")


def _best_base(evidence: Evidence) -> Part:
    """The base case is the best sequential program: what verdicts print is the fastest one's."""
    verdicts = evidence.tables.verdicts
    verdicts = verdicts[verdicts["approach"] != ""]
    keys = pd.MultiIndex.from_frame(verdicts[["block", "mode"]])
    fastest = evidence.baselines.reindex(keys).to_numpy(dtype=float)
    printed = verdicts["baseline_seconds"].to_numpy(dtype=float)
    known = ~np.isnan(fastest)
    same = np.abs(printed / fastest - 1) <= EXACT  # an unknown one isn't the same
    what = "verdicts that print the seconds of the best sequential program"
    return count(what, pd.Series(same[known]), names(verdicts[known]))


def _agreeing(gains: pd.DataFrame) -> Part:
    """Sequential seconds / own seconds against the speedup: do their intervals meet?

    Speedups are paired by round, seconds are not, so they need not be the same to the last digit.
    """
    told = gains[gains["speedup_low"].notna() & gains["base_low"].notna()]
    told = told[told["seconds_low"].notna()]
    low, high = told["base_low"] / told["seconds_high"], told["base_high"] / told["seconds_low"]
    meet = (low <= told["speedup_high"]) & (told["speedup_low"] <= high)
    return count("speedups that the printed seconds bear out, within 95% intervals", meet,
                 names(told))  # fmt: skip


def cost_means(evidence: Evidence) -> Finding:
    """Rule 3: seconds are means or medians of seconds, rates are work over time."""
    grouped = evidence.values.groupby(CELL, sort=False)["seconds"]
    means = grouped.agg(["mean", "median"]).reset_index()
    cells = evidence.cells.merge(means, on=CELL)
    off = _off(cells, "mean")
    near = (off <= PRINTED) | (_off(cells, "median") <= PRINTED)
    what = "times that are the arithmetic mean or the median of their launches, as far as printed"
    told = cells[cells["items_per_second"].notna() & cells["items"].notna()]
    rate = told["items"].astype(float) / told["seconds"]
    same = (told["items_per_second"] / rate - 1).abs() <= EXACT
    return Finding(
        (
            count(what, near, names(cells)),
            count("rates that are items over the printed seconds", same, names(told)),
        ),
        _means_note(off, evidence),
    )


def _off(cells: pd.DataFrame, column: str) -> pd.Series:
    return (cells["seconds"] / cells[column] - 1).abs()


def _means_note(off: pd.Series, evidence: Evidence) -> str:
    """How much the choice of the mean matters at most."""
    if off.empty:
        return ""
    margin = float(evidence.results.plan["statistics"].get("margin", 0))
    far = int((off > margin).sum())
    return (
        "Times are geometric means with far launches pulled in, as verdicts compare logs: from the "
        f"arithmetic mean they differ by {wording.percent(off.max())} at most, in "
        f"{wording.count(far, 'cell')} of {len(off):,} by more than the margin."
    )


def ratio_means(evidence: Evidence) -> Finding:
    """Rule 4: a speedup is a ratio of costs of the same rounds, and no ratios are averaged."""
    gains = evidence.gains
    inside = gains[gains["speedup_low"].notna()]
    between = inside["speedup"].between(inside["speedup_low"], inside["speedup_high"])
    return Finding(
        (
            _recomputed(evidence),
            count("speedups inside their own interval", between, names(inside)),
            _quoted(evidence),
        )
    )


def _recomputed(evidence: Evidence) -> Part:
    """Geometric mean of the sequential costs / that of the own costs, of the rounds both ran in.

    A mode whose race was over, or had put the approach out, doesn't take the rounds that were run
    for the other mode: then it is the rounds up to a planned look.
    """
    pairs, gains = evidence.pairs, evidence.gains
    pairs = pairs.assign(log=np.log(pairs["base_seconds"] / pairs["seconds"]))
    printed = pd.Series(gains["speedup"].to_numpy(dtype=float),
                        pd.MultiIndex.from_frame(gains[CELL]))  # fmt: skip
    good = pd.Series(False, printed.index)
    for end in _ends(evidence):
        logs = pairs[pairs["round"] < end].groupby(CELL, sort=False)["log"]
        ratio = np.exp(logs.mean()).reindex(printed.index)
        good |= (printed / ratio - 1).abs() <= EXACT
    good |= _pulled_in(evidence, pairs, printed[~good]).reindex(printed.index, fill_value=False)
    what = "speedups that are the ratio of both costs over the same rounds, computed anew"
    return count(what, good, names(gains))


def _ends(evidence: Evidence) -> list[int]:
    """Rounds after which a race may have stopped taking values: all of them, and the looks."""
    looks = {look for block in evidence.results.blocks
             for look in race_settings(evidence.results, block.rules).looks}  # fmt: skip
    most = evidence.values["round"].max() if len(evidence.values) else 0
    return [int(most) + 1, *sorted(looks)]


def _pulled_in(evidence: Evidence, pairs: pd.DataFrame, printed: pd.Series) -> pd.Series:
    """Whether they are that ratio after far rounds were pulled in, as the method says."""
    keys = printed.index.to_frame(index=False)
    own = dict(tuple(pairs.merge(keys, on=CELL).groupby(CELL, sort=False)))
    clip, ends = race_settings(evidence.results).clip, _ends(evidence)
    found = {
        key: any(
            abs(value / math.exp(paired_interval(logs, clip=clip).estimate) - 1) <= EXACT
            for end in ends
            if len(logs := own[key].loc[own[key]["round"] < end, "log"]) > 1
        )
        for key, value in printed.items()
        if key in own
    }
    return pd.Series(found, dtype=bool)


def _quoted(evidence: Evidence) -> Part:
    """Each ratio that the opening sentences name is one cell's, not a mean over cells."""
    quoted = [(text, value) for text in evidence.headlines for value in _ratios(text)]
    rows = pd.concat([evidence.tables.verdicts, evidence.tables.summary])
    columns = ["speedup", "speedup_low", "speedup_high"]
    known = np.unique(rows[columns].to_numpy(dtype=float))
    good = pd.Series([_printed_somewhere(value, known) for _, value in quoted], dtype=bool)
    texts = [f"{value}x in: {wording.short(text, 80)}" for text, value in quoted]
    what = "ratios in the opening sentences that are those of one cell"
    return count(what, good, texts, needed=False)


def _ratios(text: str) -> list[str]:
    return [value for found in _RATIO.findall(text) for value in found if value]


def _printed_somewhere(text: str, known: np.ndarray) -> bool:
    value = float(text.replace(",", ""))
    near = known[np.abs(known / value - 1) <= 2 * PRINTED]
    return any(wording.number(one) == text for one in near)
