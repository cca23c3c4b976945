"""A whole comparison: all that is told of some runs, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports import code
from reports.compare import advice, repeats, speeds
from reports.compare import fleet as fleets
from reports.compare.advice import Matrix
from reports.compare.fleet import Choice
from reports.compare.machines import Fleet, Machine, fleet
from reports.compare.opening import Refused
from reports.compare.questions import Question, questions
from reports.compare.repeats import Repeat, Trend
from reports.compare.seen import Run
from reports.compare.speeds import Speed
from reports.load import ResultsError

#: more machines than these get heat maps and counts for columns of their own
SIDE_BY_SIDE = 6


@dataclass(frozen=True)
class Comparison:
    """What some runs say beside each other; `repeats` and `trends` by the machine's letter.

    `margin` is the largest of the runs' margins, if they differ.
    """

    fleet: Fleet
    margin: float
    questions: tuple[Question, ...]
    matrix: Matrix
    choices: tuple[Choice, ...]
    speeds: tuple[Speed, ...]
    repeats: dict[str, list[Repeat]]
    trends: dict[str, list[Trend]]
    refused: tuple[Refused, ...]

    @property
    def machines(self) -> tuple[Machine, ...]:
        """All machines."""
        return self.fleet.machines

    @property
    def repeated(self) -> list[Machine]:
        """Those with several runs."""
        return [machine for machine in self.machines if len(machine.runs) > 1]

    @property
    def many(self) -> bool:
        """Whether there are too many machines for a column each."""
        return len(self.machines) > SIDE_BY_SIDE


def compare(found: Sequence[Run | Refused]) -> Comparison:
    """Compare all runs there are. Raises ResultsError where fewer than two can be read."""
    refused = tuple(one for one in found if isinstance(one, Refused))
    runs = _by_task([one for one in found if isinstance(one, Run)])
    there = fleet(runs)
    if sum(len(machine.runs) for machine in there.machines) < 2:
        why = "; ".join(f"{one.source}: {one.reason}" for one in refused)
        raise ResultsError(f"comparing takes two runs or more{f' ({why})' if why else ''}")
    margin = max(run.margin for run in runs)
    asked = questions(there)
    repeated = [machine for machine in there.machines if len(machine.runs) > 1]
    return Comparison(
        fleet=there,
        margin=margin,
        questions=tuple(asked),
        matrix=advice.matrix(asked, margin),
        choices=tuple(fleets.choices(asked, margin)),
        speeds=tuple(speeds.speeds(asked)),
        repeats={machine.letter: repeats.repeats(machine, margin) for machine in repeated},
        trends={machine.letter: repeats.trends(machine) for machine in repeated},
        refused=refused,
    )


def _by_task(runs: Sequence[Run]) -> list[Run]:
    """Runs whose verdicts name the code of their task, where it is known, not all measured code:
    an executor more in a newer Poolwise leaves the tasks what they were."""  # fmt: skip
    known = code.agreed(run.codes for run in runs)
    return [
        replace(
            run,
            seen=tuple(
                replace(seen, code=code.named(seen.code.digest, seen.task, known))
                if seen.code.all
                else seen
                for seen in run.seen
            ),
        )
        for run in runs
    ]
