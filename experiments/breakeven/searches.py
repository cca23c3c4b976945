"""From config key `breakeven` to the searches of plan.json, with one line for every mistake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.settings import ConfigError, named_executor
from experiments.statistics.breakeven import Axis
from experiments.task_points import TaskPoint, combinations, task_points

#: ends whose ratio is larger are halved by ratio: differences would crowd at the upper end
LOG_RATIO = 20.0
#: a range is looked into as finely as this many steps, unless `resolution` says otherwise
STEPS = 32


def planned(settings: Mapping[str, Any], cores: int) -> list[dict[str, Any]]:
    """The searches of plan.json. Raises ConfigError naming the key."""
    return [
        _search(entry, f"breakeven.{position}", settings, cores)
        for position, entry in enumerate(settings["breakeven"])
    ]


def axis_of(search: Mapping[str, Any]) -> Axis:
    """The axis of a planned search."""
    return Axis(**search["axis"])


def point_at(search: Mapping[str, Any], value: float) -> TaskPoint:
    """The search's task at one value of its parameter."""
    params = {**search["params"], search["vary"]: exact(search, value)}
    (point,) = task_points([{**search.get("own", {}), "task": search["task"], "params": params}])
    return point


def own_entry(settings: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the entry of a function of the user's adds to one of a search; empty for other tasks."""
    for entry in settings["tasks"]:
        if isinstance(entry, Mapping) and entry["task"] == name and "own" in entry:
            known = {key: entry[key] for key in ("own", "checked") if key in entry}
            return {**known, "defaults": next(iter(combinations(entry)))}
    return {}


def exact(search: Mapping[str, Any], value: float) -> float | int:
    """A value of the parameter as the task takes it."""
    return int(value) if search["axis"]["whole"] else value


def title(search: Mapping[str, Any]) -> str:
    """What is searched, in a few words: `mixed, cpu_share from 0 to 0.96`."""
    axis = search["axis"]
    return f"{search['task']}, {search['vary']} from {axis['low']:g} to {axis['high']:g}"


def _search(
    entry: Mapping[str, Any], key: str, settings: Mapping[str, Any], cores: int
) -> dict[str, Any]:
    name, vary, fixed = entry["task"], entry["vary"], dict(entry.get("params") or {})
    if vary in fixed or any(isinstance(value, list) for value in fixed.values()):
        raise ConfigError(
            f"config key '{key}.params': one value for each of the other parameters, {vary!r} "
            "belongs into vary and between"
        )
    own = own_entry(settings, name)
    task = _point(key, name, fixed, own).task
    default = task.defaults.get(vary)
    if isinstance(default, bool) or not isinstance(default, int | float):
        numeric = [k for k, v in task.defaults.items() if type(v) in (int, float)]
        raise ConfigError(
            f"config key '{key}.vary': {name} has no numeric parameter {vary!r}; it has "
            f"{', '.join(numeric) or 'none'}"
        )
    search = {
        **({"own": own} if own else {}),
        "task": name,
        "vary": vary,
        "params": fixed,
        "axis": _axis(entry, key, whole=isinstance(default, int)),
        "executors": list(entry.get("executors") or _of_grid(settings)),
        "compare": _compare(entry, key, name, fixed, own),
        "cores": cores,
    }
    for end in (search["axis"]["low"], search["axis"]["high"]):
        for levels in _levels(search["compare"]):
            _point(f"{key}.between", name, {**fixed, **levels, vary: exact(search, end)}, own)
    if len(search["executors"]) * len(_levels(search["compare"])) < 2:
        raise ConfigError(f"config key '{key}.executors': nothing to compare: name another one")
    return {"search": _name(search), **search}


def _of_grid(settings: Mapping[str, Any]) -> list[str]:
    names = [named_executor(entry)[0] for entry in settings["executors"]]
    return list(dict.fromkeys(["sequential", *names]))


def _point(key: str, name: str, params: Mapping[str, Any], own: Mapping[str, Any]) -> TaskPoint:
    """The task at these parameters; what is wrong with them is told under this search's key."""
    try:
        (point,) = task_points([{**own, "task": name, "params": dict(params)}])
    except ConfigError as error:
        raise ConfigError(str(error).replace("tasks.0", key)) from error
    return point


def _axis(entry: Mapping[str, Any], key: str, whole: bool) -> dict[str, Any]:
    low, high = (float(end) for end in entry["between"])
    if not low < high:
        raise ConfigError(f"config key '{key}.between': must rise, got {low:g} and {high:g}")
    if whole and (low % 1 or high % 1):
        raise ConfigError(f"config key '{key}.between': {entry['vary']} takes whole numbers only")
    scale = entry.get("scale", "auto")
    log = scale == "log" or (scale == "auto" and low > 0 and high / low > LOG_RATIO)
    if log and low <= 0:
        raise ConfigError(f"config key '{key}.between': a log scale must begin above 0")
    default = (high / low) ** (1 / STEPS) if log else (high - low) / STEPS
    resolution = float(entry.get("resolution", default))
    if log and resolution <= 1:
        raise ConfigError(
            f"config key '{key}.resolution': on a log scale it is a ratio above 1, got "
            f"{resolution:g}"
        )
    return {"low": low, "high": high, "resolution": resolution, "log": log, "whole": whole}


def _compare(
    entry: Mapping[str, Any], key: str, name: str, fixed: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, list[Any]]:
    compare = dict(entry.get("compare") or {})
    for other in compare:
        if other == entry["vary"] or other in fixed:
            raise ConfigError(f"config key '{key}.compare': {other!r} stands in the search already")
    for levels in _levels(compare):
        point = _point(f"{key}.compare", name, {**fixed, **levels}, own)
        shared = [other for other in levels if other in point.task.block_params]
        if shared:
            raise ConfigError(
                f"config key '{key}.compare': {shared[0]!r} is one for a whole block: name its "
                "values in 'tasks'"
            )
    return compare


def _levels(compare: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """One mapping a level, a single empty one where nothing is compared."""
    return [{key: level} for key, levels in compare.items() for level in levels] or [{}]


def _name(search: Mapping[str, Any]) -> str:
    parts = [search["task"].replace(":", "."), search["vary"]]
    parts += [f"{key}={value}" for key, value in sorted(search["params"].items())]
    parts += [f"by-{key}" for key in search["compare"]]
    return "".join(c if c.isalnum() or c in "=.-_" else "-" for c in "-".join(parts))
