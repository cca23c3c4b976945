"""The choices of a record against what was measured again: which hold, which flipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments import schema
from experiments.statistics.guard import Finding, Outcome, check
from reports import sentences, wording
from reports.answers import verdict_rows
from reports.check.claims import MODE, Choice, claim, place
from reports.load import Results
from reports.races import Raced, race_settings, raced

#: exit statuses, as a CI reads them
STATUS: dict[Outcome, int] = {"holds": 0, "flipped": 1, "inconclusive": 2}
_NOT_MEASURED = "not measured here: this machine has no such block (fewer cores, or another plan)"


@dataclass(frozen=True)
class Verdict:
    """One choice, and what has become of it; `now`: what the new run says, in words."""

    choice: Choice
    finding: Finding
    now: str


def verdicts(choices: Sequence[Choice], results: Results) -> list[Verdict]:
    """Every choice, judged on the new results. They are all checked together: see guard.check."""
    measured = {place(one.block): one for one in raced(results)}
    rows = verdict_rows(results.table(schema.VERDICT_TABLE))
    return [
        _verdict(choice, measured.get(choice.place), rows, results, len(choices))
        for choice in choices
    ]


def _verdict(
    choice: Choice, one: Raced | None, rows: Mapping[tuple[str, str], sentences.Row],
    results: Results, claims: int,
) -> Verdict:  # fmt: skip
    if one is None:
        return Verdict(choice, Finding("inconclusive", _NOT_MEASURED), "")
    row = rows[one.block.name, MODE]
    settings = race_settings(results, one.block.rules)
    found = check(
        claim(choice, results, one), one.race, one.judgements[MODE], MODE, settings, claims
    )
    doubt = sentences.doubt(row)
    if doubt and found.outcome != "inconclusive":
        found = Finding("inconclusive", f"the new numbers can't be right as measured: {doubt}")
    return Verdict(choice, found, sentences.recommendation(row))


def outcome(found: Sequence[Verdict]) -> Outcome:
    """Of all together: flipped if one is; holds only if every one does, and there is one."""
    outcomes = [one.finding.outcome for one in found]
    if "flipped" in outcomes:
        return "flipped"
    return "holds" if outcomes and set(outcomes) == {"holds"} else "inconclusive"


def evidence(found: Finding) -> str:
    """1.42x the time of threads x4 (1.31 to 1.54x); empty where nothing was compared."""
    if found.ratio is None:
        return ""
    times, interval = found.ratio.estimate, (found.ratio.low, found.ratio.high)
    return f"{wording.times(times)} that of {found.against} ({wording.times_interval(*interval)})"
