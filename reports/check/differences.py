"""What is another now than when the record was made: reasons for a flip, or for none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports import code
from reports.check.claims import Choice, place
from reports.code import Code, Codes
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
    known = code.agreed([code.of_tasks(before), code.of_tasks(now)])
    old, new = _codes(before, known), _codes(now, known)
    places = {one.place: one.block.task for one in choices}
    changed = [
        task
        for at, task in places.items()
        if at in new and old[at].digest != new[at].digest and not old[at].unknown(new[at])
    ]
    for task in dict.fromkeys(changed):
        yield f"the code of {task} is another"
    unknown = [task for at, task in places.items() if at in new and old[at].unknown(new[at])]
    for task in dict.fromkeys(unknown):
        yield f"whether the code of {task} is another is not known: older plans don't name it"
    measured, measures = (str(results.plan.get("code_digest")) for results in (before, now))
    if measured != measures:
        yield f"another version of Poolwise measures ({measured} -> {measures})"


def _codes(results: Results, known: Codes) -> dict[tuple[str, str, int], Code]:
    """The code of each block's task: its own module's, or that of the built-in one."""
    measured = str(results.plan.get("code_digest"))
    source = {str(raw["block"]): raw.get("source_digest") for raw in results.plan["blocks"]}
    return {
        place(block): Code(str(source[block.name]), all=False)
        if source[block.name]
        else code.named(measured, block.task, known)
        for block in results.blocks
    }
