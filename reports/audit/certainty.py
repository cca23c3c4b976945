"""Rules 5, 6 and 7: intervals, what they assume, and how approaches are compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.statistics.intervals import paired_interval
from experiments.statistics.records import DECIDED, RaceSettings
from experiments.statistics.robust import ZERO, Array
from reports import wording
from reports.audit.evidence import CELL, Evidence, names
from reports.audit.finding import Finding, Part, count
from reports.races import race_settings

#: fewest rounds of a cell, and fewest values of all cells, that show the shape of the noise
NOISE_ROUNDS = 5
LEAST_NOISE = 60
#: draws, so many that their own chance is half a percent; fixed, as a report is the same each time
DRAWS = 2000
SEED = 1
#: a 95% interval that holds the truth in fewer cases is too narrow: 2% less, and the draws' chance
LEAST_COVERED = 0.92


def intervals(evidence: Evidence) -> Finding:
    """Rule 5: what varies has an interval, and every block says why it stopped."""
    cells, gains = evidence.cells, evidence.gains
    runs = evidence.results.runs
    blocks = [block.name for block in evidence.results.blocks]
    stopped = [str(runs.get(name, {}).get("stopped_because") or "") != "" for name in blocks]
    return Finding(
        (
            count("times with a 95% interval", cells["seconds_low"].notna(), names(cells)),
            count("speedups with a 95% interval", gains["speedup_low"].notna(), names(gains),
                  needed=False),
            count("blocks with the reason why they stopped", pd.Series(stopped, dtype=bool),
                  blocks),
        ),
        _determinism(evidence),
    )  # fmt: skip


def _determinism(evidence: Evidence) -> str:
    """How many cells took exactly as long in every launch."""
    several = evidence.values.groupby(CELL, sort=False)["seconds"].agg(["size", "nunique"])
    several = several[several["size"] > 1]
    alike = int((several["nunique"] == 1).sum())
    many = wording.count(len(several), "cell")
    if not alike:
        return f"In none of {many} did all launches take equally long: nothing is deterministic."
    return f"In {alike:,} of {many} all launches took equally long: those look deterministic."


def normality(evidence: Evidence) -> Finding:
    """Rule 6: intervals keep their level in the noise that this run had, whatever its shape.

    A bootstrap calibration: rounds are drawn from the run's own paired logs, whose true centre is
    then known, and the interval must hold it as often as it says (Loh, J. Am. Stat. Assoc. 82
    (1987), on calibrating confidence coefficients).
    """
    noise, rounds = _noise(evidence)
    what = (
        f"95% intervals that hold the true centre, of rounds drawn from this run's own noise "
        f"({LEAST_COVERED:.0%} must)"
    )
    if len(noise) < LEAST_NOISE:
        few = f"{len(noise)} paired logs of approaches with {NOISE_ROUNDS} rounds or more"
        return Finding((Part(what, 0, 0),), f"{few} don't show what the noise is like.")
    held = covered(noise, rounds)
    part = Part(what, held, DRAWS, enough=LEAST_COVERED)
    far = float((np.abs(noise) > 3 * noise.std()).mean())
    return Finding(
        (part,),
        f"Of {len(noise):,} paired logs around their approach's median {wording.percent(far)} lie "
        f"beyond 3 standard deviations, of a bell curve 0.27%. Drawn: {rounds} rounds at a time.",
    )


def _noise(evidence: Evidence) -> tuple[Array, int]:
    """Paired logs around the median of their cell, in standard deviations usual in their block; and
    how many rounds such a cell has in the middle.

    Not around the mean: it takes a part of each far value with it, and of few rounds a large one.
    Of an odd number of rounds one lies on the median; those exact zeros are no noise.
    """  # fmt: skip
    pairs = evidence.pairs.merge(evidence.gains[CELL], on=CELL)
    pairs = pairs.assign(log=np.log(pairs["base_seconds"] / pairs["seconds"]))
    cells = pairs.groupby(CELL, sort=False)["log"]
    pairs = pairs.assign(size=cells.transform("size"), middle=cells.transform("median"),
                         sd=cells.transform("std"))  # fmt: skip
    pairs = pairs[pairs["size"] >= NOISE_ROUNDS]
    usual = pairs.groupby(["block", "mode"], sort=False)["sd"].transform("median")
    noise = ((pairs["log"] - pairs["middle"]) / usual)[usual > 0].to_numpy(dtype=float)
    rounds = pairs.drop_duplicates(CELL)["size"].median() if len(pairs) else 0
    return noise[np.abs(noise) > ZERO], int(rounds)


def covered(noise: Array, rounds: int) -> int:
    """In how many of `DRAWS` draws of so many values the interval holds the mean of them all."""
    random = np.random.default_rng(SEED)
    drawn = random.choice(noise - noise.mean(), size=(DRAWS, rounds))
    found = [paired_interval(values) for values in drawn]
    return sum(one.low <= 0 <= one.high for one in found)


def comparisons(evidence: Evidence) -> Finding:
    """Rule 7: verdicts compare within rounds, at planned looks, and give the size of the effect."""
    verdicts = evidence.tables.verdicts
    decided = verdicts[verdicts["verdict"].isin(DECIDED)]
    timed = decided["objective"] == "seconds"
    alone = decided["baseline_seconds"].isna() | (decided["executor"] == "sequential")
    sized = decided["speedup_low"].notna() & decided["speedup_high"].notna()
    other = decided["objective_low"].notna() & decided["objective_high"].notna()
    effect = (sized | alone).where(timed, other) & decided["regret_bound"].notna()
    return Finding(
        (
            count("decided verdicts with the size of the effect, its interval and a bound on the "
                  "regret", effect, names(decided), needed=False),
            _paired(evidence),
            _looks(evidence),
        ),
        _budget(evidence),
    )  # fmt: skip


def _paired(evidence: Evidence) -> Part:
    """Rivals that a verdict says something of ran beside its pick, in two rounds or more."""
    verdicts, summary = evidence.tables.verdicts, evidence.tables.summary
    picks = verdicts.loc[verdicts["approach"] != "", CELL]
    rounds = evidence.values[[*CELL, "round"]]
    own = rounds.merge(picks, on=CELL).drop(columns="approach")
    shared = rounds.merge(own, on=["block", "mode", "round"])
    many = shared.groupby(CELL).size().rename("shared").reset_index()
    placed = summary[summary["race"].isin(["tied", "slower", "undecided", "dropped"])]
    placed = placed.merge(picks[["block", "mode"]], on=["block", "mode"])
    placed = placed.merge(many, on=CELL, how="left")
    # a single round places nobody: that race is undecided, and says so
    placed = placed[(placed["race"] != "undecided") | (placed["rounds"] > 1)]
    what = "rivals that were compared with the recommended approach in the same rounds"
    return count(what, placed["shared"].fillna(0) >= 2, names(placed), needed=False)


def _looks(evidence: Evidence) -> Part:
    """Approaches leave at a planned look or at the end: looking oftener would err oftener."""
    summary = evidence.tables.summary
    out = summary[(summary["executor"] != "sequential") & (summary["race"] != "")]
    dropped = (out["race"] == "dropped").groupby([out["block"], out["approach"]]).transform("all")
    out = out[dropped & (out["mode"] == "steady")]
    looks = {
        block.name: set(race_settings(evidence.results, block.rules).looks)
        for block in evidence.results.blocks
    }
    ends = evidence.values.groupby("block")["round"].max() + 1
    at = [n in looks[block] or n == ends.get(block)
          for block, n in zip(out["block"], out["rounds"], strict=True)]  # fmt: skip
    what = "approaches that left the race at a planned look or at its end"
    return count(what, pd.Series(at, dtype=bool), names(out), needed=False)


def _budget(evidence: Evidence) -> str:
    """How small the error of a single bound had to be."""
    found = [_tail(race_settings(evidence.results, block.rules), len(block.approaches))
             for block in evidence.results.blocks]  # fmt: skip
    if not found:
        return ""
    least, most = wording.percent(min(found)), wording.percent(max(found))
    return (
        f"A single bound may err with {least if least == most else f'{least} to {most}'}, so that "
        "all bounds of a verdict together stay within its error."
    )


def _tail(rules: RaceSettings, approaches: int) -> float:
    return rules.alpha / 2 / max(approaches - 1, 1) / len(rules.looks)
