"""What a config would have run or asked that isn't Poolwise's own: who measures has to know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: the server that Poolwise starts itself, and ends
TEMPORARY = "temporary"
#: of a task of the user's own: what leads to code
_CODE = ("call", "items", "acall", "setup", "teardown", "same")


def foreign(config: Mapping[str, Any]) -> list[str]:
    """In words, each once: the user's functions, classes from elsewhere, interpreters, servers.

    What the names of installed packages' tasks and executors lead to was installed by who measures
    it, and isn't among them.
    """
    found = [*_tasks(config.get("tasks")), *_executors(config.get("executors"))]
    pythons = config.get("pythons") or []
    found += [f"the interpreter {one}" for one in pythons if one != "current"]
    return list(dict.fromkeys(found))


def _tasks(entries: Any) -> Iterator[str]:
    if isinstance(entries, Mapping):
        entries = [{"task": name, **entry} for name, entry in entries.items()]
    for entry in entries if isinstance(entries, list) else []:
        one = entry if isinstance(entry, Mapping) else {"task": entry}
        functions = [f"{one[role]}" for role in _CODE if one.get(role)]
        where = f" in {one['path']}" if one.get("path") else ""
        if functions:
            yield f"{', '.join(functions)}{where}"
        elif ":" in str(one["task"]):
            yield f"the task {one['task']}"
        given = (one.get("params") or {}).get("dsn", TEMPORARY)
        for dsn in given if isinstance(given, list) else [given]:
            if dsn != TEMPORARY:
                yield f"the server of {dsn}"


def _executors(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else []:
        name, options = entry, {}
        if isinstance(entry, Mapping):
            name, options = entry["executor"], entry["options"]
        if ":" in str(name):
            yield f"the executor {name}"
        if options.get("address"):
            yield f"the cluster at {options['address']}"
