"""Which code a verdict is of: of the user's task, or of the built-in one whatever else changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.load import Results


@dataclass(frozen=True)
class Code:
    """A task's code by its digest; by that of `all` measured code where no plan names its own."""

    digest: str
    all: bool

    def unknown(self, other: Code) -> bool:
        """Whether it can't be told if the task is the same: only that not all code is."""
        return self.digest != other.digest and (self.all or other.all)


#: digest of a task's code by that of all measured code and the task's name
Codes = Mapping[tuple[str, str], str]


def of_tasks(results: Results) -> dict[tuple[str, str], str]:
    """What a run's plan says; nothing in those from before plans said it."""
    named = results.plan.get("task_digests")
    measured = str(results.plan.get("code_digest") or "")
    if not isinstance(named, Mapping) or not measured:
        return {}
    return {(measured, str(task)): str(digest) for task, digest in named.items()}


def agreed(several: Iterable[Codes]) -> dict[tuple[str, str], str]:
    """What several runs say together.

    A run whose plan doesn't say it is told by one of the same code that does; where two contradict
    each other, a plan was edited, and neither counts.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for codes in several:
        for key, digest in codes.items():
            found.setdefault(key, set()).add(digest)
    return {key: next(iter(said)) for key, said in found.items() if len(said) == 1}


def named(measured: str, task: str, known: Codes) -> Code:
    """The code of a built-in task that was measured with all code of digest `measured`."""
    digest = known.get((measured, task))
    return Code(digest or measured, digest is None)
