"""The spec of a launch: what the conductor asks for, read from JSON and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Dict, List, Optional

from experiments.launch.base import Context, TaskRef

MODES = ("measure", "calibrate", "answers", "check")
#: keys that count something, with the smallest value that makes sense
_SMALLEST = {"items": 1, "scale": 1, "workers": 1, "batches": 0, "most_batches": 0, "events": 0}


class SpecError(ValueError):
    """A spec that can't be followed; the message names the key and what is allowed."""


@dataclass(frozen=True)
class Spec:
    """One launch as asked for; the keys are explained in experiments/launch/__init__.py."""

    launch_id: str
    mode: str
    task: str
    params: Dict[str, Any]
    items: int
    scale: int
    item_seconds: Optional[float]
    executor: str
    options: Dict[str, Any]
    workers: int
    cpus: Optional[List[int]]
    core_limit_seconds: Optional[float]
    batches: int
    steady_seconds: float
    most_batches: int
    profile: bool
    latencies: bool
    expected: Optional[List[Any]]
    services: Dict[str, Dict[str, Any]]
    scratch: str
    seed: int
    events: int

    @property
    def ref(self) -> TaskRef:
        """The task, as it is named to worker processes."""
        context = Context(self.scratch, self.services, self.seed)
        return TaskRef(self.task, self.params, context, self.latencies)


def parse(text: str) -> Spec:
    """Read a spec from JSON; raises SpecError on anything missing, unknown or out of bounds."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise SpecError(f"spec: not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise SpecError("spec: must be a JSON object")
    _check_keys(raw)
    for key, smallest in _SMALLEST.items():
        _check_count(key, raw[key], smallest)
    if raw["mode"] not in MODES:
        raise SpecError(f"spec: mode is {raw['mode']!r}, must be one of {', '.join(MODES)}")
    return Spec(**raw)


def _check_keys(raw: Dict[str, Any]) -> None:
    known = {field.name for field in fields(Spec)}
    for problem, keys in (("missing", known - set(raw)), ("unknown", set(raw) - known)):
        if keys:
            raise SpecError(f"spec: {problem}: {', '.join(sorted(keys))}")


def _check_count(key: str, value: Any, smallest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
        raise SpecError(f"spec: {key} is {value!r}, must be an integer >= {smallest}")
