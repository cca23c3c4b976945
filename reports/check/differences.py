"""What is another now than when the record was made: reasons for a flip, or for none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.check.claims import Choice, place
from reports.load import Results


def differences(before: Results, now: Results, choices: Sequence[Choice]) -> list[str]:
    """Sentences; nothing where machine, interpreters and code are the same."""
    return [*_machine(before, now), *_interpreters(before, now), *_code(before, now, choices)]


def _machine(before: Results, now: Results) -> Iterator[str]:
    if before.machine.get("fingerprint") == now.machine.get("fingerprint"):
        return
    named = ("cpu_model", "usable_cores", "memory_mib", "kernel", "virtualisation")
    told = [
        f"{name} {before.machine.get(name)} -> {now.machine.get(name)}"
        for name in named
        if before.machine.get(name) != now.machine.get(name)
    ]
    yield f"another machine: {', '.join(told) or 'another fingerprint'}"


def _interpreters(before: Results, now: Results) -> Iterator[str]:
    old, new = ([one["interpreter"] for one in r.machine["interpreters"]] for r in (before, now))
    if old != new:
        yield f"other interpreters: {', '.join(old)} -> {', '.join(new)}"


def _code(before: Results, now: Results, choices: Sequence[Choice]) -> Iterator[str]:
    old, new = _digests(before), _digests(now)
    places = {one.place: one.block.task for one in choices}
    changed = [task for at, task in places.items() if at in new and old.get(at) != new[at]]
    for task in dict.fromkeys(changed):
        yield f"the code of {task} is another"


def _digests(results: Results) -> dict[tuple[str, str, int], str]:
    """The code of each block's task: its own module's, or that of all built-in ones."""
    ours = results.plan.get("code_digest")
    digests = {
        str(raw["block"]): str(raw.get("source_digest") or ours) for raw in results.plan["blocks"]
    }
    return {place(block): digests[block.name] for block in results.blocks}
