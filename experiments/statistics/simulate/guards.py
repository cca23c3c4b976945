"""Checks of earlier verdicts on simulated machines: how often one that is true is called flipped.

A machine has a block for each scene. It is measured, its decided verdicts are claims; then the same
machine is measured again, with other noise, and all claims are checked together.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from experiments.statistics.block import BlockRace
from experiments.statistics.guard import Claim, Outcome, check, claim_of
from experiments.statistics.records import Candidate, RaceSettings
from experiments.statistics.robust import Array
from experiments.statistics.simulate.checks import CALM, Check
from experiments.statistics.simulate.regimes import REGIMES
from experiments.statistics.simulate.scenes import SCENES
from experiments.statistics.simulate.study import ROUNDING
from experiments.statistics.simulate.world import World

#: rounds after which a check looks: not after two, when a pick that is put out is hardly known
LOOKS = (5, 8, 12, 20)
#: the blocks of a machine: a scene, and the true time of its sequential program
BLOCKS = (
    ("clear", 4.0), ("realistic", 4.0), ("cluster", 4.0), ("ahead 7%", 4.0),
    ("one close 5%", 4.0), ("equal", 1.0), ("ahead 10%", 1.06), ("ahead 10%", 1.2),
)  # fmt: skip
APPROACHES = 8
#: share of checks on the same machine with a true claim that is called flipped
MOST_FALSE_ALARMS = 0.05
#: of a true claim, in calm noise; and of a pick that has become so much slower than it was
LEAST_HELD, LEAST_FOUND, SLOWED = 0.9, 0.95, 1.5


@dataclass(frozen=True)
class Checked:
    """One claim: whether it is true of the machine that it is checked on, and what was found."""

    true: bool
    outcome: Outcome


def check_guards(replications: int, regimes: Iterable[str]) -> list[Check]:
    """False alarms in these kinds of noise; in calm ones also what is confirmed and found."""
    settings = RaceSettings(looks=LOOKS)
    return [found for regime in regimes for found in _checks(regime, replications, settings)]


def _checks(regime: str, replications: int, settings: RaceSettings) -> list[Check]:
    again = [machine(regime, number, settings) for number in range(replications)]
    alarms = sum(any(c.true and c.outcome == "flipped" for c in one) for one in again)
    found = [
        Check(
            "check: a true verdict called flipped", regime, alarms / replications,
            MOST_FALSE_ALARMS, most=True, count=replications,
        )
    ]  # fmt: skip
    if regime in CALM:
        slowed = [machine(regime, number, settings, SLOWED) for number in range(replications)]
        found += [
            _share("check: a true verdict confirmed", regime, again, True, "holds", LEAST_HELD),
            _share("check: a slowed pick found", regime, slowed, False, "flipped", LEAST_FOUND),
        ]
    return found


def _share(
    name: str, regime: str, machines: list[list[Checked]], true: bool, outcome: Outcome,
    bound: float,
) -> Check:  # fmt: skip
    own = [one for claims in machines for one in claims if one.true == true]
    share = sum(one.outcome == outcome for one in own) / max(len(own), 1)
    return Check(name, regime, share, bound, most=False, count=len(own))


def machine(regime: str, number: int, settings: RaceSettings, slowed: float = 1.0) -> list[Checked]:
    """Measure a machine twice, the recommended approaches `slowed` the second time."""
    blocks = [_Block(*block, regime, (number, place)) for place, block in enumerate(BLOCKS)]
    claims = [(block, claim) for block in blocks if (claim := block.claim(RaceSettings()))]
    return [block.checked(claim, settings, len(claims), slowed) for block, claim in claims]


class _Block:
    """One block of one machine: true times, with the sequential program last."""

    def __init__(self, scene: str, alone: float, regime: str, seed: tuple[int, int]) -> None:
        self._seed = [*seed, zlib.crc32(f"{scene} {alone} {regime}".encode())]
        times = SCENES[scene](APPROACHES - 1, np.random.default_rng(self._seed))
        self._times, self._regime = np.r_[times, alone], REGIMES[regime]
        self._ranks = np.random.default_rng([*self._seed, 1]).permutation(APPROACHES)

    def claim(self, settings: RaceSettings) -> Claim | None:
        """What the first run says, if it decides anything."""
        race = self._race(self._times, settings, run=2)
        return claim_of(race.judgements()["steady"], str(APPROACHES - 1), settings.margin)

    def checked(self, claim: Claim, settings: RaceSettings, claims: int, slowed: float) -> Checked:
        """The second run, and what it makes of the claim."""
        times = self._times.copy()
        times[int(claim.pick)] *= slowed
        race = self._race(times, settings, run=3)
        found = check(claim, race, race.judgements()["steady"], "steady", settings, claims)
        return Checked(_is_true(claim, times, settings.margin), found.outcome)

    def _race(self, times: Array, settings: RaceSettings, run: int) -> BlockRace:
        world = World(np.random.default_rng([*self._seed, run]), times, self._regime)
        candidates = [
            Candidate(str(n), float(self._ranks[n]), n == APPROACHES - 1) for n in range(len(times))
        ]
        race, now = BlockRace(candidates, settings, ("steady",)), 0.0
        while not race.done:
            running = [int(key) for key in race.to_run()]
            values, used = world.round(running, race.rounds, now)
            race.add_round({"steady": _named(values)})
            now += used
        return race


def _named(values: Mapping[int, float]) -> dict[str, float]:
    return {str(number): value for number, value in values.items()}


def _is_true(claim: Claim, times: Array, margin: float) -> bool:
    """Within the margin of the best, and faster than the sequential program if that is claimed."""
    own = times[int(claim.pick)]
    gains = claim.baseline is None or times[int(claim.baseline)] > own * (1 + margin) - ROUNDING
    return bool(own <= times.min() * (1 + margin) + ROUNDING and gains)
