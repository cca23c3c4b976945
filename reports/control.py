"""The A/A control in words: the same approach entered twice, and whether it was told apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from experiments import schema
from experiments.statistics.records import Interval
from reports import wording
from reports.load import Results
from reports.races import Raced, raced_controls

#: the chance that a control fails on a machine that is in order: the error budgets of its two
#: races together, by simulation (experiments/control.py)
FALSE_ALARMS = 0.05
_MODE_WORDS = {"steady": "for a pool that lives on", "oneshot": "for a single batch"}

Outcome = Literal["passed", "noisy", "failed", "unknown", "absent"]


@dataclass(frozen=True)
class ModeLine:
    """One mode of the control, as the table of the method section prints it."""

    mode: str
    first: str
    second: str
    ratio: str
    ratio_interval: str
    rounds: str
    verdict: str
    told_apart: bool
    resolvable: str


@dataclass(frozen=True)
class ControlView:
    """What the report says of the control; `names` and `lines` are empty where there was none."""

    outcome: Outcome
    names: tuple[str, ...]
    lines: tuple[ModeLine, ...]
    text: str
    false_alarms: str = wording.percent(FALSE_ALARMS)


def told_apart(one: Raced, mode: str) -> bool:
    """Whether the race proved one of the twins slower, by however little."""
    return any(state in ("slower", "dropped") for state in one.judgements[mode].status.values())


def suspicion(controls: Iterable[Raced]) -> list[str]:
    """The flag on every verdict of a run whose control failed; empty where it did not."""
    if any(told_apart(one, mode) for one in controls for mode in schema.MODES):
        return [
            "the A/A control of this run failed: the same approach entered twice was told apart, "
            "so this verdict is suspect"
        ]
    return []


def view(results: Results) -> ControlView:
    """The control of a run, decided from its launches."""
    one = next(raced_controls(results), None)
    if one is None:
        text = "There was no A/A control in this run (config key 'control')."
        return ControlView("absent", (), (), text)
    names = tuple(approach.label for approach in one.block.approaches)
    outcome = _outcome(one)
    lines = tuple(_line(one, mode) for mode in schema.MODES)
    return ControlView(outcome, names, lines, _text(one, outcome))


def _outcome(one: Raced) -> Outcome:
    verdicts = [one.judgements[mode].verdict for mode in schema.MODES]
    if any(told_apart(one, mode) for mode in schema.MODES):
        return "failed"
    if any(_ratio(one, mode) is None for mode in schema.MODES):
        return "unknown"
    return "noisy" if "inconclusive" in verdicts else "passed"


def _ratio(one: Raced, mode: str) -> Interval | None:
    """Seconds of the first twin / of the second; None where they can't be compared."""
    if "failed" in one.judgements[mode].status.values():
        return None
    first, second = (approach.label for approach in one.block.approaches)
    return one.race.ratio(mode, first, second)


def _line(one: Raced, mode: str) -> ModeLine:
    ratio = _ratio(one, mode)
    first, second = (_seconds(one.seconds(mode, a.label)) for a in one.block.approaches)
    return ModeLine(
        mode="Steady" if mode == "steady" else "Single batch",
        first=first,
        second=second,
        ratio=wording.number(ratio.estimate) if ratio else wording.UNKNOWN,
        ratio_interval=wording.ratio_interval(ratio.low, ratio.high) if ratio else "",
        rounds=f"{one.judgements[mode].rounds}",
        verdict=one.judgements[mode].verdict,
        told_apart=told_apart(one, mode),
        resolvable=wording.percent(one.race.resolvable(mode)),
    )


def _seconds(value: Interval | None) -> str:
    if value is None:
        return wording.UNKNOWN
    interval = wording.seconds_interval(value.low, value.high)
    return f"{wording.seconds(value.estimate)} ({interval})"


def _text(one: Raced, outcome: Outcome) -> str:
    """What came out, in one or two sentences."""
    where = f"{one.block.task} on {one.block.place}"
    start = f"The same approach entered twice under two names ({where})"
    if outcome == "failed":
        return (
            f"{start} was told apart, {_failures(one)}. Machine or race made that winner up, and "
            "the verdicts of this run are suspect: measure again when the machine is quieter."
        )
    if outcome == "unknown":
        reason = one.judgements["steady"].reason
        return f"{start} could not be compared, so nothing is known of false winners: {reason}."
    if outcome == "noisy":
        return (
            f"{start} was not told apart, but the launches were too noisy to prove it equal: only "
            f"differences of {_resolvable(one)} would have been seen."
        )
    return f"{start} was not told apart, as it must be: {_differences(one)}."


def _failures(one: Raced) -> str:
    return " and ".join(
        f"by {_difference(one, mode)} {_MODE_WORDS[mode]}"
        for mode in schema.MODES
        if told_apart(one, mode)
    )


def _differences(one: Raced) -> str:
    return " and ".join(
        f"{_difference(one, mode)} apart {_MODE_WORDS[mode]}" for mode in schema.MODES
    )


def _difference(one: Raced, mode: str) -> str:
    ratio = _ratio(one, mode)
    return wording.percent(abs(ratio.estimate - 1) if ratio else None)


def _resolvable(one: Raced) -> str:
    return " and ".join(
        f"{wording.percent(one.race.resolvable(mode))} or more {_MODE_WORDS[mode]}"
        for mode in schema.MODES
    )
