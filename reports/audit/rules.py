"""The twelve rules, in our words, each with the check that tells whether this report keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports import wording
from reports.audit import certainty, costs, coverage, measuring
from reports.audit.evidence import Evidence
from reports.audit.finding import KEPT, NOT_KEPT, UNTOLD, Finding, Outcome, Part

#: a mark for each outcome that reads without colour, and the style of the badge
MARKS: dict[Outcome, tuple[str, str]] = {
    KEPT: ("✓", "supported"),
    NOT_KEPT: ("✕", "contradicted"),
    UNTOLD: ("?", "undecided"),
}
#: cells that are named where a rule is broken: the tables beside the report have them all
MOST_NAMED = 6


@dataclass(frozen=True)
class Rule:
    """One rule, and the check of it."""

    number: int
    text: str
    check: Callable[[Evidence], Finding]


@dataclass(frozen=True)
class Audited:
    """A rule with what its check found, in words."""

    number: int
    text: str
    outcome: Outcome
    mark: str
    style: str
    counted: tuple[str, ...]
    note: str


# Hoefler and Belli, "Scientific benchmarking of parallel computing systems", SC15
RULES = (
    Rule(1, "A speedup names its base case, with that one's absolute time", costs.base_case),
    Rule(2, "What was left out of the grid is listed with its reason", coverage.subsets),
    Rule(3, "Times are summed up by arithmetic mean or median, rates as work over time",
         costs.cost_means),
    Rule(4, "Ratios are not averaged; a speedup is a ratio of costs", costs.ratio_means),
    Rule(5, "What varies has a confidence interval, and the stopping rule is told",
         certainty.intervals),
    Rule(6, "Nothing is taken to be normally distributed unchecked", certainty.normality),
    Rule(7, "Approaches are compared soundly: side by side, with effect sizes, chance accounted "
         "for", certainty.comparisons),
    Rule(8, "Where a centre doesn't tell enough, percentiles and extremes are given",
         measuring.centres),
    Rule(9, "All factors and levels and the whole setup are documented", coverage.factors),
    Rule(10, "How time was taken, workers synchronised and times summed up is told and sound",
         measuring.timing),
    Rule(11, "Upper bounds stand beside the results", coverage.bounds),
    Rule(12, "Plots show the raw points and intervals", coverage.points),
)  # fmt: skip


def audit(evidence: Evidence) -> tuple[Audited, ...]:
    """Every rule checked on a run's data."""
    return tuple(_audited(rule, rule.check(evidence)) for rule in RULES)


def _audited(rule: Rule, found: Finding) -> Audited:
    mark, style = MARKS[found.outcome]
    counted = tuple(_words(part) for part in found.parts)
    return Audited(rule.number, rule.text, found.outcome, mark, style, counted, found.note)


def _words(part: Part) -> str:
    """Speedups inside their own interval: 12 of 14. Not so: a and b."""
    text = f"{wording.capital(part.what)}: "
    if not part.of:
        return f"{text}{'nothing to check' if part.needed else 'none there'}."
    text += f"{part.held:,} of {part.of:,}."
    if part.enough < 1:
        text = text[:-1] + f" ({wording.percent(part.held / part.of)})."
    if part.broken:
        broken = [wording.short(name, 80) for name in part.broken]
        text += f" Not so: {wording.listing(broken, most=MOST_NAMED)}."
    return text


def tally(found: tuple[Audited, ...]) -> str:
    """How many rules are kept, and which are not, in a sentence."""
    kept = sum(one.outcome == KEPT for one in found)
    parts = [f"{kept} of {len(found)} rules are kept"]
    for outcome, words in ((NOT_KEPT, "not kept"), (UNTOLD, "not told by this run's data")):
        numbers = [str(one.number) for one in found if one.outcome == outcome]
        if numbers:
            parts.append(f"{words}: {wording.listing(numbers, most=len(found))}")
    return f"{'; '.join(parts)}."
