"""The race of a block with named approaches, in both modes at once.

The conductor feeds it to know when to stop, the report feeds it the recorded rounds to decide
again: one code, so both agree to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from experiments.statistics.intervals import Pairs
from experiments.statistics.judge import judge, ratio, resolvable, speedup
from experiments.statistics.objectives import SECONDS, Objective
from experiments.statistics.race import LEVEL, Race
from experiments.statistics.records import Candidate, Interval, Judgement, RaceSettings

#: {mode: {candidate key: log of the objective, by default of seconds}}
Round = Mapping[str, Mapping[str, float]]

MODES = SECONDS.modes


class BlockRace:
    """One race a mode. A candidate runs as long as any open mode still wants it."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        settings: RaceSettings | None = None,
        modes: Sequence[str] = MODES,
        objective: Objective = SECONDS,
    ) -> None:
        self._objective = objective
        self._keys = [candidate.key for candidate in candidates]
        if len(set(self._keys)) != len(self._keys):
            twice = next(key for key in self._keys if self._keys.count(key) > 1)
            raise ValueError(f"two candidates of one block are called {twice!r}")
        simplicity = [candidate.simplicity for candidate in candidates]
        baselines = [n for n, candidate in enumerate(candidates) if candidate.baseline]
        self.rounds = 0
        self._races = {mode: Race(simplicity, settings, baselines) for mode in modes}
        if not candidates:
            self.finish()

    @property
    def done(self) -> bool:
        """Whether every mode has its verdict and its speedups as precise as wanted."""
        return all(race.done for race in self._races.values())

    def to_run(self) -> list[str]:
        """Keys of the next round, in the candidates' order; empty once done."""
        wanted = {number for race in self._races.values() for number in race.to_run()}
        return [self._keys[number] for number in sorted(wanted)]

    def wanted_by(self, key: str) -> frozenset[str]:
        """The modes that want this candidate in the next round."""
        number = self._keys.index(key)
        return frozenset(mode for mode, race in self._races.items() if number in race.to_run())

    def add_round(self, values: Round) -> None:
        """Take a whole round: {mode: {key: log of the objective}}.

        A key of `to_run()` that is missing has failed and leaves the race. A mode takes only what
        it asked for itself, so one that is done does not change any more. Raises ValueError on a
        mode that is missing, a key that is no candidate or a value that is not finite, and
        RuntimeError after the end.
        """
        if self.done:
            raise RuntimeError("this race is done: it takes no more rounds")
        self._check(values)
        for mode, race in self._races.items():
            if not race.done:
                given = values[mode]
                wanted = [n for n in race.to_run() if self._keys[n] in given]
                race.add_round({n: given[self._keys[n]] for n in wanted})
        self.rounds += 1

    def finish(self) -> None:
        """The block's seconds are spent: take the last look at once."""
        for race in self._races.values():
            if not race.done:
                race.finish()

    def judgements(self) -> dict[str, Judgement]:
        """The verdict of each mode, as far as it is known."""
        return {
            mode: judge(race, self._keys, self._objective) for mode, race in self._races.items()
        }

    def speedup(self, mode: str, key: str) -> Interval | None:
        """Baseline time / this approach's time, with a 95% interval, on rounds both ran in.

        None where it failed, the baseline failed, they share fewer than two rounds, or the race is
        not about time.
        """
        if not self._objective.is_time:
            return None
        return speedup(self._races[mode], self._keys.index(key))

    def resolvable(self, mode: str) -> float | None:
        """The smallest share of difference that the last look could tell; None if unknown."""
        return resolvable(self._races[mode])

    def ratio(self, mode: str, one: str, other: str, level: float = LEVEL) -> Interval | None:
        """Time of one / time of the other, with its interval; None below two common rounds."""
        return ratio(self._races[mode], self._keys.index(one), self._keys.index(other), level)

    def pairs(self, mode: str) -> Pairs:
        """log(T_i / T_j) of every two candidates on the rounds both ran in; NaN below two."""
        return self._races[mode].pairs()

    def _check(self, values: Round) -> None:
        for mode in self._races:
            if mode not in values:
                raise ValueError(f"round {self.rounds}: values of mode {mode!r} are missing")
            for key, value in values[mode].items():
                self._check_value(mode, key, value)

    def _check_value(self, mode: str, key: str, value: float) -> None:
        if key not in self._keys:
            raise ValueError(f"round {self.rounds}, {mode}: {key!r} is not in this block")
        if not math.isfinite(value):
            raise ValueError(
                f"round {self.rounds}, {mode}, {key!r}: log {self._objective.noun} must be finite, "
                f"not {value!r}"
            )


def replay(
    candidates: Sequence[Candidate],
    settings: RaceSettings | None,
    rounds: Sequence[Round],
    modes: Sequence[str] = MODES,
    objective: Objective = SECONDS,
) -> BlockRace:
    """The race as it went, from its recorded rounds; what came after its end is left out."""
    race = BlockRace(candidates, settings, modes, objective)
    for values in rounds:
        if race.done:
            break
        race.add_round(values)
    race.finish()
    return race
