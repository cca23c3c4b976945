"""From the state of a race to the judgement that people read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.statistics.flags import noise_flags, resolvable_difference, rounds_needed
from experiments.statistics.intervals import exponential
from experiments.statistics.objectives import SECONDS, Objective
from experiments.statistics.race import LEVEL, Race
from experiments.statistics.records import Interval, Judgement, Status


def judge(race: Race, keys: Sequence[str], objective: Objective = SECONDS) -> Judgement:
    """The race's verdict so far, with `keys` as the candidates' names, in the objective's words."""
    status = {key: race.status(number) for number, key in enumerate(keys)}
    near = [key for key, state in status.items() if state in ("leader", "tied")]
    pick = None if race.pick is None else keys[race.pick]
    needed = _rounds_needed(race) if race.verdict == "inconclusive" else None
    return Judgement(
        verdict=race.verdict,
        pick=pick,
        leader=_leader(race, keys),
        regret_bound=_regret_bound(race),
        ties=tuple(key for key in near if key != pick),
        undecided=tuple(key for key, state in status.items() if state == "undecided"),
        status=status,
        rounds=race.rounds,
        launches=sum(len(row) for row in race.rows),
        rounds_needed=needed,
        speedup=_speedup_of_pick(race, objective),
        flags=_flags(race, keys, needed, objective),
        reason=_reason(race, keys, status, needed, objective),
        decided=race.decided,
    )


def _speedup_of_pick(race: Race, objective: Objective) -> Interval | None:
    """Speedup is one of time: a race about something else doesn't know it."""
    return speedup(race, race.pick) if objective.is_time and race.pick is not None else None


def speedup(race: Race, candidate: int) -> Interval | None:
    """Baseline time / candidate time as a ratio with its 95% interval; None if unknown."""
    logs = race.speedup(candidate)
    return None if logs is None else exponential(logs)


def ratio(race: Race, one: int, other: int, level: float = LEVEL) -> Interval | None:
    """Time of one / time of the other with its interval; None below two common rounds."""
    logs = race.difference(one, other, level)
    return None if logs is None else exponential(logs)


def resolvable(race: Race) -> float | None:
    """The smallest share by which the leader's open rivals could differ unseen; None if unknown."""
    sd = _open_pair_sd(race)
    if sd is None or race.look is None:
        return None
    rounds = race.matrix.shape[1]
    return resolvable_difference(sd, race.look.tail, race.noise().degrees, rounds)


def _leader(race: Race, keys: Sequence[str]) -> str | None:
    if race.look is not None:
        return keys[race.entered[race.look.leader]]
    return None if race.pick is None else keys[race.pick]


def _regret_bound(race: Race) -> float | None:
    if race.look is not None:
        return race.look.regret_bound
    return 0.0 if race.verdict in ("best", "no-gain") else None


def _open_pair_sd(race: Race) -> float | None:
    """The noisiest pair of leader and a candidate that is still undecided (or any in the race)."""
    if race.look is None:
        return None
    rivals = np.arange(len(race.entered)) != race.look.leader
    undecided = np.array([state == "undecided" for state in race.look.status])
    chosen = undecided if undecided.any() else rivals & ~race.look.drop
    return float(race.look.pair_sd[chosen].max()) if chosen.any() else None


def _rounds_needed(race: Race) -> int | None:
    sd = _open_pair_sd(race)
    if sd is None or race.look is None:
        return None
    return rounds_needed(
        sd, race.look.tail, race.noise().degrees, race.settings.margin, race.matrix.shape[1]
    )


def _flags(
    race: Race, keys: Sequence[str], needed: int | None, objective: Objective
) -> tuple[str, ...]:
    names = [keys[number] for number in race.entered]
    found = list(noise_flags(race.matrix, names, race.settings))
    found += _too_noisy(race, needed) + _failures(race, keys, objective)
    return tuple(found)


def _too_noisy(race: Race, needed: int | None) -> list[str]:
    most, sd = race.settings.looks[-1], _open_pair_sd(race)
    if needed is None or needed <= most or sd is None or race.look is None:
        return []
    share = resolvable_difference(sd, race.look.tail, race.noise().degrees, most)
    return [
        f"too noisy: about {needed} rounds would decide, at most {most} are planned; "
        f"those tell differences of {share:.0%} and more"
    ]


def _failures(race: Race, keys: Sequence[str], objective: Objective) -> list[str]:
    found = []
    if race.baselines and race.reference() is None:
        found.append(
            "the sequential baseline failed, so there is no speedup"
            if objective.is_time
            else f"the sequential baseline gave no {objective.noun} to compare with"
        )
    if race.revived:
        found.append(
            "all approaches still in the race failed; this verdict is on those it had dropped, "
            "in the rounds they ran"
        )
    if race.dropped_at and race.failed_at:
        late = [keys[c] for c, at in race.failed_at.items() if at > min(race.dropped_at.values())]
        if late:
            found.append(f"failed after it had helped to drop others: {', '.join(late)}")
    return found


def _reason(
    race: Race,
    keys: Sequence[str],
    status: dict[str, Status],
    needed: int | None,
    objective: Objective,
) -> str:
    if race.verdict == "failed":
        return "nothing ran" if race.rounds == 0 else "no approach gave a value"
    if race.pick is None:
        return f"no look yet: the first is after round {race.settings.looks[0]}"
    pick, margin = keys[race.pick], f"{race.settings.margin:.0%}"
    if sum(state != "failed" for state in status.values()) == 1:
        others = "all others failed" if len(keys) > 1 else "no other approach entered"
        return f"only {pick} ran: nothing to compare it with ({others})"
    if race.verdict == "no-gain":
        return f"proven: no approach {objective.beats} {pick} by more than {margin}"
    if race.verdict == "best":
        return f"{pick} {objective.proven} every other approach"
    if race.verdict == "tie":
        return f"{pick} is the simplest approach proven within {margin} of {objective.lowest}"
    return _why_inconclusive(race, status, needed, objective)


def _why_inconclusive(
    race: Race, status: dict[str, Status], needed: int | None, objective: Objective
) -> str:
    if race.look is None:
        return "one round only: no interval"
    undecided = [key for key, state in status.items() if state == "undecided"]
    rounds = race.matrix.shape[1]
    what = ", ".join(undecided) if undecided else "those that have failed since"
    hint = f"; about {needed} rounds would decide" if needed else ""
    return f"after {rounds} rounds not told apart from {objective.lowest}: {what}{hint}"
