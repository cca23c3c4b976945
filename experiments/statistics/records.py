"""The records that a race takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

Verdict = Literal["best", "tie", "no-gain", "inconclusive", "failed"]
#: verdicts that recommend something that stands
DECIDED: tuple[Verdict, ...] = ("best", "tie", "no-gain")
Status = Literal["leader", "tied", "slower", "undecided", "dropped", "failed"]


@dataclass(frozen=True)
class Candidate:
    """One approach in a race.

    `simplicity` is a rank, lower is simpler; `baseline` marks the sequential approaches, which
    count as simpler than every other candidate whatever their rank.
    """

    key: str
    simplicity: float
    baseline: bool = False


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence limits (a ratio or seconds where public; never a log)."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class RaceSettings:
    """Every threshold of the race; the defaults are the ones the simulations vouch for.

    alpha             error allowed for the whole verdict, over all rivals, looks and both sides
    margin            differences up to this share do not matter in practice
    looks             rounds after which decisions may be taken; the last ends the race. The first
                      is as early as can be: it puts out only what is far behind, and the rounds
                      after it cost as much less
    prior_degrees     weight of the block's mean noise against a pair's own, degrees of freedom
    clip              launches further than this many robust sds from the fit are pulled back
    baseline_precision  half-width of log speedup that ends the extra rounds of the baseline
    baseline_rounds   fewest and most rounds of the baseline
    settle            a slower but simpler rival is settled once its difference is known to this
                      many margins (estimate inside the margin, outside the margin)
    """

    alpha: float = 0.05
    margin: float = 0.05
    looks: tuple[int, ...] = (2, 5, 8, 12, 20, 30)
    prior_degrees: float = 3.0
    clip: float = 2.0
    baseline_precision: float = 0.03
    baseline_rounds: tuple[int, int] = (5, 12)
    settle: tuple[float, float] = (0.5, 1.0)

    def __post_init__(self) -> None:
        for name in ("looks", "baseline_rounds", "settle"):  # lists when they come from JSON
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, not {self.alpha!r}")
        if not self.margin > 0:
            raise ValueError(f"margin must be above 0, not {self.margin!r}")
        rising = all(a < b for a, b in zip(self.looks, self.looks[1:], strict=False))
        if not self.looks or self.looks[0] < 2 or not rising:
            raise ValueError(f"looks must be rising round numbers from 2 on, not {self.looks!r}")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> RaceSettings:
        """Settings from a mapping such as the plan's; a ValueError names an unknown key."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"not a setting of the race: {unknown[0]!r}")
        return cls(**values)


@dataclass(frozen=True)
class Judgement:
    """The verdict on one block in one mode.

    verdict       best, tie, no-gain, inconclusive or failed
    pick          recommended candidate (inconclusive: the candidate so far); None if all failed
    leader        the best by its estimate
    regret_bound  the pick is at most this share worse than the best survivor; None if unknown
    ties          the leader and what is proven within the margin of it, without the pick
    undecided     candidates that are neither proven slower than the leader nor within the margin
    status        every candidate's place: leader, tied, slower, undecided, dropped or failed
    rounds        rounds of the block this mode has seen
    launches      values that count in this mode
    rounds_needed rounds at which an inconclusive race would likely be decided
    speedup       baseline time / pick time with its 95% interval; None without a baseline, or where
                  the race is not about time
    flags         warnings, as sentences
    reason        the verdict in plain words
    decided       whether the verdict stands (False only while the race is still open)
    """

    verdict: Verdict
    pick: str | None
    leader: str | None
    regret_bound: float | None
    ties: tuple[str, ...]
    undecided: tuple[str, ...]
    status: dict[str, Status]
    rounds: int
    launches: int
    rounds_needed: int | None
    speedup: Interval | None
    flags: tuple[str, ...]
    reason: str
    decided: bool
