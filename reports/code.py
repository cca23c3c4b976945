"""Which code a verdict is of: of the user's task, or of the built-in one whatever else changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reports.load import Results

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
