"""Whether a recommendation still holds: an earlier verdict against a race that was run anew.

The question is not whether the new race ends with the same name, which chance may change among
equals, but whether the earlier recommendation is still within the margin of the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from experiments.statistics.block import BlockRace
from experiments.statistics.records import DECIDED, Interval, Judgement, RaceSettings

Outcome = Literal["holds", "flipped", "inconclusive"]


@dataclass(frozen=True)
class Claim:
    """What an earlier verdict says of one block and mode.

    pick      the recommended candidate's key
    baseline  the sequential program it was proven faster than by more than the margin; None where
              that is not claimed (no-gain, or a gain that may be within the margin)
    """

    pick: str
    baseline: str | None = None


@dataclass(frozen=True)
class Finding:
    """What has become of a claim.

    `against` is the candidate that decides (flipped) or stands in the way (inconclusive), `ratio`
    the pick's objective over that candidate's with the interval that was looked at.
    """

    outcome: Outcome
    reason: str
    against: str | None = None
    ratio: Interval | None = None


def check(
    claim: Claim, race: BlockRace, judgement: Judgement, mode: str, settings: RaceSettings,
    claims: int = 1,
) -> Finding:  # fmt: skip
    """The claim after a new race, one of `claims` that are checked together.

    A claim that is true is called flipped in at most `alpha` of checks, over all of its claims,
    rivals and looks (Bonferroni); so `flipped` asks for more than the race's own bounds do.
    """
    state = judgement.status.get(claim.pick)
    if state is None:
        return Finding("inconclusive", f"{claim.pick} can't be measured here")
    if state == "failed":
        return Finding("flipped", f"{claim.pick} gives no right answer any more")
    rivals = [key for key, status in judgement.status.items() if status != "failed"]
    rivals = [key for key in rivals if key != claim.pick]
    level = 1 - settings.alpha / max(len(rivals), 1) / len(settings.looks) / claims
    return (
        _beaten(claim, rivals, race, mode, settings.margin, level)
        or _useless(claim, race, mode, settings.margin, level)
        or _confirmed(claim, race, judgement, mode)
    )


def _beaten(
    claim: Claim, rivals: list[str], race: BlockRace, mode: str, margin: float, level: float
) -> Finding | None:
    """A rival that is proven to be better by more than the margin: the one that is best."""
    ratios = {key: race.ratio(mode, claim.pick, key, level) for key in rivals}
    proven = {key: one for key, one in ratios.items() if one and one.low > 1 + margin}
    if not proven:
        return None
    best = max(proven, key=lambda key: proven[key].estimate)
    return Finding("flipped", f"{best} is better now", best, proven[best])


def _useless(
    claim: Claim, race: BlockRace, mode: str, margin: float, level: float
) -> Finding | None:
    """The sequential program is proven to be as good: there is no reason left to leave it."""
    if claim.baseline is None or claim.baseline == claim.pick:
        return None
    ratio = race.ratio(mode, claim.pick, claim.baseline, level)
    if ratio is None or ratio.low < 1 / (1 + margin):
        return None
    return Finding("flipped", f"{claim.baseline} is as good now", claim.baseline, ratio)


def _confirmed(claim: Claim, race: BlockRace, judgement: Judgement, mode: str) -> Finding:
    """Recommended again, or within the margin of what is; else nothing is proven either way."""
    if judgement.verdict == "inconclusive":
        return Finding("inconclusive", judgement.reason)
    accepted = (judgement.pick, *judgement.ties)
    if claim.pick not in accepted:
        ratio = race.ratio(mode, claim.pick, judgement.pick) if judgement.pick else None
        reason = f"{judgement.pick} looks better now, not proven beyond the margin"
        return Finding("inconclusive", reason, judgement.pick, ratio)
    if claim.baseline is not None and judgement.verdict == "no-gain":
        ratio = race.ratio(mode, claim.pick, claim.baseline)
        reason = f"{claim.baseline} may be as good now, not proven"
        return Finding("inconclusive", reason, claim.baseline, ratio)
    return Finding("holds", "recommended again" if claim.pick == judgement.pick else "a tie again")


def claim_of(judgement: Judgement, baseline: str | None, margin: float) -> Claim | None:
    """What a verdict claims; None where it decides nothing. `baseline`: what its speedup is of."""
    if judgement.verdict not in DECIDED or judgement.pick is None:
        return None
    speedup = judgement.speedup
    gains = judgement.verdict != "no-gain" and speedup is not None and speedup.low > 1 + margin
    return Claim(judgement.pick, baseline if gains else None)
