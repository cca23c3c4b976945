"""What machines can be compared in: the same task, with the same parameters, judged alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from experiments.statistics.objectives import OBJECTIVES
from reports import wording
from reports.code import Code
from reports.compare.machines import Fleet
from reports.compare.seen import Seen

#: stands for "on as many cores as each machine has"
ALL_CORES = 0
KINDS = {"cpu": "CPU work", "waiting": "waiting work"}
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Question:
    """One line of the matrix: a task judged in one mode, on all cores or on so many.

    `cells` are the verdicts that can be compared, by the machine's letter; `refused` says of the
    others why they can't; `shown` are all of them.
    """

    task: str
    subject: str
    params: str
    objective: str
    scaling: str
    mode: str
    cores: int
    cells: Mapping[str, Seen]
    refused: Mapping[str, str]
    shown: Mapping[str, Seen]

    @property
    def place(self) -> str:
        """The core count in words."""
        return "all cores" if self.cores == ALL_CORES else wording.count(self.cores, "core")

    @property
    def title(self) -> str:
        """math_python on all cores; what isn't usual besides: decided on peak memory."""
        return f"{self.name} on {self.place}"

    @property
    def name(self) -> str:
        """The task with its parameters, and what isn't usual about how it was judged."""
        given = OBJECTIVES.get(self.objective)
        extras = [f"decided on {given.noun}"] if given and not given.is_time else []
        extras += ["weak scaling"] if self.scaling == "weak" else []
        return ", ".join([wording.short(self.subject), *extras])

    @property
    def comparable(self) -> bool:
        """Whether there are two machines to compare."""
        return len(self.cells) > 1

    @property
    def same_cores(self) -> bool:
        """Whether all have as many cores."""
        return len({seen.cores for seen in self.cells.values()}) < 2

    @property
    def first(self) -> Seen:
        """The first machine's verdict."""
        return next(iter(self.cells.values()))


def questions(fleet: Fleet) -> list[Question]:
    """All lines, each task on all cores first; fewer cores only where that adds a comparison."""
    found: dict[tuple[Key, int], dict[str, Seen]] = {}
    for machine in fleet.machines:
        largest = _largest(machine.newest.seen)
        for seen in machine.newest.seen:
            places = [seen.cores, *([ALL_CORES] if largest[_key(seen)] == seen.cores else [])]
            for place in places:
                found.setdefault((_key(seen), place), {}).setdefault(machine.letter, seen)
    made = {where: _question(where[1], cells) for where, cells in found.items()}
    kept = [
        (where, one)
        for where, one in made.items()
        if where[1] == ALL_CORES or _adds(one, found[where], found[where[0], ALL_CORES])
    ]
    order = {key: place for place, key in enumerate(dict.fromkeys(key for key, _ in found))}
    return [one for where, one in sorted(kept, key=lambda pair: (order[pair[0][0]], pair[0][1]))]


def _key(seen: Seen) -> Key:
    return (seen.task, seen.params, seen.objective, seen.scaling, seen.mode)


def _largest(all_seen: Iterable[Seen]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for seen in all_seen:
        found[_key(seen)] = max(seen.cores, found.get(_key(seen), 0))
    return found


def _adds(one: Question, cells: Mapping[str, Seen], largest: Mapping[str, Seen]) -> bool:
    """Whether a line on fewer cores compares what the line on all cores doesn't."""
    return one.comparable and any(cells[letter] is not largest[letter] for letter in cells)


def _question(cores: int, cells: Mapping[str, Seen]) -> Question:
    """Those of the same code and kind of work are compared: the largest such group."""
    sound = {letter: seen for letter, seen in cells.items() if not seen.told}
    groups: dict[tuple[str, str], dict[str, Seen]] = {}
    for letter, seen in sound.items():
        groups.setdefault((seen.code.digest, seen.kind), {})[letter] = seen
    kept = max(groups.values(), key=len, default={})
    refused = {
        letter: why_not(seen, next(iter(kept.values())) if kept else seen)
        for letter, seen in cells.items()
        if letter not in kept
    }
    first = next(iter(cells.values()))
    what = (first.task, first.subject, first.params, first.objective, first.scaling, first.mode)
    return Question(*what, cores, kept, refused, cells)


def why_not(seen: Seen, other: Seen) -> str:
    """Why a verdict can't be compared with another: doubt, other code, another kind of work."""
    if seen.told:
        return f"its verdict can't stand as measured: {seen.told}"
    here, there = seen.code, other.code
    if here.unknown(other.code):
        return (
            f"not known to be the same code ({_names(here)} here, {_names(there)} there): older "
            "plans name all measured code, not each task's; measure again"
        )
    if here.digest != there.digest:
        return f"the code of the task differs ({here.digest} here, {there.digest} there)"
    kinds = [KINDS.get(one.kind, one.kind) for one in (seen, other)]
    return f"it counts as {kinds[0]} here and as {kinds[1]} there"


def _names(code: Code) -> str:
    return f"{code.digest or wording.UNKNOWN}{'' if code.all else ', of the task alone,'}"
