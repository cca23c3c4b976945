"""The sequential race of one block in one mode: who runs, when to look, when to stop.

Ask `to_run()`, run each of those once in random order, hand their log times to `add_round()`,
repeat until `done`. Candidates are numbers here; `block.py` gives them names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from experiments.statistics.intervals import (
    NO_NOISE_KNOWN,
    Noise,
    Pairs,
    centres,
    paired_interval,
)
from experiments.statistics.look import Field, Look, simplicity_ranks, take_look
from experiments.statistics.records import Interval, RaceSettings, Status, Verdict
from experiments.statistics.robust import Array, median_variance, residual_variance, winsorise

#: level of every interval that is given to readers
LEVEL = 0.95
#: degrees of freedom that the noise must be known with, before a look (but the last) is taken
LEAST_DEGREES = 3.0


class Race:
    """State of a race: values by candidate and round, who is in, and what the last look found."""

    def __init__(
        self,
        simplicity: Sequence[float],
        settings: RaceSettings | None = None,
        baselines: Collection[int] = (),
    ) -> None:
        self.settings = settings or RaceSettings()
        self.baselines = frozenset(baselines)
        self.ranks = simplicity_ranks(simplicity, self.baselines)
        self.rows: list[dict[int, float]] = [{} for _ in simplicity]
        self.alive = list(range(len(self.rows)))
        self.dropped_at: dict[int, int] = {}
        self.failed_at: dict[int, int] = {}
        self.revived = False
        self.rounds = 0
        self.decided = self.done = False
        self.verdict: Verdict = "inconclusive"
        self.pick: int | None = None
        self.look: Look | None = None
        self.entered: list[int] = []  # the candidates of the last look, in the order of its rows
        self.matrix: Array = np.empty((0, 0))  # what that look saw
        self._variance: dict[int, float] = {}
        self._usual: dict[int, float] = {}  # the same, where the median of many tells their level
        self._baseline_wanted = bool(self.baselines)

    def to_run(self) -> list[int]:
        """Candidates of the next round; a decided race only runs its pick and the baseline on."""
        if self.done:
            return []
        wanted = set(self.alive)
        if self.decided and self.pick is not None:
            wanted = {self.pick}
        reference = self.reference()
        if reference is not None and self._baseline_wanted:
            wanted.add(reference)
        return sorted(wanted)

    def add_round(self, values: Mapping[int, float]) -> None:
        """Take the log times of a whole round; who is missing has failed and leaves for good."""
        expected = self.to_run()
        for candidate in expected:
            if candidate in values:
                self.rows[candidate][self.rounds] = values[candidate]
            else:
                self._withdraw(candidate)
        self.rounds += 1
        self._decide_after_failures()
        last = self.rounds >= self.settings.looks[-1]
        due = self.rounds in self.settings.looks and (last or self._enough_known())
        if due and not self.decided:
            self._take_look(last)
        self._update_baseline()

    def finish(self) -> None:
        """Seconds are spent: look at once, with the error share of the next planned look."""
        if not self.decided:
            self._take_look(last=True)
        self.done = True

    def tail(self, rivals: int) -> float:
        """Error that one bound may spend: alpha over two sides, the rivals alive, all looks."""
        return self.settings.alpha / 2 / max(rivals, 1) / len(self.settings.looks)

    def noise(self) -> Noise:
        """Launch variance that is usual in the block, whatever a few noisy candidates do.

        With few candidates it weighs less, then nothing.
        """
        if not self._usual:
            return NO_NOISE_KNOWN
        weight = min(self.settings.prior_degrees, max(len(self._usual) - 3.0, 0.0))
        return Noise(float(np.median(list(self._usual.values()))), weight)

    def reference(self) -> int | None:
        """The baseline that speedups refer to: the fastest of those that did not fail."""
        usable = [b for b in sorted(self.baselines) if b not in self.failed_at]
        usable = [b for b in usable if b in self.alive] or usable
        rounds = self._common_rounds(usable) if len(usable) > 1 else []
        if not rounds:
            return usable[0] if usable else None
        centres = winsorise(self._values(usable, rounds), self.settings.clip).values.mean(axis=1)
        return usable[int(np.argmin(centres))]

    def speedup(self, candidate: int) -> Interval | None:
        """log(T_baseline / T_candidate) on the rounds both ran in, **in logs**; None if unknown.

        A pick whose rivals are not all placed was chosen as the fastest of several that may be
        equal, so it looks faster than it is: its level is Bonferroni-adjusted over them.
        """
        level = LEVEL
        if candidate == self.pick and self.look and not self.look.proven:
            near = sum(s in ("leader", "tied", "undecided") for s in self.look.status)
            level = 1 - (1 - LEVEL) / near
        return self._speedup(candidate, level)

    def difference(self, one: int, other: int, level: float = LEVEL) -> Interval | None:
        """log(T_one / T_other) on the rounds both ran in, **in logs**; None below two of them."""
        rounds = self._common_rounds([one, other])
        if len(rounds) < 2:
            return None
        first, second = self._values([one, other], rounds)
        noise = self._own_noise([one, other])
        return paired_interval(first - second, level, noise, self.settings.clip)

    def pairs(self) -> Pairs:
        """`difference` of every two candidates, as estimates, errors and degrees (k x k each).

        NaN where two of them share fewer than two rounds.
        """
        count = len(self.rows)
        found = Pairs(*(np.full((count, count), np.nan) for _ in range(3)))
        np.fill_diagonal(found.estimate, 0.0)
        for one in range(count):
            shared: dict[tuple[int, ...], list[int]] = {}
            for other in range(one + 1, count):
                shared.setdefault(tuple(self._common_rounds([one, other])), []).append(other)
            for rounds, others in shared.items():
                if len(rounds) >= 2:
                    self._compare(found, one, others, rounds)
        return found

    def _compare(self, found: Pairs, one: int, others: list[int], rounds: Sequence[int]) -> None:
        values = self._values([one, *others], rounds)
        noise = self._own_noise([one, *others])
        prior = noise.variance[0] + noise.variance[1:]  # type: ignore[index]
        made = centres(values[0] - values[1:], prior, noise.degrees, self.settings.clip)
        found.estimate[one, others], found.estimate[others, one] = made.estimate, -made.estimate
        for table, row in ((found.error, made.error), (found.degrees, made.degrees)):
            table[one, others] = table[others, one] = row

    def status(self, candidate: int) -> Status:
        """Where a candidate stands: what the last look said, unless it failed or was dropped."""
        if candidate in self.failed_at:
            return "failed"
        if candidate in self.dropped_at:
            return "dropped"
        if self.look is None or candidate not in self.entered:
            return "leader" if candidate == self.pick else "undecided"
        return self.look.status[self.entered.index(candidate)]

    def _speedup(self, candidate: int, level: float) -> Interval | None:
        reference = self.reference()
        if reference is None or candidate in self.failed_at:
            return None
        if candidate == reference:
            return Interval(0.0, 0.0, 0.0)
        return self.difference(reference, candidate, level)

    def _own_noise(self, candidates: Sequence[int]) -> Noise:
        """For each candidate the block's variance, or its own where that is larger.

        A quiet block must not make a noisy approach look precise, nor a noisy approach take the
        precision from all others.
        """
        block = self.noise()
        own = [self._variance.get(candidate, 0.0) for candidate in candidates]
        return Noise(np.maximum(own, block.variance), block.degrees)

    def _enough_known(self) -> bool:
        """Whether a look may decide.

        With few candidates two rounds tell next to nothing of the noise: only two differences that
        happen to be alike would prove anything.
        """
        of_block = min(self.settings.prior_degrees, max(len(self.alive) - 3.0, 0.0))
        return self.rounds - 1 + of_block >= LEAST_DEGREES or len(self.alive) < 2

    def _take_look(self, last: bool) -> None:
        """Judge the candidates alive on the rounds that all of them ran in."""
        rounds = self._common_rounds(self.alive)
        if len(self.alive) < 2 or len(rounds) < 2:
            self._settle_without_bounds(len(rounds))
            return
        data = winsorise(self._values(self.alive, rounds), self.settings.clip)
        variances = residual_variance(data.values)
        self._variance.update(zip(self.alive, variances, strict=True))
        usual = variances / median_variance(len(rounds) - 1)
        self._usual.update(zip(self.alive, usual, strict=True))
        tail = self.tail(len(self.alive) - 1)
        look = take_look(data, self._field(), self._own_noise(self.alive), self.settings, tail)
        self.look, self.entered = look, list(self.alive)
        self.matrix = self._values(self.alive, rounds)
        self.verdict, self.pick = look.verdict, self.alive[look.pick]
        self.decided = last or look.settled
        for row in np.flatnonzero(look.drop):
            self.dropped_at[self.entered[row]] = self.rounds
        self.alive = [c for c in self.entered if c not in self.dropped_at]

    def _settle_without_bounds(self, rounds: int) -> None:
        """One candidate has won over those it put out, if any; one round gives no interval."""
        self.decided, self.look = True, None
        if not self.alive or rounds == 0:
            self.verdict, self.pick = "failed", None
            return
        column = self._values(self.alive, self._common_rounds(self.alive)).mean(axis=1)
        self.pick = self.alive[int(np.argmin(column))]
        self.verdict = "inconclusive"  # also for one that was never compared with anything
        if len(self.alive) == 1 and self.dropped_at:
            self.verdict = "no-gain" if self.pick in self.baselines else "best"

    def _withdraw(self, candidate: int) -> None:
        self.failed_at[candidate] = self.rounds
        self.dropped_at.pop(candidate, None)
        if candidate in self.alive:
            self.alive.remove(candidate)

    def _decide_after_failures(self) -> None:
        """A verdict whose pick has failed is taken again, on the rounds that are there.

        If everything still in the race has failed, those it had put out come back: they were
        measured, and they work.
        """
        if not self.alive:
            self.alive = sorted(c for c in self.dropped_at if c not in self.failed_at)
            self.dropped_at.clear()
            self.revived = bool(self.alive)
            self._take_look(last=True)
        elif self.decided and self.pick in self.failed_at:
            self._take_look(last=True)

    def _update_baseline(self) -> None:
        """The baseline runs on until speedups are precise, also after it was dropped.

        Never beyond the rounds of the looks: those are the block's budget.
        """
        reference = self.reference()
        if reference is None:
            self._baseline_wanted = False
        elif self.rounds >= self.settings.looks[0]:
            fewest, most = self.settings.baseline_rounds
            ran = len(self.rows[reference])
            self._baseline_wanted = ran < fewest or (ran < most and not self._speedup_precise())
        spent = self.rounds >= self.settings.looks[-1]
        at_baseline = self.pick is None or self.pick in self.baselines
        self.done = self.decided and (spent or at_baseline or not self._baseline_wanted)

    def _speedup_precise(self) -> bool:
        target = self.pick
        if not self.decided and self.look is not None:
            target = self.entered[self.look.leader]
        known = None if target is None else self._speedup(target, LEVEL)
        if known is None:
            return False
        return (known.high - known.low) / 2 <= self.settings.baseline_precision

    def _field(self) -> Field:
        return Field(
            ranks=self.ranks[self.alive],
            baseline=np.array([c in self.baselines for c in self.alive]),
        )

    def _common_rounds(self, candidates: Sequence[int]) -> list[int]:
        shared = [self.rows[c].keys() for c in candidates]
        return sorted(set(shared[0]).intersection(*shared[1:])) if shared else []

    def _values(self, candidates: Sequence[int], rounds: Sequence[int]) -> Array:
        return np.array([[self.rows[c][r] for r in rounds] for c in candidates], dtype=float)
